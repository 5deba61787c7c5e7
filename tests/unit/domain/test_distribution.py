"""Quartiles and histograms against another way to count them."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from tanlian.domain.classifications import region, region_name, regions, sector_name
from tanlian.domain.distribution import MOST_BARS, distribution, histogram
from tanlian.domain.eutl import Installation

VALUES = st.lists(st.integers(0, 10**13), min_size=1, max_size=200)


def on_the_line(values: list[int], q: int) -> int:
    """The quartile on the straight line between neighbours, with fractions instead of integers."""
    place = Fraction((len(values) - 1) * q, 4)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    ordered = sorted(values)
    return int(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


@given(VALUES)
def test_distribution__any_figures__quartiles_lie_on_the_line(values) -> None:
    found = distribution(values)
    assert (found.lower_quartile, found.median, found.upper_quartile) == tuple(
        on_the_line(values, q) for q in (1, 2, 3)
    )
    assert (found.count, found.total) == (len(values), sum(values))
    assert found.least <= found.lower_quartile <= found.median
    assert found.median <= found.upper_quartile <= found.most


def test_distribution__nobody__there_is_none() -> None:
    assert distribution([]) is None
    assert histogram([]) == []


@given(VALUES | st.lists(st.integers(0, 60), min_size=1, max_size=30))
@example([0, 10])
@example([7])
def test_histogram__any_figures__each_is_in_its_bar_and_counted_once(values) -> None:
    bars = histogram(values)
    assert sum(bar.count for bar in bars) == len(values)
    assert len(bars) <= MOST_BARS
    assert len({bar.high - bar.low for bar in bars}) == 1
    assert all(first.high == second.low for first, second in pairwise(bars))
    for bar in bars:
        assert bar.count == sum(bar.low <= value < bar.high for value in values)
    assert bars[0].count > 0
    assert bars[-1].count > 0


def test_regions__all__have_a_tile_of_their_own_and_both_names() -> None:
    places = [(found.map, found.at) for found in regions()]
    assert len(places) == len(set(places))
    assert all(set(found.names) == {"zh", "en"} for found in regions())


def test_region__codes__are_those_of_the_chain() -> None:
    assert region(42).names == {"zh": "湖北", "en": "Hubei"}
    german = Installation("DE_1", "DE", "Kraftwerk", "", "", 20, "open")
    assert region_name(german.region, "en") == "Germany"
    assert region(9999) is None
    assert (region_name(9999, "zh"), sector_name(77, "en")) == ("9999", "77")
    assert sector_name(2, "zh") == "钢铁"
