"""Sessions, the book, trades and prices."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument
from tanlian.domain.market_events import Kind
from tanlian.readmodel.tables import fills, orders, sessions, trading_accounts
from tanlian.readmodel.tables.acts import listings


@dataclass(frozen=True, slots=True)
class Session:
    """A session and its clock; prices in ticks."""

    id: int
    instrument: Instrument
    terms: Mapping[str, Any]
    low_tick: int
    high_tick: int
    paused: bool
    cleared_at: int | None
    closed_at: int | None
    closing_tick: int | None
    volume_lots: int

    def stage(self, now: int) -> str:
        """Name the stage at a block time."""
        steps = (
            (self.closed_at is not None, "closed"),
            (self.paused, "paused"),
            (now < self.terms["opens_at"], "announced"),
            (now <= self.terms["cancels_until"], "stage one: quotes"),
            (now <= self.terms["auction_ends_at"], "stage one: additions only"),
            (self.cleared_at is None, "clearing"),
            (now <= self.terms["closes_at"], "stage two"),
        )
        return next((name for holds, name in steps if holds), "closing")

    def stage_ends(self, now: int) -> int | None:
        """Return when the stage at a block time ends; None where somebody has to act first."""
        stage, terms = self.stage(now), self.terms
        ends: dict[str, int] = {
            "announced": terms["opens_at"],
            "stage one: quotes": terms["cancels_until"] + 1,
            "stage one: additions only": terms["auction_ends_at"] + 1,
            "stage two": terms["closes_at"] + 1,
        }
        return ends.get(stage)


@dataclass(frozen=True, slots=True)
class StandingLevel:
    """What stands at one price on one side."""

    buy: bool
    tick: int
    lots: int
    orders: int


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill; the price is `half_ticks` halves of 0.01 yuan per tonne."""

    time: int
    kind: Kind
    buyer: int
    seller: int
    lots: int
    bid_tick: int
    ask_tick: int
    half_ticks: int
    obligation: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """An order as it was placed."""

    buy: bool
    tick: int
    position: int
    organisation: int
    lots: int
    open_lots: int
    ended: str | None
    ended_at: int | None
    time: int

    def key(self, session: int) -> int:
        """The number by which the market knows the order."""
        return session << 43 | self.buy << 42 | self.tick << 22 | self.position


@dataclass(frozen=True, slots=True)
class TradingAccount:
    """What an organisation has inside the market for one instrument; money in micro-yuan."""

    money_free: int
    lots_free: int
    open_buy_lots: int
    open_sell_lots: int
    lots_awaiting_payment: int


def trading_account(db: Connection, instrument: int, organisation: int) -> TradingAccount:
    """Return a trading account; one that was never used is empty."""
    columns = trading_accounts.c
    query = select(trading_accounts).where(
        columns.instrument == instrument, columns.organisation == organisation
    )
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        return TradingAccount(0, 0, 0, 0, 0)
    return TradingAccount(**{name: row[name] for name in TradingAccount.__slots__})


def recent_sessions(db: Connection, *, before: int | None = None, limit: int = 50) -> list[Session]:
    """Return sessions, newest first."""
    query = select(sessions).order_by(sessions.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(sessions.c.id < before)
    return [session_of_row(row) for row in db.execute(query).mappings()]


def session(db: Connection, number: int) -> Session:
    """Return one session.

    Raises:
        NotFound: there was none of that number.
    """
    row = db.execute(select(sessions).where(sessions.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no session {number}.", number=number)
    return session_of_row(row)


def book(db: Connection, number: int) -> list[StandingLevel]:
    """Return what stands in a session by price, from the highest."""
    query = (
        select(
            orders.c.buy,
            orders.c.tick,
            func.sum(orders.c.open_lots).label("lots"),
            func.count().label("orders"),
        )
        .where(orders.c.session == number, orders.c.open_lots > literal_column("0"))
        .group_by(orders.c.buy, orders.c.tick)
        .order_by(orders.c.tick.desc())
    )
    rows = db.execute(query).mappings()
    return [StandingLevel(r["buy"], r["tick"], int(r["lots"]), r["orders"]) for r in rows]


def trades(
    db: Connection, number: int, *, kind: Kind | None = None, limit: int | None = None
) -> list[Trade]:
    """Return the trades of a session, newest first; of one kind, or of all."""
    query = (
        select(fills)
        .where(fills.c.session == number)
        .order_by(fills.c.block.desc(), fills.c.log_index.desc(), fills.c.number.desc())
    )
    if kind is not None:
        query = query.where(fills.c.kind == int(kind))
    if limit is not None:
        query = query.limit(limit)
    return [_trade(row) for row in db.execute(query).mappings()]


def trade_count(db: Connection, number: int) -> int:
    """Return how many trades a session has, block trades included."""
    query = select(func.count()).select_from(fills).where(fills.c.session == number)
    return int(db.scalar(query) or 0)


def orders_of(
    db: Connection, number: int, organisation: int | None = None, *, until: int | None = None
) -> list[Quoted]:
    """Return the orders of a session in the order of arrival, of one organisation or of all.

    `until` leaves out those that came after that time.
    """
    query = select(orders).where(orders.c.session == number)
    if until is not None:
        query = query.where(orders.c.time <= until)
    if organisation is not None:
        query = query.where(orders.c.organisation == organisation)
    query = query.order_by(orders.c.block, orders.c.log_index, orders.c.position)
    return [
        Quoted(
            r["buy"],
            r["tick"],
            r["position"],
            r["organisation"],
            r["lots"],
            r["open_lots"],
            r["ended"],
            r["ended_at"],
            r["time"],
        )
        for r in db.execute(query).mappings()
    ]


def last_closes(db: Connection) -> list[Session]:
    """Return the last closed session of each instrument."""
    newest = (
        select(func.max(sessions.c.id))
        .where(sessions.c.closed_at.is_not(None))
        .group_by(sessions.c.instrument)
    )
    query = select(sessions).where(sessions.c.id.in_(newest)).order_by(sessions.c.instrument)
    return [session_of_row(row) for row in db.execute(query).mappings()]


def session_of_row(row: RowMapping) -> Session:
    """Return a session of the table's row."""
    return Session(
        row["id"],
        Instrument.from_token_id(row["instrument"]),
        json.loads(row["terms"]),
        row["low_tick"],
        row["high_tick"],
        row["paused"],
        row["cleared_at"],
        row["closed_at"],
        row["closing_tick"],
        row["volume_lots"],
    )


def listed_instruments(db: Connection) -> list[Instrument]:
    """Return what can be traded."""
    query = select(listings.c.instrument).order_by(listings.c.instrument)
    return [Instrument.from_token_id(token) for token in db.scalars(query)]


def _trade(row: RowMapping) -> Trade:
    return Trade(
        row["time"],
        Kind(row["kind"]),
        row["buyer"],
        row["seller"],
        row["lots"],
        row["bid_tick"],
        row["ask_tick"],
        row["half_ticks"],
        row["obligation"],
        row["tx_hash"],
    )
