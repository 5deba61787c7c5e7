"""Triggers, amounts, caps, appeals and amendments of the incentive rules."""

from importlib.resources import files

import boa
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from harness.consortium import DOCUMENT, EMPTY, PERIOD, TONNE
from harness.duties import COIN, DAY, DEADLINE, REPORT_DEADLINE, Duties, ReportFacts
from tanlian.domain.errors import InvalidInput
from tanlian.domain.incentives import (
    REWARDS,
    CapBook,
    Report,
    Rule,
    Trigger,
    case_amount,
    load_rules,
    parse_rules,
    report_units,
)
from tanlian.domain.roles import Role

T = TONNE
BOOK = load_rules()
TOO_EARLY = REPORT_DEADLINE - 30 * DAY


def case_of(it: Duties, number: int):
    return it.incentives.case(number)


def assess(it: Duties, trigger: Trigger, member, subject: int = 0, period: int = PERIOD):
    return it.incentives.assess(trigger, member.org_id, period, subject)


def honest(it: Duties, accepted: int = 1_000 * T, **changes) -> None:
    it.accept(it.emitter, accepted, accepted_at=boa.env.timestamp, **changes)
    boa.env.timestamp += 7 * DAY + 1


# --- rewards ---


def test_open_case__honest_report__is_paid_once(duties: Duties) -> None:
    it = duties
    honest(it)
    number = it.open_case(Trigger.HONEST_REPORT, it.emitter, by=it.emitter)
    assert case_of(it, number).status == 3
    assert it.coins(it.emitter) == (100 * COIN, 0, 0)
    for applicant in (it.emitter, it.regulator):
        with boa.reverts("incentives: case exists already"):
            it.open_case(Trigger.HONEST_REPORT, it.emitter, by=applicant)
    assert it.coins(it.emitter) == (100 * COIN, 0, 0)


@pytest.mark.parametrize(
    ("declared", "holds"),
    [(1_000, True), (980, True), (979, False), (1_020, True), (1_021, False)],
)
def test_open_case__declared_at_the_tolerance__kink(
    duties: Duties, declared: int, holds: bool
) -> None:
    it = duties
    honest(it, 1_000, declared_kg=declared)
    assert assess(it, Trigger.HONEST_REPORT, it.emitter).triggered is holds
    misreport = assess(it, Trigger.MISREPORT, it.emitter)
    assert misreport.triggered is not holds
    assert misreport.units == (0 if holds else 1)


def test_open_case__before_objections_are_over__is_refused(duties: Duties) -> None:
    it = duties
    honest(it)
    boa.env.timestamp -= 1
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.HONEST_REPORT, it.emitter)
    assert it.incentives.case_count() == 0


def test_open_case__below_benchmark__counts_from_the_final_allocation(duties: Duties) -> None:
    it = duties
    it.allocate(it.emitter, 1_200 * T)
    honest(it)
    assert not assess(it, Trigger.BELOW_BENCHMARK, it.emitter).triggered, "only pre-allocated"
    it.allocation.finalise(
        it.emitter.org_id, PERIOD, 1_200 * T, DOCUMENT, sender=it.regulator.account
    )
    got = assess(it, Trigger.BELOW_BENCHMARK, it.emitter)
    assert (got.triggered, got.units, got.amount) == (True, 200 * T, 12 * COIN)
    it.open_case(Trigger.BELOW_BENCHMARK, it.emitter)
    assert it.coins(it.emitter)[0] == 12 * COIN


@pytest.mark.parametrize(("accepted", "units"), [(989, 1), (990, 0), (1_000, 0), (0, 990)])
def test_open_case__below_last_period__beyond_one_percent(
    duties: Duties, accepted: int, units: int
) -> None:
    it = duties
    it.accept(it.emitter, 1_000, PERIOD - 1)
    honest(it, accepted)
    got = assess(it, Trigger.BELOW_LAST_PERIOD, it.emitter)
    assert (got.triggered, got.units) == (units != 0, units)


def test_open_case__below_last_period__unknown_past__does_not_hold(duties: Duties) -> None:
    it = duties
    honest(it)
    assert not assess(it, Trigger.BELOW_LAST_PERIOD, it.emitter).triggered
    assert not assess(it, Trigger.BELOW_LAST_PERIOD, it.emitter, period=0).triggered


