"""Proof that the tables equal the chain: made anew elsewhere, and compared with contract views."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, create_engine, select
from sqlalchemy.engine import Connection as Database
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool

from tanlian.chain.contracts import Contracts, Reading
from tanlian.readmodel.checkpoints import position
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.tables import (
    allocations,
    balances,
    holdings,
    metadata,
    orders,
    organisations,
    plans,
    sessions,
    trading_accounts,
)
from tanlian.readmodel.trading_accounts import FIELDS

OPEN_ORDERS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the tables say otherwise than the chain."""

    where: str
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rows` rows and `views` contract views were compared, as of `block`."""

    block: int
    rows: int
    views: int
    differences: tuple[Difference, ...]

    @property
    def is_equal(self) -> bool:
        return not self.differences


def verify(engine: Engine, contracts: Contracts) -> Verdict:
    """Bring the tables to the head, make them anew in memory, and compare with both.

    Raises:
        OtherChain: the tables belong to another chain.
    """
    here = Projector(engine, contracts).catch_up()
    fresh = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(fresh)
    Projector(fresh, contracts).catch_up(here.block)
    rows = 0
    differences: list[Difference] = []
    with engine.connect() as ours, fresh.connect() as theirs:
        found = position(ours)
        if found is None or found.block != here.block:
            return verify(engine, contracts)  # another process moved the tables on meanwhile
        for table in metadata.sorted_tables:
            expected, present = _rows(theirs, table), _rows(ours, table)
            rows += len(expected)
            differences += _compare(table.name, expected, present)
        views = list(_views(ours, contracts))
    answers = contracts.read_many((reading for reading, _, _ in views), block=here.block)
    for (_, where, said), answer in zip(views, answers, strict=True):
        chain = {name: getattr(answer, name) for name in said} if isinstance(said, dict) else answer
        if chain != said:
            differences.append(Difference(where, chain, said))
    return Verdict(here.block, rows, len(views), tuple(differences))


def _rows(db: Database, table: Table) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = [column.name for column in table.primary_key]
    found = db.execute(select(table)).mappings()
    return {tuple(row[name] for name in names): dict(row) for row in found}


def _compare(
    name: str,
    expected: dict[tuple[Any, ...], dict[str, Any]],
    present: dict[tuple[Any, ...], dict[str, Any]],
) -> Iterator[Difference]:
    for key in expected.keys() | present.keys():
        if expected.get(key) != present.get(key):
            yield Difference(f"{name} {key}", expected.get(key), present.get(key))


def _views(db: Database, contracts: Contracts) -> Iterator[tuple[Reading, str, Any]]:
    """Each contract view with the place it checks and what the tables say."""
    ledger, market = contracts.ledger, contracts.market
    for row in db.execute(select(holdings)).mappings():
        place = (row["holder"], row["token_id"])
        yield ledger.reading("balanceOf", *place), f"holdings {place}", row["amount_kg"]
        if row["organisation"]:
            frozen = ledger.reading("frozen_kg", row["organisation"], row["token_id"])
            yield frozen, f"holdings frozen {place}", row["frozen_kg"]
    for row in db.execute(select(balances)).mappings():
        token = contracts[row["token"]]
        yield token.reading("balanceOf", row["holder"]), f"balances {row['holder']}", row["amount"]
    for row in db.execute(select(organisations)).mappings():
        said = {name: row[name] for name in ("name", "roles", "sector", "region", "active")}
        view = contracts.membership.reading("organisation", row["id"])
        yield view, f"organisations {row['id']}", said
    for row in db.execute(select(plans)).mappings():
        said = {name: row[name] for name in ("cap_kg", "target_kg", "capacity_kg")}
        view = contracts.allocation.reading("plan", row["region"], row["period"])
        yield view, f"plans {row['region']}, {row['period']}", said
    for row in db.execute(select(allocations)).mappings():
        said = {name: row[name] for name in ("region", "entitled_kg", "issued_kg")}
        view = contracts.allocation.reading("account", row["organisation"], row["period"])
        yield view, f"allocations {row['organisation']}, {row['period']}", said
    for row in db.execute(select(sessions)).mappings():
        names = ("paused", "low_tick", "high_tick", "volume_lots", "turnover_half_ticks")
        said = {name: row[name] for name in names}
        yield market.reading("state", row["id"]), f"sessions {row['id']}", said
    for row in db.execute(select(trading_accounts)).mappings():
        said = {name: row[name] for name in FIELDS}
        place = (row["instrument"], row["organisation"])
        yield market.reading("account", *place), f"trading_accounts {place}", said
    standing = select(orders).where(orders.c.open_lots > 0).limit(OPEN_ORDERS_AT_ONCE)
    for row in db.execute(standing).mappings():
        key = (row["session"] << 43) | (row["buy"] << 42) | (row["tick"] << 22) | row["position"]
        said = {"organisation_id": row["organisation"], "lots": row["open_lots"]}
        yield market.reading("order", key), f"orders {key}", said
