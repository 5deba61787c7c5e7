"""The session's prices as a picture: every trade in its order, with band, reference and close."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tanlian.domain.texts import N_
from tanlian.services.report.figures import half_tick_price, price, thousands
from tanlian.services.report.svg import TOP, Drawing, Scale, nice_marks
from tanlian.services.report.words import Say, both


class TradeKind(Enum):
    """How a trade came about: its words, its colour and the outline of its mark."""

    AUCTION = (N_("double auction"), "auction", "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z")
    CONTINUOUS = (N_("peer to peer"), "continuous", "M0 -6L6 0L0 6L-6 0Z")
    BLOCK = (N_("block trade"), "block", "M-5 -5H5V5H-5Z")

    def __init__(self, words: str, style: str, shape: str) -> None:
        self.words = words
        self.style = style
        self.shape = shape


@dataclass(frozen=True, slots=True)
class PricedTrade:
    """A trade as the picture needs it; prices in half ticks, so that midpoints stay exact."""

    kind: TradeKind
    half_ticks: int
    quantity_t: int
    words: str


def draw_prices(
    name: str,
    title: str,
    trades: Sequence[PricedTrade],
    *,
    band: tuple[int, int],
    reference_ticks: int,
    closing_ticks: int | None,
    say: Say = both,
) -> Drawing:
    """Return one mark a trade; lines show reference price, closing price and the band."""
    seen = [trade.half_ticks for trade in trades]
    drawing = Drawing(
        name,
        title,
        say(
            N_(
                "%(count)s trades between %(low)s and %(high)s; reference price %(reference)s, "
                "closing price %(closing)s yuan."
            ),
            count=len(trades),
            low=half_tick_price(min(seen)),
            high=half_tick_price(max(seen)),
            reference=price(reference_ticks),
            closing="-" if closing_ticks is None else price(closing_ticks),
        )
        if seen
        else say(
            N_("No trade yet; reference price %(reference)s."), reference=price(reference_ticks)
        ),
    )
    shown = [*seen, 2 * reference_ticks, 2 * (closing_ticks or reference_ticks)]
    low, high = min(shown), max(shown)
    across = Scale(0, len(trades) + 1, *drawing.across)
    margin = max((high - low) // 6, 8)
    upwards = Scale(low - margin, high + margin, *drawing.upwards)
    drawing.axes(
        (
            across,
            [(number, str(number)) for number in nice_marks(1, max(len(trades), 1), 12)],
            say(N_("Trade number")),
        ),
        (
            upwards,
            [
                (2 * ticks, price(ticks))
                for ticks in nice_marks((low - margin) // 2 + 1, (high + margin) // 2, 6)
            ],
            say(N_("Price (yuan/t)")),
        ),
    )
    left, right = (str(x) for x in drawing.across)
    lines = [(band[0], "band"), (band[1], "band"), (reference_ticks, "reference")]
    words = say(N_("reference %(price)s"), price=price(reference_ticks))
    if closing_ticks is not None:
        lines.append((closing_ticks, "closing"))
        words += "   " + say(N_("close %(price)s"), price=price(closing_ticks))
    for ticks, style in lines:
        if low - margin <= 2 * ticks <= high + margin:
            y = upwards.at(2 * ticks)
            drawing.line((left, y), (right, y), style)
    drawing.text((right, str(TOP - 12)), words, "end", "note")
    for number, trade in enumerate(trades, start=1):
        drawing.mark(
            (across.at(number), upwards.at(trade.half_ticks)),
            trade.kind.shape,
            trade.kind.style,
            f"{number}. {trade.words}: {thousands(trade.quantity_t)} t "
            f"@ {half_tick_price(trade.half_ticks)}",
        )
    return drawing