def test_open_case__suspended_organisation__reward_waits_for_it(duties: Duties) -> None:
    it = duties
    honest(it)
    it.suspend(it.emitter)
    with boa.reverts("member_guard: not an active member"):
        it.open_case(Trigger.HONEST_REPORT, it.emitter, by=it.emitter)
    with boa.reverts("incentives: organisation suspended"):
        it.open_case(Trigger.HONEST_REPORT, it.emitter)
    it.reinstate(it.emitter)
    it.open_case(Trigger.HONEST_REPORT, it.emitter, by=it.emitter)
    assert it.coins(it.emitter)[0] == 100 * COIN


# --- penalties ---


def test_open_case__misreport__locks_then_deducts(duties: Duties) -> None:
    it = duties
    it.give_coins(it.emitter, 1_000 * COIN)
    honest(it, 1_000 * T, declared_kg=800 * T)
    number = it.open_case(Trigger.MISREPORT, it.emitter)
    expected = 200 * COIN + 90 * COIN  # 180 t beyond the tolerance, half a coin each
    assert it.coins(it.emitter) == (1_000 * COIN, 0, expected)
    boa.env.timestamp = case_of(it, number).appeal_until
    with boa.reverts("incentives: time to appeal not over"):
        it.incentives.settle(number)
    boa.env.timestamp += 1
    it.incentives.settle(number, sender=it.outsider())
    assert it.coins(it.emitter) == (1_000 * COIN - expected, 0, 0)
    with boa.reverts("incentives: case not open"):
        it.incentives.settle(number)


@pytest.mark.parametrize(
    ("late", "days"), [(0, 0), (1, 1), (DAY, 1), (DAY + 1, 2), (58 * DAY, 58), (59 * DAY, 59)]
)
def test_open_case__late_report__each_day_begun_counts(
    duties: Duties, late: int, days: int
) -> None:
    it = duties
    it.accept(it.emitter, T, submitted_at=REPORT_DEADLINE + late)
    boa.env.timestamp = REPORT_DEADLINE + late
    got = assess(it, Trigger.LATE_REPORT, it.emitter)
    assert (got.triggered, got.units) == (days != 0, days * 1_000)
    expected = min(20 * COIN + days * 10 * COIN, 600 * COIN) if days else 0
    assert got.amount == expected


def test_open_case__missing_then_late__is_punished_once(duties: Duties) -> None:
    it = duties
    it.emissions.state(it.emitter.org_id, PERIOD, ReportFacts(deadline_at=REPORT_DEADLINE))
    boa.env.timestamp = REPORT_DEADLINE + 60 * DAY
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.MISSING_REPORT, it.emitter)
    boa.env.timestamp += 1
    number = it.open_case(Trigger.MISSING_REPORT, it.emitter)
    it.accept(it.emitter, T, submitted_at=boa.env.timestamp)
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.LATE_REPORT, it.emitter)
    boa.env.timestamp += 15 * DAY + 1
    it.incentives.settle(number)
    assert it.coins(it.emitter) == (0, 1_000 * COIN, 0), "handing in late does not undo it"


def test_open_case__no_emitter_or_admitted_later__owes_no_report(duties: Duties) -> None:
    it = duties
    boa.env.timestamp = REPORT_DEADLINE + 1
    late_comer = it.admit("late_comer", Role.EMITTER)
    boa.env.timestamp = REPORT_DEADLINE + 60 * DAY + 1
    for member, holds in ((it.emitter, True), (late_comer, False), (it.trader, False)):
        it.emissions.state(member.org_id, PERIOD, ReportFacts(deadline_at=REPORT_DEADLINE))
        assert assess(it, Trigger.MISSING_REPORT, member).triggered is holds


def test_open_case__late_then_missing__is_punished_once(duties: Duties) -> None:
    it = duties
    it.accept(it.emitter, T, submitted_at=REPORT_DEADLINE + 61 * DAY)
    boa.env.timestamp = REPORT_DEADLINE + 61 * DAY
    it.open_case(Trigger.LATE_REPORT, it.emitter)
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.MISSING_REPORT, it.emitter)


