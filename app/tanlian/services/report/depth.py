"""The depth of the book as a picture: how much could be bought or sold up to each price."""

from collections.abc import Sequence
from dataclasses import dataclass

from tanlian.domain.texts import N_
from tanlian.services.report.figures import price, thousands
from tanlian.services.report.svg import Drawing, Scale, nice_marks
from tanlian.services.report.words import Say, both


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at one price on one side."""

    buy: bool
    price_ticks: int
    quantity_t: int


def summed(standing: Sequence[Standing], *, buy: bool) -> list[tuple[int, int]]:
    """Return price and summed quantity of one side, from its best price on."""
    side = sorted((s for s in standing if s.buy is buy), key=lambda s: s.price_ticks, reverse=buy)
    total, steps = 0, []
    for level in side:
        total += level.quantity_t
        steps.append((level.price_ticks, total))
    return steps


def draw_depth(name: str, title: str, standing: Sequence[Standing], say: Say = both) -> Drawing:
    """Return the two step curves over the price: bids falling to the left of asks rising."""
    bids, asks = summed(standing, buy=True), summed(standing, buy=False)
    bid_t, ask_t = (side[-1][1] if side else 0 for side in (bids, asks))
    drawing = Drawing(
        name,
        title,
        say(
            N_(
                "%(bid)s t are wanted and %(ask)s t are offered in all. The table below has every "
                "step."
            ),
            bid=thousands(bid_t),
            ask=thousands(ask_t),
        ),
        height=300,
    )
    prices = [tick for tick, _ in (*bids, *asks)] or [1]
    low, high = min(prices), max(prices)
    margin = max((high - low) // 12, 2)
    across = Scale(low - margin, high + margin, *drawing.across)
    upwards = Scale(0, max(bid_t, ask_t, 1), *drawing.upwards)
    drawing.axes(
        (
            across,
            [(ticks, price(ticks)) for ticks in nice_marks(low, high, 9)],
            say(N_("Price (yuan/t)")),
        ),
        (
            upwards,
            [(t, thousands(t)) for t in nice_marks(0, max(bid_t, ask_t, 1), 5)],
            say(N_("Summed quantity (t)")),
        ),
    )
    for side, edge, style in ((bids, low - margin, "bid-line"), (asks, high + margin, "ask-line")):
        drawing.path(_steps(side, edge, across, upwards), style)
    return drawing


def _steps(
    side: Sequence[tuple[int, int]], edge: int, across: Scale, upwards: Scale
) -> list[tuple[str, str]]:
    points, before = [], 0
    for tick, total in side:
        points += [(across.at(tick), upwards.at(before)), (across.at(tick), upwards.at(total))]
        before = total
    if points:
        points.append((across.at(edge), upwards.at(before)))
    return points
