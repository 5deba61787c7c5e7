"""What a form of surrender offers: enough, never more than may be given, and the contract takes it."""

import boa
import pytest

from harness.consortium import PERIOD, TONNE
from harness.duties import DAY, vintage
from harness.projected import in_memory, project
from tanlian.domain.errors import NotFound
from tanlian.readmodel.queries import duties
from tanlian.readmodel.queries.due_units import due_units
from tanlian.web.suggestions import suggested

CEA = vintage(PERIOD)


def offered(year, organisation: int, period: int = PERIOD) -> list[tuple[int, int]]:
    """What is offered by token id, from tables made of what was recorded until now."""
    node, it = year
    engine = in_memory()
    project(node, it, engine)
    with engine.connect() as db:
        found = due_units(db, organisation, period)
        missing = duties.duty(db, organisation, period).outstanding_kg
    assert sum(amount for _, amount in found) <= missing
    return [(one.token_id, amount) for one, amount in found]


def test_due_units__enough_of_them__exactly_what_is_owed_and_the_contract_takes_it(year) -> None:
    _, it = year
    org = it.emitter.org_id
    with boa.env.anchor():
        owed = it.compliance.duty(org, PERIOD).duty_kg
        assert offered(year, org) == [(CEA, owed)]
        it.surrender(it.emitter, (CEA, 100 * TONNE))
        assert offered(year, org) == [(CEA, owed - 100 * TONNE)]
        it.surrender(it.emitter, *offered(year, org))
        assert it.compliance.duty(org, PERIOD).surrendered_kg == owed
        assert offered(year, org) == []


@pytest.mark.parametrize("left_kg", [0, 1, 5 * TONNE + 1])
def test_due_units__too_few_and_some_frozen__what_is_free_and_the_contract_takes_it(
    year, left_kg
) -> None:
    _, it = year
    org = it.emitter.org_id
    with boa.env.anchor():
        held = it.ledger.balanceOf(it.emitter.account, CEA)
        frozen = 30 * TONNE
        it.send(it.emitter, it.trader, CEA, held - frozen - left_kg)
        it.ledger.freeze(org, CEA, frozen, "under examination", sender=it.regulator.account)
        expected = [(CEA, left_kg)] if left_kg else []
        assert offered(year, org) == expected
        if left_kg:
            it.surrender(it.emitter, *offered(year, org))
            assert offered(year, org) == []


def test_due_units__credits_and_vintages_not_accepted__left_out(year) -> None:
    _, it = year
    org, later = it.emitter.org_id, PERIOD + 1
    with boa.env.anchor():
        it.allocate(it.emitter, 50 * TONNE, period=later)
        project_id, now = it.approved_project(it.trader), boa.env.timestamp
        _, credit = it.credit(project_id, 10 * TONNE, now - 20 * DAY, now - DAY)
        it.send(it.trader, it.emitter, credit, 10 * TONNE)
        it.send(it.emitter, it.trader, CEA, it.ledger.balanceOf(it.emitter.account, CEA) - 7)
        accepted = it.compliance.rules(PERIOD).last_vintage >= later
        expected = [(CEA, 7)] + [(vintage(later), 50 * TONNE)] * accepted
        assert offered(year, org) == expected
        it.surrender(it.emitter, *offered(year, org))


def test_due_units__nothing_accepted_or_no_such_period__nothing(year) -> None:
    _, it = year
    assert offered(year, it.trader.org_id) == []
    with pytest.raises(NotFound):
        offered(year, it.emitter.org_id, PERIOD + 5)


def test_form_of_surrender__opened_for_a_year__filled_in_unless_the_address_has_units(year) -> None:
    node, it = year
    engine, org, given = in_memory(), it.emitter.org_id, {"year": str(PERIOD)}
    project(node, it, engine)
    owed = it.compliance.duty(org, PERIOD).duty_kg
    assert owed % TONNE == 0
    lines = [{"instrument": "CEA24", "amount": f"{owed // TONNE}.000"}]
    with engine.connect() as db:
        assert suggested(db, "duty.surrender", org, given) == {"units": lines}
        assert suggested(db, "duty.surrender", org, given | {"units": [{"amount": "5"}]}) == {}
        assert suggested(db, "units.cancel", org, given) == {}
