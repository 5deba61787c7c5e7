"""Complaints: filed, taken up with something that really was opened, resolved when it is over."""

import boa
import pytest
from eth_utils import keccak

from harness.consortium import DOCUMENT, EMPTY, PERIOD, REASON, deploy
from harness.duties import DEADLINE, Duties
from harness.supervision import (
    EVIDENCE,
    ORDER,
    RULES,
    STATEMENT,
    accept,
    beyond,
    complain,
    inspect,
    reexamine,
    refused,
    report,
    resolve,
    status,
)
from tanlian.domain.roles import Role
from tanlian.domain.supervision import ComplaintKind, ComplaintStatus, Route

Status = ComplaintStatus
COIN = 1_000_000


def take_up(it: Duties, complaint: int, route: Route, reference: int, by=None) -> None:
    sender = (by or it.regulator).account
    it.supervision.take_up(complaint, route, reference, DOCUMENT, sender=sender)


def pursue(it: Duties, complaint: int, route: Route, reference: int) -> None:
    it.supervision.pursue(complaint, route, reference, DOCUMENT, sender=it.regulator.account)


def year_check(it: Duties) -> int:
    """Open the check of the compliance year, as anyone may once it is over."""
    boa.env.timestamp = max(boa.env.timestamp, DEADLINE + 1)
    return it.check.open_round(3, PERIOD, 1)


def finish(it: Duties, number: int) -> None:
    while not it.check.advance(number, 64):
        pass


# --- filing


def test_file__complaint__waits_for_a_regulator_until_the_deadline(it):
    before = beyond(it)
    number = complain(it)
    filed = it.supervision.complaint(number)
    assert (filed.complainant, filed.subject) == (it.observer.org_id, it.emitter.org_id)
    assert (filed.kind, filed.period, filed.evidence) == (1, PERIOD, EVIDENCE)
    assert filed.status == Status.FILED
    assert filed.act_by == filed.filed_at + RULES.take_up_seconds
    assert it.supervision.open_complaint(it.observer.org_id, it.emitter.org_id, 1, PERIOD) == number
    assert beyond(it) == before


def test_file__same_again_while_open__is_refused_and_possible_once_closed(it):
    first = complain(it)
    with refused(it, "supervision: complaint is open already"):
        complain(it)
    others = [
        complain(it, it.bank),
        complain(it, subject=it.other_emitter),
        complain(it, kind=ComplaintKind.TRADING),
        complain(it, period=PERIOD - 1),
    ]
    assert others == [first + 1, first + 2, first + 3, first + 4]
    inspect(it, first)
    with refused(it, "supervision: complaint is open already"):
        complain(it)
    resolve(it, first, upheld=False)
    again = complain(it)
    assert again != first
    assert status(it, first) is Status.DISMISSED


def test_file__bad_call__is_refused(it):
    subject = it.emitter.org_id
    for args, reason in (
        ((it.observer.org_id, 1, PERIOD, EVIDENCE, STATEMENT), "own organisation"),
        ((0, 1, PERIOD, EVIDENCE, STATEMENT), "no such organisation"),
        ((999, 1, PERIOD, EVIDENCE, STATEMENT), "no such organisation"),
        ((subject, 0, PERIOD, EVIDENCE, STATEMENT), "unknown kind of complaint"),
        ((subject, 7, PERIOD, EVIDENCE, STATEMENT), "unknown kind of complaint"),
        ((subject, 1, 0, EVIDENCE, STATEMENT), "no period"),
        ((subject, 1, 2026, EVIDENCE, STATEMENT), "period has not begun"),
        ((subject, 1, 2**256 - 1, EVIDENCE, STATEMENT), "period has not begun"),
        ((subject, 1, PERIOD, EMPTY, STATEMENT), "no evidence"),
        ((subject, 1, PERIOD, EVIDENCE, ""), "no statement"),
    ):
        with refused(it, f"supervision: {reason}"):
            it.supervision.file_complaint(*args, sender=it.observer.account)


def test_file__against_a_suspended_organisation__is_taken(it):
    number = complain(it, subject=it.suspended)
    assert it.supervision.complaint(number).subject == it.suspended.org_id


