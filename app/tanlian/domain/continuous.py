"""Stage two by the letter: a naive price-time book, searched anew for every incoming order."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Standing:
    """An order that stands in the book."""

    key: int
    organisation: int
    buy: bool
    tick: int
    lots: int
    arrival: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What an incoming order took from one standing order, at the standing order's price."""

    maker: int
    organisation: int
    tick: int
    lots: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an incoming order."""

    taken: tuple[Taken, ...]
    rests: int  # lots that stand now
    returned: int  # lots given back


@dataclass(slots=True)
class Book:
    """All standing orders, in no particular order."""

    standing: dict[int, Standing] = field(default_factory=dict)
    arrivals: int = 0

    def rest(self, key: int, organisation: int, buy: bool, tick: int, lots: int) -> None:
        """Let an order stand behind all others of its price."""
        self.arrivals += 1
        self.standing[key] = Standing(key, organisation, buy, tick, lots, self.arrivals)

    def best(self, buy: bool) -> Standing | None:
        """Return the standing order of a side that comes first."""
        side = [order for order in self.standing.values() if order.buy is buy]
        return min(side, key=lambda o: (-o.tick if buy else o.tick, o.arrival), default=None)

    def incoming(self, buy: bool, limit: int, lots: int, *, keep: bool, makers: int) -> Outcome:
        """Meet at most `makers` standing orders; the caller lets the remainder rest.

        A remainder that was kept from trading on only by the bound is returned, never kept.
        """
        taken: list[Taken] = []
        left = lots
        while left and (maker := self._crossing(buy, limit)) is not None:
            if len(taken) == makers:
                return Outcome(tuple(taken), 0, left)
            now = min(left, maker.lots)
            taken.append(Taken(maker.key, maker.organisation, maker.tick, now))
            left -= now
            self.reduce(maker.key, maker.lots - now)
        return Outcome(tuple(taken), left if keep else 0, 0 if keep else left)

    def reduce(self, key: int, lots: int) -> None:
        """Leave `lots` of an order in its place; none takes it away."""
        if lots:
            self.standing[key].lots = lots
        else:
            del self.standing[key]

    def _crossing(self, buy: bool, limit: int) -> Standing | None:
        maker = self.best(not buy)
        if maker is None or (maker.tick > limit if buy else maker.tick < limit):
            return None
        return maker
