"""Caps and allocations: pre-allocation, final allocation, corrections, what is owed."""

import pytest

from harness.consortium import (
    CEA24,
    DOCUMENT,
    EMPTY,
    NORTH,
    PERIOD,
    REASON,
    SOUTH,
    TONNE,
)
from harness.events import arguments, event, events

PRE, FINAL, TOP_UP, CLAW_BACK = 1, 2, 3, 4
NONE, PRE_ALLOCATED, FINALISED = 0, 1, 2
CAP = 100 * TONNE
MAX = 2**88 - 1


@pytest.fixture
def capped(it):
    """The region has a cap of a hundred tonnes."""
    it.set_cap(CAP)
    return it


def act(it, name, amount, member=None, period=PERIOD):
    return getattr(it.allocation, name)(
        (member or it.emitter).org_id, period, amount, DOCUMENT, sender=it.regulator.account
    )


def owe(it, amount):
    it.allocation.reduce_next(it.emitter.org_id, amount, DOCUMENT, sender=it.facility.address)


def account(it, member=None):
    """Entitled, issued, stage; checked against the ledger and the region."""
    found = it.allocation.account((member or it.emitter).org_id, PERIOD)
    return found.entitled_kg, found.issued_kg, found.stage


def allocated(it, region=NORTH):
    return it.allocation.plan(region, PERIOD).allocated_kg


def test_set_plan__first_and_changed__names_old_and_new(it, regulator):
    it.allocation.set_plan(NORTH, PERIOD, 10, 8, 12, DOCUMENT, sender=regulator)
    it.allocation.set_plan(NORTH, PERIOD, 11, 9, 12, DOCUMENT, sender=regulator)
    log = event(it.allocation, "PlanSet")
    assert (log.old_cap_kg, log.new_cap_kg, log.target_kg, log.capacity_kg) == (10, 11, 9, 12)
    assert tuple(it.allocation.plan(NORTH, PERIOD)) == (11, 9, 12, 0, DOCUMENT)


@pytest.mark.parametrize(
    ("period", "cap", "capacity", "document", "reason"),
    [
        (PERIOD, 0, 10, DOCUMENT, "allocation: cap is zero"),
        (PERIOD, 11, 10, DOCUMENT, "allocation: cap above capacity"),
        (PERIOD, MAX + 1, 2**255, DOCUMENT, "allocation: cap too large"),
        (PERIOD, 10, 10, EMPTY, "allocation: document missing"),
        (0, 10, 10, DOCUMENT, "instrument: vintage out of range"),
        (2**16, 10, 10, DOCUMENT, "instrument: vintage out of range"),
    ],
)
def test_set_plan__bad_value__refused(
    it, refused, regulator, period, cap, capacity, document, reason
):
    with refused(reason):
        it.allocation.set_plan(NORTH, period, cap, 0, capacity, document, sender=regulator)


def test_set_plan__below_what_is_allocated__refused(capped, refused):
    act(capped, "pre_allocate", 60 * TONNE)
    with refused("allocation: cap below what is allocated"):
        capped.set_cap(60 * TONNE - 1)
    capped.set_cap(60 * TONNE)
    assert allocated(capped) == 60 * TONNE


def test_pre_allocate__emitter__units_of_the_period_arrive(capped):
    act(capped, "pre_allocate", 70 * TONNE)
    assert arguments(event(capped.allocation, "AllowancesAllocated")) == (
        capped.emitter.org_id,
        PERIOD,
        NORTH,
        PRE,
        0,
        70 * TONNE,
        70 * TONNE,
        0,
        DOCUMENT,
        capped.regulator.account,
    )
    assert capped.ledger.holding(capped.emitter.org_id, CEA24) == 70 * TONNE
    assert account(capped) == (70 * TONNE, 70 * TONNE, PRE_ALLOCATED)
    assert allocated(capped) == 70 * TONNE


def test_pre_allocate__cap_reached_exactly__one_more_is_refused(capped, refused):
    act(capped, "pre_allocate", CAP - 1)
    with refused("allocation: cap exceeded"):
        act(capped, "pre_allocate", 2, capped.other_emitter)
    act(capped, "pre_allocate", 1, capped.other_emitter)
    assert allocated(capped) == CAP


@pytest.mark.parametrize(
    ("who", "amount", "period", "reason"),
    [
        ("emitter", 0, PERIOD, "allocation: zero amount"),
        ("emitter", MAX + 1, PERIOD, "allocation: amount too large"),
        ("emitter", MAX, PERIOD, "allocation: cap exceeded"),
        ("emitter", 1, 2025, "allocation: no cap for region and period"),
        ("emitter", 1, 0, "allocation: no such period"),
        ("emitter", 1, 2**16, "allocation: no such period"),
        ("trader", 1, PERIOD, "allocation: not an active emitter"),
        ("suspended", 1, PERIOD, "allocation: not an active emitter"),
    ],
)
def test_pre_allocate__bad_value__refused_as_foretold(capped, refused, who, amount, period, reason):
    member = capped.members[who]
    assert capped.allocation.refusal(PRE, member.org_id, period, amount) == reason
    with refused(reason):
        act(capped, "pre_allocate", amount, member, period)