def test_open_case__shortfall__as_recorded_by_compliance(duties: Duties) -> None:
    it = duties
    it.open_period()
    it.accept(it.emitter, 1_000 * T)
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.SHORTFALL, it.emitter)
    boa.env.timestamp = DEADLINE + 1
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    number = it.open_case(Trigger.SHORTFALL, it.emitter)
    assert case_of(it, number).amount == 100 * COIN + 200 * COIN


@pytest.mark.parametrize("who", ["emitter", "other_emitter"])
def test_open_case__market_default__only_the_buyer_and_its_year(duties: Duties, who: str) -> None:
    it = duties
    it.default(it.emitter, 100, due_at=1_709_164_800)  # 2024-02-29
    if who == "emitter":
        number = it.open_case(Trigger.MARKET_DEFAULT, it.emitter, 1, by=it.exchange)
        assert case_of(it, number).amount == 55 * COIN
    else:
        with boa.reverts("incentives: trigger does not hold"):
            it.open_case(Trigger.MARKET_DEFAULT, it.other_emitter, 1)
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.MARKET_DEFAULT, it.emitter, 1, period=PERIOD + 1)
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.MARKET_DEFAULT, it.emitter, 2)


def test_open_case__cap_of_the_period__kink(duties: Duties) -> None:
    """Per period 20,000: four cases at the cap of a case (5,000), then nothing."""
    it = duties
    for number in range(1, 6):
        it.default(it.emitter, 10**6, due_at=1_709_164_800, number=number)
    for number in range(1, 5):
        it.open_case(Trigger.MARKET_DEFAULT, it.emitter, number)
    assert it.coins(it.emitter) == (0, 0, 20_000 * COIN)
    assert assess(it, Trigger.MARKET_DEFAULT, it.emitter, 5).amount == 0
    with boa.reverts("incentives: cap of the period reached"):
        it.open_case(Trigger.MARKET_DEFAULT, it.emitter, 5)


def test_open_case__endorsement__upheld_or_overturned(duties: Duties) -> None:
    it = duties
    honest(it)
    subject = it.emitter.org_id
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.ENDORSEMENT_UPHELD, it.other_verifier, subject)
    it.open_case(Trigger.ENDORSEMENT_UPHELD, it.verifier, subject, by=it.verifier)
    assert it.coins(it.verifier)[0] == 30 * COIN
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.ENDORSEMENT_OVERTURNED, it.verifier, subject)
    it.accept(it.emitter, 1_100 * T, verified_kg=1_000 * T, overturned=True)
    number = it.open_case(Trigger.ENDORSEMENT_OVERTURNED, it.verifier, subject)
    assert case_of(it, number).amount == 300 * COIN + 20 * COIN


# --- who may apply; false and repeated cases ---


@pytest.mark.parametrize("who", ["emitter", "other_emitter", "verifier", "exchange", "observer"])
def test_open_case__penalty_by_anyone__is_refused(duties: Duties, who: str) -> None:
    it = duties
    honest(it, declared_kg=1)
    with boa.reverts("incentives: not entitled to apply"):
        it.open_case(Trigger.MISREPORT, it.emitter, by=getattr(it, who))
    assert it.coins(it.emitter) == (0, 0, 0)


def test_open_case__reward_for_another__is_refused(duties: Duties) -> None:
    it = duties
    honest(it)
    with boa.reverts("incentives: not entitled to apply"):
        it.open_case(Trigger.HONEST_REPORT, it.emitter, by=it.other_emitter)
    with boa.reverts("member_guard: not an active member"):
        it.incentives.open_case(1, it.emitter.org_id, PERIOD, 0, sender=it.outsider())


@pytest.mark.parametrize("trigger", [t for t in Trigger if t < Trigger.PENALTY_DECISION])
def test_open_case__nothing_known__is_a_false_case(duties: Duties, trigger: Trigger) -> None:
    it = duties
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(trigger, it.emitter)
    assert it.incentives.case_count() == 0
    assert it.coins(it.emitter) == (0, 0, 0)


@pytest.mark.parametrize(("trigger", "subject"), [(0, 0), (13, 0), (2**255, 0)])
def test_open_case__unknown_trigger__is_refused(duties: Duties, trigger: int, subject: int) -> None:
    with boa.reverts("incentives: unknown trigger"):
        duties.open_case(trigger, duties.emitter, subject)


