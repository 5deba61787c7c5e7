"""Quotes: what a member offers or asks, packed as the market takes it.

The packed form is that of `market_events`; here a quote is something a person meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tanlian.domain import market_events
from tanlian.domain.errors import InvalidInput
from tanlian.domain.market_events import MAX_LOTS, MAX_TICK
from tanlian.domain.units import Lots, Ticks


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
        """The 64 bits of the quote."""
        return market_events.quote(self.buy, self.tick, self.lots)


def pack_quotes(quotes: Sequence[Quote]) -> list[int]:
    """The words that hold the quotes, in their order."""
    return market_events.quote_words([quote.pack() for quote in quotes])
