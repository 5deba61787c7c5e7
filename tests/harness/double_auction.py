"""Stage one by brute force: sort both sides, match pair by pair.

A reference to check the contract's clearing against: no book, no levels, no resumption. It sorts
all quotes once and walks the two queues.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote of stage one; `arrival` orders quotes of one price, `key` is the caller's name."""

    key: int
    organisation: int
    buy: bool
    tick: int
    lots: int
    arrival: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One trade between two quotes."""

    bid: Quote
    ask: Quote
    lots: int

    @property
    def price(self) -> Fraction:
        """Return the midpoint of the two quotes in ticks."""
        return Fraction(self.bid.tick + self.ask.tick, 2)


@dataclass(frozen=True, slots=True)
class Auction:
    """The result: the trades in their order, and what is left of each quote by its key."""

    pairs: tuple[Pair, ...]
    left: dict[int, int]


def match(quotes: Iterable[Quote]) -> Auction:
    """Match the k-th best ask with the k-th best bid while the bid is not below the ask."""
    everything = list(quotes)
    bids = sorted((q for q in everything if q.buy), key=lambda q: (-q.tick, q.arrival))
    asks = sorted((q for q in everything if not q.buy), key=lambda q: (q.tick, q.arrival))
    left = {quote.key: quote.lots for quote in everything}
    pairs = []
    while bids and asks and bids[0].tick >= asks[0].tick:
        bid, ask = bids[0], asks[0]
        lots = min(left[bid.key], left[ask.key])
        if lots:
            pairs.append(Pair(bid, ask, lots))
        for queue, quote in ((bids, bid), (asks, ask)):
            left[quote.key] -= lots
            if not left[quote.key]:
                queue.pop(0)
    return Auction(tuple(pairs), left)


def volume_weighted_tick(trades: Iterable[tuple[int, Fraction]], otherwise: int) -> int:
    """Return the closing price: the mean of (lots, price), to the nearest tick, half up."""
    listed = list(trades)
    lots = sum(quantity for quantity, _ in listed)
    if not lots:
        return otherwise
    mean = sum((quantity * price for quantity, price in listed), Fraction(0)) / lots
    return int(mean + Fraction(1, 2))
