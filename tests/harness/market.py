"""The market on top of the register, under titanoboa, with the verbs that many tests need."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import boa

from harness.consortium import (
    CEA24,
    Consortium,
    Member,
    deploy,
    deploy_register,
    deployer_of,
    key_of,
    seal_register,
)
from tanlian.domain import market_events
from tanlian.domain.roles import Role

START = 1_740_000_000
UTC_OFFSET = 8 * 3600  # the market's day begins at midnight in Beijing
HOUR = 3600
LOT = 1_000  # kg
TICK = 10_000  # micro-yuan
REFERENCE = 6_000  # ticks: 60 yuan
FULL = 10_000  # basis points
RICH = 10**15  # micro-yuan
PLENTY = 10**9  # lots


class OrderPlace(NamedTuple):
    """What an order id says."""

    session: int
    buy: bool
    tick: int
    position: int


def order_place(order_id: int) -> OrderPlace:
    """Return session, side, tick and position of an order id."""
    return OrderPlace(
        order_id >> 43,
        bool(order_id >> 42 & 1),
        order_id >> 22 & market_events.MAX_TICK,
        order_id & market_events.NEVER_STOOD,
    )


@dataclass
class Market:
    """The deployed market; contract calls by their own names are on `contract`."""

    consortium: Consortium
    contract: Any
    sessions: Any
    settlement: Any
    blocks: Any
    house: Any
    instrument: int = CEA24
    session: int = 0
    logs: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.consortium, name)

    # accounts

    def fund(self, member: Member, money: int = 0, lots: int = 0) -> None:
        """Give a member money and units and put both into its trading account."""
        if money:
            self.consortium.fund(member, money)
            self.money.approve(self.contract, 2**256 - 1, sender=member.account)
            self.contract.deposit_money(self.instrument, money, sender=member.account)
        if lots:
            self.issue(member, lots * LOT)
            self.deposit_units(member, lots)

    def issue(self, member: Member, amount_kg: int) -> None:
        """Issue units to a member by the mock issuer of allowances."""
        self.issuer.issue(member.org_id, self.instrument, amount_kg)

    def deposit_units(self, member: Member, lots: int) -> None:
        self.ledger.safeTransferFrom(
            member.holder,
            self.contract,
            self.instrument,
            lots * LOT,
            b"",
            sender=member.account,
        )

    def account(self, member: Member) -> Any:
        return self.contract.account(self.instrument, member.org_id)

    def money_outside(self, member: Member) -> int:
        return self.money.balanceOf(member.holder)

    # sessions

    def terms(self, **changes: Any) -> tuple[Any, ...]:
        """A day's session: an hour of quotes (cancels for half of it), an hour of trading."""
        now = boa.env.timestamp
        values: dict[str, Any] = {
            "instrument": self.instrument,
            "opens_at": now,
            "cancels_until": now + HOUR // 2,
            "auction_ends_at": now + HOUR,
            "closes_at": now + 2 * HOUR,
            "pay_by": now + 24 * HOUR,
            "reference_tick": 0 if self.contract.closing_tick(self.instrument) else REFERENCE,
            "band_bps": 1_000,
            "margin_bps": FULL,
            "max_order_lots": 2**28 - 1,
            "position_limit_lots": 2**32 - 1,
            "next_day_sale": False,
            "buy_roles": int(Role.EMITTER | Role.TRADER),
            "sell_roles": int(Role.EMITTER | Role.TRADER),
            "buy_sectors": 0,
            "sell_sectors": 0,
            "block_min_lots": 100_000,
            "block_band_bps": 3_000,
        }
        unknown = changes.keys() - values.keys()
        assert not unknown, unknown
        return tuple((values | changes).values())

    def announce(self, **changes: Any) -> int:
        self.session = self.sessions.announce_session(
            self.terms(**changes), sender=self.exchange.account
        )
        return self.session

    def phase(self) -> int:
        return self.contract.state(self.session).phase

    def to_cut_off(self) -> None:
        self._forward(self.sessions.terms(self.session).cancels_until)

    def to_clearing(self) -> None:
        self._forward(self.sessions.terms(self.session).auction_ends_at)

    def to_close(self) -> None:
        self._forward(self.sessions.terms(self.session).closes_at)

    def to_continuous(self) -> None:
        self.to_clearing()
        self.clear()

    def _forward(self, moment: int) -> None:
        boa.env.timestamp = max(moment, boa.env.timestamp)

    # acts

    def place(self, member: Member, buy: bool, tick: int, lots: int) -> int:
        return self.contract.place(
            self.session, buy, tick * TICK, lots * LOT, sender=member.account
        )

    def bid(self, member: Member, tick: int, lots: int) -> int:
        return self.place(member, True, tick, lots)

    def ask(self, member: Member, tick: int, lots: int) -> int:
        return self.place(member, False, tick, lots)

    def clear(self, max_steps: int = 2**20, sender: str | None = None) -> bool:
        return self.contract.clear(self.session, max_steps, sender=sender or self.outsider())

    def close(self, max_steps: int = 2**20) -> bool:
        return self.contract.close(self.session, max_steps, sender=self.outsider())

    # what was logged

    def fills(self) -> list[market_events.Fill]:
        """The fills of the last call on the market."""
        return market_events.fills(self._words("Traded", "fills"))

    def placed(self) -> list[market_events.OrderRecord]:
        return market_events.records(self._words("OrdersPlaced", "records"))

    def released(self) -> list[market_events.OrderRecord]:
        return market_events.records(self._words("OrdersReleased", "records"))

    def events(self, name: str) -> list[Any]:
        """The events of one name in the last call on the market."""
        return [log for log in self.contract.get_logs() if type(log).__name__ == name]

    def _words(self, event: str, attribute: str) -> list[int]:
        return [word for log in self.events(event) for word in getattr(log, attribute)]

    # laws

    def money_inside(self) -> int:
        return self.money.balanceOf(self.contract)

    def lots_inside(self) -> int:
        kg = self.ledger.balanceOf(self.contract, self.instrument)
        assert kg % LOT == 0
        return kg // LOT

    @contextmanager
    def unchanged(self, *members: Member) -> Iterator[None]:
        """Assert that the block leaves accounts, book and session of the market as they were."""

        def picture() -> list[Any]:
            return [
                *(self.account(member) for member in members or self.members.values()),
                self.contract.state(self.session),
                self.contract.best_ticks(self.session),
                self.money_inside(),
                self.lots_inside(),
            ]

        before = picture()
        yield
        assert picture() == before


