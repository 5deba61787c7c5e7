"""Factor sets, monitoring and reports."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.tables.emissions import conflicts, reporting_years, reports
from tanlian.readmodel.tables.methods import factor_sets
from tanlian.readmodel.tables.monitoring import (
    devices,
    logbooks,
    monitoring_plans,
    monitoring_years,
    sources,
)
from tanlian.readmodel.views.question import Question, fields, rows_of

CALENDAR = (
    "report_by", "verify_seconds", "correction_seconds", "objection_seconds", "most_years",
    "factor_set", "gas_set",
)  # fmt: skip
RECORD = (
    "status", "version", "declared_kg", "reported_kg", "verified_kg", "accepted_kg", "measured_g",
    "submitted_at", "respond_by", "accepted_at", "assigned_to", "verifier_id", "excluded",
    "accepted_verifier", "undone_kg", "undone_verifier", "acceptances", "estimated", "overturned",
    "document", "lines", "readings", "evidence",
)  # fmt: skip
LOGBOOK = ("organisation", "is_open", "mass_g", "count", "next_hour", "batches")


def questions(db: Connection, contracts: Contracts) -> Iterator[Question]:
    """Ask for what is there of these areas in this deployment."""
    if "methods" in contracts:
        for row in rows_of(db, factor_sets):
            said = fields(row, "name", "effective_from", "document", "source", "sealed_at")
            reading = contracts["methods"].reading("factor_set", row["id"])
            yield Question(reading, f"factor_sets {row['id']}", said)
    if "monitoring" in contracts:
        yield from _monitoring(db, contracts)
    if "emissions" in contracts:
        yield from _reports(db, contracts)


def _monitoring(db: Connection, contracts: Contracts) -> Iterator[Question]:
    registry = contracts["monitoring"]
    for row in rows_of(db, monitoring_years):
        said = fields(row, "starts_at", "ends_at")
        yield Question(
            registry.reading("year_of", row["year"]), f"monitoring_years {row['year']}", said
        )
    for row in rows_of(db, sources):
        said = fields(row, "organisation", "name", "registered_at", "closed_at")
        yield Question(registry.reading("source", row["id"]), f"sources {row['id']}", said)
    for row in rows_of(db, devices):
        said = fields(row, "source", "name", "key", "key_since", "registered_at", "retired_at")
        yield Question(registry.reading("device", row["id"]), f"devices {row['id']}", said)
    newest = select(monitoring_plans).where(monitoring_plans.c.state != "replaced")
    for row in db.execute(newest).mappings():
        place = (row["organisation"], row["year"])
        said = fields(row, "document", "version", "filed_at")
        said["approved_at"] = row["decided_at"] if row["state"] == "approved" else None
        yield Question(registry.reading("plan", *place), f"monitoring_plans {place}", said)
    for row in rows_of(db, logbooks):
        place = (row["gateway"], row["year"])
        said = fields(row, *LOGBOOK, *(["head"] if row["batches"] else []))
        yield Question(registry.reading("logbook_of", *place), f"logbooks {place}", said)


def _reports(db: Connection, contracts: Contracts) -> Iterator[Question]:
    registry = contracts["emissions"]
    for row in rows_of(db, reporting_years):
        reading = registry.reading("calendar_of", row["year"])
        yield Question(reading, f"reporting_years {row['year']}", fields(row, *CALENDAR))
    for row in rows_of(db, reports):
        place = (row["organisation"], row["year"])
        yield Question(
            registry.reading("record_of", *place), f"reports {place}", fields(row, *RECORD)
        )
    for row in rows_of(db, conflicts):
        place = (row["verifier"], row["emitter"])
        reading = registry.reading("has_conflict", *place)
        yield Question(reading, f"conflicts {place}", row["stands"])