def test_open_case__other_subject_for_one_report__is_no_second_case(duties: Duties) -> None:
    """The hole: the same case under another number."""
    it = duties
    honest(it)
    it.open_case(Trigger.HONEST_REPORT, it.emitter)
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.HONEST_REPORT, it.emitter, 1)
    assert it.coins(it.emitter)[0] == 100 * COIN


def test_open_decision__documents__once_each_and_capped(duties: Duties) -> None:
    it = duties
    with boa.reverts("incentives: a decision names its amount"):
        it.open_case(Trigger.PENALTY_DECISION, it.emitter, 5)
    with boa.reverts("incentives: above the cap of a case"):
        it.penalise(it.emitter, 100_000 * COIN + 1)
    number = it.penalise(it.emitter, 100_000 * COIN)
    with boa.reverts("incentives: case exists already"):
        it.penalise(it.emitter, 1)
    assert case_of(it, number).amount == 100_000 * COIN
    refused = [
        ((11, it.emitter.org_id, PERIOD, EMPTY, 1), "incentives: no document"),
        ((11, it.emitter.org_id, PERIOD, DOCUMENT, 0), "incentives: amount must be positive"),
        ((10, it.emitter.org_id, PERIOD, DOCUMENT, 1), "incentives: not a decision"),
        ((11, 999, PERIOD, DOCUMENT, 1), "incentives: no such organisation"),
        ((12, it.regulator.org_id, PERIOD, DOCUMENT, 1), "incentives: own case"),
        ((11, it.regulator.org_id, PERIOD, DOCUMENT, 1), "incentives: own case"),
    ]
    for args, reason in refused:
        with boa.reverts(reason):
            it.incentives.open_decision(*args, sender=it.regulator.account)
    with boa.reverts("member_guard: role missing"):
        it.incentives.open_decision(
            12, it.emitter.org_id, PERIOD, DOCUMENT, 1, sender=it.emitter.account
        )


@pytest.mark.parametrize("first", [11, 12])
def test_open_decision__same_document_for_another_period_or_the_other_way__is_no_second_case(
    duties: Duties, first: int
) -> None:
    """The hole: one decision applied once for each year pays each time."""
    it, reg = duties, {"sender": duties.regulator.account}
    it.incentives.open_decision(first, it.emitter.org_id, PERIOD, DOCUMENT, COIN, **reg)
    before = it.coins(it.emitter)
    for trigger in (11, 12):
        for period in (PERIOD - 1, PERIOD, PERIOD + 1):
            with boa.reverts("incentives: case exists already"):
                it.incentives.open_decision(
                    trigger, it.emitter.org_id, period, DOCUMENT, COIN, **reg
                )
    assert (it.incentives.case_count(), it.coins(it.emitter)) == (1, before)
    it.incentives.open_decision(first, it.other_emitter.org_id, PERIOD, DOCUMENT, COIN, **reg)
    assert it.incentives.case_count() == 2, "it may be about several organisations"


# --- appeals ---


@pytest.mark.parametrize("granted", [True, False])
def test_appeal__suspends_the_deduction_until_decided(duties: Duties, granted: bool) -> None:
    it = duties
    it.give_coins(it.emitter, 10 * COIN)
    number = it.penalise(it.emitter, 4 * COIN)
    boa.env.timestamp = case_of(it, number).appeal_until
    it.incentives.appeal(number, DOCUMENT, sender=it.emitter.account)
    boa.env.timestamp += 1_000 * DAY
    with boa.reverts("incentives: case not open"):
        it.incentives.settle(number)
    assert it.coins(it.emitter) == (10 * COIN, 0, 4 * COIN), "still locked, not deducted"
    it.incentives.decide_appeal(number, granted, DOCUMENT, sender=it.regulator.account)
    assert it.coins(it.emitter) == ((10 if granted else 6) * COIN, 0, 0)
    used = it.incentives.used(it.emitter.org_id, PERIOD, Trigger.PENALTY_DECISION)
    assert used == (0 if granted else 4 * COIN)
    with boa.reverts("incentives: no appeal to decide"):
        it.incentives.decide_appeal(number, granted, DOCUMENT, sender=it.regulator.account)


