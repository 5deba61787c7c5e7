"""Stage one: the contract equals the brute force, pair by pair, however its calls are cut."""

import random

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.double_auction import Quote, match, volume_weighted_tick
from harness.market import TICK, Market
from tanlian.domain import market_events
from tanlian.domain.market_events import NEVER_STOOD, Kind

BIDDERS = ("emitter", "trader")
ASKERS = ("other_emitter", "second_trader")
ENOUGH = 2**20


@pytest.fixture
def book(market: Market) -> Market:
    """The market with a second organisation on either side."""
    from tanlian.domain.roles import Role

    market.fund(market.admit("second_trader", Role.TRADER), 10**15, 10**9)
    return market


def load(market: Market, rows: list[tuple[bool, int, int, int]]) -> list[Quote]:
    """Place (buy, tick, lots, who) in order, many at once where one organisation quotes in a row."""
    quotes: list[Quote] = []
    at = 0
    while at < len(rows):
        buy, _, _, who = rows[at]
        name = (BIDDERS if buy else ASKERS)[who % 2]
        run = [rows[at]]
        while at + len(run) < len(rows) and len(run) < 500:
            following = rows[at + len(run)]
            if (following[0], following[3] % 2) != (buy, who % 2):
                break
            run.append(following)
        at += len(run)
        member = market.members[name]
        words = market_events.quote_words([market_events.quote(*row[:3]) for row in run])
        accepted = market.contract.place_many(market.session, words, True, sender=member.account)
        assert accepted == len(run)
        placed = market.placed()
        assert [(p.buy, p.tick, p.lots) for p in placed] == [row[:3] for row in run]
        quotes += [
            Quote(
                p.order_id(market.session), p.organisation, p.buy, p.tick, p.lots, len(quotes) + i
            )
            for i, p in enumerate(placed)
        ]
    return quotes


def expected(quotes: list[Quote], session: int) -> list[tuple]:
    return [
        (
            p.bid.key,
            p.ask.key,
            p.lots,
            p.bid.tick,
            p.ask.tick,
            p.bid.organisation,
            p.ask.organisation,
        )
        for p in match(quotes).pairs
    ]


def seen(market: Market) -> list[tuple]:
    """The fills of the last call in the terms of `expected`."""
    found = []
    for fill in market.fills():
        assert fill.kind is Kind.AUCTION
        assert fill.obligation == 0
        assert fill.half_ticks == fill.bid_tick + fill.ask_tick
        bid = market_events.OrderRecord(0, True, fill.bid_tick, fill.bid_position, 0)
        ask = market_events.OrderRecord(0, False, fill.ask_tick, fill.ask_position, 0)
        found.append(
            (
                bid.order_id(market.session),
                ask.order_id(market.session),
                fill.lots,
                fill.bid_tick,
                fill.ask_tick,
                fill.buyer,
                fill.seller,
            )
        )
    return found


def assert_left(market: Market, quotes: list[Quote]) -> None:
    """What the book holds of every quote is what the brute force left of it."""
    left = match(quotes).left
    for quote in quotes:
        order = market.contract.order(quote.key)
        assert order.lots == left[quote.key]
        assert (order.buy, order.tick) == (quote.buy, quote.tick)


