"""Sealed bids, uniform price, the draw, forfeits, cancellation; the ranking against brute force."""

from typing import NamedTuple

import boa
import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.consortium import CEA24, DOCUMENT, TONNE, YUAN
from harness.duties import (
    DAY,
    START_OF_2025,
    Duties,
    credit_token,
    refused_with,
    vintage,
)

OPENS = START_OF_2025 + DAY
COMMITS = OPENS + DAY
REVEALS = COMMITS + DAY
PER_TICK = 10_000


class Wish(NamedTuple):
    """A bid that a test wants placed."""

    who: str
    tick: int
    lots: int
    extra: int = 0


def terms(**changes):
    values = {
        "instrument": CEA24,
        "offered_lots": 100,
        "reserve_tick": 5_000,
        "max_bid_lots": 1_000,
        "opens_at": OPENS,
        "commits_until": COMMITS,
        "reveals_until": REVEALS,
        "cancel_if_undersubscribed": True,
        "rules_hash": DOCUMENT,
    }
    return tuple({**values, **changes}.values())


def announce(it: Duties, **changes) -> int:
    return it.auction.announce(terms(**changes), sender=it.regulator.account)


def bring_units(it: Duties, number: int, lots: int, token: int = CEA24) -> None:
    it.ledger.safeTransferFrom(
        it.regulator.holder,
        it.auction.address,
        token,
        lots * TONNE,
        number.to_bytes(32, "big"),
        sender=it.regulator.account,
    )


def open_auction(it: Duties, **changes) -> int:
    """Announce, fund, and move to the first second of bidding."""
    it.set_cap(10**12)
    it.allocation.set_aside(21, 2024, 1_000 * TONNE, DOCUMENT, sender=it.regulator.account)
    number = announce(it, **changes)
    bring_units(it, number, changes.get("offered_lots", 100))
    for member in (it.emitter, it.other_emitter, it.trader):
        it.fund(member, 10**9 * YUAN)
        it.money.approve(it.auction, 2**255, sender=member.account)
    boa.env.timestamp = OPENS
    return number


def salt(index: int) -> bytes:
    return keccak(text=f"salt {index}")


def commit(it: Duties, number: int, wish: Wish, index: int = 0, deposit: int | None = None) -> int:
    member = getattr(it, wish.who)
    sealed = it.auction.commitment_of(number, member.org_id, wish.tick, wish.lots, salt(index))
    locked = wish.lots * wish.tick * PER_TICK + wish.extra if deposit is None else deposit
    return it.auction.commit(number, sealed, locked, sender=member.account)


def reveal(it: Duties, bid: int, wish: Wish, index: int = 0) -> None:
    member = getattr(it, wish.who)
    it.auction.reveal(bid, wish.tick, wish.lots, salt(index), sender=member.account)


def bid_all(it: Duties, number: int, wishes: list[Wish]) -> list[int]:
    bids = [commit(it, number, wish, index) for index, wish in enumerate(wishes)]
    boa.env.timestamp = COMMITS + 1
    for index, (bid, wish) in enumerate(zip(bids, wishes, strict=True)):
        reveal(it, bid, wish, index)
    boa.env.timestamp = REVEALS + 1
    return bids


def draw(it: Duties, number: int) -> None:
    it.auction.close_bidding(number, sender=it.outsider())
    boa.env.time_travel(blocks=3)
    it.auction.draw(number, sender=it.outsider())


def in_order(it: Duties, bids: list[int]) -> list[int]:
    return sorted(bids, key=it.auction.rank_of)


def brute_force(bids: list[tuple[int, int, int]], offered: int) -> tuple[int, dict[int, int]]:
    """Give out lot by lot: every lot goes to the best bid that still wants one.

    `bids` are (tick, lots, place in the draw); returns the price and lots won by index.
    """
    won = dict.fromkeys(range(len(bids)), 0)
    price = 0
    for _ in range(offered):
        wanting = [i for i, (_, lots, _) in enumerate(bids) if won[i] < lots]
        if not wanting:
            break
        best = max(wanting, key=lambda i: (bids[i][0], -bids[i][2]))
        won[best] += 1
        price = bids[best][0]
    return price, won


