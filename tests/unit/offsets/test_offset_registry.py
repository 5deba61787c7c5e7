"""Projects, attestations, credits, reversals and imported serials."""

import boa
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from harness.consortium import DOCUMENT, EMPTY, TONNE
from harness.duties import DAY, START_OF_2025, Duties, credit_token
from tanlian.domain.errors import InvalidInput
from tanlian.domain.foreign_serials import parse_interval, predecessor, registry_code

T = TONNE
START_OF_2024 = 1_704_067_200
CCER = registry_code("CCER")


def register(it: Duties, name: str = "wind farm", start: int = START_OF_2024) -> int:
    return it.offsets.register(
        name, keccak(text="m"), keccak(text=name), start, 2**40, sender=it.trader.account
    )


def attest(it: Duties, project: int, start: int, end: int, amount: int = 10 * T, by=None) -> int:
    return it.offsets.attest(
        project,
        start,
        end,
        amount,
        keccak(text=f"{project} {start} {end} {amount}"),
        sender=(by or it.verifier).account,
    )


def issue(it: Duties, attestation: int) -> int:
    return it.offsets.issue(attestation, sender=it.regulator.account)


# --- the project cycle ---


def test_project__whole_cycle__register_review_reject_resubmit_approve(duties: Duties) -> None:
    it = duties
    project = register(it)
    status = lambda: it.offsets.project(project).status  # noqa: E731
    reg = it.regulator.account
    assert status() == 1
    with boa.reverts("offset_registry: wrong project status"):
        it.offsets.approve(project, DOCUMENT, "sound", sender=reg)
    it.offsets.open_review(project, sender=reg)
    it.offsets.reject(project, DOCUMENT, "no additionality", sender=reg)
    assert status() == 4
    with boa.reverts("offset_registry: not the owner"):
        it.offsets.resubmit(project, keccak(text="new"), sender=it.emitter.account)
    with boa.reverts("offset_registry: document unchanged"):
        it.offsets.resubmit(project, keccak(text="wind farm"), sender=it.trader.account)
    it.offsets.resubmit(project, keccak(text="new"), sender=it.trader.account)
    it.offsets.open_review(project, sender=reg)
    it.offsets.approve(project, DOCUMENT, "sound", sender=reg)
    assert status() == 3
    assert it.offsets.project_owner(project) == it.trader.org_id


def test_project__decision__needs_document_reason_and_regulator(duties: Duties) -> None:
    it = duties
    project = register(it)
    it.offsets.open_review(project, sender=it.regulator.account)
    for act in (it.offsets.approve, it.offsets.reject):
        with boa.reverts("offset_registry: no document"):
            act(project, EMPTY, "reason", sender=it.regulator.account)
        with boa.reverts("offset_registry: no reason"):
            act(project, DOCUMENT, "", sender=it.regulator.account)
        with boa.reverts("member_guard: role missing"):
            act(project, DOCUMENT, "reason", sender=it.trader.account)
    assert it.offsets.project(project).status == 2
    with boa.reverts("offset_registry: no such project"):
        it.offsets.open_review(project + 1, sender=it.regulator.account)


def test_project__regulators_own__it_does_not_review_itself(duties: Duties) -> None:
    it = duties
    reg = it.regulator.account
    project = it.offsets.register("own", EMPTY, DOCUMENT, 1, 2, sender=reg)
    it.offsets.open_review(project, sender=reg)
    with boa.reverts("offset_registry: owner cannot review"):
        it.offsets.approve(project, DOCUMENT, "sound", sender=reg)


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("", EMPTY, DOCUMENT, 1, 2), "offset_registry: name is empty"),
        (("x", EMPTY, EMPTY, 1, 2), "offset_registry: no document"),
        (("x", EMPTY, DOCUMENT, 2, 2), "offset_registry: empty crediting time"),
    ],
)
def test_register__bad_input__is_refused(duties: Duties, args, reason: str) -> None:
    it = duties
    with boa.reverts(reason):
        it.offsets.register(*args, sender=it.trader.account)
    with boa.reverts("member_guard: not an active member"):
        it.offsets.register("x", EMPTY, DOCUMENT, 1, 2, sender=it.outsider())
    assert it.offsets.project_count() == 0


# --- attestation and issue ---


