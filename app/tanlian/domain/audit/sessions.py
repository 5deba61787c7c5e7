"""One trading session rebuilt from its events, every result found again by brute force."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tanlian.domain.audit.brute_force import (
    Match,
    Standing,
    band,
    best_for,
    closing_tick,
    double_auction,
    is_crossed,
    queue,
)
from tanlian.domain.audit.findings import Findings
from tanlian.domain.audit.words import GREATEST_POSITION, GREATEST_TICK, Fill, FillKind, Record

EPOCHS = 16  # sessions after which a price level may go on counting its positions


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill that took place, and when."""

    fill: Fill
    block: int
    tx_hash: str


@dataclass(slots=True)
class Incoming:
    """An order of stage two while it meets the book."""

    tx_hash: str
    taker: int
    buys: bool
    limit_tick: int
    is_filled: bool = False  # a standing order was left with lots, so nothing of this one is left


@dataclass(slots=True)
class Session:
    """A session as its events tell it; what the rules say must follow is compared on the way."""

    number: int
    instrument: int
    terms: Any
    low_tick: int
    high_tick: int
    findings: Findings
    book: dict[tuple[bool, int, int], Standing] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    quoted: list[Standing] = field(default_factory=list)  # the book when the auction ended
    after_auction: list[Standing] = field(default_factory=list)
    orders: int = 0
    cancelled: int = 0
    paused: bool = False
    is_cleared: bool = False
    is_closed: bool = False
    closing_tick: int | None = None
    volume_lots: int = 0
    turnover_half_ticks: int = 0
    _arrivals: int = 0
    _last_positions: dict[tuple[bool, int], int] = field(default_factory=dict)
    _expected: list[Match] | None = None
    _matched: int = 0
    _incoming: Incoming | None = None
    _releases: list[tuple[bool, int, int]] | None = None  # what is still to be released, in order

    def check_terms(self, reference_tick: int, where: str) -> None:
        """Compare band and reference price with what the rules make of the last close."""
        terms = self.terms
        self.findings.compare("reference price", reference_tick, terms.reference_tick, where)
        expected = band(terms.reference_tick, terms.band_bps, GREATEST_TICK)
        self.findings.compare("band", expected, (self.low_tick, self.high_tick), where)
        times = [terms.opens_at, terms.cancels_until, terms.auction_ends_at, terms.closes_at]
        self.findings.compare("times in order", sorted(times), times, where)
        self.findings.compare("instrument of the terms", self.instrument, terms.instrument, where)

    # -- the book ----------------------------------------------------------------------------------

    def place(self, record: Record, now: int, where: str) -> None:
        """An order stands from here on."""
        terms = self.terms
        self.end_incoming_by(record, where)
        open_now = terms.opens_at <= now < terms.closes_at and not self.paused
        self.findings.hold(open_now, "orders only while the session is open", now, where)
        if now >= terms.auction_ends_at:
            self.findings.hold(self.is_cleared, "no new order before the clearing ends", now, where)
        inside = self.low_tick <= record.tick <= self.high_tick
        self.findings.hold(inside, "price inside the band", record.tick, where)
        fits = 0 < record.lots <= terms.max_order_lots
        self.findings.hold(fits, "quantity within the limit", record.lots, where)
        other = any(
            order.organisation == record.organisation and order.buy is not record.buy
            for order in self.book.values()
        )
        self.findings.hold(not other, "one side only", record.organisation, where)
        level = (record.buy, record.tick)
        last = self._last_positions.get(level)
        if last is not None or self.number < EPOCHS:
            expected = 0 if last is None else last + 1
            self.findings.compare("position in the queue", expected, record.position, where)
        self._last_positions[level] = record.position
        self.book[record.key] = Standing(
            organisation=record.organisation,
            buy=record.buy,
            tick=record.tick,
            position=record.position,
            arrival=self._arrivals,
            lots=record.lots,
        )
        self._arrivals += 1
        self.orders += 1
        if self.is_cleared:
            crossed = is_crossed(list(self.book.values()))
            self.findings.hold(not crossed, "no crossing pair is left standing", record.key, where)

    def take_away(self, record: Record, what: str, where: str) -> bool:
        """An order leaves with the lots that the record states; tell whether it stood so."""
        order = self.book.get(record.key)
        told = (record.organisation, record.lots)
        expected = order and (order.organisation, order.lots)
        if not self.findings.compare(f"{what} order {record.key}", expected, told, where):
            return False
        del self.book[record.key]
        return True

    def check_next_release(self, record: Record, where: str) -> None:
        """The close releases bids before asks, each side in the order of its queue."""
        if self._releases is None:
            standing = list(self.book.values())
            both = [*queue(standing, buy=True), *queue(standing, buy=False)]
            self._releases = [order.key for order in both]
        expected = self._releases.pop(0) if self._releases else None
        self.findings.compare("next order released", expected, record.key, where)

    def reduce(self, record: Record, lots_before: int, where: str) -> int:
        """An order keeps its place with fewer lots; return how many left."""
        order = self.book.get(record.key)
        told = (record.organisation, lots_before)
        expected = order and (order.organisation, order.lots)
        if not self.findings.compare(f"reduced order {record.key}", expected, told, where):
            return 0
        assert order is not None
        fewer = 0 < record.lots < order.lots
        self.findings.hold(fewer, "fewer lots than before", record.lots, where)
        self.book[record.key] = replace(order, lots=record.lots)
        return order.lots - record.lots

    def check_withdrawable(self, now: int, where: str) -> None:
        """Orders may leave except between the cut-off and the end of the clearing."""
        free = now < self.terms.cancels_until or self.is_cleared or now >= self.terms.closes_at
        self.findings.hold(free, "no cancelling after the cut-off", now, where)

    # -- trades ------------------------------------------------------------------------------------

    def fill_auction(self, fill: Fill, now: int, where: str) -> None:
        """A fill of stage one must be the next pair of the brute-force auction."""
        terms = self.terms
        self.findings.hold(
            terms.auction_ends_at <= now < terms.closes_at, "cleared in its time", now, where
        )
        expected = self._auction()
        told = Match(fill.bid, fill.ask, fill.lots, fill.half_ticks)
        if self._matched >= len(expected):
            self.findings.compare(f"fill {self._matched + 1} of stage one", None, told, where)
        else:
            name = f"fill {self._matched + 1} of stage one"
            self.findings.compare(name, expected[self._matched], told, where)
        self._matched += 1
        self._diminish((True, fill.bid_tick, fill.bid_position), fill.lots, where)
        self._diminish((False, fill.ask_tick, fill.ask_position), fill.lots, where)

    def clear(self, volume_lots: int, turnover_half_ticks: int, where: str) -> None:
        """Stage one ends: nothing may be left unmatched."""
        expected = self._auction()
        self.findings.compare("fills of stage one", len(expected), self._matched, where)
        self._compare_totals(volume_lots, turnover_half_ticks, where)
        self.findings.hold(not self.is_cleared, "cleared once", self.number, where)
        self.is_cleared = True
        self.after_auction = list(self.book.values())

    def fill_continuous(self, fill: Fill, tx_hash: str, now: int, where: str) -> None:
        """A fill of stage two must meet the best standing order, at its price."""
        buys = fill.kind == FillKind.BUYER_TOOK
        taker, maker = (fill.bid, fill.ask) if buys else (fill.ask, fill.bid)
        terms = self.terms
        in_time = self.is_cleared and terms.auction_ends_at <= now < terms.closes_at
        self.findings.hold(in_time, "stage two trades after the clearing", now, where)
        self._continue_incoming(taker, tx_hash, where, buys=buys)
        orders = list(self.book.values())
        best = best_for(orders, taker_buys=buys, limit_tick=taker[1])
        expected = best and (best.organisation, best.tick, best.position)
        self.findings.compare("standing order met", expected, maker, where)
        self.findings.compare("price of the standing order", 2 * maker[1], fill.half_ticks, where)
        own = self.findings.hold(taker[0] != maker[0], "no trade with oneself", taker[0], where)
        left = self._diminish((not buys, maker[1], maker[2]), fill.lots, where)
        if left and own and self._incoming is not None:
            self._incoming.is_filled = True

    def fill_block(self, fill: Fill, now: int, where: str) -> None:
        """A block trade keeps its own limits."""
        terms = self.terms
        low, high = band(terms.reference_tick, terms.block_band_bps, GREATEST_TICK)
        inside = fill.bid_tick == fill.ask_tick and low <= fill.bid_tick <= high
        self.findings.hold(inside, "block price inside the block band", fill.bid_tick, where)
        self.findings.compare("price of the block", 2 * fill.bid_tick, fill.half_ticks, where)
        enough = 0 < terms.block_min_lots <= fill.lots
        self.findings.hold(enough, "block quantity from the minimum on", fill.lots, where)
        self.findings.hold(fill.buyer != fill.seller, "two parties", fill.buyer, where)
        positions = (fill.bid_position, fill.ask_position)
        nowhere = (GREATEST_POSITION, GREATEST_POSITION)
        self.findings.compare("a block stands in no queue", nowhere, positions, where)
        in_time = terms.opens_at <= now < terms.closes_at
        self.findings.hold(in_time, "blocks only while the session is open", now, where)

    def count(self, fill: Fill, block: int, tx_hash: str) -> None:
        """Keep a fill; block trades do not count for the closing price."""
        self.trades.append(Trade(fill, block, tx_hash))
        if fill.kind != FillKind.BLOCK:
            self.volume_lots += fill.lots
            self.turnover_half_ticks += fill.lots * fill.half_ticks

    def return_remainder(self, told: Any, tx_hash: str, where: str) -> None:
        """An incoming order ends with a remainder that does not stand."""
        taker = (told["organisation_id"], told["tick"], GREATEST_POSITION)
        self._continue_incoming(taker, tx_hash, where, buys=told["buy"])
        reached = best_for(
            list(self.book.values()), taker_buys=told["buy"], limit_tick=told["tick"]
        )
        expected = reached is not None
        self.findings.compare("matching ended by its bound", expected, told["bound_hit"], where)
        self.findings.hold(told["lots"] > 0, "a remainder", told["lots"], where)
        self._incoming = None

    def end_incoming_by(self, record: Record, where: str) -> None:
        """A remainder stands: nothing on the other side may reach it any more."""
        incoming = self._incoming
        if incoming is not None and incoming.taker == record.organisation:
            self.findings.hold(
                not incoming.is_filled, "nothing is left of a filled order", record.lots, where
            )
            self._incoming = None

    # -- close -------------------------------------------------------------------------------------

    def close(self, told: Any, where: str) -> None:
        """The session ends: nothing stands, and the closing price is the mean of its trades."""
        self.findings.compare("instrument closed", self.instrument, told["instrument"], where)
        self.findings.compare("orders left at the close", [], sorted(self.book), where)
        self._compare_totals(told["volume_lots"], told["turnover_half_ticks"], where)
        expected = closing_tick(
            self.volume_lots, self.turnover_half_ticks, self.terms.reference_tick
        )
        self.findings.compare("closing price", expected, told["closing_tick"], where)
        self.findings.hold(not self.is_closed, "closed once", self.number, where)
        self.is_closed = True
        self.closing_tick = told["closing_tick"]

    def expected_auction(self) -> Sequence[Match]:
        """The pairs of stage one by brute force."""
        return self._auction()

    def _auction(self) -> list[Match]:
        if self._expected is None:
            self.quoted = list(self.book.values())
            self._expected = double_auction(self.quoted)
        return self._expected

    def _continue_incoming(
        self, taker: tuple[int, int, int], tx_hash: str, where: str, *, buys: bool
    ) -> None:
        organisation, limit_tick, position = taker
        self.findings.compare("a taker stands nowhere", GREATEST_POSITION, position, where)
        at_hand = self._incoming
        same = at_hand is not None and not at_hand.is_filled and (
            at_hand.tx_hash, at_hand.taker, at_hand.buys, at_hand.limit_tick,
        ) == (tx_hash, organisation, buys, limit_tick)  # fmt: skip
        if not same:
            self._incoming = Incoming(tx_hash, organisation, buys, limit_tick)

    def _diminish(self, key: tuple[bool, int, int], lots: int, where: str) -> int:
        order = self.book.get(key)
        if order is None:
            self.findings.compare("an order in the book", "one", key, where)
            return 0
        left = order.lots - lots
        if not self.findings.hold(left >= 0 and lots > 0, "no more than stands", lots, where):
            return 0
        if left:
            self.book[key] = replace(order, lots=left)
        else:
            del self.book[key]
        return left

    def _compare_totals(self, volume_lots: int, turnover_half_ticks: int, where: str) -> None:
        expected = (self.volume_lots, self.turnover_half_ticks)
        told = (volume_lots, turnover_half_ticks)
        self.findings.compare("volume and turnover", expected, told, where)
