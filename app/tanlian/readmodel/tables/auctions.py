"""One-way auctions and their sealed bids. Prices in ticks, money in micro-yuan."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

auctions = Table(
    "auctions",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("instrument", BigInteger, nullable=False, index=True),
    Column("seller", Whole, nullable=False),
    Column("offered_lots", Whole, nullable=False),
    Column("reserve_tick", Whole, nullable=False),
    Column("max_bid_lots", Whole, nullable=False),
    Column("opens_at", Whole, nullable=False),
    Column("commits_until", Whole, nullable=False),
    Column("reveals_until", Whole, nullable=False),
    Column("cancel_if_undersubscribed", Boolean, nullable=False),
    Column("rules_hash", String(66), nullable=False),
    Column("status", Integer, nullable=False, index=True),  # `domain.market_states`
    Column("bid_count", Whole, nullable=False),
    Column("revealed_count", Whole, nullable=False),
    Column("revealed_lots", Whole, nullable=False),
    Column("draw_block", Whole),
    Column("seed", String(66)),
    Column("cleared_count", Whole, nullable=False),  # bids ranked so far
    Column("sold_lots", Whole, nullable=False),
    Column("clearing_tick", Whole, nullable=False),
    Column("paid_out", Amount, nullable=False),
    Column("unsold_returned", Boolean, nullable=False),
    Column("announced_at", Whole, nullable=False),
    Column("ended_at", Whole),  # cleared or cancelled
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

auction_bids = Table(
    "auction_bids",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("auction", Whole, nullable=False, index=True),
    Column("organisation", Whole, nullable=False, index=True),
    Column("commitment", String(66), nullable=False),
    Column("deposit", Amount, nullable=False),
    Column("status", Integer, nullable=False),  # 1 committed, 2 revealed, 3 settled, 4 forfeited
    Column("tick", Whole, nullable=False),  # 0 before it is revealed
    Column("lots", Whole, nullable=False),
    Column("won_lots", Whole, nullable=False),
    Column("place", Whole),  # in the ranking, from 1
    Column("cost", Amount),
    Column("refund", Amount),
    Column("committed_at", Whole, nullable=False),
    Column("revealed_at", Whole),
    Column("settled_at", Whole),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)