# --- who decides


def test_decide__own_case_in_either_part__is_left_to_another_regulator(it):
    mine, other = it.regulator, it.members["other_regulator"]
    against = complain(it, subject=mine)
    filed_by = complain(it, complainant=mine)
    for number, reason in (
        (against, "supervision: complaint against yourself"),
        (filed_by, "supervision: complaint of your own"),
    ):
        with refused(it, reason):
            inspect(it, number)
        inspect(it, number, by=other)
        with refused(it, reason):
            pursue(it, number, Route.INSPECTION, ORDER ^ 1)
        with refused(it, reason):
            resolve(it, number, upheld=False)
        resolve(it, number, by=other)
        assert status(it, number) is Status.UPHELD


def test_take_up__missing_or_again__is_refused(it):
    with refused(it, "supervision: no such complaint"):
        inspect(it, 1)
    number = complain(it)
    with refused(it, "supervision: no document"):
        it.supervision.take_up(number, Route.INSPECTION, ORDER, EMPTY, sender=it.regulator.account)
    for call in (resolve, lambda it, n: pursue(it, n, Route.INSPECTION, ORDER)):
        with refused(it, "supervision: not taken up"):
            call(it, number)
    inspect(it, number)
    with refused(it, "supervision: not waiting to be taken up"):
        inspect(it, number)


@pytest.mark.parametrize("route", [0, 5, 2**255])
def test_take_up__unknown_route__is_refused(it, route):
    number = complain(it)
    with refused(it, "supervision: unknown route"):
        take_up(it, number, route, 1)


# --- inspection


def test_inspection__order__is_resolved_with_a_reason_and_a_document(it):
    before = beyond(it)
    number = complain(it)
    with refused(it, "supervision: no order of inspection"):
        take_up(it, number, Route.INSPECTION, 0)
    boa.env.timestamp += 3
    inspect(it, number)
    taken = it.supervision.complaint(number)
    assert taken.act_by == boa.env.timestamp + RULES.resolve_seconds
    assert (taken.route, taken.reference) == (Route.INSPECTION, ORDER)
    assert taken.regulator == it.regulator.org_id
    for args, reason in (((True, "", DOCUMENT), "no reason"), ((True, "so", EMPTY), "no document")):
        with refused(it, f"supervision: {reason}"):
            it.supervision.resolve(number, *args, sender=it.regulator.account)
    resolve(it, number)
    closed = it.supervision.complaint(number)
    assert (closed.status, closed.act_by) == (Status.UPHELD, 0)
    assert beyond(it) == before
    with refused(it, "supervision: not taken up"):
        resolve(it, number)
    with refused(it, "supervision: closed already"):
        it.supervision.withdraw(number, REASON, sender=it.observer.account)


# --- a round of the periodic check


def test_check__round__is_looked_up_and_waited_for(it):
    number = complain(it)
    with refused(it, "periodic_check: no such round"):
        take_up(it, number, Route.CHECK, 1)
    round_id = year_check(it)
    take_up(it, number, Route.CHECK, round_id)
    assert not it.supervision.is_over(number)
    with refused(it, "supervision: what was opened is not over"):
        resolve(it, number)
    finish(it, round_id)
    assert it.supervision.is_over(number)
    resolve(it, number)
    assert status(it, number) is Status.UPHELD


def test_check__over_before_the_complaint__does_not_count_for_it(it):
    round_id = year_check(it)
    finish(it, round_id)
    boa.env.timestamp += 1
    number = complain(it)
    with refused(it, "supervision: over before the complaint"):
        take_up(it, number, Route.CHECK, round_id)


def test_check__another_year_or_later_member__does_not_count(it):
    round_id = year_check(it)
    other_year = complain(it, period=PERIOD - 1)
    with refused(it, "supervision: check of another period"):
        take_up(it, other_year, Route.CHECK, round_id)
    late = it.admit("newcomer", it.emitter.roles)
    number = complain(it, subject=late)
    with refused(it, "supervision: check does not cover it"):
        take_up(it, number, Route.CHECK, round_id)


# --- a case of the incentives


