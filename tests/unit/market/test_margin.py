"""Margin below 100 %: what is held, paid, and what happens on default."""

import boa
import pytest

from harness.market import HOUR, LOT, REFERENCE, RICH, TICK, Market

MARGIN = 1_500  # basis points
DAY = 24 * HOUR


@pytest.fixture
def margined(fresh: Market) -> Market:
    for name in ("emitter", "other_emitter", "trader"):
        fresh.fund(fresh.members[name], RICH, 1_000)
    fresh.announce(margin_bps=MARGIN)
    return fresh


def obligation(market: Market, number: int):
    return market.settlement.obligation(number)


def trade(market: Market, lots: int = 7, bid: int = REFERENCE + 1, ask: int = REFERENCE) -> int:
    """One auction fill of emitter from trader: the number of what is owed."""
    market.bid(market.emitter, bid, lots)
    market.ask(market.trader, ask, lots)
    market.to_clearing()
    market.clear()
    (fill,) = market.fills()
    return fill.obligation


def test_bid__margin__locks_its_part_only(margined):
    margined.bid(margined.emitter, REFERENCE, 7)
    assert margined.account(margined.emitter).money_free == RICH - 7 * REFERENCE * MARGIN


def test_fill__margin__held_and_the_rest_owed(margined):
    number = trade(margined)
    half_ticks = 2 * REFERENCE + 1
    price = 7 * half_ticks * 5_000
    margin = -(-7 * half_ticks * MARGIN // 2)
    owed = obligation(margined, number)
    assert (owed.status, owed.buyer, owed.seller) == (
        1,
        margined.emitter.org_id,
        margined.trader.org_id,
    )
    assert (owed.lots, owed.margin, owed.rest) == (7, margin, price - margin)
    assert owed.instrument == margined.instrument
    assert owed.due_at == margined.sessions.terms(margined.session).pay_by
    buyer, seller = margined.account(margined.emitter), margined.account(margined.trader)
    assert buyer.money_free == RICH - margin
    assert (buyer.lots_free, buyer.lots_awaiting_payment, buyer.open_buy_lots) == (1_000, 7, 0)
    assert (seller.money_free, seller.lots_free, seller.open_sell_lots) == (RICH, 993, 0)


@pytest.mark.parametrize("bps", [1, 3, 9_999])
def test_fill__margin_that_halves_a_micro_yuan__rounded_up_for_the_seller(fresh, bps):
    fresh.fund(fresh.emitter, RICH, 10)
    fresh.fund(fresh.trader, RICH, 10)
    fresh.announce(margin_bps=bps)
    number = trade(fresh, 1)
    exact = (2 * REFERENCE + 1) * bps
    assert exact % 2 == 1
    assert obligation(fresh, number).margin == (exact + 1) // 2
    before = fresh.account(fresh.emitter).money_free + fresh.account(fresh.trader).money_free
    fresh.settlement.pay(number, sender=fresh.emitter.account)
    after = fresh.account(fresh.emitter).money_free + fresh.account(fresh.trader).money_free
    assert after == 2 * RICH
    assert before == 2 * RICH - (exact + 1) // 2


def test_pay__in_time__delivers(margined):
    number = trade(margined)
    price = 7 * (2 * REFERENCE + 1) * 5_000
    with margined.unchanged(), boa.reverts("margin_settlement: not your debt"):
        margined.settlement.pay(number, sender=margined.trader.account)
    with margined.unchanged(), boa.reverts("member_guard: not a member"):
        margined.settlement.pay(number, sender=margined.outsider())
    margined.settlement.pay(number, sender=margined.emitter.account)
    buyer, seller = margined.account(margined.emitter), margined.account(margined.trader)
    assert (buyer.money_free, buyer.lots_free) == (RICH - price, 1_007)
    assert (buyer.lots_awaiting_payment, buyer.lots_bought_today) == (0, 7)
    assert (seller.money_free, seller.lots_free) == (RICH + price, 993)
    assert obligation(margined, number).status == 2
    for act in (margined.settlement.pay, margined.settlement.declare_default):
        with margined.unchanged(), boa.reverts("margin_settlement: nothing owed"):
            act(number, sender=margined.emitter.account)


def test_pay__suspended_and_paused_and_after_the_close__still_possible(margined):
    number = trade(margined)
    margined.sessions.pause_session(margined.session, bytes(32), sender=margined.regulator.account)
    margined.suspend(margined.emitter)
    margined.to_close()
    margined.close()
    margined.settlement.pay(number, sender=margined.emitter.account)
    assert margined.account(margined.emitter).lots_free == 1_007


def test_pay__without_the_money__refused_until_it_is_there(fresh):
    fresh.fund(fresh.emitter, 8 * REFERENCE * MARGIN)
    fresh.fund(fresh.trader, 0, 10)
    fresh.announce(margin_bps=MARGIN)
    number = trade(fresh)
    with fresh.unchanged(), boa.reverts("carbon_market: not enough free money"):
        fresh.settlement.pay(number, sender=fresh.emitter.account)
    fresh.fund(fresh.emitter, 8 * REFERENCE * TICK)
    fresh.settlement.pay(number, sender=fresh.emitter.account)


def test_pay__on_a_later_day__units_are_not_bought_today(margined):
    number = trade(margined)
    boa.env.timestamp += 20 * HOUR
    margined.settlement.pay(number, sender=margined.emitter.account)
    assert margined.account(margined.emitter).lots_bought_today == 0


def test_default__only_after_the_deadline__margin_to_seller_units_back(margined):
    number = trade(margined)
    margin = obligation(margined, number).margin
    boa.env.timestamp = obligation(margined, number).due_at
    with margined.unchanged(), boa.reverts("margin_settlement: not yet past due"):
        margined.settlement.declare_default(number, sender=margined.outsider())
    boa.env.timestamp += 1
    margined.settlement.declare_default(number, sender=margined.outsider())
    buyer, seller = margined.account(margined.emitter), margined.account(margined.trader)
    assert (buyer.money_free, buyer.lots_free, buyer.lots_awaiting_payment) == (
        RICH - margin,
        1_000,
        0,
    )
    assert (seller.money_free, seller.lots_free) == (RICH + margin, 1_000)
    assert obligation(margined, number).status == 3
    assert margined.settlement.defaults_of(margined.emitter.org_id) == 1
    assert margined.settlement.defaults_of(margined.trader.org_id) == 0
    for act in (margined.settlement.pay, margined.settlement.declare_default):
        with margined.unchanged(), boa.reverts("margin_settlement: nothing owed"):
            act(number, sender=margined.emitter.account)


def test_debt_past_due__blocks_orders_of_every_instrument_until_settled(margined):
    number = trade(margined)
    margined.to_close()
    margined.close()
    boa.env.timestamp = obligation(margined, number).due_at
    margined.announce(margin_bps=MARGIN)
    assert not margined.contract.is_past_due(margined.emitter.org_id)
    order_id = margined.bid(margined.emitter, REFERENCE, 1)
    boa.env.timestamp += 1
    assert margined.contract.is_past_due(margined.emitter.org_id)
    for buy in (True, False):
        with margined.unchanged(), boa.reverts("carbon_market: debt past due"):
            margined.place(margined.emitter, buy, REFERENCE, 1)
    margined.contract.cancel(order_id, sender=margined.emitter.account)
    margined.bid(margined.trader, REFERENCE, 1)
    margined.settlement.pay(number, sender=margined.emitter.account)
    assert not margined.contract.is_past_due(margined.emitter.org_id)
    margined.bid(margined.emitter, REFERENCE, 1)


def test_position_limit__units_awaiting_payment_count(fresh):
    fresh.fund(fresh.emitter, RICH)
    fresh.fund(fresh.trader, RICH, 100)
    fresh.announce(margin_bps=MARGIN, position_limit_lots=10)
    trade(fresh)
    with fresh.unchanged(), boa.reverts("carbon_market: position limit exceeded"):
        fresh.bid(fresh.emitter, REFERENCE, 4)
    fresh.bid(fresh.emitter, REFERENCE, 3)


def test_trade__stage_two_on_margin__both_directions(margined):
    margined.to_continuous()
    margined.ask(margined.trader, REFERENCE, 5)
    margined.bid(margined.emitter, REFERENCE + 3, 8)
    (fill,) = margined.fills()
    first = obligation(margined, fill.obligation)
    assert (first.lots, first.margin) == (5, 5 * REFERENCE * MARGIN)
    assert first.margin + first.rest == 5 * REFERENCE * TICK
    margined.ask(margined.other_emitter, REFERENCE, 3)
    (fill,) = margined.fills()
    second = obligation(margined, fill.obligation)
    assert (second.buyer, second.seller) == (margined.emitter.org_id, margined.other_emitter.org_id)
    assert second.margin == 3 * (REFERENCE + 3) * MARGIN
    account = margined.account(margined.emitter)
    assert account.lots_awaiting_payment == 8
    assert account.money_free == RICH - first.margin - second.margin
    for number in (1, 2):
        margined.settlement.pay(number, sender=margined.emitter.account)
    assert margined.account(margined.emitter).lots_free == 1_008


def test_payment_dates__five_open_at_once__the_fifth_is_refused(margined):
    for number in range(5):
        if number:
            margined.to_close()
            margined.close()
            margined.announce(margin_bps=MARGIN, pay_by=boa.env.timestamp + (10 + number) * DAY)
        if number == 4:
            with margined.unchanged(), boa.reverts("carbon_market: too many payment dates"):
                margined.bid(margined.emitter, REFERENCE, 1)
            margined.bid(margined.other_emitter, REFERENCE, 1)
        else:
            margined.bid(margined.emitter, REFERENCE, 1)


def test_settlement_and_market__called_by_anybody_else__refused(margined):
    number = trade(margined)
    assert number == 1
    word = 1 << 203
    for sender in (margined.outsider(), margined.emitter.account, margined.regulator.account):
        with margined.unchanged(), boa.reverts("margin_settlement: not the market"):
            margined.settlement.owe(word, sender=sender)
        with margined.unchanged(), boa.reverts("carbon_market: caller is not wired for this"):
            margined.contract.discharge(word, True, sender=sender)
        with margined.unchanged(), boa.reverts("carbon_market: caller is not wired for this"):
            margined.contract.settle_block(margined.session, 1, 2, REFERENCE, 10, sender=sender)
        with margined.unchanged(), boa.reverts("carbon_market: caller is not wired for this"):
            margined.contract.set_paused(margined.session, True, sender=sender)
        with margined.unchanged(), boa.reverts("carbon_market: caller is not wired for this"):
            margined.contract.open_session(margined.instrument, 1, 0, 0, sender=sender)
        with margined.unchanged(), boa.reverts("carbon_market: caller is not wired for this"):
            margined.contract.list_instrument(5, sender=sender)
    assert LOT == 1_000
