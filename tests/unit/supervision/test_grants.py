"""Granted views: exactly what was granted, as long as it was granted, to whom it was granted."""

from dataclasses import replace
from itertools import product

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consortium import DOCUMENT, EMPTY, NORTH, PERIOD, POWER, REASON, SOUTH
from harness.duties import DAY
from harness.supervision import (
    EVERYTHING,
    RULES,
    deploy_supervision,
    grant,
    granted,
    observed,
    party,
    refused,
)
from tanlian.domain.errors import InvalidInput
from tanlian.domain.roles import Role
from tanlian.domain.supervision import (
    ALL_KINDS,
    MOST_LIVE_GRANTS,
    Extent,
    Scope,
    ViewKind,
    may_view,
    parse_supervision_rules,
)

STEEL = 2
YEARS = (2023, 2024, 2025)


def sees(it, member, kind=ViewKind.REPORTS, subject=None, year=PERIOD, at=None) -> bool:
    at = boa.env.timestamp if at is None else at
    subject = subject or it.emitter
    return it.supervision.may_view(member.org_id, kind, subject.org_id, year, at)


def everything_seen(it, member) -> set:
    """All that the contract lets a member see now, of anybody but itself."""
    others = [other for other in it.members.values() if other.org_id != member.org_id]
    return {
        (kind, other.name, year)
        for kind, other, year in product(ViewKind, others, YEARS)
        if sees(it, member, kind, other, year)
    }


def test_grant__one_kind_of_one_organisation_in_one_year__shows_that_and_nothing_else(it):
    assert everything_seen(it, it.observer) == set()
    before = boa.env.timestamp
    number = grant(
        it,
        it.observer,
        Extent(ViewKind.DUTIES, Scope.ORGANISATION, 2024, 2024, subject=it.emitter.org_id),
    )
    assert everything_seen(it, it.observer) == {(ViewKind.DUTIES, "emitter", 2024)}
    assert everything_seen(it, it.bank) == set()
    kept = it.supervision.grant(number)
    assert (kept.grantee, kept.granted_at, kept.expires_at, kept.revoked_at, kept.document) == (
        it.observer.org_id,
        before,
        before + DAY,
        0,
        DOCUMENT,
    )


@pytest.mark.parametrize(
    ("scope", "fields", "names"),
    [
        (Scope.EVERYONE, {}, {"north_power", "north_steel", "south_power"}),
        (Scope.REGION, {"region": NORTH}, {"north_power", "north_steel"}),
        (Scope.SECTOR, {"sector": POWER}, {"north_power", "south_power"}),
        (Scope.SECTOR_OF_REGION, {"region": NORTH, "sector": STEEL}, {"north_steel"}),
    ],
)
def test_grant__scope__shows_the_organisations_in_it(it, scope, fields, names):
    plants = {
        "north_power": it.admit("north_power", Role.EMITTER),
        "north_steel": it.admit("north_steel", Role.EMITTER, sector=STEEL),
        "south_power": it.admit("south_power", Role.EMITTER, SOUTH),
    }
    grant(it, it.observer, Extent(ViewKind.REPORTS, scope, 2024, 2024, **fields))
    seen = {name for name, plant in plants.items() if sees(it, it.observer, subject=plant)}
    assert seen == names


def test_grant__subject_classified_anew__follows_where_it_stands(it):
    grant(it, it.observer, Extent(ViewKind.REPORTS, Scope.REGION, 2024, 2024, region=NORTH))
    assert sees(it, it.observer)
    it.membership.reclassify(it.emitter.org_id, POWER, SOUTH, DOCUMENT, sender=it.regulator.account)
    assert not sees(it, it.observer)


def test_grant__time__holds_to_the_last_second_and_not_before_it_was_given(it):
    now = boa.env.timestamp
    grant(it, it.observer, seconds=100)
    moments = (now - 1, now, now + 100, now + 101)
    assert [sees(it, it.observer, at=at) for at in moments] == [False, True, True, False]


def test_may_view__own_data_and_regulators__need_no_grant(it):
    assert sees(it, it.emitter)
    assert sees(it, it.regulator)
    it.suspend(it.emitter)
    it.suspend(it.members["other_regulator"])
    assert sees(it, it.emitter), "its own"
    assert not sees(it, it.members["other_regulator"])
    assert not it.supervision.may_view(it.regulator.org_id, 1, 999, PERIOD, boa.env.timestamp)
    assert not it.supervision.may_view(999, 1, it.emitter.org_id, PERIOD, boa.env.timestamp)


