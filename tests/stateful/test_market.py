"""The market under any sequence of acts: conservation, locks, rights, and everything comes out."""

from functools import cache

import boa
import pytest
from boa import BoaError
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from harness.market import FULL, HOUR, LOT, TICK, Market, deploy_market, order_place
from tanlian.domain.market_events import Phase

NAMES = ("emitter", "other_emitter", "trader", "suspended")
MONEY = 10**12
UNITS = 400
members = st.sampled_from(NAMES[:3])
ticks = st.integers(5_998, 6_003)
quantities = st.one_of(st.integers(1, 3), st.integers(1, 60))
OPENING_QUOTES = (
    ("emitter", True, 6_002, 9),
    ("other_emitter", False, 5_999, 4),
    ("trader", False, 6_001, 3),
    ("trader", False, 6_003, 5),
)
OPENING_ACTS = ("quotes", "cut-off", "auction ends", "clear", "time to close", "close")
reached: dict[str, int] = {}


@cache
def deployed() -> Market:
    return deploy_market()


@pytest.fixture(scope="module", autouse=True)
def _before_any_example():
    """Deploy outside of what titanoboa undoes after each example."""
    deployed()


def count(event: str) -> None:
    reached[event] = reached.get(event, 0) + 1


class MarketMachine(RuleBasedStateMachine):
    """Acts of members, the exchange, the regulator and passers-by."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.market = deployed()
        self.anchor = boa.env.anchor()
        self.anchor.__enter__()
        self.margins: dict[int, int] = {}  # session -> basis points
        self.standing: set[int] = set()  # ids of orders that may stand
        self.before: dict[str, tuple] = {}

    @initialize(begun=st.integers(0, len(OPENING_ACTS)), bps=st.sampled_from((FULL, 1_000)))
    def fund(self, begun, bps):
        """Begin anywhere in the life of a session: a search of few steps then reaches far."""
        for name in NAMES[:3]:
            self.market.fund(self.market.members[name], MONEY, UNITS)
        self.open(bps)
        if begun:
            for name, buy, tick, lots in OPENING_QUOTES:
                self.place(name, buy, tick, lots)
        for _ in OPENING_ACTS[1:begun]:
            self.go_on(8)

    def teardown(self):
        try:
            self._everything_comes_out()
        finally:
            self.anchor.__exit__(None, None, None)

    # helpers

    def open(self, bps: int) -> None:
        self.market.announce(margin_bps=bps)
        self.margins[self.market.session] = bps

    def phase(self) -> Phase:
        return Phase(self.market.phase())

    def picture(self) -> dict[str, tuple]:
        return {
            name: (
                tuple(self.market.account(self.market.members[name])),
                self.market.money_outside(self.market.members[name]),
                self.market.ledger.holding(
                    self.market.members[name].org_id, self.market.instrument
                ),
            )
            for name in NAMES
        }

    def act(self, who: set[str], function, *arguments, sender: str) -> object | None:
        """Call; a refusal changes nothing, a success only those who gave a right."""
        before = self.picture()
        book = {key: self.market.contract.order(key).lots for key in self.standing}
        try:
            result = function(*arguments, sender=sender)
        except BoaError as refusal:
            count("refused")
            note(f"refused: {refusal.args[0] if refusal.args else refusal}"[:80])
            assert self.picture() == before
            assert {k: self.market.contract.order(k).lots for k in self.standing} == book
            return None
        fills = self.market.fills()
        for fill in fills:
            count("filled")
            assert fill.ask_tick <= fill.bid_tick
            assert 2 * fill.ask_tick <= fill.half_ticks <= 2 * fill.bid_tick
        self.standing |= {r.order_id(self.market.session) for r in self.market.placed()}
        ids = {self.market.members[name].org_id: name for name in NAMES}
        allowed = set(who)
        for fill in fills:
            allowed |= {ids[fill.buyer], ids[fill.seller]}
        allowed |= {ids[r.organisation] for r in self.market.released()}
        after = self.picture()
        assert {name for name in NAMES if after[name] != before[name]} <= allowed
        return result

    # acts of members

    @rule(target=orders, name=members, buy=st.booleans(), tick=ticks, lots=quantities)
    def place(self, name, buy, tick, lots):
        member = self.market.members[name]
        note(f"{name} places {'buy' if buy else 'sell'} {lots} at {tick}")
        order_id = self.act(
            {name},
            self.market.contract.place,
            self.market.session,
            buy,
            tick * TICK,
            lots * LOT,
            sender=member.account,
        )
        return order_id or multiple()

    @rule(order_id=consumes(orders), name=members)
    def cancel(self, order_id, name):
        owner = self.market.contract.order(order_id).organisation_id
        known = {self.market.members[n].org_id: n for n in NAMES}
        actor = known.get(owner, name)
        note(f"{actor} cancels {order_place(order_id)}")
        self.act(
            {actor},
            self.market.contract.cancel,
            order_id,
            sender=self.market.members[actor].account,
        )

    @rule(order_id=orders, name=members)
    def cancel_of_another(self, order_id, name):
        if self.market.contract.order(order_id).organisation_id != self.market.members[name].org_id:
            got = self.act(
                set(),
                self.market.contract.cancel,
                order_id,
                sender=self.market.members[name].account,
            )
            assert got is None

    @rule(target=orders, order_id=consumes(orders), tick=ticks, lots=quantities)
    def amend(self, order_id, tick, lots):
        owner = self.market.contract.order(order_id).organisation_id
        known = {self.market.members[n].org_id: n for n in NAMES}
        if owner not in known:
            return multiple()
        actor = known[owner]
        note(f"{actor} amends to {lots} at {tick}")
        after = self.act(
            {actor},
            self.market.contract.amend,
            order_id,
            tick * TICK,
            lots * LOT,
            sender=self.market.members[actor].account,
        )
        if after:
            count("amended")
        return after or order_id

    @rule(name=members, buy=st.booleans(), lots=quantities, makers=st.integers(1, 4))
    def take(self, name, buy, lots, makers):
        note(f"{name} takes {lots}, at most {makers} makers")
        self.act(
            {name},
            self.market.contract.trade_market,
            self.market.session,
            buy,
            lots * LOT,
            makers,
            sender=self.market.members[name].account,
        )

    @rule(name=members, share=st.integers(1, 4))
    def withdraw(self, name, share):
        member = self.market.members[name]
        account = self.market.account(member)
        self.act(
            {name},
            self.market.contract.withdraw_money,
            self.market.instrument,
            account.money_free // share,
            sender=member.account,
        )
        self.act(
            {name},
            self.market.contract.withdraw_units,
            self.market.instrument,
            account.lots_free // share * LOT,
            sender=member.account,
        )

    @rule(name=members)
    def deposit(self, name):
        member = self.market.members[name]
        outside = self.market.money_outside(member)
        if outside:
            self.market.contract.deposit_money(
                self.market.instrument, outside, sender=member.account
            )
        lots = self.market.ledger.holding(member.org_id, self.market.instrument) // LOT
        if lots:
            self.market.deposit_units(member, lots)

    @rule(number=st.integers(1, 12), late=st.booleans())
    def settle(self, number, late):
        owed = self.market.settlement.obligation(number)
        ids = {self.market.members[name].org_id: name for name in NAMES}
        if owed.status != 1:
            return
        parties = {ids[owed.buyer], ids[owed.seller]}
        before = self.picture()
        try:
            if late:
                self.market.settlement.declare_default(number, sender=self.market.outsider())
                count("default")
            else:
                buyer = self.market.members[ids[owed.buyer]]
                self.market.settlement.pay(number, sender=buyer.account)
                count("paid")
        except BoaError:
            parties = set()
        after = self.picture()
        assert {name for name in NAMES if after[name] != before[name]} <= parties

    # the clock, the exchange, the regulator, passers-by

    @rule(steps=st.integers(1, 8))
    def go_on(self, steps):
        """Whatever comes next in the life of the session."""
        phase = self.phase()
        note(f"next after {phase.name}")
        outsider = self.market.outsider()
        contract, session = self.market.contract, self.market.session
        if phase is Phase.QUOTING:
            self.market.to_cut_off()
        elif phase is Phase.ADDITIONS:
            self.market.to_clearing()
        elif phase is Phase.CLEARING:
            if self.act(set(), contract.clear, session, steps, sender=outsider):
                count("cleared")
        elif phase is Phase.CONTINUOUS:
            self.market.to_close()
        elif phase is Phase.CLOSING and self.act(
            set(), contract.close, session, steps, sender=outsider
        ):
            count("closed")

    @precondition(lambda self: self.phase() is Phase.CLOSED)
    @rule(bps=st.sampled_from((FULL, 1_000, 1)), days=st.integers(0, 2))
    def announce(self, bps, days):
        boa.env.timestamp += days * 24 * HOUR
        note(f"a session at {bps} basis points")
        self.open(bps)

    @rule(pause=st.booleans())
    def pause(self, pause):
        regulator = self.market.regulator.account
        try:
            if pause:
                self.market.sessions.pause_session(self.market.session, bytes(32), sender=regulator)
            else:
                self.market.sessions.resume_session(self.market.session, sender=regulator)
        except BoaError:
            return

    # laws

    def _standing(self) -> list[tuple[int, object]]:
        found = []
        for key in sorted(self.standing):
            order = self.market.contract.order(key)
            if order.lots:
                found.append((key, order))
            else:
                self.standing.discard(key)
        return found

    def _owed(self) -> list:
        total = self.market.settlement.obligation_count()
        every = [self.market.settlement.obligation(n) for n in range(1, total + 1)]
        return [owed for owed in every if owed.status == 1]

    @invariant()
    def locks_and_conservation(self):
        if not self.margins:
            return
        standing, owed = self._standing(), self._owed()
        money = lots = 0
        for name in NAMES:
            member = self.market.members[name]
            account = self.market.account(member)
            mine = [o for _, o in standing if o.organisation_id == member.org_id]
            assert account.open_buy_lots == sum(o.lots for o in mine if o.buy)
            assert account.open_sell_lots == sum(o.lots for o in mine if not o.buy)
            assert not (account.open_buy_lots and account.open_sell_lots)
            pending = sum(o.lots for o in owed if o.buyer == member.org_id)
            assert account.lots_awaiting_payment == pending
            money += account.money_free
            lots += account.lots_free + account.open_sell_lots
        money += sum(
            o.lots * o.tick * self.margins[order_place(key).session] for key, o in standing if o.buy
        )
        money += sum(o.margin for o in owed)
        lots += sum(o.lots for o in owed)
        assert money == self.market.money_inside()
        assert lots == self.market.lots_inside()

    @invariant()
    def no_crossing_pair_in_stage_two(self):
        if self.margins and self.phase() is Phase.CONTINUOUS:
            bid, ask = self.market.contract.best_ticks(self.market.session)
            assert not (bid and ask and bid >= ask)

    def _everything_comes_out(self) -> None:
        if not self.margins:
            return
        if self.phase() is not Phase.CLOSED:
            self.market.to_close()
            while not self.market.close(5):
                pass
        for owed_number in range(1, self.market.settlement.obligation_count() + 1):
            owed = self.market.settlement.obligation(owed_number)
            if owed.status == 1:
                boa.env.timestamp = max(boa.env.timestamp, owed.due_at + 1)
                self.market.settlement.declare_default(owed_number, sender=self.market.outsider())
        for name in NAMES[:3]:
            member = self.market.members[name]
            account = self.market.account(member)
            if account.money_free:
                self.market.contract.withdraw_money(
                    self.market.instrument, account.money_free, sender=member.account
                )
            if account.lots_free:
                self.market.contract.withdraw_units(
                    self.market.instrument, account.lots_free * LOT, sender=member.account
                )
        assert self.market.money_inside() == 0
        assert self.market.lots_inside() == 0
        outside = [self.market.members[name] for name in NAMES[:3]]
        assert sum(self.market.money_outside(m) for m in outside) == 3 * MONEY
        assert (
            sum(self.market.ledger.holding(m.org_id, self.market.instrument) for m in outside)
            == 3 * UNITS * LOT
        )


TestMarket = MarketMachine.TestCase
TestMarket.settings = settings(
    max_examples=max(6, settings().max_examples // 2),
    stateful_step_count=2 * settings().stateful_step_count,
)


def test_machine__interesting_states__were_reached():
    """Runs after the machine; a machine that never trades proves nothing."""
    assert reached.get("filled", 0) > 0
    assert reached.get("refused", 0) > 0
    assert reached.get("cleared", 0) > 0
    assert reached.get("closed", 0) > 0
