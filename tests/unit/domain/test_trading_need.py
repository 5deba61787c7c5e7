"""Needs and drawn quotes: exact quantities, integer prices in the band, same seed same quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.trading_need import (
    DrawNotPossible,
    PriceRange,
    Side,
    draw_quotes,
    need,
)

PRICES = PriceRange(middle_ticks=3294, spread_ticks=300, lowest_ticks=2965, highest_ticks=3623)


@pytest.mark.parametrize(
    ("allocation", "verified", "side", "quantity"),
    [(100, 130, Side.BUY, 30), (130, 100, Side.SELL, 30), (0, 1, Side.BUY, 1)],
)
def test_need__figures_differ__side_and_difference(allocation, verified, side, quantity):
    wanted = need(allocation, verified)
    assert wanted is not None
    assert (wanted.side, wanted.quantity_t) == (side, quantity)


def test_need__figures_equal__none():
    assert need(7, 7) is None


figures = st.tuples(st.integers(0, 10**7), st.integers(0, 10**7))


@given(
    st.lists(figures, max_size=20), st.integers(0, 2**32), st.integers(1, 99_999), st.integers(1, 5)
)
def test_draw_quotes__any_needs__split_exactly_and_inside_the_band(rows, seed, most, parts):
    needs = [need(*row) for row in rows]
    quotes = draw_quotes(needs, PRICES, seed=seed, most_t=most, parts=parts)
    assert quotes == draw_quotes(needs, PRICES, seed=seed, most_t=most, parts=parts)
    for place, wanted in enumerate(needs):
        own = [quote for quote in quotes if quote.member == place]
        total = sum(quote.quantity_t for quote in own)
        assert total == (min(wanted.quantity_t, most * parts) if wanted else 0)
        assert len(own) <= parts
        assert all(quote.side is wanted.side for quote in own)
    for quote in quotes:
        assert 1 <= quote.quantity_t <= most
        assert PRICES.lowest_ticks <= quote.price_ticks <= PRICES.highest_ticks


def test_draw_quotes__other_seed__other_prices():
    needs = [need(0, 1000)] * 20
    first, second = (draw_quotes(needs, PRICES, seed=seed, most_t=100, parts=3) for seed in (1, 2))
    assert first != second


def test_draw_quotes__no_tonne_a_quote__refused():
    with pytest.raises(DrawNotPossible, match="at least one tonne"):
        draw_quotes([need(0, 1)], PRICES, seed=1, most_t=0, parts=1)


@pytest.mark.parametrize("bounds", [(3300, 10, 3301, 3400), (3300, 10, 3000, 3299), (1, 1, 0, 2)])
def test_price_range__middle_outside_band__refused(bounds):
    with pytest.raises(DrawNotPossible, match="outside the band"):
        PriceRange(*bounds)


def test_price_range__negative_spread__refused():
    with pytest.raises(DrawNotPossible, match="negative"):
        PriceRange(3300, -1, 3000, 3400)
