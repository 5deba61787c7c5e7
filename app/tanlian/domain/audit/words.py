"""The market's packed words, read for an audit: records of orders and fills.

The layout is that of `contracts/modules/order_codec.vy`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

RECORD_BITS = 128
GREATEST_POSITION = 2**22 - 1  # of a party whose order never stood
GREATEST_TICK = 2**20 - 1


class FillKind(IntEnum):
    """How a fill came about."""

    AUCTION = 1
    BUYER_TOOK = 2
    SELLER_TOOK = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Record:
    """An order, or what is left of it, as an event tells it."""

    organisation: int
    buy: bool
    tick: int
    position: int
    lots: int

    @classmethod
    def read(cls, word: int) -> "Record":
        return cls(
            organisation=word >> 71,
            buy=bool(word >> 70 & 1),
            tick=word >> 50 & GREATEST_TICK,
            position=word >> 28 & GREATEST_POSITION,
            lots=word & (1 << 28) - 1,
        )

    @property
    def key(self) -> tuple[bool, int, int]:
        return (self.buy, self.tick, self.position)


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade between two organisations."""

    lots: int
    ask_position: int
    bid_position: int
    ask_tick: int
    bid_tick: int
    seller: int
    buyer: int
    half_ticks: int
    kind: int
    obligation: int

    @classmethod
    def read(cls, word: int) -> "Fill":
        return cls(
            lots=word & (1 << 28) - 1,
            ask_position=word >> 28 & GREATEST_POSITION,
            bid_position=word >> 50 & GREATEST_POSITION,
            ask_tick=word >> 72 & GREATEST_TICK,
            bid_tick=word >> 92 & GREATEST_TICK,
            seller=word >> 112 & (1 << 24) - 1,
            buyer=word >> 136 & (1 << 24) - 1,
            half_ticks=word >> 160 & (1 << 21) - 1,
            kind=word >> 181 & 7,
            obligation=word >> 184,
        )

    @property
    def bid(self) -> tuple[int, int, int]:
        return (self.buyer, self.bid_tick, self.bid_position)

    @property
    def ask(self) -> tuple[int, int, int]:
        return (self.seller, self.ask_tick, self.ask_position)


def records_in(words: Iterable[int]) -> Iterator[Record]:
    """Yield the one or two records of each word, the earlier one from the low half."""
    for word in words:
        for half in (word & (1 << RECORD_BITS) - 1, word >> RECORD_BITS):
            if half:
                yield Record.read(half)