def test_issue__attested_period__credits_the_owner_once(duties: Duties) -> None:
    it = duties
    project = it.approved_project(it.trader)
    attestation = attest(it, project, START_OF_2024, START_OF_2025)
    token = credit_token(project, 2024)
    assert not it.offsets.is_usable(token)
    assert issue(it, attestation) == 1
    assert it.ledger.holding(it.trader.org_id, token) == 10 * T
    assert it.offsets.is_usable(token)
    with boa.reverts("offset_registry: not open for issue"):
        issue(it, attestation)
    assert it.ledger.supply(token).issued_kg == 10 * T


def test_attest__period_already_credited__is_refused(duties: Duties) -> None:
    it = duties
    project = it.approved_project(it.trader)
    middle = START_OF_2024 + 100 * DAY
    issue(it, attest(it, project, START_OF_2024, middle))
    for start in (START_OF_2024, middle - 1):
        with boa.reverts("offset_registry: period already credited"):
            attest(it, project, start, START_OF_2025)
    issue(it, attest(it, project, middle, START_OF_2025))
    assert it.ledger.holding(it.trader.org_id, credit_token(project, 2024)) == 20 * T


def test_issue__two_attestations_of_one_period__only_the_first(duties: Duties) -> None:
    """Double issuance: two verifiers attest the same months before either is issued."""
    it = duties
    project = it.approved_project(it.trader)
    first = attest(it, project, START_OF_2024, START_OF_2025)
    second = attest(it, project, START_OF_2024 + DAY, START_OF_2025 - DAY, by=it.other_verifier)
    issue(it, first)
    with boa.reverts("offset_registry: period already credited"):
        issue(it, second)
    assert it.ledger.supply(credit_token(project, 2024)).issued_kg == 10 * T


def test_attest__one_document__is_the_basis_of_one_attestation(duties: Duties) -> None:
    it = duties
    project = it.approved_project(it.trader)
    args = (START_OF_2024, START_OF_2025, T, DOCUMENT)
    it.offsets.attest(project, *args, sender=it.verifier.account)
    with boa.reverts("offset_registry: document used"):
        it.offsets.attest(project, *args, sender=it.other_verifier.account)


@pytest.mark.parametrize(
    ("end", "year"),
    [
        (START_OF_2025, 2024),
        (START_OF_2025 - 1, 2024),
        (START_OF_2024 + 1, 2024),
        (START_OF_2024, 2023),
        (1_709_251_200, 2024),  # 2024-03-01, after a leap day
    ],
)
def test_attest__end_of_monitoring__names_the_vintage(duties: Duties, end: int, year: int) -> None:
    it = duties
    project = it.approved_project(it.trader)
    number = attest(it, project, 1_577_836_800, end)
    assert it.offsets.attestation(number).token_id == credit_token(project, year)


def test_attest__bad_input__is_refused(duties: Duties) -> None:
    it = duties
    project = register(it)
    with boa.reverts("offset_registry: wrong project status"):
        attest(it, project, START_OF_2024, START_OF_2025)
    it.offsets.open_review(project, sender=it.regulator.account)
    it.offsets.approve(project, DOCUMENT, "sound", sender=it.regulator.account)
    cases = [
        ((START_OF_2024, START_OF_2024), "offset_registry: empty monitoring period"),
        ((START_OF_2024 - 1, START_OF_2025), "offset_registry: outside crediting time"),
        ((START_OF_2024, 2**40 + 1), "offset_registry: outside crediting time"),
        ((START_OF_2024, START_OF_2025 + 1), "offset_registry: period has not ended"),
        ((START_OF_2024, START_OF_2025, 0), "offset_registry: amount out of range"),
        ((START_OF_2024, START_OF_2025, 2**64), "offset_registry: amount out of range"),
    ]
    for args, reason in cases:
        with boa.reverts(reason):
            attest(it, project, *args)
    with boa.reverts("member_guard: role missing"):
        attest(it, project, START_OF_2024, START_OF_2025, by=it.trader)
    assert it.offsets.attestation_count() == 0


def test_attest__owner_that_is_also_verifier__is_refused(duties: Duties) -> None:
    it = duties
    project = it.approved_project(it.verifier)
    with boa.reverts("offset_registry: owner cannot attest"):
        attest(it, project, START_OF_2024, START_OF_2025)
    attest(it, project, START_OF_2024, START_OF_2025, by=it.other_verifier)


# --- reversal ---


