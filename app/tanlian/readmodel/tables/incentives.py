"""Coin accounts, cases with their appeals, and amendments of the rules. Coins in 10^-6."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

# The balance stands in `balances` under the token "coin".
coin_accounts = Table(
    "coin_accounts",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("debt", Amount, nullable=False),
    Column("locked", Amount, nullable=False),
    Column("announced", Amount, nullable=False),
    Column("movable_at", Whole, nullable=False),
)

coin_entries = Table(
    "coin_entries",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("event", String(24), nullable=False),
    Column("coins", Amount, nullable=False),
    Column("money", Amount, nullable=False),  # micro-yuan that moved the other way
    Column("debt_after", Amount, nullable=False),
    Column("case", Whole),
    Column("other", Whole),  # the other side of a transfer
    Column("incoming", Boolean, nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_coin_entries_owner", "organisation", "block"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False, index=True),
    Column("trigger", Integer, nullable=False),  # `domain.incentives.Trigger`
    Column("period", Whole, nullable=False),
    Column("subject", Amount, nullable=False),  # organisation, obligation or document's hash
    Column("units", Amount, nullable=False),
    Column("opened_amount", Amount, nullable=False),
    Column("amount", Amount, nullable=False),  # in the end
    Column("version", Whole, nullable=False),  # of the rules
    Column("status", Integer, nullable=False, index=True),  # `domain.market_states`
    Column("opened_at", Whole, nullable=False),
    Column("appeal_until", Whole, nullable=False),  # 0: nothing to appeal
    Column("signer", String(42), nullable=False),  # the applicant, or the periodic check
    Column("appealed_at", Whole),
    Column("appeal_document", String(66)),
    Column("appealed_by", String(42)),
    Column("closed_at", Whole),
    Column("close_document", String(66)),
    Column("closed_by", String(42)),
    Column("tx_hash", String(66), nullable=False),
)

amendments = Table(
    "amendments",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("from_period", Whole, nullable=False),
    Column("rules_hash", String(66), nullable=False),
    Column("appeal_seconds", Whole, nullable=False),
    Column("voting_ends_at", Whole, nullable=False),
    Column("status", Integer, nullable=False),  # 1 voting, 2 enacted
    Column("yes", Whole, nullable=False),
    Column("no", Whole, nullable=False),
    Column("proposed_at", Whole, nullable=False),
    Column("enacted_at", Whole),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

amendment_rules = Table(
    "amendment_rules",
    metadata,
    Column("amendment", Whole, primary_key=True, autoincrement=False),
    Column("trigger", Integer, primary_key=True, autoincrement=False),
    Column("base", Amount, nullable=False),
    Column("rate_per_unit", Amount, nullable=False),
    Column("tolerance_ppm", BigInteger, nullable=False),
    Column("wait_seconds", Whole, nullable=False),
    Column("per_case", Amount, nullable=False),
    Column("per_period", Amount, nullable=False),
)

votes = Table(
    "votes",
    metadata,
    Column("amendment", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("in_favour", Boolean, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)