@pytest.mark.parametrize("kind", [0, 3, 128, 2**255])
def test_may_view__not_one_kind__is_refused(it, kind):
    grant(it, it.observer)
    with refused(it, "supervision: name one kind of data"):
        it.supervision.may_view(it.observer.org_id, kind, it.emitter.org_id, PERIOD, 0)


def test_may_view__suspended_grantee__sees_nothing_until_reinstated(it):
    grant(it, it.observer)
    it.suspend(it.observer)
    assert everything_seen(it, it.observer) == set()
    it.reinstate(it.observer)
    assert sees(it, it.observer)


def test_revoke__grant__ends_it_at_once_and_leaves_the_others(it):
    first, second = grant(it, it.observer), grant(it, it.observer)
    it.supervision.revoke_view(first, REASON, sender=it.members["other_regulator"].account)
    assert sees(it, it.observer)
    assert it.supervision.live_grants(it.observer.org_id) == [second]
    with refused(it, "supervision: revoked already"):
        it.supervision.revoke_view(first, REASON, sender=it.regulator.account)
    it.supervision.revoke_view(second, REASON, sender=it.regulator.account)
    assert everything_seen(it, it.observer) == set()
    assert it.supervision.grant(first).revoked_at == boa.env.timestamp


def test_revoke__bad_call__is_refused(it):
    number = grant(it, it.observer, seconds=100)
    for args, reason in (
        ((99, REASON), "supervision: no such grant"),
        ((0, REASON), "supervision: no such grant"),
        ((number, ""), "supervision: no reason"),
    ):
        with refused(it, reason):
            it.supervision.revoke_view(*args, sender=it.regulator.account)
    boa.env.timestamp += 101
    with refused(it, "supervision: expired already"):
        it.supervision.revoke_view(number, REASON, sender=it.regulator.account)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kinds": 0}, "no kind of data"),
        ({"kinds": 128}, "unknown kind of data"),
        ({"scope": 0}, "unknown scope"),
        ({"scope": 6}, "unknown scope"),
        ({"region": NORTH}, "region is not in the scope"),
        ({"sector": POWER}, "sector is not in the scope"),
        ({"subject": 2}, "organisation is not in the scope"),
        ({"scope": 2, "sector": 1}, "sector is not in the scope"),
        ({"scope": 3, "region": 1}, "region is not in the scope"),
        ({"scope": 5, "region": 1, "subject": 2}, "region is not in the scope"),
        ({"scope": 2, "region": 2**16}, "region too large"),
        ({"scope": 4, "sector": 2**16}, "sector too large"),
        ({"scope": 5, "subject": 0}, "no such organisation"),
        ({"scope": 5, "subject": 999}, "no such organisation"),
        ({"first_year": 0}, "no first year"),
        ({"first_year": 2025, "last_year": 2024}, "years out of order"),
        ({"last_year": 10_000}, "year too large"),
    ],
)
def test_grant__extent_without_sense__is_refused(it, changes, reason):
    extent = replace(EVERYTHING, **changes)
    with refused(it, f"supervision: {reason}"):
        grant(it, it.observer, extent)


def test_grant__bad_call__is_refused(it):
    now, extent = boa.env.timestamp, EVERYTHING.as_struct()
    observer, longest = it.observer.org_id, now + RULES.longest_grant_seconds
    for args, reason in (
        ((it.regulator.org_id, extent, now + 1, DOCUMENT), "own organisation"),
        ((it.suspended.org_id, extent, now + 1, DOCUMENT), "not an active organisation"),
        ((999, extent, now + 1, DOCUMENT), "not an active organisation"),
        ((0, extent, now + 1, DOCUMENT), "not an active organisation"),
        ((observer, extent, now, DOCUMENT), "expires in the past"),
        ((observer, extent, 0, DOCUMENT), "expires in the past"),
        ((observer, extent, longest + 1, DOCUMENT), "longer than a grant may last"),
        ((observer, extent, 2**256 - 1, DOCUMENT), "longer than a grant may last"),
        ((observer, extent, now + 1, EMPTY), "no document"),
    ):
        with refused(it, f"supervision: {reason}"):
            it.supervision.grant_view(*args, sender=it.regulator.account)
    assert it.supervision.grant_view(
        observer, extent, longest, DOCUMENT, sender=it.regulator.account
    )


