"""Duties and offsets in the tables, beside the contracts that said it."""

import re

import boa
import pytest
from eth_utils import keccak
from sqlalchemy import select

from harness.consortium import DOCUMENT, PERIOD, REASON, ROOT, TONNE
from harness.duties import DAY, vintage
from harness.projected import assert_equal
from harness.protocol import diesel
from tanlian.domain.compliance import ComplianceCode
from tanlian.domain.errors import NotFound
from tanlian.domain.offset_states import AttestationState, ProjectState
from tanlian.readmodel.queries import duties, offsets
from tanlian.readmodel.tables.offsets import foreign_serials

FOREIGN = int.from_bytes(b"VCS")


def test_duties__met_late_and_not_at_all__tables_equal_the_contract(year, tables) -> None:
    node, it = year
    org, other = it.emitter.org_id, it.other_emitter.org_id
    cea = vintage(PERIOD)
    with boa.env.anchor():
        owed = it.compliance.duty(org, PERIOD).duty_kg
        assert owed > 200 * TONNE
        project = it.approved_project(it.trader)
        now = boa.env.timestamp
        _, credit = it.credit(project, 10 * TONNE, now - 20 * DAY, now - DAY)
        it.send(it.trader, it.emitter, credit, 10 * TONNE)
        it.surrender(it.emitter, (cea, 100 * TONNE), (credit, 10 * TONNE))
        boa.env.timestamp = it.compliance.duty(org, PERIOD).deadline_at + 1
        it.surrender(it.emitter, (cea, owed - 110 * TONNE))
        for number in (org, other):
            it.compliance.record_shortfall(number, PERIOD)
        regulator = {"sender": it.regulator.account}
        it.compliance.record_net_sales(org, PERIOD, 7, DOCUMENT, **regulator)
        it.compliance.carry_over(PERIOD, cea, 5 * TONNE, sender=it.emitter.account)
        boa.env.timestamp = it.compliance.rules(PERIOD).carry_deadline_at + 1
        it.compliance.lapse(other, PERIOD, cea)
        verdict = assert_equal(node, it, tables)
        now, limit = boa.env.timestamp, it.compliance.rules(PERIOD).offset_limit_ppm
    assert verdict.views > 40
    with tables.connect() as db:
        mine, theirs = duties.duties_of_period(db, PERIOD)
        assert (mine.organisation, theirs.organisation) == (org, other)
        assert mine.duty_kg == owed
        assert mine.offsets_kg == 10 * TONNE
        assert mine.offset_limit_kg == owed * limit // 10**6
        assert mine.in_time_kg == 110 * TONNE
        assert mine.shortfall_kg == owed - 110 * TONNE
        assert mine.carried_kg == 5 * TONNE
        assert mine.code(now) is ComplianceCode.SURRENDERED
        assert theirs.code(now) is ComplianceCode.SHORT
        assert theirs.outstanding_kg == theirs.duty_kg - theirs.cut_kg
        assert theirs.lapsed_kg == 2_000 * TONNE
        assert duties.duties_of_period(db, PERIOD, after=org) == [theirs]
        assert duties.duty(db, org, PERIOD) == mine
        late, early = duties.surrenders_of(db, organisation=org)
        assert [(s.in_time, len(s.units)) for s in (early, late)] == [(True, 2), (False, 1)]
        assert duties.surrenders_of(db, organisation=org, before=late.id) == [early]
        assert duties.surrender(db, early.id).units[0].amount_kg == 100 * TONNE
        (change,) = duties.shortfalls_of(db, org)
        assert (change.old_kg, change.new_kg) == (0, mine.shortfall_kg)
        (over,) = duties.carry_overs_of(db, org)
        assert over.into is not None
        (lapsed,) = duties.carry_overs_of(db, other)
        assert lapsed.into is None
        nothing = duties.duty(db, it.trader.org_id, PERIOD)
        assert (nothing.duty_kg, nothing.code(now)) == (None, ComplianceCode.UNREPORTED)
        with pytest.raises(NotFound):
            duties.duty(db, org, PERIOD + 1)
        with pytest.raises(NotFound):
            duties.surrender(db, 99)
        assert duties.period(db, PERIOD).rules.offset_limit_ppm == limit


