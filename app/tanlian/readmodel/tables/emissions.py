"""Reporting years, reports as they stand, every step of their verification, conflicts."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

reporting_years = Table(
    "reporting_years",
    metadata,
    Column("year", Whole, primary_key=True, autoincrement=False),
    Column("report_by", Whole, nullable=False),
    Column("verify_seconds", Whole, nullable=False),
    Column("correction_seconds", Whole, nullable=False),
    Column("objection_seconds", Whole, nullable=False),
    Column("most_years", Whole, nullable=False),
    Column("factor_set", Whole, nullable=False),
    Column("gas_set", Whole, nullable=False),
    Column("opened_at", Whole, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("year", Whole, primary_key=True, autoincrement=False),
    Column("status", Integer, nullable=False, index=True),  # of `domain.report_state`
    Column("version", Whole, nullable=False),
    Column("declared_kg", Amount, nullable=False),
    Column("reported_kg", Amount, nullable=False),
    Column("verified_kg", Amount, nullable=False),
    Column("accepted_kg", Amount, nullable=False),
    Column("measured_g", Amount, nullable=False),
    Column("submitted_at", Whole, nullable=False),  # 0: nobody reported
    Column("respond_by", Whole, nullable=False),  # 0: no deadline runs
    Column("accepted_at", Whole, nullable=False),
    Column("assigned_to", Whole, nullable=False, index=True),
    Column("verifier_id", Whole, nullable=False),
    Column("excluded", Whole, nullable=False),
    Column("accepted_verifier", Whole, nullable=False),
    Column("undone_kg", Amount, nullable=False),
    Column("undone_verifier", Whole, nullable=False),
    Column("acceptances", Whole, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("overturned", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),  # the newest submission
    Column("document", String(66), nullable=False),
    Column("lines", String(66), nullable=False),
    Column("readings", String(66), nullable=False),
    Column("evidence", String(66), nullable=False),
    Column("changed_at", Whole, nullable=False),
)

report_steps = Table(
    "report_steps",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False),
    Column("year", Whole, nullable=False),
    Column("event", String(32), nullable=False),
    Column("status", Integer, nullable=False),  # of the report afterwards
    Column("version", Whole, nullable=False),
    Column("verifier", Whole, nullable=False),  # 0: none has to do with it
    Column("amount_kg", Amount),  # the figure that the step states
    Column("upheld", Boolean),  # of a decided objection
    Column("late", Boolean),  # of a submission
    Column("reason", String(160)),
    Column("document", String(66)),  # or evidence: what the step rests on
    Column("respond_by", Whole),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_report_steps_report", "organisation", "year"),
)

activity_lines = Table(
    "activity_lines",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("year", Whole, primary_key=True, autoincrement=False),
    Column("version", Whole, primary_key=True, autoincrement=False),
    Column("corrected", Boolean, primary_key=True),  # by the verifier of this version
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("method", Integer, nullable=False),
    Column("key", String(66), nullable=False),
    Column("unit", Integer, nullable=False),
    Column("quantity", Amount, nullable=False),  # 10^-6 units
    Column("basis", Integer, nullable=False),
    Column("ncv", Amount, nullable=False),  # 10^-6 GJ per base unit
    Column("carbon", Amount, nullable=False),  # 10^-9 tC per GJ or base unit
    Column("moisture_received", Amount, nullable=False),  # 10^-6
    Column("moisture_dry", Amount, nullable=False),
    Column("share", Amount, nullable=False),
)

conflicts = Table(
    "conflicts",
    metadata,
    Column("verifier", Whole, primary_key=True, autoincrement=False),
    Column("emitter", Whole, primary_key=True, autoincrement=False),
    Column("stands", Boolean, nullable=False),
    Column("reason", String(160), nullable=False),  # of the last change
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
)
