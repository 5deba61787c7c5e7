"""Prices over time as candles: first, highest, lowest and last price of each step, with volume."""

from collections.abc import Sequence
from dataclasses import dataclass

from tanlian.domain.texts import N_
from tanlian.services.report.figures import half_tick_price, thousands
from tanlian.services.report.svg import BOTTOM, Drawing, Scale, nice_marks
from tanlian.services.report.words import Say, both

WIDEST = 26  # pixels of a body
VOLUME_SHARE = 5  # the volume takes a fifth of the height


@dataclass(frozen=True, slots=True)
class Candle:
    """One step of time; prices in half ticks, so that midpoints stay exact.

    `place` is the step's number; steps without a candle stay empty.
    """

    place: int
    label: str
    open: int
    high: int
    low: int
    close: int
    volume_t: int


def draw_candles(
    name: str,
    title: str,
    candles: Sequence[Candle],
    marks: Sequence[tuple[int, str]] = (),
    say: Say = both,
) -> Drawing:
    """Return one candle a step: hollow where the price rose, filled where it fell.

    `marks` label places below; without them some of the candles' labels do.
    """
    low = min((c.low for c in candles), default=0)
    high = max((c.high for c in candles), default=1)
    volume = sum(c.volume_t for c in candles)
    drawing = Drawing(
        name,
        title,
        say(
            N_(
                "%(count)s steps between %(low)s and %(high)s yuan/t, %(volume)s t in all. The "
                "table below has every step."
            ),
            count=len(candles),
            low=half_tick_price(low),
            high=half_tick_price(high),
            volume=thousands(volume),
        ),
    )
    bottom, top = drawing.upwards
    floor = bottom - (bottom - top) // VOLUME_SHARE
    margin = max((high - low) // 12, 4)
    left = min((c.place for c in candles), default=1) - 1
    steps = max((c.place for c in candles), default=0) - left
    across = Scale(left, left + steps + 1, *drawing.across)
    upwards = Scale(low - margin, high + margin, floor, top)
    labelled = candles[:: max(1, len(candles) // 8)]
    drawing.axes(
        (across, marks or [(c.place, c.label) for c in labelled], ""),
        (
            upwards,
            [(h, half_tick_price(h)) for h in nice_marks(low, high, 6)],
            say(N_("Price (yuan/t)")),
        ),
    )
    heaviest = max((c.volume_t for c in candles), default=1) or 1
    down = Scale(0, heaviest, bottom, floor + 6)
    beside = (str(drawing.across[0] - 8), str(floor + 12))
    drawing.text(beside, f"{thousands(heaviest)} t", "end")
    half = min(WIDEST, max((drawing.across[1] - drawing.across[0]) // (steps + 1), 3)) // 2
    for candle in candles:
        x = across.pixel(candle.place)
        rose = candle.close >= candle.open
        tip = say(
            N_("%(label)s: %(open)s - %(close)s, %(low)s to %(high)s, %(volume)s t"),
            label=candle.label,
            open=half_tick_price(candle.open),
            close=half_tick_price(candle.close),
            low=half_tick_price(candle.low),
            high=half_tick_price(candle.high),
            volume=thousands(candle.volume_t),
        )
        wick = "candle rise" if rose else "candle fall"
        drawing.line((str(x), upwards.at(candle.high)), (str(x), upwards.at(candle.low)), wick)
        body = max(candle.open, candle.close)
        size = abs(candle.close - candle.open)
        height = upwards.span(size) if size else "1.5"
        drawing.rect((str(x - half), upwards.at(body)), (str(2 * half), height), wick, tip)
        drawing.rect(
            (str(x - half), down.at(candle.volume_t)),
            (str(2 * half), str(max(drawing.height - BOTTOM - down.pixel(candle.volume_t), 1))),
            "volume",
        )
    return drawing