def test_pre_allocate__unknown_organisation_twice_or_without_document__refused(
    capped, refused, regulator
):
    with refused("allocation: no such organisation"):
        capped.allocation.pre_allocate(999, PERIOD, 1, DOCUMENT, sender=regulator)
    with refused("allocation: document missing"):
        capped.allocation.pre_allocate(capped.emitter.org_id, PERIOD, 1, EMPTY, sender=regulator)
    act(capped, "pre_allocate", 1)
    with refused("allocation: allocated already"):
        act(capped, "pre_allocate", 1)


def test_finalise__above__topped_up(capped):
    act(capped, "pre_allocate", 70 * TONNE)
    act(capped, "finalise", 95 * TONNE)
    log = event(capped.allocation, "AllowancesAllocated")
    assert (log.act, log.issued_kg) == (FINAL, 25 * TONNE)
    assert account(capped) == (95 * TONNE, 95 * TONNE, FINALISED)


def test_finalise__below__difference_is_clawed_back_and_room_under_the_cap(capped):
    act(capped, "pre_allocate", 70 * TONNE)
    act(capped, "finalise", 50 * TONNE)
    log = event(capped.allocation, "AllowancesWithdrawn")
    assert (log.clawed_back_kg, log.owed_kg) == (20 * TONNE, 0)
    assert account(capped) == (50 * TONNE, 50 * TONNE, FINALISED)
    assert allocated(capped) == 50 * TONNE
    assert tuple(capped.ledger.supply(CEA24)) == (70 * TONNE, 50 * TONNE, 0, 20 * TONNE)


def test_finalise__equal_or_without_pre_allocation__nothing_or_all_is_issued(capped, refused):
    act(capped, "pre_allocate", 70 * TONNE)
    act(capped, "finalise", 70 * TONNE)
    assert event(capped.allocation, "AllowancesAllocated").issued_kg == 0
    act(capped, "finalise", 30 * TONNE, capped.other_emitter)
    assert account(capped, capped.other_emitter) == (30 * TONNE, 30 * TONNE, FINALISED)
    with refused("allocation: final already"):
        act(capped, "finalise", 71 * TONNE)


def test_finalise__below_but_sold__rest_is_owed_and_withheld_next_time(capped):
    act(capped, "pre_allocate", 70 * TONNE)
    capped.ledger.safeTransferFrom(
        capped.emitter.account,
        capped.trader.account,
        CEA24,
        65 * TONNE,
        b"",
        sender=capped.emitter.account,
    )
    act(capped, "finalise", 50 * TONNE)
    log = event(capped.allocation, "AllowancesWithdrawn")
    assert (log.clawed_back_kg, log.owed_kg) == (5 * TONNE, 15 * TONNE)
    assert account(capped) == (50 * TONNE, 65 * TONNE, FINALISED)
    assert allocated(capped) == 65 * TONNE
    assert capped.allocation.owed_kg(capped.emitter.org_id) == 15 * TONNE
    capped.set_cap(CAP, period=2025)
    act(capped, "pre_allocate", 40 * TONNE, period=2025)
    log = event(capped.allocation, "AllowancesAllocated")
    assert (log.issued_kg, log.withheld_kg) == (25 * TONNE, 15 * TONNE)
    assert capped.allocation.owed_kg(capped.emitter.org_id) == 0


def test_finalise__zero_for_a_suspended_organisation__all_is_clawed_back(capped, refused):
    act(capped, "pre_allocate", 70 * TONNE)
    capped.suspend(capped.emitter)
    with refused("allocation: not an active emitter"):
        act(capped, "finalise", 71 * TONNE)
    act(capped, "finalise", 0)
    assert account(capped) == (0, 0, FINALISED)
    assert capped.ledger.holding(capped.emitter.org_id, CEA24) == 0


def test_finalise__frozen_units__clawed_back_all_the_same(capped, regulator):
    act(capped, "pre_allocate", 70 * TONNE)
    capped.ledger.freeze_holder(capped.emitter.org_id, REASON, sender=regulator)
    act(capped, "finalise", TONNE)
    assert capped.ledger.holding(capped.emitter.org_id, CEA24) == TONNE


def test_top_up_and_claw_back__after_final__correct_it(capped):
    act(capped, "finalise", 50 * TONNE)
    act(capped, "top_up", 5 * TONNE)
    assert account(capped) == (55 * TONNE, 55 * TONNE, FINALISED)
    act(capped, "claw_back", 15 * TONNE)
    assert account(capped) == (40 * TONNE, 40 * TONNE, FINALISED)


