"""The order book as a picture: how much stands at which price, bids and asks apart."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tanlian.domain.texts import N_
from tanlian.domain.trading_need import Side
from tanlian.services.report.figures import price, thousands
from tanlian.services.report.svg import Drawing, Scale, nice_marks
from tanlian.services.report.words import Say, both

MOST_BARS = 48
WIDEST_BAR = 28  # pixels


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """An order of the book at one moment."""

    side: Side
    price_ticks: int
    quantity_t: int


@dataclass(frozen=True, slots=True)
class Level:
    """What stands between two prices, both included."""

    from_ticks: int
    to_ticks: int
    bid_t: int
    ask_t: int

    @property
    def label(self) -> str:
        if self.from_ticks == self.to_ticks:
            return price(self.from_ticks)
        return f"{price(self.from_ticks)}-{price(self.to_ticks)}"


def levels(orders: Iterable[StandingOrder], most: int = MOST_BARS) -> list[Level]:
    """Return the book from low to high prices in at most `most` steps of one width."""
    standing: dict[Side, dict[int, int]] = {side: defaultdict(int) for side in Side}
    for order in orders:
        standing[order.side][order.price_ticks] += order.quantity_t
    prices = [*standing[Side.BUY], *standing[Side.SELL]]
    if not prices:
        return []
    low, high = min(prices), max(prices)
    width = max(1, -(-(high - low + 1) // most))
    steps = []
    for start in range(low, high + 1, width):
        inside = range(start, start + width)
        bid, ask = (
            sum(standing[side].get(ticks, 0) for ticks in inside) for side in (Side.BUY, Side.SELL)
        )
        if bid or ask:
            steps.append(Level(start, min(start + width - 1, high), bid, ask))
    return steps


def draw_order_book(
    name: str,
    title: str,
    orders: Iterable[StandingOrder],
    band: tuple[int, int],
    say: Say = both,
) -> Drawing:
    """Return bars over the price: bids upwards in front, asks beside them in another texture."""
    book = levels(orders)
    bid_t = sum(level.bid_t for level in book)
    ask_t = sum(level.ask_t for level in book)
    best_bid = max((level.to_ticks for level in book if level.bid_t), default=None)
    best_ask = min((level.from_ticks for level in book if level.ask_t), default=None)
    drawing = Drawing(
        name,
        title,
        say(
            N_(
                "%(bid)s t of bids up to %(best_bid)s yuan, %(ask)s t of asks from %(best_ask)s "
                "yuan. The table below has every step."
            ),
            bid=thousands(bid_t),
            best_bid="-" if best_bid is None else price(best_bid),
            ask=thousands(ask_t),
            best_ask="-" if best_ask is None else price(best_ask),
        ),
    )
    low = min((level.from_ticks for level in book), default=band[0])
    high = max((level.to_ticks for level in book), default=band[1])
    margin = max((high - low) // 12, 2)
    across = Scale(low - margin, high + margin, *drawing.across)
    greatest = max((max(level.bid_t, level.ask_t) for level in book), default=1)
    upwards = Scale(0, greatest, *drawing.upwards)
    drawing.axes(
        (
            across,
            [(ticks, price(ticks)) for ticks in nice_marks(low - margin, high + margin, 9)],
            say(N_("Price (yuan/t)")),
        ),
        (
            upwards,
            [(t, thousands(t)) for t in nice_marks(0, greatest, 5)],
            say(N_("Quantity (t)")),
        ),
    )
    for edge in band:
        if low - margin <= edge <= high + margin:
            x = across.at(edge)
            drawing.line((x, upwards.at(0)), (x, upwards.at(greatest)), "band")
    for level in book:
        left = across.pixel(level.from_ticks)
        half = min(max((across.pixel(level.to_ticks + 1) - left - 1) // 2, 2), WIDEST_BAR)
        for quantity, at, style, side in (
            (level.bid_t, left, "bid", say(N_("bid"))),
            (level.ask_t, left + half, "ask", say(N_("ask"))),
        ):
            if quantity:
                drawing.rect(
                    (str(at), upwards.at(quantity)),
                    (str(half), upwards.span(quantity)),
                    style,
                    f"{side} {level.label}: {thousands(quantity)} t",
                )
    return drawing
