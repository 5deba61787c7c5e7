"""Reports, verification and acceptance: every step, every refusal, every deadline."""

import boa
import pytest
from eth_abi import encode
from eth_utils import keccak

from harness.consortium import DOCUMENT, REASON, key_of
from harness.emissions import (
    AR5,
    CN_POWER,
    CORRECTION_SECONDS,
    HOUR,
    OBJECTION_SECONDS,
    STARTS,
    VERIFY_SECONDS,
    YEAR,
    abi_line,
    accept,
    assign,
    calendar,
    endorse,
    open_logbook,
    report,
    report_by,
    sample_lines,
    with_registries,
)
from tanlian.domain.emission_methods import ActivityLine, Method, total_kg
from tanlian.domain.factor_set import Unit, factor_set
from tanlian.domain.roles import Role

NONE_YET, SUBMITTED, ASSIGNED, REJECTED, CORRECTED, ENDORSED, OBJECTED, ESTIMATED, ACCEPTED = range(
    9
)
OTHER = keccak(text="other document")
FIGURE = total_kg(sample_lines(), factor_set(CN_POWER), factor_set(AR5))
MORE = (ActivityLine(Method.GAS, "CO2", Unit.TONNE, (FIGURE + 5_000) * 1_000),)  # 10^-6 t = 1 g
LINES = [abi_line(line) for line in sample_lines()]
MORE_LINES = [abi_line(line) for line in MORE]
RECORD = (
    "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,"
    "uint256,uint256,uint256,uint256,uint256,uint256,bool,bool,bytes32,bytes32,bytes32,bytes32)"
)


@pytest.fixture(scope="module")
def it():
    return with_registries()


def record(it, member=None, year=YEAR):
    return it.emissions.record_of((member or it.emitter).org_id, year)


def facts(it, year=YEAR):
    return it.emissions.report_facts(it.emitter.org_id, year)


def refused(it, reason, act, *args, by):
    """The call is refused with this reason, and the record stays as it was."""
    before = record(it)
    commitment = it.emissions.commitment_of(it.emitter.org_id, YEAR)
    with boa.reverts(reason):
        act(*args, sender=by.account if hasattr(by, "account") else by)
    assert record(it) == before
    assert it.emissions.commitment_of(it.emitter.org_id, YEAR) == commitment


def correct(it, lines=MORE_LINES, version=1):
    return it.emissions.correct(
        it.emitter.org_id, YEAR, version, lines, REASON, OTHER, sender=it.verifier.account
    )


def reject(it, version=1):
    it.emissions.reject(it.emitter.org_id, YEAR, version, REASON, OTHER, sender=it.verifier.account)


def estimate(it, amount_kg, by=None):
    it.emissions.estimate(
        it.emitter.org_id, YEAR, amount_kg, REASON, OTHER, sender=(by or it.regulator).account
    )


def object_(it):
    it.emissions.object_to_figure(YEAR, REASON, OTHER, sender=it.emitter.account)


def decide(it, *, upheld):
    it.emissions.decide_objection(
        it.emitter.org_id, YEAR, upheld, REASON, OTHER, sender=it.regulator.account
    )


# The straight way


def test_report_to_acceptance__honest_year__figure_calculated_endorsed_and_final(it):
    assert report(it) == FIGURE
    assert it.emissions.verified_emissions(it.emitter.org_id, YEAR) == (False, 0)
    assign(it)
    endorse(it)
    assert it.emissions.verified_emissions(it.emitter.org_id, YEAR) == (False, 0)
    assert accept(it) == FIGURE
    assert it.emissions.verified_emissions(it.emitter.org_id, YEAR) == (True, FIGURE)
    now = boa.env.timestamp
    assert tuple(facts(it)) == (
        FIGURE, FIGURE, FIGURE, now, report_by(YEAR), now, it.verifier.org_id, False
    )  # fmt: skip


def test_commitment__after_every_step__is_the_hash_of_the_whole_record(it):
    def check():
        found = record(it)
        words = [tuple(found)]
        encoded = encode(["uint256", "uint256", RECORD], [it.emitter.org_id, YEAR, *words])
        assert it.emissions.commitment_of(it.emitter.org_id, YEAR) == keccak(encoded)

    assert it.emissions.commitment_of(it.emitter.org_id, YEAR) == bytes(32)
    report(it)
    for step in (assign, endorse, accept):
        check()
        step(it)
    check()


