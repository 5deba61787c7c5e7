"""Drawn pictures, remembered: many readers look at the same book between two of its changes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from sqlalchemy.engine import Connection

from tanlian.domain.market_events import Kind
from tanlian.readmodel.queries import market, members
from tanlian.readmodel.queries.market import Session, StandingLevel, Trade
from tanlian.services.market_pictures import (
    book_picture,
    depth_picture,
    pairing_picture,
    price_picture,
)
from tanlian.services.report.svg import Drawing

REMEMBERED = 128


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it stands in a page."""

    text: str

    def render(self) -> str:
        return self.text


class Pictures:
    """Pictures by what they show: the key holds everything that a picture is made of."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._lock = Lock()
        self._known: OrderedDict[Hashable, Picture] = OrderedDict()

    def get(self, key: Hashable, draw: Callable[[], Drawing]) -> Picture:
        """Return the picture of that key, drawn once."""
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
                return found
        found = Picture(draw().render())
        with self._lock:
            self._known[key] = found
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
        "book": pictures.get(("book", found.id, levels), lambda: book_picture(found, standing)),
        "depth": pictures.get(("depth", found.id, levels), lambda: depth_picture(found, standing)),
        "pairing": _pairing(pictures, db, found) if found.cleared_at else None,
        "prices": pictures.get(
            ("prices", found.id, found.closing_tick, last), lambda: price_picture(found, traded)
        )
        if traded
        else None,
    }


def _pairing(pictures: Pictures, db: Connection, found: Session) -> Picture:
    """The end of stage one, which does not change any more."""

    def draw() -> Drawing:
        quoted = market.orders_of(db, found.id, until=found.terms["auction_ends_at"])
        paired = market.trades(db, found.id, kind=Kind.AUCTION)
        return pairing_picture(found, quoted, paired, members.names(db))

    return pictures.get(("pairing", found.id, found.cleared_at), draw)
