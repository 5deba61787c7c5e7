import pytest

from tanlian.accounts import api_access, approvals, audit_log, payees, people, policies
from tanlian.accounts.api_access import Once
from tanlian.accounts.errors import (
    AnswerKnown,
    ApiKeyRefused,
    ApprovalRefused,
    IdempotencyConflict,
    PayeeNotTrusted,
)
from tanlian.domain.errors import InvalidInput, NotFound


@pytest.fixture
def pair(office):
    return office.join("wang", 1), office.join("zhao", 1)


@pytest.fixture
def outsider(office):
    return office.join("outsider", 2)


def run(office, act, *args, **kwargs):
    with office.engine.begin() as db:
        return act(db, *args, **kwargs)


def ask(office, by):
    return run(office, approvals.ask, office.origin(), by, "surrender", {"amount_kg": 5})


def status(office, by, number):
    return run(office, approvals.approval, by, number).status


def test_take__approved_by_a_second_person__works_once(office, pair) -> None:
    number = ask(office, pair[0])
    run(office, approvals.decide, office.origin(), pair[1], number, agreed=True)
    taken = run(office, approvals.take, office.origin(), pair[0], number)
    assert taken.details == {"amount_kg": 5}
    with pytest.raises(ApprovalRefused, match="used already"):
        run(office, approvals.take, office.origin(), pair[0], number)


def test_decide__same_person__refused(office, pair) -> None:
    number = ask(office, pair[0])
    with pytest.raises(ApprovalRefused, match="A second person"):
        run(office, approvals.decide, office.origin(), pair[0], number, agreed=True)
    assert status(office, pair[0], number) == "asked"


def test_decide__other_organisation__not_found(office, pair, outsider) -> None:
    number = ask(office, pair[0])
    with pytest.raises(NotFound):
        run(office, approvals.decide, office.origin(), outsider, number, agreed=True)
    assert status(office, pair[0], number) == "asked"


def test_decide__twice_or_late__refused(office, pair) -> None:
    first, second = ask(office, pair[0]), ask(office, pair[0])
    run(office, approvals.decide, office.origin(), pair[1], first, agreed=False)
    with pytest.raises(ApprovalRefused, match="decided already"):
        run(office, approvals.decide, office.origin(), pair[1], first, agreed=True)
    office.now += approvals.OPEN_SECONDS
    with pytest.raises(ApprovalRefused, match="expired"):
        run(office, approvals.decide, office.origin(), pair[1], second, agreed=True)
    assert [status(office, pair[0], n) for n in (first, second)] == ["refused", "asked"]


@pytest.mark.parametrize("taker", [0, 1])
def test_take__not_approved_or_not_the_asker__refused(office, pair, taker) -> None:
    number = ask(office, pair[0])
    if taker == 1:
        run(office, approvals.decide, office.origin(), pair[1], number, agreed=True)
    before = status(office, pair[0], number)
    with pytest.raises(ApprovalRefused):
        run(office, approvals.take, office.origin(), pair[taker], number)
    assert status(office, pair[0], number) == before


def test_payees__new_one__usable_after_a_day(office, pair) -> None:
    added = run(office, payees.add, office.origin(), pair[0], payee="0xab", label="ICBC 1")
    office.now = added.usable_at - 1
    with pytest.raises(PayeeNotTrusted, match="less than a day ago"):
        run(office, payees.check, 1, "0xab", office.now)
    office.now += 1
    assert run(office, payees.check, 1, "0xab", office.now) == added


def test_payees__of_another_organisation__not_trusted(office, pair, outsider) -> None:
    added = run(office, payees.add, office.origin(), pair[0], payee="0xab", label="ICBC 1")
    office.now = added.usable_at
    with pytest.raises(PayeeNotTrusted, match="Add the payee"):
        run(office, payees.check, 2, "0xab", office.now)
    with pytest.raises(NotFound):
        run(office, payees.remove, office.origin(), outsider, added.id)
    assert run(office, payees.payees_of, 1) == [added]


def test_payees__removed_and_added_again__waits_again(office, pair) -> None:
    first = run(office, payees.add, office.origin(), pair[0], payee="0xab", label="ICBC 1")
    with pytest.raises(InvalidInput, match="already"):
        run(office, payees.add, office.origin(), pair[1], payee="0xab", label="again")
    office.now = first.usable_at
    run(office, payees.remove, office.origin(), pair[0], first.id)
    run(office, payees.add, office.origin(), pair[0], payee="0xab", label="ICBC 1")
    with pytest.raises(PayeeNotTrusted):
        run(office, payees.check, 1, "0xab", office.now)