def test_revoke__issued_attestation__credits_cease_to_be_usable(duties: Duties) -> None:
    """The hole: credits that stay live after the attestation behind them was revoked."""
    it = duties
    project = it.approved_project(it.trader)
    attestation, token = it.credit(project, 10 * T, START_OF_2024, START_OF_2025)
    with boa.reverts("member_guard: role missing"):
        it.offsets.revoke(attestation, "envy", DOCUMENT, sender=it.other_verifier.account)
    with boa.reverts("offset_registry: no reason"):
        it.offsets.revoke(attestation, "", DOCUMENT, sender=it.verifier.account)
    assert it.offsets.is_usable(token)
    it.offsets.revoke(attestation, "meter was forged", DOCUMENT, sender=it.verifier.account)
    assert not it.offsets.is_usable(token)
    with boa.reverts("offset_registry: attestation does not stand"):
        it.offsets.revoke(attestation, "again", DOCUMENT, sender=it.verifier.account)
    with boa.reverts("offset_registry: not open for issue"):
        issue(it, attestation)
    with boa.reverts("offset_registry: period already credited"):
        attest(it, project, START_OF_2024, START_OF_2025, 11 * T)


def test_revoke__before_issue__cannot_be_issued_any_more(duties: Duties) -> None:
    it = duties
    project = it.approved_project(it.trader)
    attestation = attest(it, project, START_OF_2024, START_OF_2025)
    it.offsets.revoke(attestation, "typing error", DOCUMENT, sender=it.regulator.account)
    with boa.reverts("offset_registry: not open for issue"):
        issue(it, attestation)
    issue(it, attest(it, project, START_OF_2024, START_OF_2025, 9 * T))
    assert it.offsets.is_usable(credit_token(project, 2024))


def test_close_reversal__one_of_two__all_must_be_made_good(duties: Duties) -> None:
    it = duties
    project = it.approved_project(it.trader)
    middle = START_OF_2024 + 100 * DAY
    one, token = it.credit(project, 10 * T, START_OF_2024, middle)
    two, same = it.credit(project, 10 * T, middle, START_OF_2025)
    assert token == same
    for number in (one, two):
        it.offsets.revoke(number, "leak", DOCUMENT, sender=it.regulator.account)
    it.offsets.close_reversal(one, DOCUMENT, sender=it.regulator.account)
    assert not it.offsets.is_usable(token)
    with boa.reverts("offset_registry: no open reversal"):
        it.offsets.close_reversal(one, DOCUMENT, sender=it.regulator.account)
    it.offsets.close_reversal(two, DOCUMENT, sender=it.regulator.account)
    assert it.offsets.is_usable(token)


def test_withdraw_project__its_credits__are_useless(duties: Duties) -> None:
    it = duties
    project = it.approved_project(it.trader)
    _, token = it.credit(project, 10 * T, START_OF_2024, START_OF_2025)
    it.offsets.withdraw_project(project, DOCUMENT, "fraud", sender=it.regulator.account)
    assert not it.offsets.is_usable(token)
    with boa.reverts("offset_registry: wrong project status"):
        it.offsets.withdraw_project(project, DOCUMENT, "fraud", sender=it.regulator.account)


# --- imported serials ---


def bring_in(it: Duties, project: int, first: int, last: int, before: int = 0, code: int = CCER):
    return it.offsets.import_credits(
        code,
        project,
        2023,
        first,
        last,
        before,
        keccak(text=f"import {code} {first} {last} {before}"),
        sender=it.regulator.account,
    )


@pytest.fixture
def importing(duties: Duties) -> tuple[Duties, int]:
    it = duties
    project = it.approved_project(it.trader)
    it.offsets.name_registry(CCER, DOCUMENT, sender=it.regulator.account)
    return it, project


def test_import_credits__interval__becomes_a_tonne_per_serial(importing) -> None:
    it, project = importing
    attestation = bring_in(it, project, 101, 200)
    token = credit_token(project, 2023)
    assert it.offsets.attestation(attestation).token_id == token
    assert it.ledger.holding(it.trader.org_id, token) == 100 * T
    assert it.offsets.is_usable(token)


@pytest.mark.parametrize(
    ("first", "last"),
    [(101, 200), (1, 101), (200, 300), (150, 150), (1, 1_000), (200, 200), (101, 101)],
)
@pytest.mark.parametrize("before", [0, 101])
def test_import_credits__overlap__is_refused_with_any_predecessor(
    importing, first: int, last: int, before: int
) -> None:
    it, project = importing
    bring_in(it, project, 101, 200)
    reason = "wrong predecessor" if first < before else "serials overlap"
    with boa.reverts(f"offset_registry: {reason}"):
        bring_in(it, project, first, last, before)
    assert it.ledger.supply(credit_token(project, 2023)).issued_kg == 100 * T


