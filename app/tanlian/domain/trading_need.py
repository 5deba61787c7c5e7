"""Who must buy and who can sell: allocation minus verified emissions, and the quotes drawn for it.

Published data says what an installation lacked or had left, never what it would have paid. The
limit prices are therefore drawn around the day's price from a seed that the report states, in whole
ticks: the same seed gives the same quotes on every machine.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from random import Random

from tanlian.domain.errors import InvalidInput


class Side(Enum):
    """Which side of the book a need is on."""

    BUY = "buy"
    SELL = "sell"


class DrawNotPossible(InvalidInput):
    """If quotes cannot be drawn inside the band, this says which figure is in the way."""

    code = "draw_not_possible"


@dataclass(frozen=True, slots=True)
class Need:
    """What a member lacks (BUY) or has left (SELL), in tonnes."""

    side: Side
    quantity_t: int


@dataclass(frozen=True, slots=True)
class DrawnQuote:
    """A quote to place for the member at this place in the list."""

    member: int
    side: Side
    price_ticks: int
    quantity_t: int


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Where drawn prices lie: a middle, the greatest distance from it, and the session's band."""

    middle_ticks: int
    spread_ticks: int
    lowest_ticks: int
    highest_ticks: int

    def __post_init__(self) -> None:
        if not 0 < self.lowest_ticks <= self.middle_ticks <= self.highest_ticks:
            raise DrawNotPossible(
                f"The price {self.middle_ticks} lies outside the band "
                f"{self.lowest_ticks} to {self.highest_ticks} ticks.",
            )
        if self.spread_ticks < 0:
            raise DrawNotPossible("The spread of the drawn prices cannot be negative.")

    def draw(self, random: Random) -> int:
        """Return a price in ticks: two equal dice, so that the middle comes most often."""
        half = self.spread_ticks
        drawn = self.middle_ticks + (random.randint(-half, half) + random.randint(-half, half)) // 2
        return min(max(drawn, self.lowest_ticks), self.highest_ticks)


def need(allocation_t: int, verified_t: int) -> Need | None:
    """Return what the member must buy or can sell; None when both figures are equal."""
    left = allocation_t - verified_t
    if left == 0:
        return None
    return Need(Side.SELL, left) if left > 0 else Need(Side.BUY, -left)


def draw_quotes(
    needs: Iterable[Need | None], prices: PriceRange, *, seed: int, most_t: int, parts: int
) -> list[DrawnQuote]:
    """Return the quotes of all members in a drawn order of arrival.

    Each need is split into up to `parts` quotes of at most `most_t` tonnes with a price each; what
    does not fit into so many quotes of that size is left for later sessions.
    """
    if most_t < 1 or parts < 1:
        raise DrawNotPossible("A quote needs at least one tonne and a need at least one part.")
    # not for secrets: the seed is stated so that anyone can draw the same quotes
    random = Random(seed)  # noqa: S311
    quotes = [
        DrawnQuote(member, wanted.side, prices.draw(random), quantity)
        for member, wanted in enumerate(needs)
        if wanted is not None
        for quantity in _split(wanted.quantity_t, most_t, parts)
    ]
    random.shuffle(quotes)
    return quotes


def _split(quantity_t: int, most_t: int, parts: int) -> Iterator[int]:
    """Yield near-equal positive quantities, the greater ones first, none above `most_t`."""
    total = min(quantity_t, most_t * parts)
    count = min(parts, total)
    each, more = divmod(total, count)
    for index in range(count):
        yield each + (1 if index < more else 0)
