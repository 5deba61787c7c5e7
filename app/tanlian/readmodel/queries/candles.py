"""Prices within a session, by spans of whole minutes."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.engine import Connection

from tanlian.readmodel.tables import traded_minutes

SECONDS_PER_MINUTE = 60
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class PriceSpan:
    """What a session traded at in a span outside of block trades; prices in half ticks."""

    number: int  # among all spans of its length since 1970
    minutes: int
    first: int
    highest: int
    lowest: int
    last: int
    volume_lots: int
    trades: int

    @property
    def starts_at(self) -> int:
        """When the span begins, in UTC seconds; the session may have begun later."""
        return self.number * self.minutes * SECONDS_PER_MINUTE


def price_spans(
    db: Connection, session: int, minutes: int, *, since: int = 0, before: int | None = None
) -> Iterator[PriceSpan]:
    """Yield the spans of a session in which something was traded, oldest first.

    `since` and `before` bound their numbers. Spans begin at whole multiples of `minutes` since
    1970, so that short ones lie within long ones.
    """
    t = traded_minutes.c
    spans = (
        select(
            func.min(t.minute).label("opening"),
            func.max(t.minute).label("closing"),
            func.max(t.highest_half_ticks).label("highest"),
            func.min(t.lowest_half_ticks).label("lowest"),
            func.sum(t.volume_lots).label("volume_lots"),
            func.sum(t.trades).label("trades"),
        )
        .where(_inside(session, minutes, since, before))
        .group_by(t.minute - t.minute % minutes)
        .subquery()
    )
    s, opening, closing = spans.c, traded_minutes.alias(), traded_minutes.alias()
    query = (
        select(
            s.opening, s.highest, s.lowest, s.volume_lots, s.trades,
            opening.c.first_half_ticks, closing.c.last_half_ticks,
        )
        .join(opening, and_(opening.c.session == session, opening.c.minute == s.opening))
        .join(closing, and_(closing.c.session == session, closing.c.minute == s.closing))
        .order_by(s.opening)
    )  # fmt: skip
    for row in db.execute(query).mappings().yield_per(AT_ONCE):
        yield PriceSpan(
            row["opening"] // minutes,
            minutes,
            row["first_half_ticks"],
            row["highest"],
            row["lowest"],
            row["last_half_ticks"],
            int(row["volume_lots"]),
            int(row["trades"]),
        )


def traded_spans(
    db: Connection, session: int, minutes: int, *, since: int = 0, before: int | None = None
) -> range | None:
    """Return the numbers from the first span of a session with a trade to the last one.

    `since` and `before` bound them; None where there is no trade.
    """
    minute = traded_minutes.c.minute
    query = select(func.min(minute), func.max(minute))
    first, last = db.execute(query.where(_inside(session, minutes, since, before))).one()
    return None if first is None else range(first // minutes, last // minutes + 1)


def _inside(session: int, minutes: int, since: int, before: int | None) -> ColumnElement[bool]:
    t = traded_minutes.c
    inside = and_(t.session == session, t.minute >= since * minutes)
    return inside if before is None else and_(inside, t.minute < before * minutes)