def test_auction__whole_life__uniform_price_and_refunds(duties: Duties) -> None:
    it = duties
    number = open_auction(it)
    wishes = [
        Wish("emitter", 9_000, 60, extra=7),
        Wish("trader", 8_000, 30),
        Wish("other_emitter", 7_000, 50),
        Wish("emitter", 6_000, 10),
    ]
    bids = bid_all(it, number, wishes)
    draw(it, number)
    assert it.auction.rank(number, in_order(it, bids), sender=it.outsider())
    state = it.auction.auction(number)
    assert (state.clearing_tick, state.sold_lots, state.status) == (7_000, 100, 4)
    assert [it.auction.bid(bid).won_lots for bid in bids] == [60, 30, 10, 0]
    before = it.money.balanceOf(it.emitter.holder)
    for bid in bids:
        it.auction.settle_bid(bid, sender=it.outsider())
    paid = 60 * 7_000 * PER_TICK
    refunds = wishes[0].lots * 9_000 * PER_TICK + 7 - paid + 10 * 6_000 * PER_TICK
    assert it.money.balanceOf(it.emitter.holder) == before + refunds
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 60 * TONNE
    it.auction.pay_out(number, sender=it.outsider())
    assert it.money.balanceOf(it.regulator.holder) == 100 * 7_000 * PER_TICK
    assert it.money.balanceOf(it.auction) == 0
    assert it.ledger.balanceOf(it.auction, CEA24) == 0
    with boa.reverts("one_way_auction: nothing to pay out"):
        it.auction.pay_out(number)
    with boa.reverts("one_way_auction: bid settled already"):
        it.auction.settle_bid(bids[0])


def test_settle_bid__suspended_winner__gets_its_units_and_refund(duties: Duties) -> None:
    it = duties
    number = open_auction(it)
    bids = bid_all(it, number, [Wish("emitter", 9_000, 100, extra=5)])
    it.suspend(it.emitter)
    draw(it, number)
    it.auction.rank(number, bids)
    it.auction.settle_bid(bids[0])
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 100 * TONNE


# --- phases ---


def test_commit__at_the_edges__only_from_opening_to_the_end(duties: Duties) -> None:
    it = duties
    number = open_auction(it)
    wish = Wish("emitter", 6_000, 10)
    boa.env.timestamp = OPENS - 1
    with boa.reverts("one_way_auction: not open"):
        commit(it, number, wish)
    boa.env.timestamp = OPENS
    commit(it, number, wish, 1)
    boa.env.timestamp = COMMITS
    commit(it, number, wish, 2)
    boa.env.timestamp = COMMITS + 1
    with boa.reverts("one_way_auction: commit phase over"):
        commit(it, number, wish, 3)
    assert it.auction.auction(number).bid_count == 2


def test_reveal__at_the_edges__only_after_the_last_commitment(duties: Duties) -> None:
    it = duties
    number = open_auction(it)
    wish = Wish("emitter", 6_000, 10)
    one, two, three = (commit(it, number, wish, index) for index in range(3))
    boa.env.timestamp = COMMITS
    with boa.reverts("one_way_auction: commit phase not over"):
        reveal(it, one, wish, 0)
    boa.env.timestamp = COMMITS + 1
    reveal(it, one, wish, 0)
    boa.env.timestamp = REVEALS
    reveal(it, two, wish, 1)
    with boa.reverts("one_way_auction: reveal phase not over"):
        it.auction.close_bidding(number)
    with boa.reverts("one_way_auction: reveal phase not over"):
        it.auction.settle_bid(three)
    boa.env.timestamp = REVEALS + 1
    with boa.reverts("one_way_auction: reveal phase over"):
        reveal(it, three, wish, 2)
    assert it.auction.auction(number).revealed_lots == 20


@pytest.mark.parametrize(
    ("wish", "shown", "deposit", "reason"),
    [
        (Wish("emitter", 6_000, 10), Wish("emitter", 6_001, 10), None, "not what was committed"),
        (Wish("emitter", 6_000, 10), Wish("emitter", 6_000, 11), None, "not what was committed"),
        (Wish("emitter", 6_000, 10), Wish("trader", 6_000, 10), None, "not your bid"),
        (Wish("emitter", 4_999, 10), None, None, "below the reserve price"),
        (Wish("emitter", 2**24, 10), None, 10**18, "price out of range"),
        (Wish("emitter", 6_000, 0), None, 1, "lots out of range"),
        (Wish("emitter", 6_000, 1_001), None, None, "lots out of range"),
        (Wish("emitter", 6_000, 10), None, 10 * 6_000 * PER_TICK - 1, "deposit too small"),
    ],
)
def test_reveal__not_as_committed_or_against_the_terms__is_refused_and_forfeits(
    duties: Duties, wish: Wish, shown: Wish | None, deposit: int | None, reason: str
) -> None:
    it = duties
    number = open_auction(it)
    if deposit == 10**18:
        it.fund(it.emitter, 10**18)
    bid = commit(it, number, wish, deposit=deposit)
    locked = it.auction.bid(bid).deposit
    boa.env.timestamp = COMMITS + 1
    with boa.reverts(f"one_way_auction: {reason}"):
        reveal(it, bid, shown or wish)
    boa.env.timestamp = REVEALS + 1
    it.auction.settle_bid(bid, sender=it.outsider())
    assert it.auction.bid(bid).status == 4
    assert it.auction.proceeds(number) == locked
    with boa.reverts("one_way_auction: bid settled already"):
        it.auction.settle_bid(bid)


