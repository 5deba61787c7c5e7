"""Drawn pictures, remembered: many readers look at the same book between two of its changes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Lock

from flask_babel import gettext
from sqlalchemy.engine import Connection

from tanlian.domain.market_events import Kind
from tanlian.readmodel.queries import market, members
from tanlian.readmodel.queries.market import Session, StandingLevel, Trade
from tanlian.readmodel.queries.open_data import SessionPrices, session_prices
from tanlian.services.market_pictures import (
    book_picture,
    depth_picture,
    pairing_picture,
    price_picture,
)
from tanlian.services.report.candles import Candle, draw_candles
from tanlian.services.report.svg import Drawing
from tanlian.web.language import reader_language

REMEMBERED = 128
IN_HISTORY = 40  # sessions whose prices stand on the page of the last of them


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it stands in a page."""

    text: str

    def render(self) -> str:
        return self.text


class Pictures:
    """Pictures by what they show: the key holds everything that a picture is made of, but for the
    language of the reader.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._lock = Lock()
        self._known: OrderedDict[Hashable, Picture] = OrderedDict()

    def get(self, key: Hashable, draw: Callable[[], Drawing]) -> Picture:
        """Return the picture of that key, drawn once."""
        place = (reader_language(), key)
        with self._lock:
            found = self._known.get(place)
            if found is not None:
                self._known.move_to_end(place)
                return found
        found = Picture(draw().render())
        with self._lock:
            self._known[place] = found
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return found


def of_session(
    pictures: Pictures,
    db: Connection,
    found: Session,
    standing: list[StandingLevel],
    traded: list[Trade],
) -> dict[str, Picture | None]:
    """Return the pictures of a session's page; prices are those of the trades that are given."""
    levels = tuple(standing)
    last = (traded[0], len(traded)) if traded else None
    return {
        "book": pictures.get(
            ("book", found.id, levels), lambda: book_picture(found, standing, gettext)
        ),
        "depth": pictures.get(
            ("depth", found.id, levels), lambda: depth_picture(found, standing, gettext)
        ),
        "pairing": _pairing(pictures, db, found) if found.cleared_at else None,
        "prices": pictures.get(
            ("prices", found.id, found.closing_tick, last),
            lambda: price_picture(found, traded, gettext),
        )
        if traded
        else None,
        "history": of_history(
            pictures,
            session_prices(
                db, instrument=found.instrument.token_id, before=found.id + 1, limit=IN_HISTORY
            ),
        ),
    }


def of_history(pictures: Pictures, found: Sequence[SessionPrices]) -> Picture | None:
    """Draw the sessions that traded as candles, oldest first; they come newest first."""
    candles = tuple(
        Candle(
            place, f"{p.session.id}", p.first or 0, p.highest or 0, p.lowest or 0, p.last or 0,
            p.session.volume_lots,
        )
        for place, p in enumerate((p for p in reversed(found) if p.first is not None), start=1)
    )  # fmt: skip
    if not candles:
        return None
    return pictures.get(
        ("candles", candles),
        lambda: draw_candles("candles", gettext("Prices by session"), candles, say=gettext),
    )


def _pairing(pictures: Pictures, db: Connection, found: Session) -> Picture:
    """The end of stage one, which does not change any more."""

    def draw() -> Drawing:
        quoted = market.orders_of(db, found.id, until=found.terms["auction_ends_at"])
        paired = market.trades(db, found.id, kind=Kind.AUCTION)
        return pairing_picture(found, quoted, paired, members.names(db), gettext)

    return pictures.get(("pairing", found.id, found.cleared_at), draw)
