"""What must hold before an organisation trades: each refusal beside its acceptance."""

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.market import HOUR, LOT, PLENTY, REFERENCE, RICH, TICK, Market, order_place
from tanlian.domain import market_events
from tanlian.domain.roles import Role

DAY = 24 * HOUR


def refused(market: Market, sentence: str):
    return boa.reverts(f"carbon_market: {sentence}")


@pytest.mark.parametrize(
    ("actor", "sentence"),
    [
        ("outsider", "not an active member"),
        ("suspended", "not an active member"),
        ("regulator", "role may not trade this side"),
        ("exchange", "role may not trade this side"),
        ("bank", "role may not trade this side"),
        ("verifier", "role may not trade this side"),
        ("observer", "role may not trade this side"),
        ("operator", "role may not trade this side"),
    ],
)
def test_place__actor_without_the_right__refused(market, actor, sentence):
    account = market.outsider() if actor == "outsider" else market.members[actor].account
    for buy in (True, False):
        with market.unchanged(), refused(market, sentence):
            market.contract.place(market.session, buy, REFERENCE * TICK, LOT, sender=account)


@pytest.mark.parametrize("name", ["emitter", "trader"])
@pytest.mark.parametrize("buy", [True, False])
def test_place__member_with_the_role__stands(market, name, buy):
    member = market.members[name]
    order_id = market.place(member, buy, REFERENCE, 7)
    (record,) = market.placed()
    assert record == (member.org_id, buy, REFERENCE, 0, 7)
    assert record.order_id(market.session) == order_id
    assert market.contract.order(order_id) == (member.org_id, buy, REFERENCE, 7)


def test_place__roles_differ_by_side__each_side_its_own(fresh):
    fresh.fund(fresh.trader, RICH, PLENTY)
    fresh.fund(fresh.emitter, RICH, PLENTY)
    fresh.announce(buy_roles=int(Role.TRADER), sell_roles=int(Role.EMITTER))
    fresh.bid(fresh.trader, REFERENCE - 1, 1)
    fresh.ask(fresh.emitter, REFERENCE + 1, 1)
    with fresh.unchanged(), refused(fresh, "role may not trade this side"):
        fresh.ask(fresh.trader, REFERENCE + 1, 1)
    with fresh.unchanged(), refused(fresh, "role may not trade this side"):
        fresh.bid(fresh.emitter, REFERENCE - 1, 1)


def test_place__sectors_restricted__only_those_named(fresh):
    steel = fresh.admit("steel works", Role.EMITTER, sector=2)
    unknown = fresh.admit("odd sector", Role.EMITTER, sector=128)
    for member in (steel, unknown, fresh.emitter):
        fresh.fund(member, RICH, PLENTY)
    fresh.announce(buy_sectors=1 << 2, sell_sectors=1 << 1)
    fresh.bid(steel, REFERENCE - 1, 1)
    fresh.ask(fresh.emitter, REFERENCE + 1, 1)
    for member, buy in ((steel, False), (fresh.emitter, True), (unknown, True), (unknown, False)):
        with fresh.unchanged(steel), refused(fresh, "sector may not trade this side"):
            fresh.place(member, buy, REFERENCE, 1)


def test_place__suspended_after_placing__no_new_order_but_cancel(market):
    order_id = market.bid(market.emitter, REFERENCE, 3)
    market.suspend(market.emitter)
    with market.unchanged(), refused(market, "not an active member"):
        market.bid(market.emitter, REFERENCE, 3)
    market.contract.cancel(order_id, sender=market.emitter.account)
    assert market.account(market.emitter).money_free == RICH


