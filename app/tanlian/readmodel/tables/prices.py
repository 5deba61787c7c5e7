"""Prices within sessions, minute by minute, so that nobody adds up all trades to show them."""

from sqlalchemy import BigInteger, Column, Integer, Table

from tanlian.readmodel.tables.types import Whole, metadata

traded_minutes = Table(
    "traded_minutes",
    metadata,
    Column("session", Integer, primary_key=True, autoincrement=False),
    Column("minute", Whole, primary_key=True, autoincrement=False),  # since 1970, UTC
    # of the trades outside of block trades, in half ticks, as in `sessions`
    Column("volume_lots", BigInteger, nullable=False),
    Column("first_half_ticks", Integer, nullable=False),
    Column("highest_half_ticks", Integer, nullable=False),
    Column("lowest_half_ticks", Integer, nullable=False),
    Column("last_half_ticks", Integer, nullable=False),
    Column("trades", Integer, nullable=False),
)
