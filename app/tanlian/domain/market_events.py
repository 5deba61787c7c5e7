"""The market's packed words and what they say; the mirror of contracts/modules/order_codec.vy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from tanlian.domain.errors import TanlianError

KG_PER_LOT = 1_000
MICRO_PER_TICK = 10_000
MICRO_PER_HALF_TICK = 5_000
RECORD_BITS = 128
QUOTE_BITS = 64
QUOTES_PER_WORD = 4
NEVER_STOOD = 2**22 - 1  # the position of a side that met the book without standing in it
MAX_LOTS = 2**28 - 1
MAX_TICK = 2**20 - 1


class Kind(IntEnum):
    """How a fill came about."""

    AUCTION = 1
    BUYER_TOOK = 2
    SELLER_TOOK = 3
    BLOCK = 4


class Phase(IntEnum):
    """Where a session stands."""

    UNKNOWN = 0
    ANNOUNCED = 1
    QUOTING = 2
    ADDITIONS = 3
    CLEARING = 4
    CONTINUOUS = 5
    CLOSING = 6
    CLOSED = 7


# contracts/modules/refusal.vy, from 1; a batch reports the number, a single act the sentence.
REASONS: tuple[str, ...] = (
    "not an active member",
    "role may not trade this side",
    "sector may not trade this side",
    "debt past due",
    "price off tick",
    "price outside the band",
    "not a positive number of lots",
    "quantity above the limit",
    "open order on the other side",
    "not enough free money",
    "position limit exceeded",
    "not enough free units",
    "units were bought today",
    "price level is full",
    "too many payment dates",
    "message expired",
    "nonce already spent",
    "signer not of the organisation",
    "signature malformed",
    "session is not open",
    "session is paused",
    "clearing is not finished",
    "quotes can only be added now",
    "order does not stand",
    "not your order",
    "not clearing now",
    "not trading continuously",
    "not closing yet",
    "no such live session",
    "session still open",
    "caller is not wired for this",
    "malformed batch",
    "number of makers out of range",
    "amount is zero",
    "instrument is not listed",
    "money did not move",
    "more than the market can hold",
)


class MalformedWord(TanlianError, ValueError):
    """A word that no market contract writes."""

    code = "malformed_market_word"


class OrderRecord(NamedTuple):
    """One order as an event tells of it."""

    organisation: int
    buy: bool
    tick: int
    position: int
    lots: int

    def order_id(self, session: int) -> int:
        """Return the id under which the market knows the order."""
        return session << 43 | int(self.buy) << 42 | self.tick << 22 | self.position

    def packed(self) -> int:
        """Return the 128 bits of the order."""
        return (
            self.organisation << 71
            | int(self.buy) << 70
            | self.tick << 50
            | self.position << 28
            | self.lots
        )


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade: both orders, both ticks, the price in half ticks, how it came about."""

    buyer: int
    seller: int
    bid_tick: int
    ask_tick: int
    bid_position: int
    ask_position: int
    lots: int
    half_ticks: int
    kind: Kind
    obligation: int  # 0: delivered against payment in the fill

    @property
    def amount_kg(self) -> int:
        """Return the units traded."""
        return self.lots * KG_PER_LOT

    @property
    def cost(self) -> int:
        """Return the price of the whole fill in micro-yuan; it never needs rounding."""
        return self.lots * self.half_ticks * MICRO_PER_HALF_TICK

    def packed(self) -> int:
        """Return the word of the fill."""
        return (
            self.lots
            | self.ask_position << 28
            | self.bid_position << 50
            | self.ask_tick << 72
            | self.bid_tick << 92
            | self.seller << 112
            | self.buyer << 136
            | self.half_ticks << 160
            | self.kind << 181
            | self.obligation << 184
        )


def fill(word: int) -> Fill:
    """Return the trade in a word of `Traded.fills`.

    Raises:
        MalformedWord: bits that no fill has, or a kind that does not exist.
    """
    if not 0 < word < 2**224:
        raise MalformedWord(f"{word:#x} is no fill")
    try:
        kind = Kind(word >> 181 & 7)
    except ValueError as error:
        raise MalformedWord(f"{word:#x} is a fill of unknown kind") from error
    return Fill(
        lots=word & MAX_LOTS,
        ask_position=word >> 28 & NEVER_STOOD,
        bid_position=word >> 50 & NEVER_STOOD,
        ask_tick=word >> 72 & MAX_TICK,
        bid_tick=word >> 92 & MAX_TICK,
        seller=word >> 112 & 0xFFFFFF,
        buyer=word >> 136 & 0xFFFFFF,
        half_ticks=word >> 160 & 0x1FFFFF,
        kind=kind,
        obligation=word >> 184,
    )


def fills(words: Iterable[int]) -> list[Fill]:
    """Return the trades of `Traded.fills`, in order."""
    return [fill(word) for word in words]


def record(packed: int) -> OrderRecord:
    """Return the order in the 128 bits of a record.

    Raises:
        MalformedWord: bits that no record has.
    """
    if not 0 < packed < 2**95:
        raise MalformedWord(f"{packed:#x} is no order record")
    return OrderRecord(
        organisation=packed >> 71,
        buy=bool(packed >> 70 & 1),
        tick=packed >> 50 & MAX_TICK,
        position=packed >> 28 & NEVER_STOOD,
        lots=packed & MAX_LOTS,
    )


def records(words: Iterable[int]) -> list[OrderRecord]:
    """Return the orders of `OrdersPlaced.records` or `OrdersReleased.records`, in order."""
    found = []
    for word in words:
        rest = word
        while rest:
            found.append(record(rest & (2**RECORD_BITS - 1)))
            rest >>= RECORD_BITS
    return found


def quote(buy: bool, tick: int, lots: int) -> int:
    """Return the 64 bits of a quote.

    Raises:
        MalformedWord: tick or lots do not fit.
    """
    if not (0 <= tick < 2**24 and 0 <= lots < 2**32):
        raise MalformedWord(f"tick {tick} or lots {lots} do not fit into a quote")
    return int(buy) << 63 | tick << 32 | lots


def quote_words(quotes: Sequence[int]) -> list[int]:
    """Return quotes four to a word, as `place_many` and signed messages take them."""
    return [
        sum(q << QUOTE_BITS * i for i, q in enumerate(quotes[at : at + QUOTES_PER_WORD]))
        for at in range(0, len(quotes), QUOTES_PER_WORD)
    ]


def message_header(organisation: int, nonce: int, expires_at: int, words: int) -> int:
    """Return the first word of a signed message in a batch."""
    return organisation | nonce << 24 | expires_at << 48 | words << 88


def reason(number: int) -> str:
    """Return the sentence for a reason number in QuoteRefused or MessageRefused."""
    return REASONS[number - 1]
