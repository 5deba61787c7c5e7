"""Stage one as a picture: both queues sorted by price, and the pairs where they meet."""

from collections.abc import Sequence
from dataclasses import dataclass

from tanlian.domain.texts import N_
from tanlian.services.report.figures import half_tick_price, price, thousands
from tanlian.services.report.svg import Drawing, Scale, nice_marks
from tanlian.services.report.words import Say, both


@dataclass(frozen=True, slots=True)
class Queued:
    """A quote in its side's sorted queue."""

    price_ticks: int
    quantity_t: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A fill of stage one: the k-th part of the best bids with the k-th part of the best asks."""

    buyer: str
    seller: str
    bid_ticks: int
    ask_ticks: int
    quantity_t: int

    @property
    def half_ticks(self) -> int:
        """The midpoint in half ticks: it never rounds."""
        return self.bid_ticks + self.ask_ticks


def draw_pairing(
    name: str,
    title: str,
    bids: Sequence[Queued],
    asks: Sequence[Queued],
    pairs: Sequence[Pair],
    *,
    say: Say = both,
) -> Drawing:
    """Return the two step curves over the summed quantity, each pair as a box with its midpoint."""
    matched_t = sum(pair.quantity_t for pair in pairs)
    bid_t, ask_t = (sum(quote.quantity_t for quote in queue) for queue in (bids, asks))
    drawing = Drawing(
        name,
        title,
        say(
            N_(
                "Bids sorted downwards (%(bid)s t) and asks upwards (%(ask)s t). %(count)s pairs "
                "trade %(matched)s t, each at the midpoint of its quotes."
            ),
            bid=thousands(bid_t),
            ask=thousands(ask_t),
            count=len(pairs),
            matched=thousands(matched_t),
        ),
        height=460,
    )
    prices = [quote.price_ticks for quote in [*bids, *asks]] or [1]
    low, high = min(prices), max(prices)
    # the longer queue's far end tells nothing: show up to 1.6 times what was matched
    shown_t = min(max(bid_t, ask_t), max(matched_t * 8 // 5, min(bid_t, ask_t))) or 1
    margin = max((high - low) // 12, 2)
    across = Scale(0, shown_t, *drawing.across)
    upwards = Scale(low - margin, high + margin, *drawing.upwards)
    drawing.axes(
        (
            across,
            [(t, thousands(t)) for t in nice_marks(0, shown_t)],
            say(N_("Summed quantity (t)")),
        ),
        (
            upwards,
            [(ticks, price(ticks)) for ticks in nice_marks(low, high)],
            say(N_("Price (yuan/t)")),
        ),
    )
    halves = Scale(2 * (low - margin), 2 * (high + margin), *drawing.upwards)
    done_t = 0
    for pair in pairs:
        start, size = across.at(done_t), across.span(pair.quantity_t)
        done_t += pair.quantity_t
        drawing.rect(
            (start, upwards.at(pair.bid_ticks)),
            (size, upwards.span(pair.bid_ticks - pair.ask_ticks)),
            "pair",
            f"{pair.buyer} - {pair.seller}: {thousands(pair.quantity_t)} t "
            f"@ {half_tick_price(pair.half_ticks)}",
        )
        middle = halves.at(pair.half_ticks)
        drawing.line((start, middle), (across.at(done_t), middle), "middle")
    drawing.path(_steps(bids, across, upwards, shown_t), "bid-line")
    drawing.path(_steps(asks, across, upwards, shown_t), "ask-line")
    if pairs:
        x = across.at(matched_t)
        drawing.line((x, upwards.at(low - margin)), (x, upwards.at(high + margin)), "band")
        anchor = "end" if matched_t * 4 > shown_t * 3 else "middle"
        matched = say(N_("matched %(quantity)s t"), quantity=thousands(matched_t))
        drawing.text((x, str(14)), matched, anchor, "note")
    return drawing


def _steps(
    queue: Sequence[Queued], across: Scale, upwards: Scale, shown_t: int
) -> list[tuple[str, str]]:
    points = []
    done_t = 0
    for quote in queue:
        y = upwards.at(quote.price_ticks)
        end_t = min(done_t + quote.quantity_t, shown_t)
        points += [(across.at(done_t), y), (across.at(end_t), y)]
        done_t += quote.quantity_t
        if done_t >= shown_t:
            break
    return points