@pytest.mark.parametrize(
    ("price", "kilograms", "sentence"),
    [
        (REFERENCE * TICK + 1, LOT, "price off tick"),
        (REFERENCE * TICK - 1, LOT, "price off tick"),
        (0, LOT, "price outside the band"),
        ((5_400 - 1) * TICK, LOT, "price outside the band"),
        ((6_600 + 1) * TICK, LOT, "price outside the band"),
        (2**200 * TICK, LOT, "price outside the band"),
        (REFERENCE * TICK, 0, "not a positive number of lots"),
        (REFERENCE * TICK, 1, "not a positive number of lots"),
        (REFERENCE * TICK, LOT - 1, "not a positive number of lots"),
        (REFERENCE * TICK, LOT + 1, "not a positive number of lots"),
        (REFERENCE * TICK, (500 + 1) * LOT, "quantity above the limit"),
        (REFERENCE * TICK, 2**240 * LOT, "quantity above the limit"),
    ],
)
@pytest.mark.parametrize("buy", [True, False])
def test_place__price_or_quantity_out_of_bounds__refused(fresh, buy, price, kilograms, sentence):
    fresh.fund(fresh.emitter, RICH, PLENTY)
    fresh.announce(max_order_lots=500)
    with fresh.unchanged(), refused(fresh, sentence):
        fresh.contract.place(fresh.session, buy, price, kilograms, sender=fresh.emitter.account)


@pytest.mark.parametrize(("tick", "lots"), [(5_400, 1), (6_600, 1), (6_000, 500)])
@pytest.mark.parametrize("buy", [True, False])
def test_place__at_the_bounds__stands(fresh, buy, tick, lots):
    fresh.fund(fresh.emitter, RICH, PLENTY)
    fresh.announce(max_order_lots=500)
    order_id = fresh.place(fresh.emitter, buy, tick, lots)
    assert fresh.contract.order(order_id).lots == lots


def test_bid__money_to_the_micro_yuan__stands_and_one_less_is_refused(fresh):
    cost = 11 * REFERENCE * TICK
    fresh.fund(fresh.emitter, cost)
    fresh.fund(fresh.trader, cost - 1)
    fresh.announce()
    with fresh.unchanged(), refused(fresh, "not enough free money"):
        fresh.bid(fresh.trader, REFERENCE, 11)
    fresh.bid(fresh.emitter, REFERENCE, 11)
    assert fresh.account(fresh.emitter).money_free == 0
    assert fresh.account(fresh.emitter).open_buy_lots == 11


def test_ask__units_to_the_lot__stands_and_one_less_is_refused(fresh):
    fresh.fund(fresh.emitter, 0, 11)
    fresh.fund(fresh.trader, 0, 10)
    fresh.announce()
    with fresh.unchanged(), refused(fresh, "not enough free units"):
        fresh.ask(fresh.trader, REFERENCE, 11)
    fresh.ask(fresh.emitter, REFERENCE, 11)
    assert fresh.account(fresh.emitter).lots_free == 0
    assert fresh.account(fresh.emitter).open_sell_lots == 11


def test_bid__position_limit_after_full_fill__counts_held_and_open(fresh):
    fresh.fund(fresh.emitter, RICH, 60)
    fresh.announce(position_limit_lots=100)
    fresh.bid(fresh.emitter, REFERENCE, 30)
    with fresh.unchanged(), refused(fresh, "position limit exceeded"):
        fresh.bid(fresh.emitter, REFERENCE, 11)
    fresh.bid(fresh.emitter, REFERENCE, 10)


def test_place__other_side_open__refused_until_it_is_gone(market):
    order_id = market.bid(market.emitter, REFERENCE, 2)
    with market.unchanged(), refused(market, "open order on the other side"):
        market.ask(market.emitter, REFERENCE + 5, 1)
    market.contract.cancel(order_id, sender=market.emitter.account)
    market.ask(market.emitter, REFERENCE + 5, 1)
    with market.unchanged(), refused(market, "open order on the other side"):
        market.bid(market.emitter, REFERENCE - 5, 1)
    market.bid(market.trader, REFERENCE - 5, 1)