def test_commit__copied_before_its_owner_was_heard__blocks_nobody(duties: Duties) -> None:
    """Who sees a commitment in the pool cannot use it up: it is counted by organisation."""
    it = duties
    number = open_auction(it)
    sealed = it.auction.commitment_of(number, it.emitter.org_id, 6_000, 10, salt(0))
    it.auction.commit(number, sealed, 1, sender=it.trader.account)
    bid = it.auction.commit(number, sealed, 10 * 6_000 * PER_TICK, sender=it.emitter.account)
    boa.env.timestamp = it.auction.terms(number).commits_until + 1
    with boa.reverts("one_way_auction: not your bid"):
        it.auction.reveal(bid, 6_000, 10, salt(0), sender=it.trader.account)
    with boa.reverts("one_way_auction: not what was committed"):
        it.auction.reveal(bid - 1, 6_000, 10, salt(0), sender=it.trader.account)
    it.auction.reveal(bid, 6_000, 10, salt(0), sender=it.emitter.account)
    assert it.auction.bid(bid).lots == 10


def test_commit__commitment_twice_or_no_money_or_no_role__is_refused(duties: Duties) -> None:
    it = duties
    number = open_auction(it)
    wish = Wish("emitter", 6_000, 10)
    commit(it, number, wish)
    sealed = it.auction.commitment_of(number, it.emitter.org_id, 6_000, 10, salt(0))
    with boa.reverts("one_way_auction: commitment used"):
        it.auction.commit(number, sealed, YUAN, sender=it.emitter.account)
    with boa.reverts("one_way_auction: no deposit"):
        it.auction.commit(number, salt(9), 0, sender=it.trader.account)
    with boa.reverts("member_guard: role missing"):
        it.auction.commit(number, salt(9), YUAN, sender=it.verifier.account)
    with boa.reverts("member_guard: not an active member"):
        it.auction.commit(number, salt(9), YUAN, sender=it.suspended.account)
    with boa.reverts("one_way_auction: not open"):
        it.auction.commit(number + 1, salt(9), YUAN, sender=it.trader.account)
    assert it.auction.bid_count() == 1


# --- announcing and funding ---


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"offered_lots": 0}, "one_way_auction: lots out of range"),
        ({"offered_lots": 2**32}, "one_way_auction: lots out of range"),
        ({"max_bid_lots": 0}, "one_way_auction: lots out of range"),
        ({"reserve_tick": 0}, "one_way_auction: price out of range"),
        ({"reserve_tick": 2**24}, "one_way_auction: price out of range"),
        ({"opens_at": START_OF_2025}, "one_way_auction: opens in the past"),
        ({"commits_until": OPENS}, "one_way_auction: phases out of order"),
        ({"reveals_until": COMMITS}, "one_way_auction: phases out of order"),
        ({"instrument": credit_token(1, 2024)}, "one_way_auction: not an allowance"),
        ({"instrument": 7}, "instrument: unknown kind"),
    ],
)
def test_announce__bad_terms__are_refused(duties: Duties, changes, reason: str) -> None:
    boa.env.timestamp = START_OF_2025
    with boa.reverts(reason):
        announce(duties, **changes)
    with boa.reverts("member_guard: role missing"):
        duties.auction.announce(terms(), sender=duties.exchange.account)
    assert duties.auction.auction_count() == 0


