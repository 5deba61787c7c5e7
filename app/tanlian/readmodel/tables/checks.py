"""Rounds of the periodic check, what they found, and the ratings."""

from sqlalchemy import Column, Index, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

check_rounds = Table(
    "check_rounds",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("kind", Integer, nullable=False),  # 1 month, 2 quarter, 3 year
    Column("year", Whole, nullable=False),
    Column("part", Whole, nullable=False),  # of the year, from 1
    Column("period", Whole, nullable=False),  # whose reports and duties are looked at
    Column("member_count", Whole, nullable=False),
    Column("checked", Whole, nullable=False),  # emitters looked at
    Column("cases", Whole, nullable=False),
    Column("opened_at", Whole, nullable=False),
    Column("contest_until", Whole, nullable=False),  # last second to contest its ratings
    Column("finished_at", Whole),
    Column("digest", String(66)),
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_check_rounds_kind", "kind", "year", "part"),
)

check_results = Table(
    "check_results",
    metadata,
    Column("round", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("entitled_kg", Amount, nullable=False),
    Column("declared_kg", Amount, nullable=False),
    Column("verified_kg", Amount, nullable=False),
    Column("accepted_kg", Amount, nullable=False),
    Column("duty_kg", Amount, nullable=False),
    Column("surrendered_kg", Amount, nullable=False),
    Column("in_time_kg", Amount, nullable=False),
    Column("shortfall_kg", Amount, nullable=False),
    Column("holding_kg", Amount, nullable=False),
    Column("verifier_id", Whole, nullable=False),
    Column("flags", Integer, nullable=False),  # one bit a trigger that held; bit 0: duty in time
    Column("cases", Whole, nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

ratings = Table(
    "ratings",
    metadata,
    Column("round", Whole, primary_key=True, autoincrement=False),
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("old_score", Integer, nullable=False),
    Column("published_score", Integer, nullable=False),
    Column("new_score", Integer, nullable=False),  # after a review
    Column("flags", Integer, nullable=False),
    Column("upheld", Whole, nullable=False),
    Column("overturned", Whole, nullable=False),
    Column("status", Integer, nullable=False),  # 1 published, 2 contested, 3 reviewed
    Column("published_at", Whole, nullable=False),
    Column("contested_at", Whole),
    Column("contest_document", String(66)),
    Column("reviewed_at", Whole),
    Column("review_document", String(66)),
    Column("reviewed_by", String(42)),
    Column("tx_hash", String(66), nullable=False),
    Index("ix_ratings_organisation", "organisation", "round"),
)

scores = Table(
    "scores",
    metadata,
    Column("organisation", Whole, primary_key=True, autoincrement=False),
    Column("score", Integer, nullable=False),
)

default_checks = Table(
    "default_checks",
    metadata,
    Column("first_obligation", Whole, primary_key=True, autoincrement=False),
    Column("last_obligation", Whole, nullable=False),
    Column("cases", Whole, nullable=False),
    Column("time", Whole, nullable=False),
    Column("tx_hash", String(66), nullable=False),
)