def test_reexamination__lowers_the_duty__shortfall_corrected(year, tables) -> None:
    node, it = year
    org = it.emitter.org_id
    with boa.env.anchor():
        boa.env.timestamp = it.compliance.duty(org, PERIOD).deadline_at + 1
        it.compliance.record_shortfall(org, PERIOD)
        regulator = {"sender": it.regulator.account}
        it.emissions.reexamine(org, PERIOD, REASON, DOCUMENT, **regulator)
        it.emissions.assign(org, PERIOD, it.other_verifier.org_id, **regulator)
        it.emissions.correct(
            org, PERIOD, 1, diesel(100), REASON, DOCUMENT, sender=it.other_verifier.account
        )
        it.emissions.agree(PERIOD, sender=it.emitter.account)
        figure = it.emissions.record_of(org, PERIOD).verified_kg
        it.emissions.accept(org, PERIOD, figure, DOCUMENT, **regulator)
        it.compliance.correct_shortfall(org, PERIOD)
        assert_equal(node, it, tables)
    with tables.connect() as db:
        second, first = duties.shortfalls_of(db, org)
        assert duties.shortfalls_of(db, None) == [second, first]
        assert second.next_cut_kg is None
        assert second.new_kg == duties.duty(db, org, PERIOD).shortfall_kg < first.new_kg


def test_offsets__reviewed_revoked_and_imported__tables_equal_the_contract(year, tables) -> None:
    node, it = year
    regulator, owner = {"sender": it.regulator.account}, {"sender": it.trader.account}
    with boa.env.anchor():
        now = boa.env.timestamp
        method = keccak(text="methodology")
        first = it.offsets.register("wind", method, DOCUMENT, 1, 2**255, **owner)
        it.offsets.open_review(first, **regulator)
        it.offsets.reject(first, DOCUMENT, "no map", **regulator)
        it.offsets.resubmit(first, keccak(text="map"), **owner)
        it.offsets.open_review(first, **regulator)
        it.offsets.approve(first, DOCUMENT, "sound", **regulator)
        issued, _ = it.credit(first, 9 * TONNE, now - 20 * DAY, now - 10 * DAY)
        spare = it.offsets.attest(
            first, now - 10 * DAY, now - DAY, 5, keccak(text="spare"), sender=it.verifier.account
        )
        it.offsets.revoke(spare, "wrong meter", DOCUMENT, sender=it.verifier.account)
        it.offsets.revoke(issued, "burnt down", DOCUMENT, **regulator)
        it.offsets.close_reversal(issued, DOCUMENT, **regulator)
        it.offsets.name_registry(FOREIGN, DOCUMENT, **regulator)
        last = 2**64 - 1
        place = (FOREIGN, first, PERIOD, last - 4, last, 0)
        it.offsets.import_credits(*place, keccak(text="import"), **regulator)
        second = it.approved_project(it.trader, "solar")
        it.offsets.withdraw_project(second, DOCUMENT, "sold", **regulator)
        assert_equal(node, it, tables)
    with tables.connect() as db:
        assert [p.name for p in offsets.projects_of(db)] == ["solar", "wind"]
        assert [p.id for p in offsets.projects_of(db, before=second)] == [first]
        assert offsets.projects_of(db, state=ProjectState.WITHDRAWN)[0].id == second
        states = [step.state.name for step in offsets.steps(db, first)]
        assert states == ["UNDER_REVIEW", "REJECTED", "REGISTERED", "UNDER_REVIEW", "APPROVED"]
        assert offsets.steps(db, first)[1].signed_for == it.regulator.org_id
        found = {a.id: a.state for a in offsets.attestations_of(db, number=first)}
        assert found == {
            issued: AttestationState.MADE_GOOD,
            spare: AttestationState.REVOKED_UNISSUED,
            spare + 1: AttestationState.ISSUED,
        }
        assert offsets.attestations_of(db, number=first)[0].verifier is None
        assert offsets.registries(db) == ["VCS"]
        (serials,) = offsets.foreign_credits(db)
        assert (serials.first_serial, serials.last_serial) == (last - 4, last)
        assert db.scalar(select(foreign_serials.c.last_serial)) == last


def test_offset_states__numbers__are_those_of_the_contract() -> None:
    source = (ROOT / "contracts" / "OffsetRegistry.vy").read_text()
    stated = {
        name: int(number)
        for name, number in re.findall(
            r"^([A-Z_]+): constant\(uint256\) = ([1-5])$", source, re.MULTILINE
        )
    }
    assert stated == {s.name: s.value for kind in (ProjectState, AttestationState) for s in kind}
