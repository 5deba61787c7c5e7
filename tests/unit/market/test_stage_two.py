"""Stage two, cancels and amendments: the contract beside a naive price-time book."""

import random

import boa
import pytest

from harness.market import HOUR, LOT, REFERENCE, RICH, TICK, Market
from tanlian.domain import market_events
from tanlian.domain.continuous import Book
from tanlian.domain.market_events import Kind


def limit(market: Market, member, buy: bool, tick: int, lots: int, makers: int = 100):
    return market.contract.trade_limit(
        market.session, buy, tick * TICK, lots * LOT, makers, sender=member.account
    )


def at_market(market: Market, member, buy: bool, lots: int, makers: int = 100) -> int:
    return market.contract.trade_market(
        market.session, buy, lots * LOT, makers, sender=member.account
    )


@pytest.mark.parametrize(("seed", "bounded"), [(1, False), (2, False), (3, True), (4, True)])
def test_stage_two__random_flow__equals_the_naive_book(market, seed, bounded):
    """Without cancels the bound counts exactly the makers met; with them also orders that are gone."""
    draw = random.Random(seed)
    market.to_continuous()
    book = Book()
    accounts = {
        market.members[n].org_id: market.members[n] for n in ("emitter", "trader", "other_emitter")
    }
    standing: dict[int, int] = {}
    seen = {"bound": 0, "rest": 0, "return": 0, "cancel": 0, "reduce": 0}
    for _ in range(200):
        mine = list(book.standing)
        act = 1 if bounded else draw.random()
        if mine and act < 0.15:
            key = draw.choice(mine)
            market.contract.cancel(key, sender=accounts[standing[key]].account)
            book.reduce(key, 0)
            seen["cancel"] += 1
            continue
        if mine and act < 0.25:
            order = book.standing[draw.choice(mine)]
            if order.lots > 1:
                less = draw.randint(1, order.lots - 1)
                same = market.contract.amend(
                    order.key,
                    order.tick * TICK,
                    less * LOT,
                    sender=accounts[order.organisation].account,
                )
                assert same == order.key
                book.reduce(order.key, less)
                seen["reduce"] += 1
            continue
        member = draw.choice(list(accounts.values()))
        sides = {o.buy for o in book.standing.values() if o.organisation == member.org_id}
        buy = sides.pop() if sides else draw.random() < 0.5
        if bounded and member is not market.other_emitter:
            buy = member is market.emitter
        tick = REFERENCE + draw.randint(-4, 4)
        lots = draw.choice((2, draw.randint(1, 30), 90))
        makers = draw.choice((1, 1, 2)) if bounded else 1_000
        keep = draw.random() < 0.7
        if bounded:
            keep = member is not market.other_emitter
        if keep:
            order_id, traded = limit(market, member, buy, tick, lots, makers)
        else:
            tick = 6_600 if buy else 5_400
            order_id, traded = 0, at_market(market, member, buy, lots, makers)
        fills, placed, returned = (
            market.fills(),
            market.placed(),
            market.events("RemainderReturned"),
        )
        outcome = book.incoming(buy, tick, lots, keep=keep, makers=makers)
        assert traded == sum(t.lots for t in outcome.taken)
        got = []
        for fill in fills:
            assert fill.kind is (Kind.BUYER_TOOK if buy else Kind.SELLER_TOOK)
            maker_tick = fill.ask_tick if buy else fill.bid_tick
            position = fill.ask_position if buy else fill.bid_position
            assert fill.half_ticks == 2 * maker_tick
            taker = fill.buyer if buy else fill.seller
            assert taker == member.org_id
            key = market_events.OrderRecord(0, not buy, maker_tick, position, 0).order_id(
                market.session
            )
            got.append((key, fill.seller if buy else fill.buyer, maker_tick, fill.lots))
        assert got == [(t.maker, t.organisation, t.tick, t.lots) for t in outcome.taken]
        assert bool(placed) == bool(outcome.rests)
        if outcome.rests:
            assert placed[0].lots == outcome.rests
            assert placed[0].order_id(market.session) == order_id
            book.rest(order_id, member.org_id, buy, tick, outcome.rests)
            standing[order_id] = member.org_id
            seen["rest"] += 1
        if outcome.returned:
            assert returned[0].lots == outcome.returned
            seen["return"] += 1
            seen["bound"] += returned[0].bound_hit
    for key, order in book.standing.items():
        assert market.contract.order(key).lots == order.lots
    if bounded:
        bid, ask = book.best(True), book.best(False)
        best = (bid.tick if bid else 0, ask.tick if ask else 0)
        assert market.contract.best_ticks(market.session) == best
    reached = ("rest", "return", "bound") if bounded else ("rest", "return", "cancel", "reduce")
    assert all(seen[name] for name in reached), seen