def test_ask__units_bought_today__only_tomorrow(fresh):
    fresh.fund(fresh.emitter, RICH, 5)
    fresh.fund(fresh.trader, RICH, 100)
    fresh.announce(next_day_sale=True)
    fresh.bid(fresh.emitter, REFERENCE, 10)
    fresh.ask(fresh.trader, REFERENCE, 10)
    fresh.to_continuous()
    assert fresh.account(fresh.emitter).lots_bought_today == 10
    with fresh.unchanged(), refused(fresh, "units were bought today"):
        fresh.ask(fresh.emitter, REFERENCE + 10, 6)
    order_id = fresh.ask(fresh.emitter, REFERENCE + 10, 5)
    fresh.contract.cancel(order_id, sender=fresh.emitter.account)
    # taking the units out and back does not make them older
    fresh.contract.withdraw_units(fresh.instrument, 15 * LOT, sender=fresh.emitter.account)
    fresh.deposit_units(fresh.emitter, 15)
    with fresh.unchanged(), refused(fresh, "units were bought today"):
        fresh.ask(fresh.emitter, REFERENCE + 10, 6)
    fresh.to_close()
    fresh.close()
    boa.env.timestamp += DAY
    fresh.announce(next_day_sale=True)
    assert fresh.account(fresh.emitter).lots_bought_today == 0
    fresh.ask(fresh.emitter, REFERENCE + 10, 15)


def test_ask__units_bought_today_without_the_rule__stands(fresh):
    fresh.fund(fresh.emitter, RICH)
    fresh.fund(fresh.trader, RICH, 100)
    fresh.announce(next_day_sale=False)
    fresh.bid(fresh.emitter, REFERENCE, 10)
    fresh.ask(fresh.trader, REFERENCE, 10)
    fresh.to_continuous()
    fresh.ask(fresh.emitter, REFERENCE + 10, 10)


