"""Which of an organisation's units would meet what it still owes."""

from sqlalchemy.engine import Connection

from tanlian.domain.instrument import Instrument, Kind
from tanlian.readmodel.queries import duties, units


def due_units(db: Connection, organisation: int, period: int) -> list[tuple[Instrument, int]]:
    """Return allowances for the outstanding duty of a period, in kg, the oldest vintage first.

    Only vintages that the rules accept and what is not frozen; less than the duty where that is
    all there is. Credits are a choice of their own and never among them.

    Raises:
        NotFound: the period is not open.
    """
    rules = duties.period(db, period).rules
    missing = duties.duty(db, organisation, period).outstanding_kg
    found = []
    for holding in sorted(units.holdings_of(db, organisation), key=lambda one: one.instrument):
        accepted = rules.first_vintage <= holding.instrument.vintage <= rules.last_vintage
        amount = min(missing, holding.amount_kg - holding.frozen_kg)
        if holding.instrument.kind is Kind.ALLOWANCE and accepted and amount > 0:
            found.append((holding.instrument, amount))
            missing -= amount
    return found
