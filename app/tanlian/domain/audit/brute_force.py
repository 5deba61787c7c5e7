"""The two stages by brute force: sort everything, pair from the front, look at every order again.

Written from the rule book alone and kept naive on purpose; it shares no code and no data structure
with the contract, which is what makes agreement mean something.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """An order in the book: who, which side, at what price, when it came, what is left of it."""

    organisation: int
    buy: bool
    tick: int
    position: int
    arrival: int
    lots: int

    @property
    def key(self) -> tuple[bool, int, int]:
        """Side, price and position: unique in a session."""
        return (self.buy, self.tick, self.position)


@dataclass(frozen=True, slots=True)
class Match:
    """A bid and an ask that meet, and how much of them."""

    bid: tuple[int, int, int]  # organisation, tick, position
    ask: tuple[int, int, int]
    lots: int
    half_ticks: int


def queue(orders: Iterable[Standing], *, buy: bool) -> list[Standing]:
    """Return one side, best price first, equal prices by arrival."""
    side = [order for order in orders if order.buy is buy]
    return sorted(side, key=lambda order: (-order.tick if buy else order.tick, order.arrival))


def double_auction(orders: Sequence[Standing]) -> list[Match]:
    """Return the pairs of stage one: best with best at the midpoint, while bid >= ask."""
    bids = [[order, order.lots] for order in queue(orders, buy=True)]
    asks = [[order, order.lots] for order in queue(orders, buy=False)]
    pairs: list[Match] = []
    while bids and asks:
        bid, bid_left = bids[0]
        ask, ask_left = asks[0]
        assert isinstance(bid, Standing)
        assert isinstance(ask, Standing)
        assert isinstance(bid_left, int)
        assert isinstance(ask_left, int)
        if bid.tick < ask.tick:
            break
        lots = min(bid_left, ask_left)
        pairs.append(
            Match(
                (bid.organisation, bid.tick, bid.position),
                (ask.organisation, ask.tick, ask.position),
                lots,
                bid.tick + ask.tick,
            )
        )
        bids[0][1] = bid_left - lots
        asks[0][1] = ask_left - lots
        if bids[0][1] == 0:
            bids.pop(0)
        if asks[0][1] == 0:
            asks.pop(0)
    return pairs


def best_for(orders: Iterable[Standing], *, taker_buys: bool, limit_tick: int) -> Standing | None:
    """Return the standing order that an incoming one must meet now; None if it meets nobody."""
    others = queue(orders, buy=not taker_buys)
    if not others:
        return None
    best = others[0]
    reaches = best.tick <= limit_tick if taker_buys else best.tick >= limit_tick
    return best if reaches else None


def is_crossed(orders: Sequence[Standing]) -> bool:
    """Tell whether a bid reaches an ask."""
    bids, asks = queue(orders, buy=True), queue(orders, buy=False)
    return bool(bids and asks and bids[0].tick >= asks[0].tick)


def closing_tick(volume_lots: int, turnover_half_ticks: int, reference_tick: int) -> int:
    """Return the volume-weighted mean to the nearest tick, half up; else the reference price."""
    if volume_lots == 0:
        return reference_tick
    return (turnover_half_ticks + volume_lots) // (2 * volume_lots)


def band(reference_tick: int, band_bps: int, greatest_tick: int) -> tuple[int, int]:
    """Return the lowest and highest price; a bound between two ticks moves inwards."""
    distance = reference_tick * band_bps // 10_000
    return max(reference_tick - distance, 1), min(reference_tick + distance, greatest_tick)