def test_appeal__by_another_or_late_or_twice__is_refused(duties: Duties) -> None:
    it = duties
    number = it.penalise(it.emitter, 4 * COIN)
    with boa.reverts("incentives: not your case"):
        it.incentives.appeal(number, DOCUMENT, sender=it.other_emitter.account)
    with boa.reverts("incentives: no document"):
        it.incentives.appeal(number, EMPTY, sender=it.emitter.account)
    with boa.reverts("incentives: no appeal to decide"):
        it.incentives.decide_appeal(number, True, DOCUMENT, sender=it.regulator.account)
    it.suspend(it.emitter)
    with boa.env.anchor():
        it.incentives.appeal(number, DOCUMENT, sender=it.emitter.account)
        with boa.reverts("incentives: case not open"):
            it.incentives.appeal(number, DOCUMENT, sender=it.emitter.account)
        with boa.reverts("member_guard: not an active member"):
            it.incentives.decide_appeal(number, True, DOCUMENT, sender=it.emitter.account)
    boa.env.timestamp = case_of(it, number).appeal_until + 1
    with boa.reverts("incentives: too late to appeal"):
        it.incentives.appeal(number, DOCUMENT, sender=it.emitter.account)


def test_settle__facts_corrected_meanwhile__lower_or_end_the_case(duties: Duties) -> None:
    it = duties
    honest(it, 1_000 * T, declared_kg=800 * T)
    number = it.open_case(Trigger.MISREPORT, it.emitter)
    boa.env.timestamp += 15 * DAY + 1
    with boa.env.anchor():
        it.accept(it.emitter, 900 * T, declared_kg=800 * T)
        it.incentives.settle(number)
        assert it.coins(it.emitter) == (0, 200 * COIN + 41 * COIN, 0)
    with boa.env.anchor():
        it.accept(it.emitter, 2_000 * T, declared_kg=800 * T)
        it.incentives.settle(number)
        assert it.coins(it.emitter) == (0, 290 * COIN, 0), "never more than when it was opened"
    it.accept(it.emitter, 800 * T)
    it.incentives.settle(number)
    assert it.coins(it.emitter) == (0, 0, 0)
    assert case_of(it, number).status == 4


# --- amendments ---


def new_rules(reward: int = 50 * COIN) -> list[Rule]:
    changed = BOOK.rules[Trigger.HONEST_REPORT]._replace(
        base=reward, per_case=reward, per_period=reward
    )
    return [changed, *BOOK.in_order()[1:]]


def propose(it: Duties, from_period: int = 2026) -> int:
    return it.incentives.propose_rules(
        from_period, new_rules(), keccak(text="rules"), DAY, sender=it.regulator.account
    )


def test_enact__voted_and_waited__counts_for_later_periods_only(duties: Duties) -> None:
    it = duties
    number = propose(it)
    for voter in (it.regulator, it.emitter, it.bank):
        it.incentives.vote(number, True, sender=voter.account)
    it.incentives.vote(number, False, sender=it.verifier.account)
    boa.env.timestamp = it.incentives.amendment(number).voting_ends_at + 30 * DAY
    with boa.reverts("incentives: delay not over"):
        it.incentives.enact(number)
    boa.env.timestamp += 1
    it.incentives.enact(number, sender=it.outsider())
    assert it.incentives.rule(2026, 1).base == 50 * COIN
    assert it.incentives.rule(2024, 1).base == it.incentives.rule(2025, 1).base == 100 * COIN
    assert [it.incentives.version_of(p) for p in (0, 2025, 2026, 2100)] == [0, 0, 1, 1]
    honest(it)
    it.open_case(Trigger.HONEST_REPORT, it.emitter)
    assert it.coins(it.emitter)[0] == 100 * COIN
    with boa.reverts("incentives: nothing to enact"):
        it.incentives.enact(number)


def test_vote__twice_or_late_or_by_observer__is_refused(duties: Duties) -> None:
    it = duties
    number = propose(it)
    it.incentives.vote(number, True, sender=it.emitter.account)
    with boa.reverts("incentives: voted already"):
        it.incentives.vote(number, False, sender=it.emitter.account)
    with boa.reverts("member_guard: role missing"):
        it.incentives.vote(number, True, sender=it.observer.account)
    with boa.reverts("incentives: nothing to vote on"):
        it.incentives.vote(number + 1, True, sender=it.bank.account)
    boa.env.timestamp += 14 * DAY + 1
    with boa.reverts("incentives: vote has ended"):
        it.incentives.vote(number, True, sender=it.bank.account)
    state = it.incentives.amendment(number)
    assert (state.yes, state.no) == (1, 0)


