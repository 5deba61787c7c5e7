"""Quotes: what a member offers or asks, packed as the market takes it.

A quote is 64 bits: lots 32 | tick 24 | 7 zero bits | buy 1, from bit 0 upwards. Up to four stand
in a word, the first one in the low bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tanlian.domain.errors import InvalidInput
from tanlian.domain.units import Lots, Ticks

QUOTES_IN_A_WORD = 4
MAX_LOTS = 2**28 - 1  # what an order record can hold
MAX_TICK = 2**20 - 1
_QUOTE_BITS = 64
_TICK_AT = 32
_BUY_AT = 63


@dataclass(frozen=True, slots=True)
class Quote:
    """One side, one price, one quantity."""

    buy: bool
    tick: Ticks
    lots: Lots

    def __post_init__(self) -> None:
        """Refuse what no market could take.

        Raises:
            InvalidInput: nothing, or more than fits a quote.
        """
        if not 0 < self.lots <= MAX_LOTS:
            raise InvalidInput(f"{self.lots} t cannot be quoted.", lots=self.lots)
        if not 0 < self.tick <= MAX_TICK:
            raise InvalidInput(f"A price of {self.tick} ticks cannot be quoted.", tick=self.tick)

    def pack(self) -> int:
        return self.lots | self.tick << _TICK_AT | int(self.buy) << _BUY_AT

    @classmethod
    def unpack(cls, word: int) -> "Quote":
        return cls(
            buy=bool(word >> _BUY_AT & 1),
            tick=Ticks(word >> _TICK_AT & 2**24 - 1),
            lots=Lots(word & 2**32 - 1),
        )


def pack_quotes(quotes: Sequence[Quote]) -> list[int]:
    """The words that hold the quotes, in their order."""
    return [
        sum(quote.pack() << place * _QUOTE_BITS for place, quote in enumerate(four))
        for four in _fours(quotes)
    ]


def unpack_quotes(words: Sequence[int]) -> list[Quote]:
    """The quotes that the words hold, in their order."""
    found = []
    for word in words:
        rest = word
        while rest:
            found.append(Quote.unpack(rest & 2**_QUOTE_BITS - 1))
            rest >>= _QUOTE_BITS
    return found


def _fours(quotes: Sequence[Quote]) -> Iterator[Sequence[Quote]]:
    for start in range(0, len(quotes), QUOTES_IN_A_WORD):
        yield quotes[start : start + QUOTES_IN_A_WORD]
