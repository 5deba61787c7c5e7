"""Receivers: whose they are, how they are tried again, when they are given up."""

import pytest

from tanlian.accounts import webhooks
from tanlian.domain.errors import InvalidInput, NotFound

URL = "https://receiver.example/hook"


def added(office, person, url=URL, after=(7, 3)):
    with office.engine.begin() as db:
        return webhooks.add(db, office.box, office.origin(), person, url=url, kinds=(), after=after)


def only(office, organisation=1):
    with office.engine.connect() as db:
        (found,) = webhooks.of_organisation(db, organisation)
    return found


def fail(office, times=1, **how):
    for _ in range(times):
        with office.engine.begin() as db:
            webhooks.failed(db, only(office), "HTTP 500", office.now, **how)


def due(office):
    with office.engine.connect() as db:
        return [one.id for one in webhooks.due(db, office.now)]


def test_add__secret__opens_and_lies_encrypted(office) -> None:
    _, secret = added(office, office.join("wang", 1))
    found = only(office)
    assert (found.block, found.log_index, found.url) == (7, 3, URL)
    assert office.box.open(found.secret) == secret.encode()
    assert secret.encode() not in found.secret
    assert secret not in repr(found)


def test_add__same_address_or_too_many__refused(office) -> None:
    person = office.join("wang", 1)
    added(office, person)
    with pytest.raises(InvalidInput, match="has a webhook already"):
        added(office, person)
    for number in range(webhooks.MOST - 1):
        added(office, person, f"{URL}/{number}")
    with pytest.raises(InvalidInput, match=f"at most {webhooks.MOST}"):
        added(office, person, f"{URL}/more")
    with office.engine.connect() as db:
        assert len(webhooks.of_organisation(db, 1)) == webhooks.MOST
    added(office, office.join("li", 2))  # another organisation may tell the same receiver


def test_another_organisation__neither_sees_nor_changes_it(office) -> None:
    number, _ = added(office, office.join("wang", 1))
    stranger = office.join("li", 2)
    before = only(office)
    changes = [
        lambda db: webhooks.remove(db, office.origin(), stranger, number),
        lambda db: webhooks.resume(db, office.origin(), stranger, number),
        lambda db: webhooks.renew_secret(db, office.box, office.origin(), stranger, number),
        lambda db: webhooks.webhook(db, 2, number),
    ]
    for change in changes:
        with pytest.raises(NotFound), office.engine.begin() as db:
            change(db)
    assert only(office) == before


def test_failed__again_and_again__waits_double_up_to_an_hour(office) -> None:
    number, _ = added(office, office.join("wang", 1))
    assert due(office) == [number]
    longest = webhooks.FIRST_WAIT_SECONDS
    for _ in range(14):
        fail(office)
        wait = only(office).retry_at - office.now
        assert longest - longest // 4 <= wait <= longest
        assert due(office) == []
        longest = min(longest * 2, webhooks.LONGEST_WAIT_SECONDS)
    office.now = only(office).retry_at
    assert due(office) == [number]
    with office.engine.begin() as db:
        webhooks.delivered(db, number, (9, 0), "HTTP 200", office.now)
    found = only(office)
    assert (found.failures, found.failing_since, found.block) == (0, None, 9)


def test_failed__for_three_days__paused_until_somebody_resumes(office) -> None:
    person = office.join("wang", 1)
    number, _ = added(office, person)
    fail(office)
    office.now += webhooks.PATIENCE_SECONDS - 1
    fail(office)
    assert only(office).paused_at is None
    office.now += 1
    fail(office)
    found = only(office)
    assert (found.paused_at, found.block, found.log_index) == (office.now, 7, 3)
    office.now += 10 * webhooks.PATIENCE_SECONDS
    assert due(office) == []
    with office.engine.begin() as db:
        webhooks.resume(db, office.origin(), person, number)
    assert due(office) == [number]
    fail(office)
    assert only(office).paused_at is None, "it has its three days anew"


def test_failed__gone_for_good__paused_at_once(office) -> None:
    added(office, office.join("wang", 1))
    fail(office, for_good=True)
    assert only(office).paused_at == office.now


def test_renew_secret__former_one__signs_for_a_day(office) -> None:
    person = office.join("wang", 1)
    number, former = added(office, person)
    with office.engine.begin() as db:
        secret = webhooks.renew_secret(db, office.box, office.origin(), person, number)

    def signing():
        return [office.box.open(s).decode() for s in only(office).secrets(office.now)]

    assert signing() == [secret, former]
    office.now += webhooks.OVERLAP_SECONDS
    assert signing() == [secret]


def test_remove__nothing_is_left(office) -> None:
    person = office.join("wang", 1)
    number, _ = added(office, person)
    with office.engine.begin() as db:
        webhooks.remove(db, office.origin(), person, number)
    with office.engine.connect() as db:
        assert webhooks.of_organisation(db, 1) == []
    assert due(office) == []


@pytest.mark.parametrize(
    ("place", "expected"),
    [((7, 2), (7, 3)), ((6, 9), (7, 3)), ((7, 3), (7, 3)), ((7, 4), (7, 4)), ((8, 0), (8, 0))],
)
def test_place__noted_by_whom_another_overtook__goes_forth_and_never_back(
    office, place, expected
) -> None:
    """A process that lost its turn while a delivery was under way notes it late."""
    number, _ = added(office, office.join("wang", 1))
    with office.engine.begin() as db:
        webhooks.delivered(db, number, place, "HTTP 200", office.now)
        webhooks.passed(db, number, place)
    found = only(office)
    assert (found.block, found.log_index) == expected
