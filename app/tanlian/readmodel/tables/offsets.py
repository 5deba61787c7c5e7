"""Voluntary-reduction projects, attestations, credits, and serials brought in from elsewhere."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

projects = Table(
    "projects",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("owner", Whole, nullable=False, index=True),
    Column("name", String(96), nullable=False),
    Column("methodology", String(66), nullable=False),
    Column("document", String(66), nullable=False),
    Column("status", Integer, nullable=False, index=True),  # `domain.offset_states`
    Column("crediting_start", Whole, nullable=False),
    Column("crediting_end", Whole, nullable=False),
    Column("monitored_until", Whole, nullable=False),  # credited up to here
    Column("registered_at", Whole, nullable=False),
    Column("changed_at", Whole, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

project_steps = Table(
    "project_steps",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("project", Whole, nullable=False, index=True),
    Column("status", Integer, nullable=False),  # afterwards
    Column("document", String(66), nullable=False),
    Column("reason", String(160), nullable=False),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

attestations = Table(
    "attestations",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("project", Whole, nullable=False, index=True),
    Column("verifier", Whole, nullable=False, index=True),  # 0: another registry
    Column("token_id", BigInteger),  # of the credits, once issued or revoked
    Column("amount_kg", Amount, nullable=False),
    Column("monitoring_start", Whole, nullable=False),
    Column("monitoring_end", Whole, nullable=False),
    Column("document", String(66), nullable=False),
    Column("status", Integer, nullable=False, index=True),  # `domain.offset_states`
    Column("attested_at", Whole, nullable=False),
    Column("issued_at", Whole),
    Column("first_serial", Amount),
    Column("revoked_at", Whole),
    Column("revoke_reason", String(160)),
    Column("revoke_document", String(66)),
    Column("made_good_at", Whole),
    Column("made_good_document", String(66)),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

foreign_registries = Table(
    "foreign_registries",
    metadata,
    Column("code", String(8), primary_key=True),
    Column("document", String(66), nullable=False),
    Column("named_at", Whole, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

foreign_serials = Table(
    "foreign_serials",
    metadata,
    Column("registry", String(8), primary_key=True),
    Column("first_serial", Amount, primary_key=True, autoincrement=False),
    Column("last_serial", Amount, nullable=False),
    Column("attestation", Whole, nullable=False, index=True),
    Column("document", String(66), nullable=False),
    Column("time", Whole, nullable=False),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)
