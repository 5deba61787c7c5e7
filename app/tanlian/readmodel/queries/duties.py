"""What organisations owe for a period, and how it was met. All amounts in kg."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, tuple_, union
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.compliance import (
    ComplianceCode,
    compliance_code,
    duty_kg,
    offset_limit_kg,
)
from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument
from tanlian.domain.profiles import ComplianceRules
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables.duties import (
    carry_overs,
    compliance_periods,
    duties,
    shortfalls,
    surrendered_units,
    surrenders,
)
from tanlian.readmodel.tables.emissions import reports

_FIGURES = (
    "surrendered_kg", "in_time_kg", "offsets_kg", "cut_kg", "shortfall_kg", "net_sold_kg",
    "carried_kg", "lapsed_kg",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """A period with its rules of surrender."""

    period: int
    rules: ComplianceRules


@dataclass(frozen=True, slots=True)
class Duty:
    """What an organisation owes for a period; `duty_kg` is None before acceptance."""

    organisation: int
    period: int
    duty_kg: int | None
    deadline_at: int
    surrendered_kg: int
    in_time_kg: int
    offsets_kg: int
    offset_limit_kg: int | None
    cut_kg: int  # taken from the next allocation, and not owed a second time
    shortfall_kg: int  # as recorded
    net_sold_kg: int
    carried_kg: int
    lapsed_kg: int

    @property
    def outstanding_kg(self) -> int:
        return max(0, (self.duty_kg or 0) - self.surrendered_kg - self.cut_kg)

    @property
    def missing_kg(self) -> int:
        """What a shortfall would be recorded for after the deadline."""
        return max(0, (self.duty_kg or 0) - self.in_time_kg)

    def code(self, now: int) -> ComplianceCode:
        """The letter of its standing at a block time."""
        return compliance_code(
            accepted=self.duty_kg is not None,
            duty=self.duty_kg or 0,
            surrendered=self.surrendered_kg,
            deadline_passed=now > self.deadline_at,
        )


@dataclass(frozen=True, slots=True)
class SurrenderedUnits:
    """Units behind a surrender; `certificate` is the ledger's."""

    certificate: int
    instrument: Instrument
    amount_kg: int


@dataclass(frozen=True, slots=True)
class Surrender:
    """A certificate of surrender."""

    id: int
    organisation: int
    period: int
    amount_kg: int
    duty_kg: int  # at that time
    in_time: bool
    signer: str
    time: int
    block: int
    tx_hash: str
    units: tuple[SurrenderedUnits, ...]


@dataclass(frozen=True, slots=True)
class ShortfallChange:
    """A shortfall recorded (with the cut of the next allocation) or corrected (without)."""

    organisation: int
    period: int
    old_kg: int
    new_kg: int
    next_cut_kg: int | None
    signer: str
    time: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class CarryOver:
    """Allowances exchanged for those of a later vintage, or lapsed where `into` is None."""

    organisation: int
    period: int
    instrument: Instrument
    into: Instrument | None
    amount_kg: int
    certificate: int
    first_serial: int | None
    time: int
    tx_hash: str


def periods(db: Connection) -> list[Period]:
    """Return the rules of every open period, newest first."""
    query = select(compliance_periods).order_by(compliance_periods.c.period.desc())
    return [_period(row) for row in db.execute(query).mappings()]