@pytest.mark.parametrize(
    ("yes", "no", "reason"),
    [(2, 0, "incentives: quorum missed"), (3, 3, "incentives: voted down")],
)
def test_enact__too_few_votes__is_refused(duties: Duties, yes: int, no: int, reason: str) -> None:
    it = duties
    number = propose(it)
    voters = [it.regulator, it.emitter, it.bank, it.exchange, it.verifier, it.other_emitter]
    for index, voter in enumerate(voters[: yes + no]):
        it.incentives.vote(number, index < yes, sender=voter.account)
    boa.env.timestamp += 45 * DAY
    with boa.reverts(reason):
        it.incentives.enact(number)
    assert it.incentives.version_of(2030) == 0


def test_propose_rules__period_too_near_or_malformed__is_refused(duties: Duties) -> None:
    it = duties
    hashed = keccak(text="rules")
    boa.env.timestamp = 1_767_225_600 - 44 * DAY  # 2026 begins in exactly 44 days
    with boa.reverts("incentives: period begins too soon"):
        propose(it, 2026)
    boa.env.timestamp -= 1
    with boa.env.anchor():
        propose(it, 2026)
    bad = [
        ((2030, new_rules()[:-1], hashed, DAY), "incentives: a rule for each trigger"),
        ((2030, new_rules(), EMPTY, DAY), "incentives: no hash of the rules"),
        ((1969, new_rules(), hashed, DAY), "calendar: year out of range"),
        ((2030, new_rules(2**96), hashed, DAY), "incentives: amount too large"),
    ]
    for args, reason in bad:
        with boa.reverts(reason):
            it.incentives.propose_rules(*args, sender=it.regulator.account)
    with boa.reverts("member_guard: role missing"):
        it.incentives.propose_rules(2030, new_rules(), hashed, DAY, sender=it.emitter.account)
    assert it.incentives.amendment_count() == 0


def test_enact__period_begun_or_superseded__is_refused(duties: Duties) -> None:
    it = duties
    early, late = propose(it, 2026), propose(it, 2027)
    for number in (early, late):
        for voter in (it.regulator, it.emitter, it.bank):
            it.incentives.vote(number, True, sender=voter.account)
    boa.env.timestamp += 45 * DAY
    with boa.env.anchor():
        it.incentives.enact(late)
        with boa.reverts("incentives: later rules are in force"):
            it.incentives.enact(early)
    boa.env.timestamp = 1_767_225_600
    with boa.reverts("incentives: period has begun"):
        it.incentives.enact(early)
    it.incentives.enact(late)


# --- equality with the model ---

amounts = st.one_of(st.integers(0, 100), st.integers(0, 2**40), st.integers(0, 2**96 - 1))
kilograms = st.one_of(st.integers(0, 2_000), st.integers(0, 10**13))


@st.composite
def rules(draw) -> Rule:
    return Rule(
        base=draw(amounts),
        rate_per_unit=draw(amounts),
        tolerance_ppm=draw(st.integers(0, 1_000_000)),
        wait_seconds=draw(st.integers(0, 100)),
        per_case=draw(amounts),
        per_period=draw(amounts),
    )


def deploy_with(it: Duties, one: Rule):
    from harness.consortium import deploy

    contract = deploy(
        "Incentives", it.membership, [one] * 12, keccak(text="random"), DAY, DAY, DAY, 1
    )
    with boa.env.prank(it.deployer):
        contract.wire(
            it.coin, it.emissions, it.compliance, it.allocation, it.obligations, it.deployer
        )
    return contract