def test_grant__as_many_as_fit__room_again_once_some_end(it):
    for number in range(MOST_LIVE_GRANTS):
        grant(it, it.observer, seconds=100 if number < 2 else 200)
    with refused(it, "supervision: too many grants at a time"):
        grant(it, it.observer)
    grant(it, it.bank)
    boa.env.timestamp += 101
    grant(it, it.observer)
    grant(it, it.observer)
    with refused(it, "supervision: too many grants at a time"):
        grant(it, it.observer)
    assert len(it.supervision.live_grants(it.observer.org_id)) == MOST_LIVE_GRANTS


def test_gas__fullest_list__stays_bounded(it):
    """Whatever the number of members and of grants ever given: at most 32 are looked at."""
    never = Extent(ViewKind.COINS, Scope.ORGANISATION, 2024, 2024, subject=it.trader.org_id)
    for _ in range(MOST_LIVE_GRANTS):
        grant(it, it.observer, never, seconds=100)
    assert not sees(it, it.observer, ViewKind.COINS, it.emitter)
    looking = it.supervision._computation.get_gas_used()
    boa.env.timestamp += 101
    grant(it, it.observer)
    sweeping = it.supervision._computation.get_gas_used()
    assert looking < 750_000
    assert sweeping < 600_000


sectors = st.sampled_from([POWER, STEEL])
regions = st.sampled_from([NORTH, SOUTH])
kinds = st.integers(1, int(ALL_KINDS)).map(ViewKind)


@st.composite
def extents(draw, subjects):
    scope = draw(st.sampled_from(Scope))
    first = draw(st.sampled_from(YEARS))
    fields = {}
    if scope in {Scope.REGION, Scope.SECTOR_OF_REGION}:
        fields["region"] = draw(regions)
    if scope in {Scope.SECTOR, Scope.SECTOR_OF_REGION}:
        fields["sector"] = draw(sectors)
    if scope is Scope.ORGANISATION:
        fields["subject"] = draw(st.sampled_from(subjects))
    last = draw(st.integers(first, YEARS[-1]))
    return Extent(draw(kinds), scope, first, last, **fields)


@pytest.fixture(scope="module")
def crowd():
    """Plants of every sector in every region, beside the cast."""
    it = deploy_supervision()
    for region, sector in product((NORTH, SOUTH), (POWER, STEEL)):
        it.admit(f"plant {region} {sector}", Role.EMITTER, region, sector)
    return it


@given(st.data())
def test_may_view__any_grants__is_what_the_domain_says(crowd, data):
    it = crowd
    subjects = [m.org_id for name, m in it.members.items() if name.startswith("plant")]
    parties = {org_id: party(it, org_id) for org_id in (*subjects, it.observer.org_id)}
    with boa.env.anchor():
        numbers = [
            grant(it, data.draw(st.sampled_from([it.observer, it.bank])), extent)
            for extent in data.draw(st.lists(extents(subjects), max_size=4))
        ]
        if numbers and data.draw(st.booleans()):
            number = data.draw(st.sampled_from(numbers))
            it.supervision.revoke_view(number, REASON, sender=it.regulator.account)
        grants = [granted(it, number) for number in numbers]
        at = boa.env.timestamp + data.draw(st.sampled_from([-1, 0, DAY, DAY + 1]))
        for kind, subject, year in product(ViewKind, subjects, YEARS):
            expected = may_view(
                parties[it.observer.org_id], grants, kind, parties[subject], year=year, at=at
            )
            said = it.supervision.may_view(it.observer.org_id, kind, subject, year, at)
            assert said == expected, (kind, subject, year)


def test_domain__numbers__are_those_of_the_contract(it):
    desk = it.supervision
    assert desk.take_up_seconds() == RULES.take_up_seconds == 15 * DAY
    assert desk.resolve_seconds() == RULES.resolve_seconds == 60 * DAY
    assert desk.longest_grant_seconds() == RULES.longest_grant_seconds
    assert desk.rules_hash() == RULES.rules_hash
    assert observed(it)["grants"] == []


@pytest.mark.parametrize("text", ["", "take_up_days = 0\nresolve_days = 1\nlongest_grant_days = 1"])
def test_rules__term_missing_or_zero__are_refused(text):
    with pytest.raises(InvalidInput, match="take_up_days"):
        parse_supervision_rules(text)
