"""Granted views and complaints in the tables, beside the contract that said it."""

from itertools import product

import boa
import pytest

from harness.boa_node import recorded
from harness.consortium import DOCUMENT, NORTH, PERIOD, REASON, SOUTH
from harness.duties import DAY
from harness.projected import assert_equal, in_memory, project
from harness.supervision import (
    EVERYTHING,
    ORDER,
    RULES,
    STATEMENT,
    complain,
    deploy_supervision,
    grant,
    inspect,
    resolve,
)
from tanlian.domain.errors import NotFound
from tanlian.domain.supervision import (
    ComplaintKind,
    ComplaintStatus,
    Extent,
    Route,
    Scope,
    ViewKind,
)
from tanlian.readmodel.queries import complaints, granted_views
from tanlian.readmodel.queries.granted_views import Sight

YEARS = (PERIOD - 1, PERIOD, PERIOD + 1)


@pytest.fixture(scope="module")
def world():
    with boa.env.anchor(), recorded() as node:
        yield node, deploy_supervision()


def history(it) -> int:
    """Grants and complaints of every fate; the last call is one, so that no time passes after."""
    grant(it, it.observer, Extent(ViewKind.COINS, Scope.REGION, PERIOD, PERIOD, region=NORTH))
    grant(it, it.observer, seconds=100)
    ended = grant(it, it.bank)
    it.supervision.revoke_view(ended, REASON, sender=it.regulator.account)
    upheld = complain(it)
    inspect(it, upheld)
    it.supervision.pursue(
        upheld, Route.CASE, it.penalise(it.emitter, 1), DOCUMENT, sender=it.regulator.account
    )
    late = complain(it, it.bank)
    withdrawn = complain(it, it.trader, it.verifier, ComplaintKind.VERIFICATION)
    it.supervision.withdraw(withdrawn, REASON, sender=it.trader.account)
    boa.env.timestamp += RULES.take_up_seconds + 1
    it.supervision.escalate(late, sender=it.outsider())
    dismissed = complain(it, it.observer, it.other_emitter)
    inspect(it, dismissed)
    resolve(it, dismissed, upheld=False)
    grant(it, it.bank, Extent(ViewKind.TRADES, Scope.ORGANISATION, 1, 9_999, subject=2))
    return upheld


def test_tables__after_every_act__say_what_the_contract_says(world, tables) -> None:
    node, it = world
    with boa.env.anchor():
        number = history(it)
        verdict = assert_equal(node, it, tables)
    assert verdict.views >= 8
    with tables.connect() as db:
        found = complaints.complaint(db, number)
        steps = complaints.steps_of(db, number)
        open_now = complaints.queue(db)
    assert (found.status, found.route) == (ComplaintStatus.TAKEN_UP, Route.CASE)
    assert found.statement == STATEMENT
    assert [(s.event, s.route, s.reference) for s in steps] == [
        ("ComplaintFiled", None, None),
        ("ComplaintTakenUp", Route.INSPECTION, ORDER),
        ("ComplaintPursued", Route.CASE, 1),
    ]
    assert [s.signed_for for s in steps] == [it.observer.org_id] + 2 * [it.regulator.org_id]
    assert [c.number for c in open_now] == [2, 1], "the one that is overdue comes first"
    assert open_now[0].is_escalated


def test_sight__whatever_was_granted__answers_as_the_contract(world) -> None:
    node, it = world
    engine = in_memory()
    with boa.env.anchor():
        history(it)
        it.membership.reclassify(
            it.other_emitter.org_id, 1, SOUTH, DOCUMENT, sender=it.regulator.account
        )
        it.suspend(it.trader)
        project(node, it, engine)
        with engine.connect() as db:
            for viewer in it.members.values():
                sight = Sight(db, viewer.org_id)
                for kind, subject, year in product(ViewKind, it.members.values(), YEARS):
                    assert sight.of(kind, subject.org_id, year) == it.supervision.may_view(
                        viewer.org_id, kind, subject.org_id, year, boa.env.timestamp
                    ), (viewer.name, kind, subject.name, year)
            assert Sight(db, 999).of(ViewKind.COINS, 2, PERIOD) is False
            assert Sight(db, 2).of(ViewKind.COINS, 999, PERIOD) is False


def test_subjects__of_a_grant__are_those_that_it_shows(world) -> None:
    node, it = world
    engine = in_memory()
    with boa.env.anchor():
        grant(it, it.observer, Extent(ViewKind.COINS, Scope.REGION, PERIOD, PERIOD, region=SOUTH))
        project(node, it, engine)
        with engine.connect() as db:
            sight = Sight(db, it.observer.org_id)
            seen = [p.org_id for p in sight.subjects(ViewKind.COINS)]
            assert seen == [m.org_id for m in it.members.values() if m.region == SOUTH]
            assert [p.org_id for p in sight.subjects(ViewKind.COINS, after=seen[0])] == seen[1:]
            assert sight.subjects(ViewKind.DUTIES) == []
            assert list(sight.span(ViewKind.COINS)) == [PERIOD]
            assert list(sight.span(ViewKind.TRADES)) == []
            about = granted_views.grants_about(db, seen[0], boa.env.timestamp)
            assert [one.view.grantee for one in about] == [it.observer.org_id]
            assert granted_views.grants_about(db, it.emitter.org_id, boa.env.timestamp) == []
        it.suspend(it.observer)
        project(node, it, engine)
        with engine.connect() as db:
            assert Sight(db, it.observer.org_id).subjects(ViewKind.COINS) == []


def test_lists__pages_and_organisations__newest_first(world) -> None:
    node, it = world
    engine = in_memory()
    with boa.env.anchor():
        history(it)
        project(node, it, engine)
        now = boa.env.timestamp
    with engine.connect() as db:
        assert [c.number for c in complaints.complaints_of(db)] == [4, 3, 2, 1]
        assert [c.number for c in complaints.complaints_of(db, before=3, limit=1)] == [2]
        mine = complaints.complaints_of(db, it.emitter.org_id)
        assert [c.number for c in mine] == [2, 1]
        assert [c.number for c in complaints.complaints_of(db, open_only=True)] == [2, 1]
        states = [(g.number, g.state(now)) for g in granted_views.grants(db)]
        assert states == [(4, "in force"), (3, "revoked"), (2, "expired"), (1, "expired")]
        assert [g.number for g in granted_views.grants(db, grantee=it.bank.org_id)] == [4, 3]
        assert granted_views.grant(db, 3).revoked_for == REASON
        for missing in (lambda: complaints.complaint(db, 9), lambda: granted_views.grant(db, 9)):
            with pytest.raises(NotFound):
                missing()


def test_tables__any_bytes_as_statement__are_kept(world, tables) -> None:
    node, it = world
    with boa.env.anchor():
        for kind, text in enumerate(("\0 a \0", "碳" * 53, "'; DROP TABLE complaints; --"), 1):
            it.supervision.file_complaint(
                it.emitter.org_id, kind, PERIOD, DOCUMENT, text, sender=it.observer.account
            )
        grant(it, it.observer, EVERYTHING, seconds=DAY)
        assert_equal(node, it, tables)