@given(
    rules(),
    kilograms,
    kilograms,
    kilograms,
    st.one_of(st.none(), kilograms),
    st.integers(-3 * DAY, 3 * DAY),
    st.integers(0, 200),
    st.sampled_from(["none", "submitted", "accepted", "overturned"]),
)
def test_assess__random_facts_and_rules__equals_the_model(
    duties: Duties,
    rule: Rule,
    declared: int,
    verified: int,
    accepted: int,
    last: int | None,
    lateness: int,
    waited: int,
    stage: str,
) -> None:
    it = duties
    with boa.env.anchor():
        contract = deploy_with(it, rule)
        accepted_at = REPORT_DEADLINE + 3 * DAY
        boa.env.timestamp = now = accepted_at + waited
        submitted = None if stage == "none" else REPORT_DEADLINE + lateness
        is_accepted = stage in ("accepted", "overturned")
        facts = ReportFacts(
            declared_kg=declared,
            verified_kg=verified,
            accepted_kg=accepted if is_accepted else 0,
            submitted_at=submitted or 0,
            deadline_at=REPORT_DEADLINE,
            accepted_at=accepted_at if is_accepted else 0,
            verifier_id=it.verifier.org_id,
            overturned=stage == "overturned",
        )
        it.emissions.state(it.emitter.org_id, PERIOD, facts)
        if last is not None:
            it.accept(it.emitter, last, PERIOD - 1)
        report = Report(
            declared_kg=declared,
            verified_kg=verified,
            submitted_at=submitted,
            deadline_at=REPORT_DEADLINE,
            accepted_kg=accepted if is_accepted else None,
            accepted_at=accepted_at if is_accepted else None,
            verifier=it.verifier.org_id,
            overturned=stage == "overturned",
            last_accepted_kg=last,
        )
        for trigger in (1, 2, 3, 4, 6, 9, 10):
            member, subject = it.emitter, 0
            if trigger in (9, 10):
                member, subject = it.verifier, it.emitter.org_id
            got = contract.assess(trigger, member.org_id, PERIOD, subject)
            units = report_units(Trigger(trigger), rule, report, now)
            assert got.triggered is (units is not None), (Trigger(trigger), facts)
            if units is not None:
                assert got.units == units
                taken = CapBook().take(member.org_id, PERIOD, Trigger(trigger), rule, units)
                assert got.amount == taken
            else:
                assert got.amount == 0


@pytest.mark.parametrize(
    ("units", "amount"),
    [
        (0, 7),
        (1, 7),
        (499, 7),
        (500, 8),
        (999, 8),
        (1_000, 9),
        (46_499, 99),
        (46_500, 100),
        (10**9, 100),
    ],
)
def test_case_amount__at_each_kink__floors_once_and_caps(units: int, amount: int) -> None:
    rule = Rule(7, 2, 0, 0, 100, 100)
    assert case_amount(rule, units) == amount


def test_cap_book__last_case_of_a_period__gets_what_is_left() -> None:
    rule = Rule(60, 0, 0, 0, 60, 100)
    book = CapBook()
    assert [book.take(1, 2024, Trigger.MARKET_DEFAULT, rule, 0) for _ in range(3)] == [60, 40, 0]
    assert book.take(1, 2025, Trigger.MARKET_DEFAULT, rule, 0) == 60


def test_triggers__rewards__are_those_of_the_contract(duties: Duties) -> None:
    it = duties
    assert len(list(Trigger)) == 12
    for trigger in REWARDS - {Trigger.REWARD_DECISION}:
        # the organisation itself may apply for a reward only; the refusal is about the facts
        with boa.reverts("incentives: trigger does not hold"):
            it.open_case(trigger, it.emitter, by=it.emitter)
    for trigger in set(Trigger) - REWARDS - {Trigger.PENALTY_DECISION}:
        with boa.reverts("incentives: not entitled to apply"):
            it.open_case(trigger, it.emitter, by=it.emitter)


def test_parse_rules__spans_in_seconds_or_days__never_both_or_neither() -> None:
    text = files("tanlian.domain").joinpath("rules", "incentives_2024.toml").read_text("utf-8")
    quick = load_rules("incentives_demonstration")
    assert quick.appeal_seconds < BOOK.appeal_seconds
    assert {t: r._replace(wait_seconds=0) for t, r in quick.rules.items()} == {
        t: r._replace(wait_seconds=0) for t, r in BOOK.rules.items()
    }
    assert parse_rules(text.replace("appeal_days = 15", "appeal_seconds = 5")).appeal_seconds == 5
    for wrong in ("", "appeal_days = 15\nappeal_seconds = 5"):
        with pytest.raises(InvalidInput, match="either appeal_days or appeal_seconds"):
            parse_rules(text.replace("appeal_days = 15", wrong))