def random_rows(seed: int, count: int, width: int, most: int) -> list[tuple[bool, int, int, int]]:
    draw = random.Random(seed)
    return [
        (
            draw.random() < 0.5,
            6_000 + draw.randint(-width, width),
            draw.choice((1, draw.randint(1, most))),
            draw.randrange(2),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("seed", "count", "width", "most"),
    [
        (1, 400, 600, 5_000),  # the whole band
        (2, 400, 0, 3),  # one price, single lots: position in the queue is everything
        (3, 400, 3, 200_000),  # many ties, huge quantities
        (4, 399, 60, 100),
        (5, 2, 1, 1),
        (6, 40, 8, 2**20),
    ],
)
def test_clear__random_books__equal_brute_force(book, seed, count, width, most):
    quotes = load(book, random_rows(seed, count, width, most))
    book.to_clearing()
    assert book.clear() is True
    assert seen(book) == expected(quotes, book.session)
    assert_left(book, quotes)
    bid, ask = book.contract.best_ticks(book.session)
    assert not (bid and ask and bid >= ask)


def test_clear__cut_at_every_place__same_result(book):
    quotes = load(book, random_rows(7, 40, 4, 30))
    book.to_clearing()
    wanted = expected(quotes, book.session)
    for step in range(1, 60):
        with boa.env.anchor():
            got = []
            done = False
            calls = 0
            while not done:
                done = book.clear(step)
                got += seen(book)
                calls += 1
                assert calls < 200
            assert got == wanted, f"cut after every {step}"
            assert_left(book, quotes)


def test_clear__cut_once_at_each_step__same_result(book):
    quotes = load(book, random_rows(8, 60, 3, 12))
    book.to_clearing()
    wanted = expected(quotes, book.session)
    for first in range(len(quotes) + 3):
        with boa.env.anchor():
            done = book.clear(first)
            got = seen(book)
            if not done:
                assert book.clear() is True
                got += seen(book)
            assert got == wanted, f"cut after {first}"
            assert_left(book, quotes)


def test_clear__orders_cancelled_in_between__are_passed_over(book):
    quotes = load(book, random_rows(9, 120, 3, 20))
    gone = set(random.Random(9).sample([quote.key for quote in quotes], 50))
    owners = {quote.key: quote.organisation for quote in quotes}
    accounts = {member.org_id: member.account for member in book.members.values()}
    for key in sorted(gone):
        book.contract.cancel(key, sender=accounts[owners[key]])
    standing = [quote for quote in quotes if quote.key not in gone]
    book.to_clearing()
    done = False
    got = []
    while not done:
        done = book.clear(7)
        got += seen(book)
    assert got == expected(standing, book.session)
    assert_left(book, standing)


@given(
    rows=st.lists(
        st.tuples(
            st.booleans(),
            st.integers(5_998, 6_002),
            st.one_of(st.just(1), st.integers(1, 9), st.just(2**20)),
            st.integers(0, 1),
        ),
        min_size=1,
        max_size=40,
    ),
    step=st.integers(1, 50),
)
def test_clear__any_small_book__equals_brute_force(deployed, rows, step):
    with boa.env.anchor():
        from tanlian.domain.roles import Role

        for name in ("emitter", "other_emitter", "trader"):
            deployed.fund(deployed.members[name], 10**15, 10**9)
        deployed.fund(deployed.admit("second_trader", Role.TRADER), 10**15, 10**9)
        deployed.announce()
        quotes = load(deployed, rows)
        deployed.to_clearing()
        got = []
        done = False
        while not done:
            done = deployed.clear(step)
            got += seen(deployed)
        assert got == expected(quotes, deployed.session)
        assert_left(deployed, quotes)


def test_clear__equal_bid_and_ask__match(market):
    market.bid(market.emitter, 6_000, 5)
    market.ask(market.trader, 6_000, 5)
    market.to_clearing()
    market.clear()
    (fill,) = market.fills()
    assert (fill.lots, fill.half_ticks, fill.cost) == (5, 12_000, 5 * 6_000 * TICK)


def test_clear__bid_one_tick_below_ask__no_match(market):
    market.bid(market.emitter, 5_999, 5)
    market.ask(market.trader, 6_000, 5)
    market.to_clearing()
    assert market.clear() is True
    assert market.fills() == []
    assert market.contract.best_ticks(market.session) == (5_999, 6_000)


def test_clear__odd_midpoint__money_to_the_micro_yuan(market):
    before = {name: market.account(market.members[name]) for name in ("emitter", "trader")}
    market.bid(market.emitter, 6_001, 3)
    market.ask(market.trader, 6_000, 3)
    market.to_clearing()
    market.clear()
    cost = 3 * 12_001 * 5_000
    assert market.account(market.emitter).money_free == before["emitter"].money_free - cost
    assert market.account(market.emitter).lots_free == before["emitter"].lots_free + 3
    assert market.account(market.trader).money_free == before["trader"].money_free + cost
    assert market.account(market.trader).lots_free == before["trader"].lots_free - 3


def test_clear__empty_book__opens_stage_two(market):
    market.to_clearing()
    assert market.clear() is True
    (cleared,) = market.events("SessionCleared")
    assert market.phase() == market_events.Phase.CONTINUOUS
    assert (cleared.session_id, cleared.volume_lots, cleared.turnover_half_ticks) == (
        market.session,
        0,
        0,
    )


def test_clear__no_steps__changes_nothing(market):
    market.bid(market.emitter, 6_001, 3)
    market.ask(market.trader, 6_000, 3)
    market.to_clearing()
    with market.unchanged():
        assert market.clear(0) is False


@pytest.mark.parametrize("moment", ["quoting", "last second", "continuous", "closing"])
def test_clear__outside_its_phase__refused(market, moment):
    market.bid(market.emitter, 6_000, 3)
    if moment == "last second":
        boa.env.timestamp = market.sessions.terms(market.session).auction_ends_at - 1
    if moment == "continuous":
        market.to_continuous()
    if moment == "closing":
        market.to_close()
    with market.unchanged(), boa.reverts("carbon_market: not clearing now"):
        market.clear()


def test_clear__quote_between_two_calls__refused(market):
    market.bid(market.emitter, 6_001, 3)
    market.ask(market.trader, 6_000, 3)
    market.to_clearing()
    market.clear(1)
    with market.unchanged(), boa.reverts("carbon_market: clearing is not finished"):
        market.bid(market.emitter, 6_000, 1)


def test_close__after_trades__price_is_their_weighted_mean(book):
    quotes = load(book, random_rows(11, 200, 40, 90))
    book.to_continuous()
    pairs = match(quotes).pairs
    assert pairs
    book.to_close()
    done = False
    released = []
    while not done:
        done = book.close(13)
        released += book.released()
    left = match(quotes).left
    assert sorted((r.order_id(book.session), r.lots) for r in released) == sorted(
        (key, lots) for key, lots in left.items() if lots
    )
    tick = volume_weighted_tick([(p.lots, p.price) for p in pairs], 6_000)
    assert book.contract.closing_tick(book.instrument) == tick
    assert book.contract.live_session(book.instrument) == 0
    for name in (*BIDDERS, *ASKERS):
        account = book.account(book.members[name])
        assert (account.open_buy_lots, account.open_sell_lots) == (0, 0)
    assert NEVER_STOOD not in {r.position for r in released}
