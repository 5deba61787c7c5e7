"""The brute-force matcher against laws that need no other matcher."""

from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.audit.brute_force import (
    Standing,
    band,
    best_for,
    closing_tick,
    double_auction,
    is_crossed,
    queue,
)
from tanlian.domain.audit.words import Fill, Record, records_in

books = st.lists(
    st.tuples(st.booleans(), st.integers(95, 105), st.integers(1, 50)), max_size=40
).map(
    lambda rows: [
        Standing(
            organisation=place + 1, buy=buy, tick=tick, position=place, arrival=place, lots=lots
        )
        for place, (buy, tick, lots) in enumerate(rows)
    ]
)


@given(books)
def test_double_auction__any_book__laws_of_the_auction(book):
    pairs = double_auction(book)
    left = {order.organisation: order.lots for order in book}
    for pair in pairs:
        assert pair.lots > 0
        assert pair.bid[1] >= pair.ask[1]
        assert pair.half_ticks == pair.bid[1] + pair.ask[1]
        left[pair.bid[0]] -= pair.lots
        left[pair.ask[0]] -= pair.lots
    assert all(lots >= 0 for lots in left.values())
    rest = [order for order in book if left[order.organisation]]
    assert not is_crossed(rest)
    for buy, of in ((True, lambda p: p.bid[0]), (False, lambda p: p.ask[0])):
        traded = list(dict.fromkeys(of(pair) for pair in pairs))
        first = [order.organisation for order in queue(book, buy=buy)]
        assert traded == first[: len(traded)]


@given(books, st.booleans(), st.integers(90, 110))
def test_best_for__any_book__nobody_better_is_passed_over(book, taker_buys, limit):
    best = best_for(book, taker_buys=taker_buys, limit_tick=limit)
    others = [order for order in book if order.buy is not taker_buys]
    reached = [o for o in others if (o.tick <= limit if taker_buys else o.tick >= limit)]
    assert (best is None) == (not reached)
    if best is not None:
        for order in reached:
            better = order.tick < best.tick if taker_buys else order.tick > best.tick
            assert not better
            assert not (order.tick == best.tick and order.arrival < best.arrival)


def test_closing_tick__mean_between_ticks__half_rounds_up():
    assert closing_tick(1, 201, 50) == 101
    assert closing_tick(2, 401, 50) == 100
    assert closing_tick(0, 0, 50) == 50


def test_band__between_ticks__moves_inwards():
    assert band(999, 1_000, 10_000) == (900, 1_098)
    assert band(1, 9_999, 10_000) == (1, 1)
    assert band(9_999, 1_000, 10_000) == (9_000, 10_000)


@given(
    st.integers(1, 2**24 - 1),
    st.booleans(),
    st.integers(0, 2**20 - 1),
    st.integers(0, 2**22 - 1),
    st.integers(1, 2**28 - 1),
)
def test_record__packed_as_the_contract_does__read_back(organisation, buy, tick, position, lots):
    word = organisation << 71 | int(buy) << 70 | tick << 50 | position << 28 | lots
    expected = Record(organisation, buy, tick, position, lots)
    assert Record.read(word) == expected
    assert list(records_in([word, word | word << 128])) == [expected] * 3


def test_fill__packed_as_the_contract_does__read_back():
    fields = (5, 6, 7, 8, 9, 10, 11, 17, 3, 12)
    starts = (0, 28, 50, 72, 92, 112, 136, 160, 181, 184)
    word = sum(value << start for value, start in zip(fields, starts, strict=True))
    assert Fill.read(word) == Fill(*fields)