def test_import_credits__wrong_predecessor__is_named(importing) -> None:
    it, project = importing
    bring_in(it, project, 101, 200)
    bring_in(it, project, 301, 400, 101)
    for first, last, before, reason in (
        (201, 300, 0, "offset_registry: serials overlap"),  # would skip 101-200
        (201, 300, 301, "offset_registry: wrong predecessor"),
        (201, 300, 150, "offset_registry: wrong predecessor"),
        (401, 500, 101, "offset_registry: serials overlap"),
        (1, 100, 101, "offset_registry: wrong predecessor"),
        (0, 10, 0, "offset_registry: serials out of order"),
        (10, 9, 0, "offset_registry: serials out of order"),
        (1, 2**64, 0, "offset_registry: serial too large"),
    ):
        with boa.reverts(reason):
            bring_in(it, project, first, last, before)
    bring_in(it, project, 201, 300, 101)
    bring_in(it, project, 1, 100)


def test_import_credits__registry_or_project_unknown__is_refused(importing) -> None:
    it, project = importing
    with boa.reverts("offset_registry: unknown registry"):
        bring_in(it, project, 1, 2, code=registry_code("VCS"))
    with boa.reverts("offset_registry: no such project"):
        bring_in(it, project + 1, 1, 2)
    with boa.reverts("member_guard: role missing"):
        it.offsets.import_credits(CCER, project, 2023, 1, 2, 0, DOCUMENT, sender=it.trader.account)
    bring_in(it, project, 1, 2)
    with boa.reverts("offset_registry: document used"):
        it.offsets.import_credits(
            CCER,
            project,
            2023,
            3,
            4,
            1,
            keccak(text=f"import {CCER} 1 2 0"),
            sender=it.regulator.account,
        )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, "offset_registry: code is empty"),
        (int.from_bytes(b"ccer"), "offset_registry: code not canonical"),
        (int.from_bytes(b"CC ER"), "offset_registry: code not canonical"),
        (int.from_bytes(b"CCER") << 8, "offset_registry: code not canonical"),
        (int.from_bytes(b"CCER-1"), "offset_registry: code not canonical"),
        (int.from_bytes(b"ABCDEFGHI"), "offset_registry: code too long"),
        (CCER, "offset_registry: registry named already"),
    ],
)
def test_name_registry__second_spelling_of_a_code__is_impossible(
    importing, code: int, reason: str
) -> None:
    it, _ = importing
    with boa.reverts(reason):
        it.offsets.name_registry(code, DOCUMENT, sender=it.regulator.account)


@pytest.mark.parametrize(
    "spelling",
    ["CCER", "ccer", " Ccer ", "CC-ER", "cc_er", "\uff23\uff23\uff25\uff32", "CC‐ER", "cc.er"],
)
def test_parse_interval__every_spelling__is_one_key(spelling: str) -> None:
    expected = parse_interval("CCER", "101", "200")
    for first, last in (("101", "200"), ("000101", "CCER-0200"), ("１０１", " 2 0 0 ")):
        assert parse_interval(spelling, first, last) == expected


@pytest.mark.parametrize(
    ("registry", "first", "last"),
    [
        ("", "1", "2"),
        ("ÇCER", "1", "2"),
        ("TOOLONGCODE", "1", "2"),
        ("CCER", "x", "2"),
        ("CCER", "0", "2"),
        ("CCER", "3", "2"),
        ("CCER", "1", str(2**64)),
    ],
)
def test_parse_interval__bad_text__is_refused(registry: str, first: str, last: str) -> None:
    with pytest.raises(InvalidInput):
        parse_interval(registry, first, last)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 12)), min_size=1, max_size=25))
def test_import_credits__random_intervals__equals_a_set_of_serials(duties: Duties, wanted) -> None:
    """The model is a plain set of serials: an import passes exactly if it adds only new ones."""
    with boa.env.anchor():
        it = duties
        project = it.approved_project(it.trader)
        it.offsets.name_registry(CCER, DOCUMENT, sender=it.regulator.account)
        taken: set[int] = set()
        firsts: list[int] = []
        for first, length in wanted:
            serials = set(range(first, first + length + 1))
            interval = parse_interval("CCER", str(first), str(first + length))
            before = predecessor(interval, firsts)
            if serials & taken:
                with boa.reverts("offset_registry: serials overlap"):
                    bring_in(it, project, interval.first, interval.last, before)
            else:
                bring_in(it, project, interval.first, interval.last, before)
                taken |= serials
                firsts = sorted([*firsts, first])
        issued = it.ledger.supply(credit_token(project, 2023)).issued_kg
        assert issued == len(taken) * T