def test_stage_two__before_clearing__not_trading_continuously(market):
    market.ask(market.trader, REFERENCE, 3)
    with market.unchanged(), boa.reverts("carbon_market: not trading continuously"):
        at_market(market, market.emitter, True, 1)
    with market.unchanged(), boa.reverts("carbon_market: not trading continuously"):
        limit(market, market.emitter, True, REFERENCE, 1)
    market.to_continuous()
    assert at_market(market, market.emitter, True, 1) == 1
    assert limit(market, market.emitter, True, REFERENCE, 1) == (0, 1)


@pytest.mark.parametrize("makers", [0, 1_001, 2**256 - 1])
def test_stage_two__bound_out_of_range__refused(market, makers):
    market.to_continuous()
    with market.unchanged(), boa.reverts("carbon_market: number of makers out of range"):
        at_market(market, market.emitter, True, 1, makers)


def test_trade_limit__bound_hit_while_prices_cross__remainder_returned(market):
    for _ in range(3):
        market.ask(market.trader, REFERENCE, 1)
    market.to_continuous()
    assert limit(market, market.emitter, True, REFERENCE, 10, 2) == (0, 2)
    (returned,) = market.events("RemainderReturned")
    assert (returned.lots, returned.bound_hit) == (8, True)
    assert market.account(market.emitter).money_free == RICH - 2 * REFERENCE * TICK
    assert market.account(market.emitter).open_buy_lots == 0
    assert market.contract.best_ticks(market.session) == (0, REFERENCE)


def test_trade_market__book_too_thin__remainder_returned_and_nothing_stands(market):
    market.ask(market.trader, REFERENCE + 7, 4)
    market.to_continuous()
    assert at_market(market, market.emitter, True, 10) == 4
    (returned,) = market.events("RemainderReturned")
    assert (returned.lots, returned.bound_hit) == (6, False)
    account = market.account(market.emitter)
    assert account.money_free == RICH - 4 * (REFERENCE + 7) * TICK
    assert account.open_buy_lots == 0
    assert market.contract.best_ticks(market.session) == (0, 0)


def test_trade_market__cover_at_the_upper_band__to_the_micro_yuan(fresh):
    fresh.fund(fresh.trader, RICH, 100)
    fresh.fund(fresh.emitter, 10 * 6_600 * TICK)
    fresh.announce()
    fresh.ask(fresh.trader, 5_400, 50)
    fresh.to_continuous()
    with fresh.unchanged(), boa.reverts("carbon_market: not enough free money"):
        at_market(fresh, fresh.emitter, True, 11)
    assert at_market(fresh, fresh.emitter, True, 10) == 10
    assert fresh.account(fresh.emitter).money_free == 10 * (6_600 - 5_400) * TICK


def test_cancel__own_order__lock_returns(market):
    order_id = market.bid(market.emitter, REFERENCE, 9)
    market.contract.cancel(order_id, sender=market.emitter.account)
    (cancelled,) = market.events("OrderCancelled")
    assert market_events.record(cancelled.record).lots == 9
    assert market.account(market.emitter).money_free == RICH
    assert market.account(market.emitter).open_buy_lots == 0
    assert market.contract.best_ticks(market.session) == (0, 0)
    with market.unchanged(), boa.reverts("carbon_market: order does not stand"):
        market.contract.cancel(order_id, sender=market.emitter.account)


def test_cancel__of_another_or_unknown__refused(market):
    order_id = market.bid(market.emitter, REFERENCE, 9)
    with market.unchanged(), boa.reverts("carbon_market: not your order"):
        market.contract.cancel(order_id, sender=market.trader.account)
    with market.unchanged(), boa.reverts("member_guard: not a member"):
        market.contract.cancel(order_id, sender=market.outsider())
    for wrong in (order_id + 1, order_id ^ 1 << 42, order_id + (1 << 22), order_id | 2**21):
        with market.unchanged(), boa.reverts("carbon_market: order does not stand"):
            market.contract.cancel(wrong, sender=market.emitter.account)
    with market.unchanged(), boa.reverts("carbon_market: no such live session"):
        market.contract.cancel(order_id + (1 << 43), sender=market.emitter.account)


