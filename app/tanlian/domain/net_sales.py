"""Net sales of allowances, which the carry-over rule counts: what was sold minus what was bought.

Anyone computes them from the trades on chain, in a window that the rules of the period state. A
trade on margin counts once it is paid; one that the buyer defaulted on is none; while one is
neither, the figure cannot be stated. The statement is a list of trades in the chain's order: the
same trades give the same bytes everywhere, and its SHA-256 is the document that a recorded figure
names.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from tanlian.domain.instrument import Instrument, Kind
from tanlian.domain.market_events import KG_PER_LOT
from tanlian.domain.profiles import Profile

COLUMNS = ("block", "log", "number", "time", "session", "instrument", "buyer", "seller", "tonnes")


class Payment(Enum):
    """Where the money of a trade stands."""

    PAID = "paid"
    OWED = "owed"
    DEFAULTED = "defaulted"


@dataclass(frozen=True, slots=True, order=True)
class Trade:
    """One fill of a session or block, and its place on the chain."""

    block: int
    log_index: int
    number: int  # within the event
    time: int
    session: int
    instrument: int
    buyer: int
    seller: int
    lots: int
    payment: Payment


@dataclass(frozen=True, slots=True)
class Window:
    """Which trades count: of which vintages, from and to which second, both included."""

    first_vintage: int
    last_vintage: int
    starts_at: int
    ends_at: int

    def holds(self, trade: Trade) -> bool:
        instrument = Instrument.from_token_id(trade.instrument)
        of_rules = self.first_vintage <= instrument.vintage <= self.last_vintage
        allowance = instrument.kind is Kind.ALLOWANCE
        return allowance and of_rules and self.starts_at <= trade.time <= self.ends_at


@dataclass(frozen=True, slots=True)
class NetSales:
    """What one organisation sold and bought in the window, and the trades that say so."""

    organisation: int
    trades: Sequence[Trade]

    @property
    def sold_kg(self) -> int:
        return KG_PER_LOT * sum(t.lots for t in self.trades if t.seller == self.organisation)

    @property
    def bought_kg(self) -> int:
        return KG_PER_LOT * sum(t.lots for t in self.trades if t.buyer == self.organisation)

    @property
    def net_kg(self) -> int:
        """What the rule counts: net purchases count as nothing sold."""
        return max(0, self.sold_kg - self.bought_kg)

    @property
    def undecided(self) -> list[Trade]:
        """Trades that are neither paid nor defaulted yet."""
        return [trade for trade in self.trades if trade.payment is Payment.OWED]

    @property
    def statement(self) -> str:
        """The list of trades as CSV; the same trades give the same bytes."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            (
                t.block, t.log_index, t.number, t.time, t.session, t.instrument, t.buyer, t.seller,
                t.lots,
            )
            for t in self.trades
        )  # fmt: skip
        return out.getvalue()

    @property
    def document(self) -> bytes:
        """The SHA-256 of the statement."""
        return sha256(self.statement.encode()).digest()


def window_of(rules: Profile) -> Window:
    """Return the window that the carry-over rule of a profile counts."""
    return Window(
        first_vintage=int(rules.figure("first_vintage").value),
        last_vintage=int(rules.figure("last_vintage").value),
        starts_at=rules.start_of_day("carry_window_start"),
        ends_at=rules.end_of_day("carry_window_end"),
    )


def net_sales(organisation: int, trades: Iterable[Trade], window: Window) -> NetSales:
    """Pick an organisation's trades that count, in the chain's order."""
    counted = sorted(
        trade
        for trade in trades
        if organisation in (trade.buyer, trade.seller)
        and trade.payment is not Payment.DEFAULTED
        and window.holds(trade)
    )
    return NetSales(organisation, counted)