def test_events__each_step__carries_its_signer(it):
    report(it)
    (event,) = it.emissions.get_logs()
    assert type(event).__name__ == "ReportSubmitted"
    assert (event.organisation, event.year, event.version) == (it.emitter.org_id, YEAR, 1)
    assert (event.reported_kg, event.late, event.signer) == (FIGURE, False, it.emitter.account)
    assert (event.document, event.lines) == (DOCUMENT, record(it).lines)
    assign(it)
    (event,) = it.emissions.get_logs()
    assert (event.verifier, event.previous) == (it.verifier.org_id, 0)
    assert (event.respond_by, event.signer) == (
        boa.env.timestamp + VERIFY_SECONDS, it.regulator.account
    )  # fmt: skip
    endorse(it)
    (event,) = it.emissions.get_logs()
    assert (event.verified_kg, event.evidence, event.signer) == (
        FIGURE, DOCUMENT, it.verifier.account
    )  # fmt: skip
    accept(it)
    (event,) = it.emissions.get_logs()
    assert (event.old_kg, event.accepted_kg, event.declared_kg) == (0, FIGURE, FIGURE)
    assert (event.verifier, event.acceptances, event.signer) == (
        it.verifier.org_id, 1, it.regulator.account
    )  # fmt: skip


def test_report__with_anchored_readings__tied_to_them(it):
    gateway = key_of("gateway").address
    open_logbook(it, it.emitter, gateway)
    boa.env.timestamp = STARTS[YEAR + 1]
    it.monitoring.anchor(YEAR, STARTS[YEAR] // HOUR, 24, OTHER, 77_000, 24, sender=gateway)
    report(it)
    head = it.monitoring.logbook_of(gateway, YEAR).head
    assert (record(it).measured_g, record(it).readings) == (77_000, keccak(bytes(32) + head))


# Reporting


def test_report__before_the_year_is_over__refused_until_its_end(it):
    boa.env.timestamp = STARTS[YEAR + 1] - 1
    act = it.emissions.report
    refused(it, "emission_registry: year not over", act, YEAR, LINES, DOCUMENT, by=it.emitter)
    boa.env.timestamp += 1
    act(YEAR, LINES, DOCUMENT, sender=it.emitter.account)


@pytest.mark.parametrize(
    ("year", "lines", "document", "reason"),
    [
        (2030, LINES, DOCUMENT, "emission_registry: year not open"),
        (YEAR, [], DOCUMENT, "emission_registry: no activity data"),
        (YEAR, LINES, bytes(32), "emission_registry: no document"),
        (YEAR, [(9, *LINES[0][1:])], DOCUMENT, "emission_methods: unknown method"),
    ],
)
def test_report__that_makes_no_sense__refused(it, year, lines, document, reason):
    boa.env.timestamp = STARTS[YEAR + 1]
    refused(it, reason, it.emissions.report, year, lines, document, by=it.emitter)


def test_report__replaced_until_the_deadline__declared_figure_stays(it):
    report(it)
    boa.env.timestamp = report_by(YEAR)
    assert report(it, lines=MORE, document=OTHER) == FIGURE + 5_000
    found = record(it)
    assert (found.declared_kg, found.reported_kg, found.version) == (FIGURE, FIGURE + 5_000, 2)
    assert found.submitted_at == STARTS[YEAR + 1]
    boa.env.timestamp += 1
    refused(
        it, "emission_registry: too late to replace", it.emissions.report, YEAR, LINES, DOCUMENT,
        by=it.emitter,
    )  # fmt: skip


def test_report__late__taken_and_marked(it):
    boa.env.timestamp = report_by(YEAR) + 1
    report(it)
    (event,) = it.emissions.get_logs()
    assert event.late
    assert facts(it).submitted_at > facts(it).deadline_at


def test_report__after_assignment_or_acceptance__refused(it):
    report(it)
    reason = "emission_registry: report already taken up"
    for step in (assign, endorse, accept):
        step(it)
        refused(it, reason, it.emissions.report, YEAR, MORE_LINES, OTHER, by=it.emitter)


def test_report__suspended_emitter__still_may_because_it_must(it):
    it.suspend(it.emitter)
    assert report(it) == FIGURE


# Assigning


def test_assign__conflict_own_report_or_no_verifier__refused(it):
    act, org_id = it.emissions.assign, it.emitter.org_id
    refused(
        it, "emission_registry: nothing to assign", act, org_id, YEAR, it.verifier.org_id,
        by=it.regulator,
    )  # fmt: skip
    report(it)
    it.emissions.declare_conflict(
        it.verifier.org_id, org_id, "wrote its report", sender=it.verifier.account
    )
    for verifier, reason in (
        (it.verifier.org_id, "conflict of interest"),
        (it.trader.org_id, "not an active verifier"),
        (999, "not an active verifier"),
        (0, "not an active verifier"),
    ):
        refused(it, f"emission_registry: {reason}", act, org_id, YEAR, verifier, by=it.regulator)
    it.suspend(it.other_verifier)
    refused(
        it, "emission_registry: not an active verifier", act, org_id, YEAR,
        it.other_verifier.org_id, by=it.regulator,
    )  # fmt: skip


def test_assign__organisation_with_two_roles__never_verifies_or_accepts_itself(it):
    both = it.admit("emitter and verifier", Role.EMITTER | Role.VERIFIER)
    judge = it.admit(
        "regulator, emitter and verifier", Role.REGULATOR | Role.EMITTER | Role.VERIFIER
    )
    report(it, both)
    report(it, judge)
    with boa.reverts("emission_registry: own report"):
        it.emissions.assign(both.org_id, YEAR, both.org_id, sender=it.regulator.account)
    with boa.reverts("emission_registry: own report"):
        it.emissions.assign(judge.org_id, YEAR, it.verifier.org_id, sender=judge.account)
    with boa.reverts("emission_registry: regulator cannot verify"):
        it.emissions.assign(both.org_id, YEAR, judge.org_id, sender=judge.account)
    assign(it, judge)
    endorse(it, judge)
    with boa.reverts("emission_registry: own report"):
        it.emissions.accept(judge.org_id, YEAR, FIGURE, DOCUMENT, sender=judge.account)
    assert it.emissions.verified_emissions(judge.org_id, YEAR) == (False, 0)


def test_assign__same_verifier_for_too_many_years__refused_until_another_year_passed(it):
    for year in (2022, 2023):
        report(it, year=year)
        assign(it, year=year)
    report(it)
    refused(
        it, "emission_registry: too many years running", it.emissions.assign, it.emitter.org_id,
        YEAR, it.verifier.org_id, by=it.regulator,
    )  # fmt: skip
    assign(it, verifier=it.other_verifier)
    report(it, year=2025)
    assign(it, year=2025)


def test_assign__another_while_at_work__the_first_cannot_act_any_more(it):
    report(it)
    assign(it)
    refused(
        it, "emission_registry: already assigned", it.emissions.assign, it.emitter.org_id, YEAR,
        it.verifier.org_id, by=it.regulator,
    )  # fmt: skip
    assign(it, verifier=it.other_verifier)
    refused(
        it, "emission_registry: not the assigned verifier", it.emissions.endorse,
        it.emitter.org_id, YEAR, 1, DOCUMENT, by=it.verifier,
    )  # fmt: skip
    endorse(it, verifier=it.other_verifier)
    assert record(it).verifier_id == it.other_verifier.org_id


def test_conflict__declared_and_lifted__by_those_concerned_and_the_regulator(it):
    declare, lift = it.emissions.declare_conflict, it.emissions.lift_conflict
    pair = (it.verifier.org_id, it.emitter.org_id)
    with boa.reverts("emission_registry: no reason"):
        declare(*pair, "", sender=it.emitter.account)
    with boa.reverts("member_guard: role missing"):
        declare(*pair, REASON, sender=it.trader.account)
    with boa.reverts("emission_registry: no such conflict"):
        lift(*pair, REASON, sender=it.regulator.account)
    declare(*pair, REASON, sender=it.emitter.account)
    assert it.emissions.has_conflict(*pair)
    with boa.reverts("emission_registry: conflict known"):
        declare(*pair, REASON, sender=it.regulator.account)
    with boa.reverts("emission_registry: no reason"):
        lift(*pair, "", sender=it.regulator.account)
    lift(*pair, REASON, sender=it.regulator.account)
    assert not it.emissions.has_conflict(*pair)


def test_conflict__declared_after_assignment__stops_the_verifier(it):
    report(it)
    assign(it)
    it.emissions.declare_conflict(
        it.verifier.org_id, it.emitter.org_id, REASON, sender=it.regulator.account
    )
    refused(
        it, "emission_registry: conflict of interest", it.emissions.endorse, it.emitter.org_id,
        YEAR, 1, DOCUMENT, by=it.verifier,
    )  # fmt: skip


# Verifying


def test_verifier__another_version_no_evidence_or_too_late__refused(it):
    report(it)
    org_id, emissions = it.emitter.org_id, it.emissions
    acts = (
        (emissions.endorse, lambda v, e: (org_id, YEAR, v, e)),
        (emissions.correct, lambda v, e: (org_id, YEAR, v, LINES, REASON, e)),
        (emissions.reject, lambda v, e: (org_id, YEAR, v, REASON, e)),
    )
    for act, args in acts:
        refused(it, "emission_registry: nothing to verify", act, *args(1, OTHER), by=it.verifier)
    assign(it)
    for act, args in acts:
        refused(it, "emission_registry: another version", act, *args(2, OTHER), by=it.verifier)
        refused(it, "emission_registry: no evidence", act, *args(1, bytes(32)), by=it.verifier)
    for act, args in acts[1:]:
        bare = tuple("" if a == REASON else a for a in args(1, OTHER))
        refused(it, "emission_registry: no reason", act, *bare, by=it.verifier)
    boa.env.timestamp += VERIFY_SECONDS + 1
    for act, args in acts:
        refused(it, "emission_registry: time is over", act, *args(1, OTHER), by=it.verifier)
    boa.env.timestamp -= 1
    endorse(it)


def test_correct__emitter_says_nothing__accepted_only_after_its_time(it):
    report(it)
    assign(it)
    assert correct(it) == FIGURE + 5_000
    found = record(it)
    assert (found.status, found.reported_kg, found.verified_kg) == (
        CORRECTED,
        FIGURE,
        FIGURE + 5_000,
    )
    boa.env.timestamp += OBJECTION_SECONDS
    refused(
        it, "emission_registry: emitter may still object", it.emissions.accept, it.emitter.org_id,
        YEAR, FIGURE + 5_000, DOCUMENT, by=it.regulator,
    )  # fmt: skip
    boa.env.timestamp += 1
    refused(
        it, "emission_registry: time is over", it.emissions.object_to_figure, YEAR, REASON, OTHER,
        by=it.emitter,
    )  # fmt: skip
    accept(it)
    assert facts(it).accepted_kg == FIGURE + 5_000
    assert facts(it).declared_kg == FIGURE


def test_correct__emitter_agrees__accepted_at_once(it):
    report(it)
    assign(it)
    refused(it, "emission_registry: no figure to agree to", it.emissions.agree, YEAR, by=it.emitter)
    correct(it)
    it.emissions.agree(YEAR, sender=it.emitter.account)
    assert record(it).status == ENDORSED
    accept(it)


def test_object__upheld__another_verifier_takes_the_case(it):
    report(it)
    assign(it)
    refused(
        it, "emission_registry: no figure to object to", it.emissions.object_to_figure, YEAR,
        REASON, OTHER, by=it.emitter,
    )  # fmt: skip
    correct(it)
    refused(
        it, "emission_registry: no reason", it.emissions.object_to_figure, YEAR, "", OTHER,
        by=it.emitter,
    )  # fmt: skip
    object_(it)
    refused(
        it, "emission_registry: no verified figure", it.emissions.accept, it.emitter.org_id, YEAR,
        FIGURE + 5_000, DOCUMENT, by=it.regulator,
    )  # fmt: skip
    decide(it, upheld=True)
    assert record(it).status == SUBMITTED
    refused(
        it, "emission_registry: verifier excluded", it.emissions.assign, it.emitter.org_id, YEAR,
        it.verifier.org_id, by=it.regulator,
    )  # fmt: skip
    assign(it, verifier=it.other_verifier)
    endorse(it, verifier=it.other_verifier)
    assert accept(it) == FIGURE


def test_object__dismissed__figure_stands(it):
    report(it)
    assign(it)
    correct(it)
    refused(
        it, "emission_registry: no objection", it.emissions.decide_objection, it.emitter.org_id,
        YEAR, True, REASON, OTHER, by=it.regulator,
    )  # fmt: skip
    object_(it)
    refused(
        it, "emission_registry: no reason", it.emissions.decide_objection, it.emitter.org_id, YEAR,
        False, "", OTHER, by=it.regulator,
    )  # fmt: skip
    decide(it, upheld=False)
    assert accept(it) == FIGURE + 5_000


def test_reject__amended_in_time__back_to_the_same_verifier(it):
    report(it)
    assign(it)
    refused(
        it, "emission_registry: nothing to amend", it.emissions.amend, YEAR, LINES, OTHER,
        by=it.emitter,
    )  # fmt: skip
    reject(it)
    boa.env.timestamp += CORRECTION_SECONDS
    it.emissions.amend(YEAR, MORE_LINES, OTHER, sender=it.emitter.account)
    found = record(it)
    assert (found.status, found.version, found.assigned_to) == (ASSIGNED, 2, it.verifier.org_id)
    assert (found.declared_kg, found.reported_kg) == (FIGURE, FIGURE + 5_000)
    refused(
        it, "emission_registry: another version", it.emissions.endorse, it.emitter.org_id, YEAR, 1,
        DOCUMENT, by=it.verifier,
    )  # fmt: skip
    endorse(it)
    accept(it)


def test_reject__not_amended_in_time__estimated_and_never_below_the_declared(it):
    report(it)
    assign(it)
    reject(it)
    org_id = it.emitter.org_id
    act = it.emissions.estimate
    refused(
        it,
        "emission_registry: time not over",
        act,
        org_id,
        YEAR,
        FIGURE,
        REASON,
        OTHER,
        by=it.verifier,
    )
    boa.env.timestamp += CORRECTION_SECONDS + 1
    refused(
        it, "emission_registry: time is over", it.emissions.amend, YEAR, LINES, OTHER, by=it.emitter
    )
    refused(
        it, "member_guard: role missing", act, org_id, YEAR, FIGURE, REASON, OTHER,
        by=it.other_verifier,
    )  # fmt: skip
    for args, reason in (
        ((FIGURE - 1, REASON, OTHER), "estimate not conservative"),
        ((FIGURE, "", OTHER), "no reason"),
        ((FIGURE, REASON, bytes(32)), "no evidence"),
    ):
        refused(it, f"emission_registry: {reason}", act, org_id, YEAR, *args, by=it.verifier)
    estimate(it, FIGURE * 2, by=it.verifier)
    found = record(it)
    assert (found.status, found.verified_kg, found.estimated) == (ESTIMATED, FIGURE * 2, True)
    assert found.verifier_id == it.verifier.org_id
    boa.env.timestamp += OBJECTION_SECONDS + 1
    assert accept(it) == FIGURE * 2


def test_estimate__measured_more_than_declared__never_below_the_measured(it):
    gateway = key_of("gateway").address
    open_logbook(it, it.emitter, gateway)
    boa.env.timestamp = STARTS[YEAR + 1]
    mass_g = (FIGURE + 9) * 1_000 + 1
    it.monitoring.anchor(YEAR, STARTS[YEAR] // HOUR, 24, OTHER, mass_g, 24, sender=gateway)
    boa.env.timestamp = report_by(YEAR) + 1
    refused(
        it, "emission_registry: estimate not conservative", it.emissions.estimate,
        it.emitter.org_id, YEAR, FIGURE + 9, REASON, OTHER, by=it.regulator,
    )  # fmt: skip
    estimate(it, FIGURE + 10)


def test_estimate__nobody_reported__after_the_deadline_by_the_regulator_only(it):
    org_id, act = it.emitter.org_id, it.emissions.estimate
    boa.env.timestamp = report_by(YEAR)
    args = (org_id, YEAR, 5, REASON, OTHER)
    refused(it, "emission_registry: time not over", act, *args, by=it.regulator)
    boa.env.timestamp += 1
    refused(it, "member_guard: role missing", act, *args, by=it.verifier)
    with boa.reverts("emission_registry: not an emitter"):
        act(it.trader.org_id, *args[1:], sender=it.regulator.account)
    estimate(it, 5)
    assert (record(it).verifier_id, facts(it).submitted_at) == (0, 0)
    refused(
        it, "emission_registry: report already taken up", it.emissions.report, YEAR, LINES,
        DOCUMENT, by=it.emitter,
    )  # fmt: skip
    boa.env.timestamp += OBJECTION_SECONDS + 1
    assert accept(it) == 5


@pytest.mark.parametrize("way", ["objection", "re-examination"])
def test_estimate__handed_back_without_a_report__emitter_reports_and_nobody_endorses_zero(it, way):
    boa.env.timestamp = report_by(YEAR) + 1
    estimate(it, 5)
    if way == "objection":
        object_(it)
        decide(it, upheld=True)
    else:
        it.emissions.agree(YEAR, sender=it.emitter.account)
        accept(it)
        it.emissions.reexamine(it.emitter.org_id, YEAR, REASON, OTHER, sender=it.regulator.account)
    assert record(it).status == NONE_YET
    refused(
        it, "emission_registry: nothing to assign", it.emissions.assign, it.emitter.org_id, YEAR,
        it.verifier.org_id, by=it.regulator,
    )  # fmt: skip
    report(it)
    assign(it)
    endorse(it)
    assert accept(it) == FIGURE


def test_estimate__verifier_silent__regulator_may_and_nothing_else_is_open_to_it(it):
    report(it)
    act, args = it.emissions.estimate, (it.emitter.org_id, YEAR, FIGURE, REASON, OTHER)
    refused(it, "emission_registry: nothing to estimate", act, *args, by=it.regulator)
    assign(it)
    refused(it, "emission_registry: time not over", act, *args, by=it.regulator)
    boa.env.timestamp += VERIFY_SECONDS + 1
    refused(it, "member_guard: role missing", act, *args, by=it.verifier)
    estimate(it, FIGURE)
    assert record(it).verifier_id == 0


# Accepting and re-examining


def test_accept__another_figure_or_no_document_or_nothing_verified__refused(it):
    act, org_id = it.emissions.accept, it.emitter.org_id
    refused(
        it, "emission_registry: no verified figure", act, org_id, YEAR, 0, DOCUMENT, by=it.regulator
    )
    report(it)
    refused(
        it,
        "emission_registry: no verified figure",
        act,
        org_id,
        YEAR,
        FIGURE,
        DOCUMENT,
        by=it.regulator,
    )
    assign(it)
    endorse(it)
    refused(
        it,
        "emission_registry: another figure",
        act,
        org_id,
        YEAR,
        FIGURE - 1,
        DOCUMENT,
        by=it.regulator,
    )
    refused(
        it, "emission_registry: no document", act, org_id, YEAR, FIGURE, bytes(32), by=it.regulator
    )
    accept(it)
    refused(
        it,
        "emission_registry: no verified figure",
        act,
        org_id,
        YEAR,
        FIGURE,
        DOCUMENT,
        by=it.regulator,
    )


def test_reexamine__other_figure_found__old_one_in_force_until_then_and_named_as_undone(it):
    act, org_id = it.emissions.reexamine, it.emitter.org_id
    report(it)
    assign(it)
    endorse(it)
    refused(
        it, "emission_registry: nothing accepted", act, org_id, YEAR, REASON, OTHER, by=it.regulator
    )
    accept(it)
    refused(it, "emission_registry: no reason", act, org_id, YEAR, "", OTHER, by=it.regulator)
    refused(
        it, "emission_registry: no document", act, org_id, YEAR, REASON, bytes(32), by=it.regulator
    )
    act(org_id, YEAR, REASON, OTHER, sender=it.regulator.account)
    assert it.emissions.verified_emissions(org_id, YEAR) == (True, FIGURE)
    refused(
        it, "emission_registry: under re-examination", it.emissions.report, YEAR, LINES, DOCUMENT,
        by=it.emitter,
    )  # fmt: skip
    refused(
        it, "emission_registry: verifier excluded", it.emissions.assign, org_id, YEAR,
        it.verifier.org_id, by=it.regulator,
    )  # fmt: skip
    assign(it, verifier=it.other_verifier)
    it.emissions.correct(
        org_id, YEAR, 1, MORE_LINES, REASON, OTHER, sender=it.other_verifier.account
    )
    assert it.emissions.verified_emissions(org_id, YEAR) == (True, FIGURE)
    it.emissions.agree(YEAR, sender=it.emitter.account)
    accept(it)
    found = facts(it)
    assert it.emissions.verified_emissions(org_id, YEAR) == (True, FIGURE + 5_000)
    assert (found.overturned, found.verifier_id, found.verified_kg) == (
        True, it.verifier.org_id, FIGURE
    )  # fmt: skip
    assert (found.declared_kg, found.accepted_kg) == (FIGURE, FIGURE + 5_000)


def test_reexamine__again_and_again__no_verifier_gets_back_the_case_whose_figure_it_gave(it):
    report(it)
    third = it.admit("third verifier", Role.VERIFIER)
    used = []
    for verifier in (it.verifier, it.other_verifier, third):
        for former in used:
            refused(
                it, "emission_registry: verifier excluded", it.emissions.assign, it.emitter.org_id,
                YEAR, former.org_id, by=it.regulator,
            )  # fmt: skip
        assign(it, verifier=verifier)
        endorse(it, verifier=verifier)
        accept(it)
        it.emissions.reexamine(it.emitter.org_id, YEAR, REASON, OTHER, sender=it.regulator.account)
        used.append(verifier)
    report(it, it.other_emitter)
    assign(it, it.other_emitter)  # another case is another case
    report(it, year=2025)
    assign(it, year=2025, verifier=third)  # and another year another one


def test_accept__regulator_that_verified_the_figure__refused_and_another_may(it):
    both = it.admit("regulator and verifier", Role.REGULATOR | Role.VERIFIER)
    report(it)
    assign(it, verifier=both)
    endorse(it, verifier=both)
    refused(
        it, "emission_registry: own verification", it.emissions.accept, it.emitter.org_id, YEAR,
        FIGURE, DOCUMENT, by=both,
    )  # fmt: skip
    assert accept(it) == FIGURE


def test_decide__regulator_whose_figure_was_objected_to__refused_and_another_may(it):
    both = it.admit("regulator and verifier", Role.REGULATOR | Role.VERIFIER)
    report(it)
    assign(it, verifier=both)
    it.emissions.correct(it.emitter.org_id, YEAR, 1, MORE_LINES, REASON, OTHER, sender=both.account)
    object_(it)
    for upheld in (False, True):
        refused(
            it, "emission_registry: own verification", it.emissions.decide_objection,
            it.emitter.org_id, YEAR, upheld, REASON, OTHER, by=both,
        )  # fmt: skip
    decide(it, upheld=True)
    assert record(it).status == SUBMITTED


def test_reexamine__same_figure_confirmed__not_overturned(it):
    report(it)
    for step in (assign, endorse, accept):
        step(it)
    it.emissions.reexamine(it.emitter.org_id, YEAR, REASON, OTHER, sender=it.regulator.account)
    assign(it, verifier=it.other_verifier)
    endorse(it, verifier=it.other_verifier)
    accept(it)
    assert not facts(it).overturned
    assert facts(it).verifier_id == it.other_verifier.org_id
    assert record(it).acceptances == 2


# Years


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"report_by": STARTS[2026]}, "no such year"),
        ({"verify_seconds": 0}, "no time to verify"),
        ({"correction_seconds": 0}, "no time to correct"),
        ({"objection_seconds": 0}, "no time to object"),
        ({"most_years": 0}, "years out of range"),
        ({"most_years": 11}, "years out of range"),
        ({"factor_set": 99}, "no factor set"),
        ({"gas_set": 0}, "no gas set"),
        ({"report_by": 7199}, "report due too early"),
    ],
)
def test_open_year__rules_that_make_no_sense__refused(it, changes, reason):
    year = 2031
    if reason != "no such year":
        it.monitoring.open_year(year, 3600, 7200, sender=it.regulator.account)
    changes = {"report_by": 7200} | changes
    with boa.reverts(f"emission_registry: {reason}"):
        it.emissions.open_year(year, calendar(it, YEAR, **changes), sender=it.regulator.account)
    assert it.emissions.calendar_of(year).report_by == 0


def test_open_year__twice__refused(it):
    with boa.reverts("emission_registry: year opened before"):
        it.emissions.open_year(YEAR, calendar(it, YEAR), sender=it.regulator.account)
    assert tuple(it.emissions.calendar_of(YEAR)) == calendar(it, YEAR)
