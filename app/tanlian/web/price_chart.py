"""The candles on a session's page: how long each is, which of them, and their picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import request
from flask_babel import format_datetime, gettext
from sqlalchemy.engine import Connection

from tanlian.domain.errors import InvalidInput
from tanlian.readmodel.queries.candles import (
    SECONDS_PER_MINUTE,
    PriceSpan,
    price_spans,
    traded_spans,
)
from tanlian.readmodel.queries.market import Session
from tanlian.services.report.candles import Candle, draw_candles
from tanlian.web.datasets import Dataset, Row
from tanlian.web.pictures import Picture, Pictures

SPANS = (1, 5, 15, 60, 240)  # minutes
MOST_SHOWN = 96  # spans in one picture
MARKS = 8
_MARK_MINUTES = (1, 5, 10, 15, 30, 60, 120, 240, 480, 1_440, 2_880)
_COLUMNS = (
    "starts_at", "first_half_ticks", "highest_half_ticks", "lowest_half_ticks", "last_half_ticks",
    "volume_t", "trades",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PriceChart:
    """Some of a session's spans, oldest first; `earlier` and `later` are moments up to which the
    page shows others; None where there are none, and `newest` where the last trades are.
    """

    minutes: int
    spans: Sequence[PriceSpan]
    picture: Picture
    earlier: int | None
    later: int | None
    newest: int


def asked_minutes(number: int) -> int:
    """Return how long candles shall be.

    Raises:
        InvalidInput: there are none of that length.
    """
    if number not in SPANS:
        raise InvalidInput("Candles are of 1, 5, 15, 60 or 240 minutes.")
    return number


def price_chart(db: Connection, session: Session, pictures: Pictures) -> PriceChart | None:
    """Return the candles that the reader asks for by `minutes` and `until`; None before a trade.

    Raises:
        InvalidInput: there are none of that length.
    """
    asked, until = request.args.get("minutes"), request.args.get("until", 0, type=int)
    minutes = _fitting(session) if asked is None else asked_minutes(_number(asked))
    traded = traded_spans(db, session.id, minutes)
    if traded is None:
        return None
    length = minutes * SECONDS_PER_MINUTE
    end = min(max(-(-until // length), traded.start + 1), traded.stop) if until else traded.stop
    start = max(end - MOST_SHOWN, traded.start)
    spans = tuple(price_spans(db, session.id, minutes, since=start, before=end))
    earlier = traded_spans(db, session.id, minutes, before=start)
    later = traded_spans(db, session.id, minutes, since=end)
    return PriceChart(
        minutes,
        spans,
        _picture(pictures, session, spans, range(start, end)),
        earlier.stop * length if earlier else None,
        min(later.start + MOST_SHOWN, later.stop) * length if later else None,
        traded.stop * length,
    )


def candles_file(session: int, minutes: int) -> Dataset:
    """Return all candles of a session as a list to take away."""

    def rows(db: Connection) -> Iterator[Row]:
        for s in price_spans(db, session, minutes):
            yield s.starts_at, s.first, s.highest, s.lowest, s.last, s.volume_lots, s.trades

    return Dataset(f"session-{session}-candles-{minutes}-minutes", "", _COLUMNS, rows)


def _number(text: str) -> int:
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(SPANS[-1])) else 0
    )


def _fitting(session: Session) -> int:
    """The shortest span of which the whole session fits into a picture."""
    length = session.terms["closes_at"] - session.terms["opens_at"]
    fits = (m for m in SPANS if m * SECONDS_PER_MINUTE * MOST_SHOWN >= length)
    return next(fits, SPANS[-1])


def _picture(
    pictures: Pictures, session: Session, spans: tuple[PriceSpan, ...], shown: range
) -> Picture:
    minutes = spans[0].minutes if spans else SPANS[0]
    marks = _marks(minutes, shown)
    candles = [
        Candle(s.number, _clock(s.starts_at), s.first, s.highest, s.lowest, s.last, s.volume_lots)
        for s in spans
    ]
    title = gettext("Prices within this session")
    return pictures.get(
        ("spans", session.id, spans, tuple(marks)),
        lambda: draw_candles("spans", title, candles, marks, gettext),
    )


def _marks(minutes: int, shown: range) -> list[tuple[int, str]]:
    """Round times of the clock below the candles; the first of each day with its date."""
    wanted = len(shown) * minutes // MARKS
    fitting = (m for m in _MARK_MINUTES if m >= max(wanted, minutes) and m % minutes == 0)
    every = next(fitting, -(-wanted // _MARK_MINUTES[-1]) * _MARK_MINUTES[-1]) // minutes
    marks, day = [], ""
    for number in shown:
        if number % every == 0:
            starts_at = number * minutes * SECONDS_PER_MINUTE
            date = _clock(starts_at, "MM-dd")
            marks.append((number, _clock(starts_at, "HH:mm" if date == day else "MM-dd HH:mm")))
            day = date
    return marks


def _clock(seconds: int, form: str = "MM-dd HH:mm") -> str:
    """In the market's time zone."""
    return str(format_datetime(datetime.fromtimestamp(seconds, UTC), form))
