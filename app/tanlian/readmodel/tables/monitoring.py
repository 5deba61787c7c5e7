"""Sources, devices, plans, gateways' logbooks and what they anchored. Mass in grams of CO2e."""

from sqlalchemy import Boolean, Column, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

monitoring_years = Table(
    "monitoring_years",
    metadata,
    Column("year", Whole, primary_key=True, autoincrement=False),
    Column("starts_at", Whole, nullable=False),
    Column("ends_at", Whole, nullable=False),  # the first second after it
    Column("opened_at", Whole, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("registered_at", Whole, nullable=False),
    Column("closed_at", Whole),
    Column("close_reason", String(160)),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("source", Whole, nullable=False, index=True),
    Column("organisation", Whole, nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("key", String(42), nullable=False),
    Column("key_since", Whole, nullable=False),
    Column("registered_at", Whole, nullable=False),
    Column("retired_at", Whole),
    Column("retire_reason", String(160)),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

device_keys = Table(
    "device_keys",
    metadata,
    Column("key", String(42), primary_key=True),  # of one device for ever
    Column("device", Whole, nullable=False, index=True),
    Column("since", Whole, nullable=False),
    Column("until", Whole),
    Column("end_reason", String(160)),
)

monitoring_plans = Table(
    "monitoring_plans",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("year", Whole, primary_key=True, autoincrement=False),
    Column("version", Whole, primary_key=True, autoincrement=False),
    Column("document", String(66), nullable=False),
    Column("state", String(12), nullable=False),  # filed, approved, returned, replaced
    Column("filed_at", Whole, nullable=False),
    Column("filed_by", String(42), nullable=False),
    Column("decided_at", Whole),  # also of an approved plan that a newer one replaced
    Column("decided_by", String(42)),
    Column("reason", String(160)),  # of a return
    Column("tx_hash", String(66), nullable=False),
)

logbooks = Table(
    "logbooks",
    metadata,
    Column("gateway", String(42), primary_key=True),
    Column("year", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False, index=True),
    Column("is_open", Boolean, nullable=False),
    Column("mass_g", Amount, nullable=False),
    Column("count", Whole, nullable=False),
    Column("first_hour", Whole, nullable=False),  # hours since 1970
    Column("next_hour", Whole, nullable=False),
    Column("batches", Whole, nullable=False),
    Column("head", String(66)),  # none before the first batch
    Column("opened_at", Whole, nullable=False),
    Column("anchored_at", Whole),  # the newest batch
    Column("replaced_by", String(42)),
    Column("replace_reason", String(160)),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

anchors = Table(
    "anchors",
    metadata,
    Column("gateway", String(42), primary_key=True),
    Column("year", Whole, primary_key=True, autoincrement=False),
    Column("first_hour", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, nullable=False, index=True),
    Column("hours", Whole, nullable=False),
    Column("root", String(66), nullable=False),
    Column("mass_g", Amount, nullable=False),
    Column("count", Whole, nullable=False),
    Column("previous_head", String(66), nullable=False),
    Column("time", Whole, nullable=False),
    Column("block", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)
