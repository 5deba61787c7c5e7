"""Blocks and events, organisations, units, money and the market.

Carbon in kg, money in micro-yuan, prices in ticks, times in UTC seconds of block time.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from tanlian.readmodel.tables.types import OF_THE_TABLES, Amount, Whole, metadata

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, number 1
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis_hash", String(66), nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("block_hash", String(66), nullable=False),
    Column("block_time", BigInteger, nullable=False),
    # of the tables, not of the chain: while `block` is less, they know a part of the past only
    Column("whole_from", BigInteger, nullable=False, server_default="0", info=OF_THE_TABLES),
)

blocks = Table(
    "blocks",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(66), nullable=False),
    Column("time", BigInteger, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("contract", String(32), nullable=False),
    Column("name", String(48), nullable=False),
    Column("tx_hash", String(66), nullable=False, index=True),
    Column("body", Text, nullable=False),  # JSON; integers as text, bytes as hex
    Index("ix_events_kind", "contract", "name", "block"),
)

event_subjects = Table(
    "event_subjects",
    metadata,
    Column("organisation", Integer, primary_key=True, autoincrement=False),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("identity", String(66), nullable=False, unique=True),
    Column("name", String(96), nullable=False),
    Column("roles", Integer, nullable=False),
    Column("sector", Integer, nullable=False, index=True),
    Column("region", Integer, nullable=False, index=True),
    Column("active", Boolean, nullable=False),
    Column("certificate", String(66), nullable=False),
    Column("admitted_at", BigInteger, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("address", String(42), primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("current", Boolean, nullable=False),
)

holdings = Table(
    "holdings",
    metadata,
    Column("holder", String(42), primary_key=True),  # registry account or facility
    Column("token_id", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation", Integer, nullable=False, index=True),  # 0: a facility
    Column("amount_kg", Amount, nullable=False),
    Column("frozen_kg", Amount, nullable=False),
)

balances = Table(
    "balances",
    metadata,
    Column("token", String(32), primary_key=True),  # money or coin
    Column("holder", String(42), primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("amount", Amount, nullable=False),
)

issue_blocks = Table(
    "issue_blocks",
    metadata,
    Column("id", Amount, primary_key=True, autoincrement=False),  # token id << 40 | number
    Column("token_id", BigInteger, nullable=False, index=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("first_serial", Amount, nullable=False),
    Column("amount_kg", Amount, nullable=False),
    Column("basis", String(66), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("id", Amount, primary_key=True, autoincrement=False),  # token id << 40 | number
    Column("token_id", BigInteger, nullable=False, index=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("first_serial", Amount, nullable=False),
    Column("amount_kg", Amount, nullable=False),
    Column("purpose", Integer, nullable=False),
    Column("reference", String(66), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("instrument", BigInteger, nullable=False, index=True),
    Column("terms", Text, nullable=False),  # JSON, as announced
    Column("low_tick", Integer, nullable=False),
    Column("high_tick", Integer, nullable=False),
    Column("opens_at", BigInteger, nullable=False),
    Column("closes_at", BigInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("cleared_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("closing_tick", Integer),
    Column("volume_lots", BigInteger, nullable=False),
    Column("turnover_half_ticks", Amount, nullable=False),
    # of the trades outside of block trades, in half ticks; empty until the first one
    Column("first_half_ticks", Integer),
    Column("highest_half_ticks", Integer),
    Column("lowest_half_ticks", Integer),
    Column("last_half_ticks", Integer),
    Column("trades", Integer, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("session", Integer, primary_key=True, autoincrement=False),
    Column("buy", Boolean, primary_key=True),
    Column("tick", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("organisation", Integer, nullable=False),
    Column("lots", Integer, nullable=False),  # as its owner last stated it
    Column("open_lots", Integer, nullable=False),
    Column("ended", String(12)),  # cancelled, released; empty while it stands or when filled
    Column("ended_at", BigInteger),
    Column("time", BigInteger, nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_orders_owner", "organisation", "session"),
    # what stands is little beside what stood
    Index(
        "ix_orders_standing",
        "session",
        "buy",
        "tick",
        "open_lots",
        sqlite_where=text("open_lots > 0"),
        postgresql_where=text("open_lots > 0"),
    ),
    Index("ix_orders_arrival", "session", "time"),
)

fills = Table(
    "fills",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # within the event
    Column("session", Integer, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("buyer", Integer, nullable=False, index=True),
    Column("seller", Integer, nullable=False, index=True),
    Column("lots", Integer, nullable=False),
    Column("half_ticks", Integer, nullable=False),
    Column("bid_tick", Integer, nullable=False),
    Column("bid_position", Integer, nullable=False),
    Column("ask_tick", Integer, nullable=False),
    Column("ask_position", Integer, nullable=False),
    Column("obligation", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_fills_newest", "session", "block", "log_index", "number"),
    Index("ix_fills_kind", "session", "kind"),
)

obligations = Table(
    "obligations",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("session", Integer, nullable=False),
    Column("buyer", Integer, nullable=False, index=True),
    Column("seller", Integer, nullable=False, index=True),
    Column("lots", Integer, nullable=False),
    Column("state", String(12), nullable=False),  # owed, paid, defaulted
    Column("time", BigInteger, nullable=False),
)

trading_accounts = Table(
    "trading_accounts",
    metadata,
    Column("instrument", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation", Integer, primary_key=True, autoincrement=False),
    Column("money_free", Amount, nullable=False),
    Column("lots_free", BigInteger, nullable=False),
    Column("open_buy_lots", BigInteger, nullable=False),
    Column("open_sell_lots", BigInteger, nullable=False),
    Column("lots_awaiting_payment", BigInteger, nullable=False),
    Column("is_stale", Boolean, nullable=False),  # the chain moved on and was not asked yet
)

plans = Table(
    "plans",
    metadata,
    Column("region", Whole, primary_key=True, autoincrement=False),
    Column("period", Whole, primary_key=True, autoincrement=False),
    Column("cap_kg", Amount, nullable=False),
    Column("target_kg", Amount, nullable=False),
    Column("capacity_kg", Amount, nullable=False),
)

allocations = Table(
    "allocations",
    metadata,
    Column("organisation", Integer, primary_key=True, autoincrement=False),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("region", Integer, nullable=False, index=True),
    Column("entitled_kg", Amount, nullable=False),
    Column("issued_kg", Amount, nullable=False),
)

redemptions = Table(
    "redemptions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation", Integer, nullable=False, index=True),
    Column("bank", Integer, nullable=False, index=True),
    Column("amount", Amount, nullable=False),
    Column("payee", String(66), nullable=False),
    Column("state", String(12), nullable=False),  # requested, paid out, rejected, cancelled
    Column("reference", String(66)),
    Column("time", BigInteger, nullable=False),
)
