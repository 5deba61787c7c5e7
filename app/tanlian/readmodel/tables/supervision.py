"""Granted views, complaints as they stand, and every step of a complaint."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

view_grants = Table(
    "view_grants",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("grantee", Whole, nullable=False, index=True),
    Column("kinds", Integer, nullable=False),  # bits of `domain.supervision.ViewKind`
    Column("scope", Integer, nullable=False),
    Column("region", Integer, nullable=False),
    Column("sector", Integer, nullable=False),
    Column("subject", Whole, nullable=False),
    Column("first_year", Integer, nullable=False),
    Column("last_year", Integer, nullable=False),
    Column("granted_at", Whole, nullable=False),
    Column("expires_at", Whole, nullable=False),
    Column("revoked_at", Whole, nullable=False),  # 0: never
    Column("document", String(66), nullable=False),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Column("revoked_for", String(160)),
    Column("revoked_by", String(42)),
    Column("revoked_in", String(66)),
)

complaints = Table(
    "complaints",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("complainant", Whole, nullable=False, index=True),
    Column("subject", Whole, nullable=False, index=True),
    Column("kind", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("evidence", String(66), nullable=False),
    Column("statement", String(160), nullable=False),
    Column("status", Integer, nullable=False, index=True),
    Column("filed_at", Whole, nullable=False),
    Column("act_by", Whole, nullable=False),  # 0: closed
    Column("escalated", Boolean, nullable=False),  # within the state that it is in
    Column("route", Integer, nullable=False),  # 0: nothing was opened yet
    Column("reference", Amount, nullable=False),
    Column("regulator", Whole, nullable=False),  # 0: none yet
    Column("document", String(66)),  # of the regulator's last act
    Column("changed_at", Whole, nullable=False),
)

complaint_steps = Table(
    "complaint_steps",
    metadata,
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("complaint", Whole, nullable=False),
    Column("event", String(32), nullable=False),
    Column("status", Integer, nullable=False),  # afterwards
    Column("route", Integer),
    Column("reference", Amount),
    Column("reason", String(160)),  # or the statement
    Column("document", String(66)),  # or the evidence
    Column("act_by", Whole),
    Column("signer", String(42), nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_complaint_steps_complaint", "complaint"),
)