def test_cancel__cut_off_clearing_and_after__only_where_the_clock_allows(market):
    first = market.bid(market.emitter, REFERENCE, 1)
    second = market.bid(market.emitter, REFERENCE, 2)
    third = market.bid(market.emitter, REFERENCE, 3)
    boa.env.timestamp = market.sessions.terms(market.session).cancels_until - 1
    market.contract.cancel(first, sender=market.emitter.account)
    market.to_cut_off()
    with market.unchanged(), boa.reverts("carbon_market: quotes can only be added now"):
        market.contract.cancel(second, sender=market.emitter.account)
    with market.unchanged(), boa.reverts("carbon_market: quotes can only be added now"):
        market.contract.amend(second, REFERENCE * TICK, LOT, sender=market.emitter.account)
    market.bid(market.emitter, REFERENCE, 4)
    market.to_clearing()
    with market.unchanged(), boa.reverts("carbon_market: clearing is not finished"):
        market.contract.cancel(second, sender=market.emitter.account)
    market.clear()
    market.contract.cancel(second, sender=market.emitter.account)
    market.to_close()
    market.contract.cancel(third, sender=market.emitter.account)
    assert market.account(market.emitter).open_buy_lots == 4


def test_amend__smaller_quantity__keeps_its_place(market):
    first = market.bid(market.emitter, REFERENCE, 9)
    market.bid(market.other_emitter, REFERENCE, 9)
    assert (
        market.contract.amend(first, REFERENCE * TICK, 4 * LOT, sender=market.emitter.account)
        == first
    )
    (reduced,) = market.events("OrderReduced")
    assert (market_events.record(reduced.record).lots, reduced.lots_before) == (4, 9)
    assert market.account(market.emitter).money_free == RICH - 4 * REFERENCE * TICK
    market.ask(market.trader, REFERENCE, 5)
    market.to_clearing()
    market.clear()
    assert [(f.buyer, f.lots) for f in market.fills()] == [
        (market.emitter.org_id, 4),
        (market.other_emitter.org_id, 1),
    ]


@pytest.mark.parametrize(("tick", "lots"), [(REFERENCE, 9), (REFERENCE, 10), (REFERENCE - 1, 1)])
def test_amend__anything_else__loses_its_place(market, tick, lots):
    first = market.bid(market.emitter, REFERENCE, 9)
    market.bid(market.other_emitter, REFERENCE, 9)
    after = market.contract.amend(first, tick * TICK, lots * LOT, sender=market.emitter.account)
    assert after != first
    assert market.contract.order(first).lots == 0
    market.ask(market.trader, REFERENCE - 1, 10)
    market.to_clearing()
    market.clear()
    assert market.fills()[0].buyer == market.other_emitter.org_id


def test_amend__refused_new_order__old_one_stands(market):
    order_id = market.bid(market.emitter, REFERENCE, 9)
    for price, kilograms, sentence in (
        (9_999 * TICK, LOT, "price outside the band"),
        (REFERENCE * TICK + 5, LOT, "price off tick"),
        (REFERENCE * TICK, 0, "not a positive number of lots"),
        (REFERENCE * TICK, 2**28 * LOT, "quantity above the limit"),
    ):
        with market.unchanged(), boa.reverts(f"carbon_market: {sentence}"):
            market.contract.amend(order_id, price, kilograms, sender=market.emitter.account)
    with market.unchanged(), boa.reverts("carbon_market: not your order"):
        market.contract.amend(order_id, REFERENCE * TICK, LOT, sender=market.trader.account)


def test_amend__stage_two_to_a_crossing_price__trades(market):
    order_id = market.bid(market.emitter, REFERENCE - 5, 9)
    market.ask(market.trader, REFERENCE, 4)
    market.to_continuous()
    after = market.contract.amend(
        order_id, (REFERENCE + 1) * TICK, 9 * LOT, sender=market.emitter.account
    )
    (fill,) = market.fills()
    assert (fill.lots, fill.half_ticks) == (4, 2 * REFERENCE)
    assert market.contract.order(after).lots == 5