def test_fund__wrong_units_amount_owner_or_time__is_refused(duties: Duties) -> None:
    it = duties
    it.set_cap(10**12)
    it.allocation.set_aside(21, 2024, 1_000 * TONNE, DOCUMENT, sender=it.regulator.account)
    it.allocate(it.emitter, 200 * TONNE)
    number = announce(it)
    with refused_with("one_way_auction: not from the seller"):
        it.ledger.safeTransferFrom(
            it.emitter.holder,
            it.auction.address,
            CEA24,
            100 * TONNE,
            number.to_bytes(32, "big"),
            sender=it.emitter.account,
        )
    with refused_with("one_way_auction: wrong amount"):
        bring_units(it, number, 99)
    with refused_with("one_way_auction: not awaiting units"):
        bring_units(it, number + 1, 100)
    with boa.reverts("one_way_auction: not the ledger"):
        it.auction.onERC1155Received(
            it.regulator.account,
            it.regulator.holder,
            CEA24,
            100 * TONNE,
            number.to_bytes(32, "big"),
            sender=it.regulator.account,
        )
    boa.env.timestamp = OPENS
    with refused_with("one_way_auction: too late"):
        bring_units(it, number, 100)
    assert it.ledger.balanceOf(it.auction, CEA24) == 0
    boa.env.timestamp = OPENS - 1
    bring_units(it, number, 100)
    with refused_with("one_way_auction: not awaiting units"):
        bring_units(it, number, 100)
    assert it.auction.auction(number).status == 2


# --- cancelled and partly sold ---


@pytest.mark.parametrize("lots", [0, 99, 100])
def test_close_bidding__fewer_wanted_than_offered__is_cancelled(duties: Duties, lots: int) -> None:
    it = duties
    number = open_auction(it)
    bids = bid_all(it, number, [Wish("emitter", 6_000, lots)] if lots else [])
    money = it.money.balanceOf(it.emitter.holder)
    it.auction.close_bidding(number)
    if lots == 100:
        assert it.auction.auction(number).status == 2
        return
    assert it.auction.auction(number).status == 5
    with boa.reverts("one_way_auction: not open"):
        it.auction.draw(number)
    for bid in bids:
        it.auction.settle_bid(bid)
    it.auction.pay_out(number)
    assert it.ledger.holding(it.regulator.org_id, CEA24) == 1_000 * TONNE
    assert it.money.balanceOf(it.auction) == 0
    assert it.money.balanceOf(it.emitter.holder) == money + lots * 6_000 * PER_TICK


def test_close_bidding__rules_allow_a_part__sells_it_at_the_lowest_bid(duties: Duties) -> None:
    it = duties
    number = open_auction(it, cancel_if_undersubscribed=False)
    bids = bid_all(it, number, [Wish("emitter", 6_000, 40), Wish("trader", 5_500, 20)])
    draw(it, number)
    it.auction.rank(number, in_order(it, bids))
    state = it.auction.auction(number)
    assert (state.clearing_tick, state.sold_lots) == (5_500, 60)
    for bid in bids:
        it.auction.settle_bid(bid)
    it.auction.pay_out(number)
    assert it.ledger.balanceOf(it.auction, CEA24) == 0
    assert it.money.balanceOf(it.auction) == 0


# --- the draw ---


def test_draw__before_its_block_or_too_late__is_refused(duties: Duties) -> None:
    it = duties
    number = open_auction(it)
    bid_all(it, number, [Wish("emitter", 6_000, 100)])
    with boa.reverts("one_way_auction: no draw set"):
        it.auction.draw(number)
    it.auction.close_bidding(number)
    at = it.auction.auction(number).draw_block
    with boa.reverts("one_way_auction: draw set already"):
        it.auction.close_bidding(number)
    boa.env.time_travel(blocks=at - boa.env.evm.patch.block_number)
    with boa.reverts("one_way_auction: block not mined yet"):
        it.auction.draw(number)
    boa.env.time_travel(blocks=256)
    with boa.reverts("one_way_auction: draw missed"):
        it.auction.draw(number)
    it.auction.close_bidding(number)
    assert it.auction.auction(number).draw_block > at
    boa.env.time_travel(blocks=3)
    it.auction.draw(number)
    with boa.reverts("one_way_auction: not open"):
        it.auction.draw(number)


# --- ranking ---


@pytest.fixture
def drawn(duties: Duties) -> tuple[Duties, int, list[int]]:
    it = duties
    number = open_auction(it)
    wishes = [Wish("emitter", 6_000 + step, 20) for step in (3, 1, 2, 1, 1, 0)]
    bids = bid_all(it, number, wishes)
    draw(it, number)
    return it, number, in_order(it, bids)


