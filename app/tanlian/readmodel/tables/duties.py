"""Rules of the periods, duties, surrenders, shortfalls, carry-over and lapse. All in kg."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

compliance_periods = Table(
    "compliance_periods",
    metadata,
    Column("period", Whole, primary_key=True, autoincrement=False),
    Column("rules_hash", String(66), nullable=False),
    Column("deadline_at", Whole, nullable=False),
    Column("acceptance_grace_seconds", Whole, nullable=False),
    Column("unit_kg", Amount, nullable=False),
    Column("offset_limit_ppm", Whole, nullable=False),
    Column("own_offsets_refused", Boolean, nullable=False),
    Column("first_vintage", Whole, nullable=False),
    Column("last_vintage", Whole, nullable=False),
    Column("first_offset_vintage", Whole, nullable=False),
    Column("next_cut_ppm", Whole, nullable=False),
    Column("carry_unlimited", Boolean, nullable=False),
    Column("carry_base_kg", Amount, nullable=False),
    Column("carry_multiplier_ppm", Amount, nullable=False),
    Column("carry_deadline_at", Whole, nullable=False),
    Column("carry_into_vintage", Whole, nullable=False),
    Column("opened_at", Whole, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

# What was done about a duty; the duty itself follows from the accepted report and the rules.
duties = Table(
    "duties",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("period", Whole, primary_key=True, autoincrement=False),
    Column("surrendered_kg", Amount, nullable=False),
    Column("in_time_kg", Amount, nullable=False),
    Column("offsets_kg", Amount, nullable=False),
    Column("cut_kg", Amount, nullable=False),  # from the next allocation
    Column("shortfall_kg", Amount, nullable=False),  # as recorded
    Column("net_sold_kg", Amount, nullable=False),
    Column("carried_kg", Amount, nullable=False),
    Column("lapsed_kg", Amount, nullable=False),
)

surrenders = Table(
    "surrenders",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False),
    Column("period", Whole, nullable=False),
    Column("amount_kg", Amount, nullable=False),
    Column("duty_kg", Amount, nullable=False),  # at that time
    Column("in_time", Boolean, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("block", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_surrenders_duty", "organisation", "period"),
)

surrendered_units = Table(
    "surrendered_units",
    metadata,
    Column("certificate", Amount, primary_key=True, autoincrement=False),  # of the ledger
    Column("surrender", Whole, nullable=False, index=True),
    Column("token_id", BigInteger, nullable=False),
    Column("amount_kg", Amount, nullable=False),
)

shortfalls = Table(
    "shortfalls",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False),
    Column("period", Whole, nullable=False),
    Column("old_shortfall_kg", Amount, nullable=False),
    Column("new_shortfall_kg", Amount, nullable=False),
    Column("next_cut_kg", Amount),  # none of a correction
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_shortfalls_duty", "organisation", "period"),
)

# Allowances exchanged for those of the next vintage, or retired because they were not.
carry_overs = Table(
    "carry_overs",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False),
    Column("period", Whole, nullable=False),
    Column("token_id", BigInteger, nullable=False),
    Column("into_token_id", BigInteger),  # none: they lapsed
    Column("amount_kg", Amount, nullable=False),
    Column("certificate", Amount, nullable=False),  # of the ledger
    Column("first_serial", Amount),  # of the new allowances
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_carry_overs_duty", "organisation", "period"),
)