def test_pause__stops_orders_and_trades__never_cancels_payments_withdrawals(market):
    order_id = market.bid(market.emitter, REFERENCE, 9)
    for actor in (market.exchange, market.emitter):
        with market.unchanged(), boa.reverts("member_guard: role missing"):
            market.sessions.pause_session(market.session, bytes(32), sender=actor.account)
    market.sessions.pause_session(market.session, b"\1" * 32, sender=market.regulator.account)
    with boa.reverts("trading_sessions: already paused"):
        market.sessions.pause_session(market.session, bytes(32), sender=market.regulator.account)
    with market.unchanged(), boa.reverts("carbon_market: session is paused"):
        market.bid(market.emitter, REFERENCE, 1)
    with market.unchanged(), boa.reverts("carbon_market: session is paused"):
        market.contract.amend(order_id, REFERENCE * TICK, LOT, sender=market.emitter.account)
    market.contract.cancel(order_id, sender=market.emitter.account)
    market.contract.withdraw_money(market.instrument, 5, sender=market.emitter.account)
    market.contract.withdraw_units(market.instrument, LOT, sender=market.emitter.account)
    market.to_clearing()
    with market.unchanged(), boa.reverts("carbon_market: session is paused"):
        market.clear()
    with boa.reverts("member_guard: role missing"):
        market.sessions.resume_session(market.session, sender=market.exchange.account)
    market.sessions.resume_session(market.session, sender=market.regulator.account)
    with boa.reverts("trading_sessions: not paused"):
        market.sessions.resume_session(market.session, sender=market.regulator.account)
    assert market.clear() is True


def test_close__paused_and_never_cleared__everything_released(market):
    market.bid(market.emitter, REFERENCE + 9, 9)
    market.ask(market.trader, REFERENCE, 9)
    market.sessions.pause_session(market.session, bytes(32), sender=market.regulator.account)
    with market.unchanged(), boa.reverts("carbon_market: not closing yet"):
        market.close()
    boa.env.timestamp = market.sessions.terms(market.session).closes_at - 1
    with market.unchanged(), boa.reverts("carbon_market: not closing yet"):
        market.close()
    market.to_close()
    assert market.close(1) is False
    assert market.close() is True
    assert market.account(market.emitter).money_free == RICH
    assert market.contract.closing_tick(market.instrument) == REFERENCE
    with boa.reverts("carbon_market: no such live session"):
        market.close()


def test_order_id_of_a_closed_session__means_nothing_in_the_next(market):
    old = market.bid(market.emitter, REFERENCE, 9)
    market.to_close()
    market.close()
    boa.env.timestamp += HOUR
    market.announce()
    new = market.bid(market.emitter, REFERENCE, 3)
    assert new != old
    assert market.contract.order(old).lots == 0
    with market.unchanged(), boa.reverts("carbon_market: no such live session"):
        market.contract.cancel(old, sender=market.emitter.account)
    assert market.contract.order(new).lots == 3


def test_sessions__sixteen_apart_share_an_epoch__orders_stay_their_own(market):
    for number in range(18):
        order_id = market.bid(market.emitter, REFERENCE, 9)
        market.bid(market.other_emitter, REFERENCE, 1)
        assert market.contract.order(order_id).lots == 9, number
        market.ask(market.trader, REFERENCE, 10)
        market.to_clearing()
        market.clear()
        assert [f.lots for f in market.fills()] == [9, 1]
        market.to_close()
        market.close()
        boa.env.timestamp += HOUR
        market.announce()


def test_trade__level_of_cancelled_orders_only__passed_over_in_bounded_steps(market):
    ids = [market.ask(market.trader, REFERENCE, 1) for _ in range(6)]
    for order_id in reversed(ids):
        market.contract.cancel(order_id, sender=market.trader.account)
    market.ask(market.other_emitter, REFERENCE + 1, 5)
    market.to_continuous()
    assert limit(market, market.emitter, True, REFERENCE + 1, 5, 2) == (0, 0)
    (returned,) = market.events("RemainderReturned")
    assert (returned.lots, returned.bound_hit) == (5, True)
    total = 0
    for _ in range(4):
        total += limit(market, market.emitter, True, REFERENCE + 1, 5 - total, 2)[1]
        if total == 5:
            break
    assert total == 5