def deploy_market(now: int = START, *, ledger: Any = None, money: Any = None) -> Market:
    """Register and market, wired and sealed, with a mock that issues allowances at will.

    A test may put contracts of its own in the place of the ledger and of the money.
    """
    boa.env.timestamp = now
    it = deploy_register()
    issuer = deployer_of("tests/mocks/UnitIssuerMock.vy").deploy(it.ledger)
    house = deploy("ClearingHouse", it.membership, UTC_OFFSET)
    units, coins = ledger or it.ledger, money or it.money
    market = deploy("CarbonMarket", it.membership, units, coins, house)
    market.event_abi_for.update(house.event_abi_for)  # it runs the house's code
    sessions = deploy("TradingSessions", it.membership, market)
    settlement = deploy("MarginSettlement", it.membership, market)
    blocks = deploy("BlockTrades", it.membership, market, sessions)
    it.contracts.issuer = issuer
    seal_register(it, unit_facilities=(market,), money_facilities=(market,), issuers=((1, issuer),))
    with boa.env.prank(it.deployer):
        market.wire(sessions, settlement, blocks)
        market.seal()
    it.ledger, it.money = units, coins
    found = Market(it, market, sessions, settlement, blocks, house)
    found.sessions.list_instrument(CEA24, sender=it.exchange.account)
    return found


def extra_member(market: Market, name: str, **changes: Any) -> Member:
    """One more emitter beside the cast."""
    return market.admit(name, Role.EMITTER, **changes)


__all__ = [
    "FULL",
    "HOUR",
    "LOT",
    "PLENTY",
    "REFERENCE",
    "RICH",
    "TICK",
    "Market",
    "deploy_market",
    "extra_member",
    "key_of",
]
