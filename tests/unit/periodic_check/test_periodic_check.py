"""The periodic check: bounded, resumable, open to anyone; its cases and its ratings."""

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consortium import CEA24, DOCUMENT, EMPTY, PERIOD, TONNE
from harness.duties import COIN, DAY, DEADLINE, REPORT_DEADLINE, START_OF_2025, Duties, ReportFacts
from tanlian.domain.credit_rating import (
    CheckKind,
    PublishedRating,
    load_rating_rules,
    parse_rating_rules,
    unexplained,
)
from tanlian.domain.errors import InvalidInput
from tanlian.domain.incentives import Trigger

T = TONNE
RULES = load_rating_rules()


def run(it: Duties, round_id: int, step: int = 64) -> int:
    """Push a check to its end; return the number of calls."""
    calls = 1
    while not it.check.advance(round_id, step, sender=it.outsider()):
        calls += 1
    return calls


def year_passed(it: Duties) -> None:
    """An honest emitter that met its duty, and one that reported half and surrendered nothing."""
    it.open_period()
    for member in (it.emitter, it.other_emitter):
        it.allocate(member, 1_200 * T)
        it.allocation.finalise(
            member.org_id, PERIOD, 1_200 * T, DOCUMENT, sender=it.regulator.account
        )
    it.accept(it.emitter, 1_000 * T)
    it.accept(
        it.other_emitter,
        1_000 * T,
        declared_kg=500 * T,
        verified_kg=500 * T,
        overturned=True,
        verifier=it.other_verifier,
    )
    it.surrender(it.emitter, (CEA24, 1_000 * T))
    boa.env.timestamp = DEADLINE + 1


def open_year(it: Duties) -> int:
    return it.check.open_round(CheckKind.YEAR, PERIOD, 1, sender=it.outsider())


def flags_of(it: Duties, member) -> set[str]:
    rating = it.check.rating(1, member.org_id)
    return {name for name, _ in RULES.reasons(rating.flags)}


def test_check__compliance_year__records_pays_penalises_and_rates(duties: Duties) -> None:
    it = duties
    year_passed(it)
    number = open_year(it)
    run(it, number)
    assert flags_of(it, it.emitter) == {"duty_met", "honest_report", "below_benchmark"}
    assert flags_of(it, it.other_emitter) == {"misreport", "shortfall", "below_benchmark"}
    assert it.compliance.shortfall_kg(it.other_emitter.org_id, PERIOD) == 1_000 * T
    assert it.coins(it.emitter) == (100 * COIN + 12 * COIN, 0, 0)
    balance, debt, locked = it.coins(it.other_emitter)
    assert (balance, debt) == (12 * COIN, 0)
    assert locked == (200 + 240) * COIN + (100 + 200) * COIN  # misreport, shortfall
    assert it.coins(it.verifier)[0] == 30 * COIN
    assert it.coins(it.other_verifier) == (0, 0, (300 + 100) * COIN)
    assert it.check.score(it.emitter.org_id) == 600 + 40 + 20 + 15
    assert it.check.score(it.other_emitter.org_id) == 600 - 150 - 120 + 15
    assert it.check.score(it.verifier.org_id) == 605
    assert it.check.score(it.other_verifier.org_id) == 500
    assert it.check.round(number).cases == 7
    with boa.reverts("periodic_check: finished already"):
        it.check.advance(number, 1)