@pytest.mark.parametrize(
    ("offset", "phase", "sentence"),
    [
        (-1, market_events.Phase.ANNOUNCED, "session is not open"),
        (0, market_events.Phase.QUOTING, None),
        (HOUR // 2 - 1, market_events.Phase.QUOTING, None),
        (HOUR // 2, market_events.Phase.ADDITIONS, None),
        (HOUR - 1, market_events.Phase.ADDITIONS, None),
        (HOUR, market_events.Phase.CLEARING, "clearing is not finished"),
        (2 * HOUR - 1, market_events.Phase.CLEARING, "clearing is not finished"),
        (2 * HOUR, market_events.Phase.CLOSING, "session is not open"),
    ],
)
def test_place__first_and_last_second_of_each_phase(fresh, offset, phase, sentence):
    fresh.fund(fresh.emitter, RICH, PLENTY)
    opens_at = boa.env.timestamp + 100
    fresh.announce(
        opens_at=opens_at,
        cancels_until=opens_at + HOUR // 2,
        auction_ends_at=opens_at + HOUR,
        closes_at=opens_at + 2 * HOUR,
    )
    boa.env.timestamp = opens_at + offset
    assert fresh.phase() == phase
    if sentence is None:
        assert fresh.bid(fresh.emitter, REFERENCE, 1)
    else:
        with fresh.unchanged(), refused(fresh, sentence):
            fresh.bid(fresh.emitter, REFERENCE, 1)


def test_place__continuous_until_the_last_second(market):
    market.to_continuous()
    boa.env.timestamp = market.sessions.terms(market.session).closes_at - 1
    assert market.bid(market.emitter, REFERENCE, 1)
    boa.env.timestamp += 1
    with market.unchanged(), refused(market, "session is not open"):
        market.bid(market.emitter, REFERENCE, 1)


@pytest.mark.parametrize("session", [0, 2, 2**32, 2**256 - 1])
def test_place__unknown_session__refused(market, session):
    with market.unchanged(), refused(market, "session is not open"):
        market.contract.place(session, True, REFERENCE * TICK, LOT, sender=market.emitter.account)


def test_place_many__bad_rows__reported_and_the_good_ones_stand(market):
    rows = [
        market_events.quote(True, REFERENCE, 5),
        market_events.quote(True, 6_601, 5),
        market_events.quote(True, REFERENCE, 0) | 1 << 60,
        market_events.quote(False, REFERENCE, 5),
        market_events.quote(True, REFERENCE + 1, 2**28),
        market_events.quote(True, REFERENCE + 1, 6),
    ]
    accepted = market.contract.place_many(
        market.session, market_events.quote_words(rows), False, sender=market.emitter.account
    )
    assert accepted == 2
    assert [(r.tick, r.lots) for r in market.placed()] == [(REFERENCE, 5), (REFERENCE + 1, 6)]
    told = [
        (e.position, e.quote, market_events.reason(e.reason)) for e in market.events("QuoteRefused")
    ]
    assert told == [
        (1, rows[1], "price outside the band"),
        (2, rows[2], "price off tick"),
        (3, rows[3], "open order on the other side"),
        (4, rows[4], "quantity above the limit"),
    ]
    account = market.account(market.emitter)
    assert account.open_buy_lots == 11
    assert account.money_free == RICH - (5 * REFERENCE + 6 * (REFERENCE + 1)) * TICK


def test_place_many__atomic__all_or_nothing(market):
    good = market_events.quote(True, REFERENCE, 5)
    bad = market_events.quote(True, 6_601, 5)
    with market.unchanged(), refused(market, "price outside the band"):
        market.contract.place_many(
            market.session,
            market_events.quote_words([good, good, bad, good, good]),
            True,
            sender=market.emitter.account,
        )
    assert (
        market.contract.place_many(
            market.session,
            market_events.quote_words([good] * 5),
            True,
            sender=market.emitter.account,
        )
        == 5
    )


def test_place_many__512_quotes__all_stand(market):
    quotes = [market_events.quote(False, 5_400 + i, 1) for i in range(512)]
    words = market_events.quote_words(quotes)
    assert len(words) == 128
    accepted = market.contract.place_many(
        market.session, words, True, sender=market.emitter.account
    )
    assert accepted == 512
    assert [r.tick for r in market.placed()] == [5_400 + i for i in range(512)]


def test_place_many__stranger__refused(market):
    words = market_events.quote_words([market_events.quote(True, REFERENCE, 5)])
    with market.unchanged(), refused(market, "not an active member"):
        market.contract.place_many(market.session, words, False, sender=market.outsider())


def test_reasons__of_the_python_mirror__are_those_of_the_contract():
    import re
    from pathlib import Path

    source = Path(__file__).parents[3] / "contracts" / "modules" / "refusal.vy"
    numbers = dict(
        re.findall(r"^(\w+): constant\(uint256\) = (\d+)", source.read_text(), re.MULTILINE)
    )
    sentences = re.findall(r'if reason == (\w+):\n        text = "(.*?)"', source.read_text())
    assert len(sentences) > 25
    for name, sentence in sentences:
        assert market_events.reason(int(numbers[name])) == sentence
    assert len(market_events.REASONS) == len(numbers) - 1  # FINE is none


@given(
    st.builds(
        market_events.OrderRecord,
        st.integers(1, 2**24 - 1),
        st.booleans(),
        st.integers(1, 2**20 - 1),
        st.integers(0, 2**22 - 1),
        st.integers(1, 2**28 - 1),
    ),
    st.integers(1, 2**32 - 1),
)
def test_order_record__packed__round_trip(record, session):
    assert market_events.record(record.packed()) == record
    assert order_place(record.order_id(session)) == (
        session,
        record.buy,
        record.tick,
        record.position,
    )


@given(st.integers(0, 2**224 - 1))
def test_fill__word__round_trip(word):
    word = word & ~(7 << 181) | 1 << 181
    assert market_events.fill(word).packed() == word


@pytest.mark.parametrize("word", [0, 2**224, 1, 5 << 181, 7 << 181])
def test_fill__no_fill__refused(word):
    with pytest.raises(market_events.MalformedWord):
        market_events.fill(word)
