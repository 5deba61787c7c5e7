"""Trading accounts rebuilt from events: what is free, what is locked, what is owed."""

from collections import defaultdict
from dataclasses import dataclass, field

from tanlian.domain.audit.findings import Findings

KG_PER_LOT = 1_000
MICRO_YUAN_PER_HALF_TICK = 5_000
FULL_MARGIN_BPS = 10_000


@dataclass(slots=True)
class TradingAccount:
    """One organisation in one instrument; money in micro-yuan, units in lots."""

    money_free: int = 0
    lots_free: int = 0
    money_locked: int = 0
    open_buy_lots: int = 0
    open_sell_lots: int = 0
    lots_awaiting_payment: int = 0


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a buyer owes after a fill on margin, and what the market keeps for it."""

    session_id: int
    instrument: int
    buyer: int
    seller: int
    lots: int
    margin: int
    rest: int
    due_at: int


@dataclass(slots=True)
class Accounts:
    """All trading accounts, and the debts between them."""

    findings: Findings
    by_holder: dict[tuple[int, int], TradingAccount] = field(
        default_factory=lambda: defaultdict(TradingAccount)
    )
    owed: dict[int, Obligation] = field(default_factory=dict)
    settled: dict[int, tuple[Obligation, str]] = field(default_factory=dict)

    def of(self, instrument: int, organisation: int) -> TradingAccount:
        return self.by_holder[instrument, organisation]

    def money(self, account: TradingAccount, amount: int, where: str) -> None:
        """Add to the free money; a negative amount is taken away."""
        account.money_free += amount
        left = account.money_free
        self.findings.hold(left >= 0, "free money never negative", left, where)

    def units(self, account: TradingAccount, lots: int, where: str) -> None:
        """Add to the free units; a negative amount is taken away."""
        account.lots_free += lots
        left = account.lots_free
        self.findings.hold(left >= 0, "free units never negative", left, where)

    def lock(self, account: TradingAccount, *, buy: bool, lots: int, each: int, where: str) -> None:
        """Lock what stands behind an order: `each` micro-yuan a lot for a bid, else units.

        Negative lots release a lock.
        """
        if buy:
            account.open_buy_lots += lots
            account.money_locked += lots * each
            self.money(account, -lots * each, where)
            left = account.open_buy_lots
        else:
            account.open_sell_lots += lots
            self.units(account, -lots, where)
            left = account.open_sell_lots
        self.findings.hold(left >= 0, "open lots never negative", left, where)

    def owe(self, number: int, debt: Obligation, where: str) -> None:
        """Keep the seller's units and the buyer's margin until the debt is paid or called."""
        expected = len(self.owed) + len(self.settled) + 1
        self.findings.compare("number of the obligation", expected, number, where)
        self.owed[number] = debt
        self.of(debt.instrument, debt.buyer).lots_awaiting_payment += debt.lots

    def end(self, number: int, how: str, where: str) -> Obligation | None:
        """Take a debt off the books."""
        debt = self.owed.pop(number, None)
        if debt is None:
            self.findings.compare("an open obligation", "one", number, where)
            return None
        self.settled[number] = (debt, how)
        self.of(debt.instrument, debt.buyer).lots_awaiting_payment -= debt.lots
        return debt

    def money_inside(self) -> int:
        """All money in the market's hands: free, locked, and margins of open debts."""
        margins = sum(debt.margin for debt in self.owed.values())
        held = sum(a.money_free + a.money_locked for a in self.by_holder.values())
        return held + margins

    def lots_inside(self, instrument: int) -> int:
        """All units of an instrument in the market's hands, those of open debts included."""
        awaiting = sum(d.lots for d in self.owed.values() if d.instrument == instrument)
        held = sum(
            account.lots_free + account.open_sell_lots
            for (token, _), account in self.by_holder.items()
            if token == instrument
        )
        return held + awaiting


def price_of(lots: int, half_ticks: int) -> int:
    """Return the price of a fill; exact, because a midpoint is a whole number of half ticks."""
    return lots * half_ticks * MICRO_YUAN_PER_HALF_TICK


def margin_of(lots: int, half_ticks: int, margin_bps: int) -> int:
    """Return the margin of a fill, half a micro-yuan rounded up (in favour of the seller)."""
    return (lots * half_ticks * margin_bps + 1) // 2
