"""What was done beside the books: replacements, freezes, payments in, allocations, blocks."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

replacements = Table(
    "replacements",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False, index=True),
    Column("old_account", String(42), nullable=False),
    Column("new_account", String(42), nullable=False),
    Column("stolen", Boolean, nullable=False),
    Column("reason", String(160), nullable=False),
    Column("status", Integer, nullable=False, index=True),  # `domain.market_states`
    Column("expires_at", Whole, nullable=False),
    Column("effective_at", Whole, nullable=False),  # 0 before the second approval
    Column("proposer", String(42), nullable=False),
    Column("approver", String(42)),
    Column("proposed_at", Whole, nullable=False),
    Column("ended_at", Whole),
    Column("tx_hash", String(66), nullable=False),
)

freezes = Table(
    "freezes",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False, index=True),
    Column("token_id", BigInteger),  # none: the whole holding
    Column("frozen", Boolean, nullable=False),  # or unfrozen
    Column("old_frozen_kg", Amount),
    Column("new_frozen_kg", Amount),
    Column("reason", String(160), nullable=False),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

frozen_holders = Table(
    "frozen_holders",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("frozen", Boolean, nullable=False),
    Column("reason", String(160), nullable=False),
    Column("since", Whole, nullable=False),
)

claw_backs = Table(
    "claw_backs",
    metadata,
    Column("certificate", Amount, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False, index=True),
    Column("token_id", BigInteger, nullable=False),
    Column("amount_kg", Amount, nullable=False),
    Column("reason", String(160), nullable=False),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

money_issues = Table(
    "money_issues",
    metadata,
    Column("bank", Whole, primary_key=True, autoincrement=False),
    Column("reference", String(66), primary_key=True),  # of the payment; once per bank
    Column("organisation", Whole, nullable=False, index=True),
    Column("amount", Amount, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("block", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

allocation_acts = Table(
    "allocation_acts",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("event", String(24), nullable=False),
    Column("organisation", Whole),  # none: of a region
    Column("region", Whole),
    Column("period", Whole),
    Column("old_kg", Amount),  # entitlement, or cap of a plan
    Column("new_kg", Amount),
    Column("moved_kg", Amount),  # issued or clawed back
    Column("owed_kg", Amount),  # withheld for what was owed, or newly owed
    Column("document", String(66)),
    Column("reason", String(160)),  # of a refusal in a batch
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_allocation_acts_organisation", "organisation", "period"),
    Index("ix_allocation_acts_region", "region", "period"),
)

allocation_debts = Table(
    "allocation_debts",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("owed_kg", Amount, nullable=False),
)

listings = Table(
    "listings",
    metadata,
    Column("instrument", BigInteger, primary_key=True, autoincrement=False),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

block_proposals = Table(
    "block_proposals",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("session", Whole, nullable=False, index=True),
    Column("proposer", Whole, nullable=False, index=True),
    Column("counterparty", Whole, nullable=False, index=True),
    Column("proposer_buys", Boolean, nullable=False),
    Column("tick", Whole, nullable=False),
    Column("lots", Whole, nullable=False),
    Column("expires_at", Whole, nullable=False),
    Column("state", String(12), nullable=False),  # open, withdrawn, traded
    Column("proposed_at", Whole, nullable=False),
    Column("ended_at", Whole),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

block_agreements = Table(
    "block_agreements",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("session", Whole, nullable=False, index=True),
    Column("buyer", Whole, nullable=False, index=True),
    Column("seller", Whole, nullable=False, index=True),
    Column("tick", Whole, nullable=False),
    Column("lots", Whole, nullable=False),
    Column("proposal", Whole),  # none: by two signatures
    Column("buyer_signer", String(42)),
    Column("seller_signer", String(42)),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)