def test_case__of_the_subject__is_looked_up_and_waited_for(it):
    number = complain(it)
    with refused(it, "incentives: no such case"):
        take_up(it, number, Route.CASE, 1)
    case = it.penalise(it.emitter, COIN)
    of_another = it.penalise(it.other_emitter, COIN)
    with refused(it, "supervision: case of another"):
        take_up(it, number, Route.CASE, of_another)
    take_up(it, number, Route.CASE, case)
    with refused(it, "supervision: what was opened is not over"):
        resolve(it, number)
    boa.env.timestamp = it.incentives.case(case).appeal_until + 1
    it.incentives.settle(case)
    before = beyond(it)
    resolve(it, number)
    assert beyond(it) == before


def test_case__of_another_year_or_closed_before__does_not_count(it):
    case = it.penalise(it.emitter, COIN)
    other_year = complain(it, period=PERIOD - 1)
    with refused(it, "supervision: case of another period"):
        take_up(it, other_year, Route.CASE, case)
    boa.env.timestamp = it.incentives.case(case).appeal_until + 1
    it.incentives.settle(case)
    number = complain(it)
    with refused(it, "supervision: over before the complaint"):
        take_up(it, number, Route.CASE, case)


def test_case__open_before_the_complaint__counts_while_it_is_open(it):
    case = it.penalise(it.emitter, COIN)
    boa.env.timestamp += 1
    number = complain(it)
    take_up(it, number, Route.CASE, case)
    assert not it.supervision.is_over(number)


# --- the examination of a figure


def test_examination__accepted_figure__counts_only_once_it_is_opened_again(it):
    report(it, it.emitter)
    first = accept(it, it.emitter)
    number = complain(it)
    with refused(it, "supervision: figure is not under examination"):
        take_up(it, number, Route.EXAMINATION, it.emitter.org_id)
    reexamine(it, it.emitter)
    take_up(it, number, Route.EXAMINATION, it.emitter.org_id)
    with refused(it, "supervision: what was opened is not over"):
        resolve(it, number)
    assert it.emissions.verified_emissions(it.emitter.org_id, PERIOD) == (True, first)
    accept(it, it.emitter, it.other_verifier)
    resolve(it, number)
    assert it.emissions.verified_emissions(it.emitter.org_id, PERIOD) == (True, first)


def test_examination__first_verification_under_way__counts(it):
    number = complain(it)
    with refused(it, "supervision: no figure to examine"):
        take_up(it, number, Route.EXAMINATION, it.emitter.org_id)
    report(it, it.emitter)
    take_up(it, number, Route.EXAMINATION, it.emitter.org_id)
    assert not it.supervision.is_over(number)
    accept(it, it.emitter)
    assert it.supervision.is_over(number)


def test_examination__of_the_verifier_s_work__names_the_emitter(it):
    report(it, it.emitter)
    accept(it, it.emitter)
    kind = ComplaintKind.VERIFICATION
    number = complain(it, subject=it.verifier, kind=kind)
    uninvolved = complain(it, subject=it.other_verifier, kind=kind)
    reexamine(it, it.emitter)
    with refused(it, "supervision: figure of another"):
        take_up(it, uninvolved, Route.EXAMINATION, it.emitter.org_id)
    take_up(it, number, Route.EXAMINATION, it.emitter.org_id)
    assert status(it, number) is Status.TAKEN_UP


# --- one thing after another


def test_pursue__once_the_first_is_over__goes_on_to_the_next_with_the_same_deadline(it):
    report(it, it.emitter)
    accept(it, it.emitter)
    number = complain(it)
    inspect(it, number)
    deadline = it.supervision.complaint(number).act_by
    with refused(it, "supervision: named already"):
        pursue(it, number, Route.INSPECTION, ORDER)
    reexamine(it, it.emitter)
    pursue(it, number, Route.EXAMINATION, it.emitter.org_id)
    with refused(it, "supervision: what was opened is not over"):
        pursue(it, number, Route.INSPECTION, ORDER)
    accept(it, it.emitter, it.other_verifier)
    with refused(it, "supervision: figure is not under examination"):
        pursue(it, number, Route.EXAMINATION, it.emitter.org_id)
    reexamine(it, it.emitter)
    pursue(it, number, Route.EXAMINATION, it.emitter.org_id)
    with refused(it, "supervision: what was opened is not over"):
        resolve(it, number)
    accept(it, it.emitter, it.admit("third verifier", Role.VERIFIER))
    pursue(it, number, Route.CASE, it.penalise(it.emitter, COIN))
    assert it.supervision.complaint(number).act_by == deadline