def period(db: Connection, number: int) -> Period:
    """Return the rules of one period.

    Raises:
        NotFound: it is not open.
    """
    query = select(compliance_periods).where(compliance_periods.c.period == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No rules of surrender are in force for {number}.", period=number)
    return _period(row)


def duty(db: Connection, organisation: int, number: int) -> Duty:
    """Return what an organisation owes for a period; nothing is known before acceptance.

    Raises:
        NotFound: the period is not open.
    """
    opened = period(db, number)
    query, subject = _joined(number)
    row = db.execute(query.where(subject == organisation)).mappings().one_or_none()
    return _duty(opened, organisation, row)


def duties_of_period(
    db: Connection, number: int, *, after: int = 0, limit: int | None = 50
) -> list[Duty]:
    """Return the duties of a period by organisation, those above `after`.

    Raises:
        NotFound: the period is not open.
    """
    opened = period(db, number)
    query, subject = _joined(number)
    query = query.where(subject > after).order_by(subject).limit(limit)
    return [_duty(opened, row["subject"], row) for row in db.execute(query).mappings()]


def duties_of(db: Connection, organisation: int) -> list[Duty]:
    """Return an organisation's duties of all open periods, newest first."""
    return [duty(db, organisation, opened.period) for opened in periods(db)]


def surrender(db: Connection, number: int) -> Surrender:
    """Return a certificate of surrender.

    Raises:
        NotFound: there is none with that number.
    """
    query = select(surrenders).where(surrenders.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no certificate of surrender {number}.", number=number)
    return _surrender(db, row)


def surrenders_of(
    db: Connection,
    *,
    organisation: int | None = None,
    number: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Surrender]:
    """Return surrenders, newest first, of an organisation or period or of all, below `before`."""
    query = select(surrenders)
    if organisation is not None:
        query = query.where(surrenders.c.organisation == organisation)
    if number is not None:
        query = query.where(surrenders.c.period == number)
    if before is not None:
        query = query.where(surrenders.c.id < before)
    query = query.order_by(surrenders.c.id.desc()).limit(limit)
    return [_surrender(db, row) for row in db.execute(query).mappings().all()]


def shortfalls_of(
    db: Connection, organisation: int | None, *, limit: int = 50
) -> list[ShortfallChange]:
    """Return how shortfalls of an organisation, or of all, were recorded, newest first."""
    place = (shortfalls.c.block.desc(), shortfalls.c.log_index.desc())
    query = select(shortfalls).order_by(*place).limit(limit)
    if organisation is not None:
        query = query.where(shortfalls.c.organisation == organisation)
    return [
        made(ShortfallChange, row, old_kg=row["old_shortfall_kg"], new_kg=row["new_shortfall_kg"])
        for row in db.execute(query).mappings()
    ]


def carry_overs_of(
    db: Connection, organisation: int, *, before: tuple[int, int] | None = None, limit: int = 50
) -> list[CarryOver]:
    """Return what an organisation carried over or let lapse, newest first.

    `before` is the (block, log index) of the last one seen.
    """
    query = select(carry_overs).where(carry_overs.c.organisation == organisation)
    if before is not None:
        query = query.where(tuple_(carry_overs.c.block, carry_overs.c.log_index) < before)
    query = query.order_by(carry_overs.c.block.desc(), carry_overs.c.log_index.desc())
    return [
        CarryOver(
            row["organisation"],
            row["period"],
            Instrument.from_token_id(row["token_id"]),
            None
            if row["into_token_id"] is None
            else Instrument.from_token_id(row["into_token_id"]),
            row["amount_kg"],
            row["certificate"],
            row["first_serial"],
            row["time"],
            row["tx_hash"],
        )
        for row in db.execute(query.limit(limit)).mappings()
    ]


def _joined(number: int) -> tuple[Select[Any], ColumnElement[int]]:
    """Whoever has a report or did anything about a period, and the column that names it."""
    reported = select(reports.c.organisation.label("subject")).where(reports.c.year == number)
    acted = select(duties.c.organisation.label("subject")).where(duties.c.period == number)
    who = union(reported, acted).subquery()
    query = (
        select(who.c.subject, reports.c.acceptances, reports.c.accepted_kg, reports.c.accepted_at)
        .add_columns(*(duties.c[name] for name in _FIGURES))
        .select_from(who)
        .outerjoin(reports, and_(reports.c.organisation == who.c.subject, reports.c.year == number))
        .outerjoin(duties, and_(duties.c.organisation == who.c.subject, duties.c.period == number))
    )
    return query, who.c.subject


def _duty(period: Period, organisation: int, row: RowMapping | None) -> Duty:
    rules, accepted = period.rules, row is not None and bool(row["acceptances"])
    owed, deadline = None, rules.deadline_at
    if row is not None and accepted:
        owed = duty_kg(row["accepted_kg"], rules.unit_kg)
        deadline = max(deadline, row["accepted_at"] + rules.acceptance_grace_seconds)
    figures = {name: (row[name] if row is not None else 0) or 0 for name in _FIGURES}
    return Duty(
        organisation=organisation,
        period=period.period,
        duty_kg=owed,
        deadline_at=deadline,
        offset_limit_kg=None if owed is None else offset_limit_kg(owed, rules.offset_limit_ppm),
        **figures,
    )


def _surrender(db: Connection, row: RowMapping) -> Surrender:
    behind = (
        select(surrendered_units)
        .where(surrendered_units.c.surrender == row["id"])
        .order_by(surrendered_units.c.certificate)
    )
    units = tuple(
        SurrenderedUnits(
            unit["certificate"], Instrument.from_token_id(unit["token_id"]), unit["amount_kg"]
        )
        for unit in db.execute(behind).mappings()
    )
    return Surrender(
        row["id"],
        row["organisation"],
        row["period"],
        row["amount_kg"],
        row["duty_kg"],
        row["in_time"],
        row["signer"],
        row["time"],
        row["block"],
        row["tx_hash"],
        units,
    )


def _period(row: RowMapping) -> Period:
    words = {name: row[name] for name in ComplianceRules._fields}
    words["rules_hash"] = bytes.fromhex(row["rules_hash"].removeprefix("0x"))
    return Period(row["period"], ComplianceRules(**words))
