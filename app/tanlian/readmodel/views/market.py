"""Sessions, trading accounts and standing orders."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.tables import obligations, orders, sessions, trading_accounts
from tanlian.readmodel.tables.acts import block_proposals
from tanlian.readmodel.trading_accounts import FIELDS
from tanlian.readmodel.views.question import Question, fields, rows_of

OPEN_ORDERS_AT_ONCE = 5_000
PROPOSAL = ("proposer", "counterparty", "proposer_buys", "tick", "lots", "expires_at")
OBLIGATION_STATES = {"owed": 1, "paid": 2, "defaulted": 3}


def questions(db: Connection, contracts: Contracts) -> Iterator[Question]:
    """Ask for every session and trading account, and for up to 5,000 standing orders."""
    if "market" not in contracts:
        return
    market = contracts.market
    for row in rows_of(db, sessions):
        said = fields(row, "paused", "low_tick", "high_tick", "volume_lots", "turnover_half_ticks")
        yield Question(market.reading("state", row["id"]), f"sessions {row['id']}", said)
    for row in rows_of(db, trading_accounts):
        place = (row["instrument"], row["organisation"])
        reading = market.reading("account", *place)
        yield Question(reading, f"trading_accounts {place}", fields(row, *FIELDS))
    standing = select(orders).where(orders.c.open_lots > 0).limit(OPEN_ORDERS_AT_ONCE)
    for row in db.execute(standing).mappings():
        key = (row["session"] << 43) | (row["buy"] << 42) | (row["tick"] << 22) | row["position"]
        said = {"organisation_id": row["organisation"], "lots": row["open_lots"]}
        yield Question(market.reading("order", key), f"orders {key}", said)
    for row in rows_of(db, obligations):
        said = {"status": OBLIGATION_STATES[row["state"]], "lots": row["lots"]}
        reading = contracts["settlement"].reading("obligation", row["id"])
        yield Question(reading, f"obligations {row['id']}", said)
    for row in rows_of(db, block_proposals):
        said = {**fields(row, *PROPOSAL), "open": row["state"] == "open"}
        reading = contracts["block_trades"].reading("proposal", row["id"])
        yield Question(reading, f"block_proposals {row['id']}", said)