# --- withdrawal and delay


def test_withdraw__by_the_complainant__closes_it_also_when_suspended(it):
    number, second = complain(it), complain(it, kind=ComplaintKind.OTHER)
    inspect(it, second)
    with refused(it, "supervision: not your complaint"):
        it.supervision.withdraw(number, REASON, sender=it.emitter.account)
    with refused(it, "supervision: no such complaint"):
        it.supervision.withdraw(99, REASON, sender=it.observer.account)
    with refused(it, "supervision: no reason"):
        it.supervision.withdraw(number, "", sender=it.observer.account)
    it.suspend(it.observer)
    for one in (number, second):
        it.supervision.withdraw(one, REASON, sender=it.observer.account)
        assert status(it, one) is Status.WITHDRAWN
    assert it.supervision.open_complaint(it.observer.org_id, it.emitter.org_id, 1, PERIOD) == 0
    with refused(it, "supervision: not taken up"):
        resolve(it, second)


def test_escalate__each_deadline__once_after_it_passed(it):
    with refused(it, "supervision: no such complaint"):
        it.supervision.escalate(1)
    number = complain(it)
    for closing in (lambda: inspect(it, number), lambda: resolve(it, number)):
        boa.env.timestamp = it.supervision.complaint(number).act_by
        assert not it.supervision.is_overdue(number)
        with refused(it, "supervision: not overdue"):
            it.supervision.escalate(number, sender=it.outsider())
        boa.env.timestamp += 1
        assert it.supervision.is_overdue(number)
        it.supervision.escalate(number, sender=it.outsider())
        with refused(it, "supervision: escalated already"):
            it.supervision.escalate(number)
        closing()
        assert not it.supervision.is_overdue(number)
    with refused(it, "supervision: closed already"):
        it.supervision.escalate(number)


def test_overdue__complaint__is_still_taken_up_and_resolved(it):
    number = complain(it)
    boa.env.timestamp += RULES.take_up_seconds + 1
    inspect(it, number)
    boa.env.timestamp += RULES.resolve_seconds + 1
    resolve(it, number, upheld=False)
    assert status(it, number) is Status.DISMISSED


# --- views and construction


def test_views__unknown_number__are_refused(it):
    for call in (it.supervision.complaint, it.supervision.is_over, it.supervision.is_overdue):
        with refused(it, "supervision: no such complaint"):
            call(1)
    with refused(it, "supervision: no such grant"):
        it.supervision.grant(1)
    assert it.supervision.live_grants(999) == []


def test_deploy__missing_contract_or_term__is_refused(it):
    good = [it.membership, it.check, it.incentives, it.emissions, 1, 1, 1, keccak(b"rules")]
    for position, reason in (
        (1, "no periodic check"),
        (2, "no incentives"),
        (3, "no emission registry"),
        (4, "no time to take up"),
        (5, "no time to resolve"),
        (6, "no time for a grant"),
    ):
        nothing = 0 if position > 3 else "0x" + "00" * 20
        args = [*good[:position], nothing, *good[position + 1 :]]
        with refused(it, f"supervision: {reason}"):
            deploy("Supervision", *args)


def test_gas__each_act__does_not_grow_with_what_was_there_before(it):
    def measured() -> list[int]:
        """A new complaint's life, from filing to the end."""
        number = complain(it, it.bank, period=next(periods))
        used = [it.supervision._computation.get_gas_used()]
        for step in (inspect, resolve):
            step(it, number)
            used.append(it.supervision._computation.get_gas_used())
        return used

    periods = iter(range(2010, 2024))
    complain(it)  # the count leaves zero once
    first = measured()
    for period in range(1900, 2000):
        complain(it, period=period)
    assert measured() == pytest.approx(first, rel=0.01)
    assert sum(first) < 600_000, first
