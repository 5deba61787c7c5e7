"""How figures are spread: quartiles and a histogram, in integers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_BARS = 12
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Five figures of a set, its size and its sum. Quartiles lie between neighbours, rounded down.

    The quartile of rank q/4 stands at place (n - 1) q / 4 of the sorted figures; between two
    places it is taken on the straight line.
    """

    count: int
    total: int
    least: int
    lower_quartile: int
    median: int
    upper_quartile: int
    most: int

    @property
    def mean(self) -> int:
        """The mean, rounded down."""
        return self.total // self.count


@dataclass(frozen=True, slots=True)
class Bar:
    """How many figures lie from `low` to below `high`."""

    low: int
    high: int
    count: int


def distribution(values: Iterable[int]) -> Distribution | None:
    """Return the figures of a set; None of an empty one."""
    found = sorted(values)
    if not found:
        return None
    lower, median, upper = (_quartile(found, q) for q in (1, 2, 3))
    return Distribution(len(found), sum(found), found[0], lower, median, upper, found[-1])


def histogram(values: Iterable[int], most_bars: int = MOST_BARS) -> list[Bar]:
    """Return bars of one round width over all figures, at most so many."""
    found = sorted(values)
    if not found:
        return []
    width = _round_width(found[0], found[-1], most_bars)
    first, last = found[0] // width, found[-1] // width
    edges = [place * width for place in range(first, last + 2)]
    counts = [0] * (last - first + 1)
    for value in found:
        counts[value // width - first] += 1
    return [Bar(a, b, n) for a, b, n in zip(edges, edges[1:], counts, strict=False)]


def _quartile(found: Sequence[int], q: int) -> int:
    place, rest = divmod((len(found) - 1) * q, 4)
    below = found[place]
    above = found[min(place + 1, len(found) - 1)]
    return below + (above - below) * rest // 4


def _round_width(low: int, high: int, most_bars: int) -> int:
    power = 1
    while True:
        for step in _STEPS:
            width = step * power
            if high // width - low // width < most_bars:
                return width
        power *= 10