def test_rank__out_of_order_repeated_or_foreign__is_refused(drawn) -> None:
    it, number, order = drawn
    for wrong in ([order[1], order[0]], [order[0], order[0]]):
        with boa.reverts("one_way_auction: bids out of order"):
            it.auction.rank(number, wrong)
    with boa.reverts("one_way_auction: bid of another auction"):
        it.auction.rank(number, [99])
    assert it.auction.auction(number).cleared_count == 0
    it.auction.rank(number, order[:2])
    with boa.reverts("one_way_auction: bids out of order"):
        it.auction.rank(number, [order[0]])


def test_rank__a_bid_left_out__never_finishes(drawn) -> None:
    it, number, order = drawn
    assert not it.auction.rank(number, order[1:])
    with boa.reverts("one_way_auction: not cleared yet"):
        it.auction.settle_bid(order[1])
    with boa.reverts("one_way_auction: bids out of order"):
        it.auction.rank(number, [order[0]])


def test_rank__ties__are_ordered_by_the_draw_alone(drawn) -> None:
    it, number, order = drawn
    it.auction.rank(number, order)
    ticks = [it.auction.bid(bid).tick for bid in order]
    assert ticks == sorted(ticks, reverse=True)
    assert [it.auction.bid(bid).won_lots for bid in order] == [20, 20, 20, 20, 20, 0]


def test_restart_ranking__a_bid_was_left_out__begins_anew(drawn) -> None:
    """A wrong first step must not lock the auction: a caller who skips the best bid would."""
    it, number, order = drawn
    with boa.env.anchor():
        it.auction.rank(number, order[1:2])
        assert not it.auction.rank(number, order[2:])
        for ranked in (order[1], order[2]):
            with boa.reverts("one_way_auction: bid not skipped"):
                it.auction.restart_ranking(number, ranked)
        it.auction.restart_ranking(number, order[0], sender=it.outsider())
        assert it.auction.rank(number, order)
        assert [it.auction.bid(bid).won_lots for bid in order] == [20, 20, 20, 20, 20, 0]
        with boa.reverts("one_way_auction: not in clearing"):
            it.auction.restart_ranking(number, order[0])
    with boa.reverts("one_way_auction: bid not skipped"):
        it.auction.restart_ranking(number, order[0])
    assert it.auction.rank(number, order)


wishes_lists = st.lists(
    st.builds(
        Wish,
        st.sampled_from(["emitter", "other_emitter", "trader"]),
        st.sampled_from([5_000, 5_001, 5_002, 6_000]),
        st.integers(1, 40),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15)
@given(wishes_lists, st.integers(1, 100), st.integers(1, 12))
def test_rank__random_bids_and_cuts__equals_brute_force(
    duties: Duties, wishes: list[Wish], offered: int, cut: int
) -> None:
    with boa.env.anchor():
        it = duties
        number = open_auction(it, offered_lots=offered, cancel_if_undersubscribed=False)
        bids = bid_all(it, number, wishes)
        locked = it.money.balanceOf(it.auction)
        draw(it, number)
        order = in_order(it, bids)
        for start in range(0, len(order), cut):
            done = it.auction.rank(number, order[start : start + cut])
        assert done
        places = [it.auction.rank_of(bid) for bid in bids]
        price, won = brute_force(
            [(w.tick, w.lots, p) for w, p in zip(wishes, places, strict=True)], offered
        )
        state = it.auction.auction(number)
        assert (state.clearing_tick, state.sold_lots) == (price, sum(won.values()))
        assert [it.auction.bid(bid).won_lots for bid in bids] == list(won.values())
        for bid in bids:
            it.auction.settle_bid(bid)
        it.auction.pay_out(number)
        assert it.money.balanceOf(it.auction) == 0
        assert it.ledger.balanceOf(it.auction, CEA24) == 0
        assert (
            it.money.balanceOf(it.regulator.holder) == state.sold_lots * price * PER_TICK <= locked
        )
        assert it.ledger.holding(it.regulator.org_id, CEA24) == (1_000 - state.sold_lots) * TONNE


def test_units__without_an_auction__are_refused(duties: Duties) -> None:
    it = duties
    it.allocate(it.emitter, 200 * TONNE)
    with refused_with("one_way_auction: units for no auction"):
        it.ledger.safeTransferFrom(
            it.emitter.holder, it.auction.address, CEA24, TONNE, b"", sender=it.emitter.account
        )
    assert it.ledger.balanceOf(it.auction, vintage(2024)) == 0