@pytest.mark.parametrize("step", [1, 2, 5, 13])
def test_advance__in_any_steps__comes_to_the_same(duties: Duties, step: int) -> None:
    it = duties
    year_passed(it)
    with boa.env.anchor():
        whole = open_year(it)
        run(it, whole)
        expected = it.check.round(whole)
        coins = [it.coins(m) for m in (it.emitter, it.other_emitter, it.verifier)]
    number = open_year(it)
    calls = run(it, number, step)
    count = it.membership.organisation_count()
    assert calls in (-(-2 * count // step), -(-2 * count // step) + 1)
    got = it.check.round(number)
    assert (got.digest, got.cases) == (expected.digest, expected.cases)
    assert coins == [it.coins(m) for m in (it.emitter, it.other_emitter, it.verifier)]


def test_advance__case_opened_by_hand_before__is_not_opened_again(duties: Duties) -> None:
    it = duties
    year_passed(it)
    it.open_case(Trigger.MISREPORT, it.other_emitter)
    number = open_year(it)
    run(it, number)
    assert it.check.round(number).cases == 6
    assert it.coins(it.other_emitter)[2] == (440 + 300) * COIN


def test_advance__suspended_member__is_penalised_and_not_rewarded(duties: Duties) -> None:
    it = duties
    year_passed(it)
    it.suspend(it.emitter)
    it.suspend(it.other_emitter)
    run(it, open_year(it))
    assert it.coins(it.emitter) == (0, 0, 0)
    assert it.coins(it.other_emitter) == (0, 0, 740 * COIN)


def test_advance__bad_call__is_refused(duties: Duties) -> None:
    it = duties
    year_passed(it)
    with boa.reverts("periodic_check: no such round"):
        it.check.advance(1, 1)
    number = open_year(it)
    with boa.reverts("periodic_check: nothing to do"):
        it.check.advance(number, 0)
    assert it.check.round(number).cursor == 0


def test_open_round__too_early_or_twice_or_unknown__is_refused(duties: Duties) -> None:
    it = duties
    with boa.reverts("compliance: period not opened"):
        open_year(it)
    it.open_period()
    boa.env.timestamp = DEADLINE
    with boa.reverts("periodic_check: not over yet"):
        open_year(it)
    boa.env.timestamp = DEADLINE + 1
    open_year(it)
    with boa.reverts("periodic_check: opened already"):
        open_year(it)
    for args, reason in (
        ((0, PERIOD, 1), "periodic_check: unknown kind"),
        ((4, PERIOD, 1), "periodic_check: unknown kind"),
        ((3, PERIOD, 2), "periodic_check: no such part of the year"),
        ((2, 2025, 5), "periodic_check: no such part of the year"),
        ((1, 2025, 13), "periodic_check: no such part of the year"),
        ((1, 2025, 0), "periodic_check: no such part of the year"),
    ):
        with boa.reverts(reason):
            it.check.open_round(*args)
    assert it.check.round_count() == 1


@pytest.mark.parametrize(
    ("kind", "index", "ends_at"),
    [
        (1, 1, START_OF_2025 + 31 * DAY),
        (1, 2, START_OF_2025 + 59 * DAY),
        (2, 1, START_OF_2025 + 90 * DAY),
        (1, 12, START_OF_2025 + 365 * DAY),
    ],
)
def test_open_round__month_or_quarter__from_its_first_second_on(
    duties: Duties, kind: int, index: int, ends_at: int
) -> None:
    it = duties
    boa.env.timestamp = ends_at - 1
    with boa.reverts("periodic_check: not over yet"):
        it.check.open_round(kind, 2025, index)
    boa.env.timestamp = ends_at
    number = it.check.open_round(kind, 2025, index)
    assert it.check.round(number).period == 2024


def test_check__month__finds_the_missing_report_without_rating(duties: Duties) -> None:
    it = duties
    it.emissions.state(it.emitter.org_id, PERIOD, ReportFacts(deadline_at=REPORT_DEADLINE))
    boa.env.timestamp = REPORT_DEADLINE + 62 * DAY  # 1 June
    number = it.check.open_round(CheckKind.MONTH, 2025, 5)
    run(it, number)
    assert it.check.round(number).cases == 1
    assert it.coins(it.emitter)[2] == 1_000 * COIN
    assert it.check.rating(number, it.emitter.org_id).status == 0
    assert it.check.score(it.emitter.org_id) == 600


def test_check_obligations__decided_ones__open_cases_once_in_order(duties: Duties) -> None:
    it = duties
    due = 1_709_164_800
    it.default(it.emitter, 100, due, number=1)
    it.obligations.state(2, (2, 1, CEA24, it.emitter.org_id, 1, 5, 1, 1, due))
    it.obligations.state(3, (1, 1, CEA24, it.trader.org_id, 1, 5, 1, 1, due))
    it.default(it.trader, 100, due, number=4)
    assert it.check.check_obligations(64, sender=it.outsider()) == 2
    assert it.coins(it.emitter)[2] == 55 * COIN
    with boa.reverts("periodic_check: nothing to do"):
        it.check.check_obligations(64)
    it.obligations.state(3, (3, 1, CEA24, it.trader.org_id, 1, 5, 1, 1, due))
    assert it.check.check_obligations(1) == 3
    assert it.check.check_obligations(1) == 4
    assert it.incentives.case_count() == 3
    assert it.coins(it.trader)[2] == 50 * COIN + COIN // 4 + 55 * COIN


# --- ratings and contests ---


def contested(it: Duties) -> int:
    year_passed(it)
    number = open_year(it)
    run(it, number)
    it.check.contest(number, DOCUMENT, sender=it.other_emitter.account)
    return number


def test_review__figure_corrected__rates_from_the_facts_as_they_stand(duties: Duties) -> None:
    it = duties
    number = contested(it)
    it.accept(it.other_emitter, 500 * T, verifier=it.other_verifier)
    it.check.review(number, it.other_emitter.org_id, DOCUMENT, sender=it.regulator.account)
    rating = it.check.rating(number, it.other_emitter.org_id)
    assert rating.status == 3
    assert it.check.score(it.other_emitter.org_id) == rating.new_score
    assert rating.new_score == RULES.score(600, rating.flags)
    assert {n for n, _ in RULES.reasons(rating.flags)} >= {"shortfall"}
    assert "misreport" not in {n for n, _ in RULES.reasons(rating.flags)}


def test_review__case_dismissed_on_appeal__does_not_count_any_more(duties: Duties) -> None:
    it = duties
    number = contested(it)
    org_id = it.other_emitter.org_id
    case = it.incentives.case_of(Trigger.MISREPORT, org_id, PERIOD, 0)
    it.incentives.appeal(case, DOCUMENT, sender=it.other_emitter.account)
    it.incentives.decide_appeal(case, True, DOCUMENT, sender=it.regulator.account)
    it.check.review(number, org_id, DOCUMENT, sender=it.regulator.account)
    assert it.check.score(org_id) == 600 - 120 + 15


def test_review__nothing_changed__changes_nothing(duties: Duties) -> None:
    it = duties
    number = contested(it)
    org_id = it.other_emitter.org_id
    before = it.check.score(org_id)
    with boa.reverts("member_guard: role missing"):
        it.check.review(number, org_id, DOCUMENT, sender=it.other_emitter.account)
    with boa.reverts("periodic_check: no document"):
        it.check.review(number, org_id, EMPTY, sender=it.regulator.account)
    it.check.review(number, org_id, DOCUMENT, sender=it.regulator.account)
    assert it.check.score(org_id) == before
    with boa.reverts("periodic_check: nothing contested"):
        it.check.review(number, org_id, DOCUMENT, sender=it.regulator.account)


def test_contest__twice_late_or_unrated__is_refused(duties: Duties) -> None:
    it = duties
    number = contested(it)
    with boa.reverts("periodic_check: no rating to contest"):
        it.check.contest(number, DOCUMENT, sender=it.other_emitter.account)
    with boa.reverts("periodic_check: no rating to contest"):
        it.check.contest(number, DOCUMENT, sender=it.trader.account)
    with boa.reverts("periodic_check: no document"):
        it.check.contest(number, EMPTY, sender=it.emitter.account)
    boa.env.timestamp += 30 * DAY + 1
    with boa.reverts("periodic_check: too late to contest"):
        it.check.contest(number, DOCUMENT, sender=it.emitter.account)


def test_rating__every_published_one__follows_from_its_facts(duties: Duties) -> None:
    it = duties
    year_passed(it)
    number = open_year(it)
    run(it, number)
    published = [
        PublishedRating(number, org_id, *it.check.rating(number, org_id)[:5])
        for org_id in range(1, it.membership.organisation_count() + 1)
        if it.check.rating(number, org_id).status
    ]
    assert len(published) == 5  # three emitters (one suspended) and two verifiers
    assert unexplained(RULES, published) == []
    forged = PublishedRating(number, 1, 600, 1_000, 0, 0, 0)
    assert unexplained(RULES, [*published, forged]) == [forged]


@given(
    st.integers(0, 1_000),
    st.integers(0, 2**13 - 1),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_score__any_facts__stays_in_bounds_and_has_a_grade(
    old: int, flags: int, upheld: int, overturned: int
) -> None:
    score = RULES.score(old, flags, upheld, overturned)
    assert 0 <= score <= 1_000
    assert RULES.grade(score) in "ABCD"


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (1_000, "A"),
        (800, "A"),
        (799, "B"),
        (600, "B"),
        (599, "C"),
        (400, "C"),
        (399, "D"),
        (0, "D"),
    ],
)
def test_grade__at_each_kink__as_stated(score: int, grade: str) -> None:
    assert RULES.grade(score) == grade


def test_score__upheld_endorsements__count_up_to_the_bound() -> None:
    assert RULES.score(600, 0, upheld=10) == RULES.score(600, 0, upheld=11) == 650
    assert RULES.score(600, 0, upheld=9) == 645


def test_parse_rating_rules__missing_weight_or_unknown_trigger__is_refused() -> None:
    from importlib.resources import files

    text = files("tanlian.domain").joinpath("rules", "credit_rating_2024.toml").read_text()
    with pytest.raises(InvalidInput, match="weight"):
        parse_rating_rules(text.replace("shortfall = -120\n", ""))
    with pytest.raises(InvalidInput, match="unknown trigger"):
        parse_rating_rules(text.replace('["late_report", ', '["luck", '))


def test_rating_rules__deployed__are_those_of_the_file(duties: Duties) -> None:
    assert duties.check.rules_hash() == RULES.rules_hash
    assert [duties.check.weights(i) for i in range(13)] == list(RULES.weights)
    assert [duties.check.masks(i) for i in range(4)] == list(RULES.masks)
