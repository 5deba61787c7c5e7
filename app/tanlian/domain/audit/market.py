"""The market rebuilt from its events: accounts, sessions, debts, closing prices."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tanlian.domain.audit.accounts import (
    FULL_MARGIN_BPS,
    KG_PER_LOT,
    Accounts,
    Obligation,
    margin_of,
    price_of,
)
from tanlian.domain.audit.findings import Findings, Said, place_of
from tanlian.domain.audit.sessions import Session
from tanlian.domain.audit.words import Fill, FillKind, Record, records_in


@dataclass(slots=True)
class MarketBooks:
    """The market as its events tell it."""

    findings: Findings
    times: Mapping[int, int]  # block -> its time
    accounts: Accounts = field(init=False)
    sessions: dict[int, Session] = field(default_factory=dict)
    closing_ticks: dict[int, int] = field(default_factory=dict)
    live: dict[int, int] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    # number -> session, buyer, seller, tick, lots, end
    proposals: dict[int, tuple[int, ...]] = field(default_factory=dict)
    open_proposals: set[int] = field(default_factory=set)
    _agreed: tuple[int, ...] | None = None
    # records of the transaction at hand whose event comes after the fills that they take part in
    _coming: list[tuple[int, Record]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.findings)

    def replay(self, events: Sequence[Said]) -> None:
        """Take in the market's events in the chain's order."""
        placed: dict[str, list[tuple[int, Record]]] = defaultdict(list)
        for event in events:
            if event.name == "OrdersPlaced":
                placed[event.tx_hash] += [
                    (event.arguments["session_id"], record)
                    for record in records_in(event.arguments["records"])
                ]
        at_hand = ""
        for event in events:
            if event.tx_hash != at_hand:
                at_hand = event.tx_hash
                self._coming = placed.get(at_hand, [])
            self.findings.session = event.arguments.get("session_id")
            self._apply(event)
        self.findings.session = None

    def _apply(self, event: Said) -> None:
        match event.name:
            case "UnitsDeposited" | "UnitsWithdrawn":
                self._move_units(event)
            case "MoneyDeposited" | "MoneyWithdrawn":
                self._move_money(event)
            case "MoneyMoved":
                self._carry_money(event)
            case "SessionAnnounced":
                self._announce(event)
            case "ObligationPaid":
                self._pay(event)
            case "BuyerDefaulted":
                self._default(event)
            case "BlockProposed" | "BlockWithdrawn" | "BlockTraded":
                self._agree(event)
            case "Wired" | "Sealed" | "NoncesSkipped" | "InstrumentListed":
                pass
            case _:
                self._apply_to_session(event)

    def _apply_to_session(self, event: Said) -> None:
        where = place_of(event)
        session = self.sessions.get(event.arguments.get("session_id", 0))
        if session is None:
            number = event.arguments.get("session_id")
            self.findings.compare("an announced session", "one", number, where)
            return
        match event.name:
            case "OrdersPlaced" | "OrderCancelled" | "OrderReduced" | "OrdersReleased":
                self._change_book(session, event)
            case "Traded":
                for word in event.arguments["fills"]:
                    self._trade(session, Fill.read(word), event)
            case "RemainderReturned":
                session.return_remainder(event.arguments, event.tx_hash, where)
            case "SessionCleared":
                told = event.arguments
                session.clear(told["volume_lots"], told["turnover_half_ticks"], where)
            case "SessionClosed":
                session.close(event.arguments, where)
                self._close(session, where)
            case "SessionPaused" | "SessionResumed":
                pausing = event.name == "SessionPaused"
                self.findings.compare("paused before", not pausing, session.paused, where)
                session.paused = pausing
            case "QuoteRefused" | "MessageRefused":
                self.refused[session.number] += 1
            case _:
                self.findings.compare("an event of the market", "a known one", event.name, where)

    def _change_book(self, session: Session, event: Said) -> None:
        match event.name:
            case "OrdersPlaced":
                for _ in records_in(event.arguments["records"]):
                    self._place_next(session, event)
            case "OrdersReleased":
                self._release(session, event)
            case _:
                self._withdraw(session, event)

    # -- deposits and withdrawals --------------------------------------------------------------

    def _move_units(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        lots, rest = divmod(said["amount_kg"], KG_PER_LOT)
        self.findings.compare("whole lots", 0, rest, where)
        account = self.accounts.of(said["instrument"], said["organisation_id"])
        inwards = event.name == "UnitsDeposited"
        self.accounts.units(account, lots if inwards else -lots, where)

    def _move_money(self, event: Said) -> None:
        said = event.arguments
        account = self.accounts.of(said["instrument"], said["organisation_id"])
        amount = said["amount"] if event.name == "MoneyDeposited" else -said["amount"]
        self.accounts.money(account, amount, place_of(event))

    def _carry_money(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        for instrument, amount in (
            (said["from_instrument"], -said["amount"]),
            (said["to_instrument"], said["amount"]),
        ):
            account = self.accounts.of(instrument, said["organisation_id"])
            self.accounts.money(account, amount, where)

    # -- sessions --------------------------------------------------------------------------------

    def _announce(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        number = len(self.sessions) + 1
        self.findings.compare("number of the session", number, said["session_id"], where)
        instrument = said["instrument"]
        session = Session(
            said["session_id"], instrument, said["terms"], said["low_tick"], said["high_tick"],
            self.findings,
        )  # fmt: skip
        reference = self.closing_ticks.get(instrument, session.terms.reference_tick)
        session.check_terms(reference, where)
        now = self.times[event.block]
        self.findings.hold(now <= session.terms.opens_at, "announced before it opens", now, where)
        none_open = instrument not in self.live
        self.findings.hold(none_open, "one session of an instrument", said["session_id"], where)
        self.sessions[session.number] = session
        self.live[instrument] = session.number

    def _close(self, session: Session, where: str) -> None:
        assert session.closing_tick is not None
        self.closing_ticks[session.instrument] = session.closing_tick
        was_live = self.live.pop(session.instrument, None)
        self.findings.compare("the session that was open", was_live, session.number, where)

    def _place_next(self, session: Session, event: Said) -> None:
        """Place the next record of this transaction, unless a fill has called for it already."""
        for place, (number, record) in enumerate(self._coming):
            if number == session.number:
                del self._coming[place]
                self._place(session, record, event)
                return

    def _place(self, session: Session, record: Record, event: Said) -> None:
        where = place_of(event)
        session.place(record, self.times[event.block], where)
        self._lock(session, record, record.lots, where)

    def _call_for(self, session: Session, key: tuple[bool, int, int], event: Said) -> None:
        """Place what stands in this transaction's later event up to the order of this key."""
        if key in session.book:
            return
        keys = [(number, record.key) for number, record in self._coming]
        if (session.number, key) in keys:
            for _ in range(keys.index((session.number, key)) + 1):
                self._place_next(session, event)

    def _withdraw(self, session: Session, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        record = Record.read(said["record"])
        session.check_withdrawable(self.times[event.block], where)
        owner = said["organisation_id"]
        self.findings.compare("owner of the order", record.organisation, owner, where)
        if event.name == "OrderCancelled":
            session.cancelled += 1
            if session.take_away(record, "cancelled", where):
                self._lock(session, record, -record.lots, where)
        else:
            left = session.reduce(record, said["lots_before"], where)
            self._lock(session, record, -left, where)

    def _release(self, session: Session, event: Said) -> None:
        where, now = place_of(event), self.times[event.block]
        over = now >= session.terms.closes_at
        self.findings.hold(over, "released after the session", now, where)
        for record in records_in(event.arguments["records"]):
            session.check_next_release(record, where)
            if session.take_away(record, "released", where):
                self._lock(session, record, -record.lots, where)

    def _lock(self, session: Session, record: Record, lots: int, where: str) -> None:
        account = self.accounts.of(session.instrument, record.organisation)
        each = record.tick * session.terms.margin_bps
        self.accounts.lock(account, buy=record.buy, lots=lots, each=each, where=where)

    # -- blocks ----------------------------------------------------------------------------------

    def _agree(self, event: Said) -> None:
        """Follow a block trade from proposal to agreement; its fill must then be the same."""
        said, where = event.arguments, place_of(event)
        number = said["proposal_id"]
        if event.name == "BlockProposed":
            expected = len(self.proposals) + 1
            self.findings.compare("number of the proposal", expected, number, where)
            buys = said["proposer_buys"]
            parties = (said["proposer"], said["counterparty"])
            buyer, seller = parties if buys else parties[::-1]
            self.proposals[number] = (
                said["session_id"], buyer, seller, said["tick"], said["lots"], said["expires_at"],
            )  # fmt: skip
            self.open_proposals.add(number)
            in_time = self.times[event.block] <= said["expires_at"]
            self.findings.hold(in_time, "proposed before it expires", said["expires_at"], where)
            return
        if number:
            is_open = number in self.open_proposals
            self.findings.hold(is_open, "an open proposal", number, where)
            self.open_proposals.discard(number)
        if event.name == "BlockTraded":
            told = tuple(said[name] for name in ("session_id", "buyer", "seller", "tick", "lots"))
            if number:
                proposed = self.proposals.get(number, ())[:5]
                self.findings.compare("terms of the block", proposed, told, where)
            self._agreed = told

    # -- trades ----------------------------------------------------------------------------------

    def _trade(self, session: Session, fill: Fill, event: Said) -> None:
        where, now = place_of(event), self.times[event.block]
        match fill.kind:
            case FillKind.AUCTION:
                session.fill_auction(fill, now, where)
            case FillKind.BUYER_TOOK:
                self._call_for(session, (False, fill.ask_tick, fill.ask_position), event)
                session.fill_continuous(fill, event.tx_hash, now, where)
            case FillKind.SELLER_TOOK:
                self._call_for(session, (True, fill.bid_tick, fill.bid_position), event)
                session.fill_continuous(fill, event.tx_hash, now, where)
            case FillKind.BLOCK:
                told = (session.number, fill.buyer, fill.seller, fill.bid_tick, fill.lots)
                self.findings.compare("block as agreed", self._agreed, told, where)
                self._agreed = None
                session.fill_block(fill, now, where)
            case _:
                self.findings.compare("kind of fill", "1 to 4", fill.kind, where)
                return
        self.findings.hold(not session.paused, "no trade during a pause", now, where)
        session.count(fill, event.block, event.tx_hash)
        self._settle(session, fill, where)

    def _settle(self, session: Session, fill: Fill, where: str) -> None:
        """Move units and money, or open the debt, as the rules say for this fill."""
        accounts, instrument = self.accounts, session.instrument
        buyer = accounts.of(instrument, fill.buyer)
        seller = accounts.of(instrument, fill.seller)
        margin_bps = session.terms.margin_bps
        if fill.kind in {FillKind.AUCTION, FillKind.SELLER_TOOK}:
            each = fill.bid_tick * margin_bps
            accounts.lock(buyer, buy=True, lots=-fill.lots, each=each, where=where)
        if fill.kind in {FillKind.AUCTION, FillKind.BUYER_TOOK}:
            accounts.lock(seller, buy=False, lots=-fill.lots, each=0, where=where)
        price = price_of(fill.lots, fill.half_ticks)
        accounts.units(seller, -fill.lots, where)
        if margin_bps == FULL_MARGIN_BPS:
            self.findings.compare("nothing owed", 0, fill.obligation, where)
            accounts.money(buyer, -price, where)
            accounts.units(buyer, fill.lots, where)
            accounts.money(seller, price, where)
            return
        margin = margin_of(fill.lots, fill.half_ticks, margin_bps)
        accounts.money(buyer, -margin, where)
        debt = Obligation(
            session.number, instrument, fill.buyer, fill.seller, fill.lots, margin,
            price - margin, session.terms.pay_by,
        )  # fmt: skip
        accounts.owe(fill.obligation, debt, where)

    def _pay(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        debt = self.accounts.end(said["obligation_id"], "paid", where)
        if debt is None:
            return
        told = (said["buyer"], said["seller"], said["amount"])
        self.findings.compare("payment", (debt.buyer, debt.seller, debt.rest), told, where)
        buyer = self.accounts.of(debt.instrument, debt.buyer)
        self.accounts.money(buyer, -debt.rest, where)
        self.accounts.units(buyer, debt.lots, where)
        seller = self.accounts.of(debt.instrument, debt.seller)
        self.accounts.money(seller, debt.margin + debt.rest, where)

    def _default(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        debt = self.accounts.end(said["obligation_id"], "defaulted", where)
        if debt is None:
            return
        expected = (
            debt.buyer, debt.seller, debt.session_id, debt.lots, debt.margin, debt.rest,
        )  # fmt: skip
        told = tuple(
            said[name] for name in ("buyer", "seller", "session_id", "lots", "margin", "rest")
        )
        self.findings.compare("default", expected, told, where)
        late = self.times[event.block] > debt.due_at
        self.findings.hold(late, "defaulted after the payment date", debt.due_at, where)
        seller = self.accounts.of(debt.instrument, debt.seller)
        self.accounts.money(seller, debt.margin, where)
        self.accounts.units(seller, debt.lots, where)