def test_top_up_and_claw_back__nothing_or_too_much__refused(capped, refused):
    for name in ("top_up", "claw_back"):
        with refused("allocation: nothing to correct"):
            act(capped, name, 1)
    act(capped, "pre_allocate", 5)
    for name in ("top_up", "claw_back"):
        with refused("allocation: zero amount"):
            act(capped, name, 0)
    with refused("allocation: more than it is entitled to"):
        act(capped, "claw_back", 6)
    with refused("allocation: cap exceeded"):
        act(capped, "top_up", CAP - 4)
    act(capped, "claw_back", 5)
    assert account(capped) == (0, 0, PRE_ALLOCATED)


def test_region__moved_after_the_first_allocation__counts_where_it_was(capped, regulator):
    act(capped, "pre_allocate", 5)
    capped.set_cap(CAP, SOUTH)
    capped.membership.reclassify(capped.emitter.org_id, 1, SOUTH, DOCUMENT, sender=regulator)
    act(capped, "top_up", 5)
    act(capped, "claw_back", 3)
    assert (allocated(capped, NORTH), allocated(capped, SOUTH)) == (7, 0)


def test_reduce_next__recorded_by_a_wired_contract__withheld_until_paid(capped, refused):
    owe(capped, 30)
    owe(capped, 10)
    log = event(capped.allocation, "ReductionRecorded")
    assert (log.amount_kg, log.owed_kg, log.case) == (10, 40, DOCUMENT)
    act(capped, "pre_allocate", 25)
    assert account(capped) == (25, 0, PRE_ALLOCATED)
    assert capped.allocation.owed_kg(capped.emitter.org_id) == 15
    act(capped, "top_up", 20)
    assert account(capped) == (45, 5, PRE_ALLOCATED)
    assert capped.ledger.holding(capped.emitter.org_id, CEA24) == 5


def test_reduce_next__withheld_part__takes_no_room_under_the_cap(capped):
    owe(capped, 10)
    act(capped, "pre_allocate", CAP + 10)
    assert allocated(capped) == CAP


def test_reduce_next__zero_or_unknown__refused(it, refused):
    with refused("allocation: zero amount"):
        owe(it, 0)
    with refused("allocation: no such organisation"):
        it.allocation.reduce_next(999, 1, DOCUMENT, sender=it.facility.address)


def test_withdraw__after_a_withheld_part__only_what_was_issued_is_reached(capped):
    """Owed 10, entitled 30, issued 20; entitled 5: 20 come back and 5 are owed again."""
    owe(capped, 10)
    act(capped, "pre_allocate", 30)
    act(capped, "finalise", 5)
    assert account(capped) == (5, 0, FINALISED)
    assert capped.allocation.owed_kg(capped.emitter.org_id) == 5


def test_set_aside__for_sale__counts_under_the_cap(capped, refused, regulator):
    act(capped, "pre_allocate", 60 * TONNE)
    with refused("allocation: cap exceeded"):
        capped.allocation.set_aside(NORTH, PERIOD, 40 * TONNE + 1, DOCUMENT, sender=regulator)
    capped.allocation.set_aside(NORTH, PERIOD, 40 * TONNE, DOCUMENT, sender=regulator)
    assert event(capped.allocation, "AllowancesSetAside").amount_kg == 40 * TONNE
    assert capped.ledger.holding(1, CEA24) == 40 * TONNE
    assert allocated(capped) == CAP
    with refused("allocation: zero amount"):
        capped.allocation.set_aside(NORTH, PERIOD, 0, DOCUMENT, sender=regulator)
    with refused("allocation: no cap for region and period"):
        capped.allocation.set_aside(SOUTH, PERIOD, 1, DOCUMENT, sender=regulator)


def many(it, name, grants, atomic):
    return getattr(it.allocation, name)(
        PERIOD, grants, atomic, DOCUMENT, sender=it.regulator.account
    )


@pytest.mark.parametrize("name", ["pre_allocate_many", "finalise_many"])
def test_many__one_refused__rest_is_not_lost_unless_atomic(capped, refused, name):
    good, bad, other = capped.emitter, capped.trader, capped.other_emitter
    grants = [(good.org_id, 5), (bad.org_id, 6), (good.org_id, 7), (other.org_id, 8)]
    with refused("allocation: not an active emitter"):
        many(capped, name, grants, atomic=True)
    assert many(capped, name, grants, atomic=False) == 2
    refusals = events(capped.allocation, "AllocationRefused")
    twice = "allocated" if name == "pre_allocate_many" else "final"
    assert [(log.organisation, log.reason) for log in refusals] == [
        (bad.org_id, "allocation: not an active emitter"),
        (good.org_id, f"allocation: {twice} already"),
    ]
    assert capped.ledger.holding(good.org_id, CEA24) == 5
    assert capped.ledger.holding(other.org_id, CEA24) == 8
    assert allocated(capped) == 13


def test_many__empty__nothing(capped):
    assert many(capped, "pre_allocate_many", [], atomic=True) == 0


def test_many__largest_batch__fits_a_block(capped):
    """Each row is a first allocation, the dearest case."""
    members = [capped.admit(f"emitter {n}", 2) for n in range(256)]
    assert many(capped, "finalise_many", [(m.org_id, 1) for m in members], atomic=True) == 256
    assert capped.allocation._computation.get_gas_used() < 35_000_000