def test_api_key__life__reads_writes_expires_and_ends(office, pair) -> None:
    token = run(
        office, api_access.issue, office.origin(), pair[0], label="x", may_write=False, days=1
    )
    assert run(office, api_access.bearer, token, office.now, writes=False) == pair[0]
    with pytest.raises(ApiKeyRefused, match="only read"):
        run(office, api_access.bearer, token, office.now, writes=True)
    with pytest.raises(ApiKeyRefused, match="expired"):
        run(office, api_access.bearer, token, office.now + 86400, writes=False)
    (key,) = run(office, api_access.keys_of, 1)
    run(office, api_access.revoke, office.origin(), pair[1], key.id)
    with pytest.raises(ApiKeyRefused, match="revoked"):
        run(office, api_access.bearer, token, office.now, writes=False)


def test_api_key__revoked_by_a_stranger__not_found(office, pair, outsider) -> None:
    token = run(
        office, api_access.issue, office.origin(), pair[0], label="x", may_write=True, days=9
    )
    (key,) = run(office, api_access.keys_of, 1)
    with pytest.raises(NotFound):
        run(office, api_access.revoke, office.origin(), outsider, key.id)
    assert run(office, api_access.bearer, token, office.now, writes=True) == pair[0]


@pytest.mark.parametrize("days", [0, -1, 367])
def test_api_key__unbounded_life__refused(office, pair, days) -> None:
    with pytest.raises(InvalidInput, match="between 1 and 366"):
        run(
            office, api_access.issue, office.origin(), pair[0], label="x", may_write=True, days=days
        )
    assert run(office, api_access.keys_of, 1) == []


def test_idempotency__same_request__same_act(office) -> None:
    buy = Once.of("k", b"buy 5")
    assert run(office, api_access.answer, 1, buy) is None
    run(office, api_access.remember, 1, buy, "act-1", office.now)
    assert run(office, api_access.answer, 1, buy) == "act-1"
    with pytest.raises(IdempotencyConflict, match="another request"):
        run(office, api_access.answer, 1, Once.of("k", b"buy 6"))
    assert run(office, api_access.answer, 2, Once.of("k", b"buy 6")) is None


def test_idempotency__second_of_two_at_a_time__first_stands(office) -> None:
    buy = Once.of("k", b"buy 5")
    run(office, api_access.remember, 1, buy, "act-1", office.now)
    with pytest.raises(AnswerKnown):
        run(office, api_access.remember, 1, buy, "act-2", office.now)
    assert run(office, api_access.answer, 1, buy) == "act-1"


def test_idempotency__swept__free_again(office) -> None:
    buy = Once.of("k", b"buy 5")
    run(office, api_access.remember, 1, buy, "act-1", office.now)
    assert run(office, api_access.sweep, office.now + api_access.REMEMBERED_SECONDS) == 1
    assert run(office, api_access.answer, 1, buy) is None


def test_audit_log__organisation__sees_its_own_lines_only(office, pair, outsider) -> None:
    ask(office, pair[0])
    mine = run(office, audit_log.entries, organisation=1, before=None, limit=50)
    assert [entry.act for entry in mine] == ["approval asked", "joined", "joined"]
    older = run(office, audit_log.entries, organisation=1, before=mine[0].id, limit=1)
    assert older == mine[1:2]


def needs(office, organisation):
    return run(office, policies.needs_second_person, organisation)


def test_policy__two_people__required_and_waived_for_their_organisation_only(office, pair) -> None:
    assert not needs(office, 1)
    run(office, policies.require_second_person, office.origin(), pair[0])
    assert needs(office, 1)
    assert not needs(office, 2)
    run(office, policies.waive_second_person, office.origin(), pair[1])
    assert not needs(office, 1)


def test_policy__one_active_person__refused_and_still_off(office, pair) -> None:
    run(office, people.deactivate, office.origin(), pair[1].id, pair[0])
    with pytest.raises(InvalidInput, match="only one person"):
        run(office, policies.require_second_person, office.origin(), pair[0])
    assert not needs(office, 1)
