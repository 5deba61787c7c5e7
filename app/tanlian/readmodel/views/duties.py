"""Rules of the periods, duties, surrenders, projects and attestations."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.queries import duties as duty_queries
from tanlian.readmodel.tables.duties import (
    compliance_periods,
    duties,
    surrendered_units,
    surrenders,
)
from tanlian.readmodel.tables.offsets import attestations, foreign_serials, projects
from tanlian.readmodel.views.question import Question, fields, rows_of

RULES = (
    "rules_hash", "deadline_at", "acceptance_grace_seconds", "unit_kg", "offset_limit_ppm",
    "own_offsets_refused", "first_vintage", "last_vintage", "first_offset_vintage", "next_cut_ppm",
    "carry_unlimited", "carry_base_kg", "carry_multiplier_ppm", "carry_deadline_at",
    "carry_into_vintage",
)  # fmt: skip
PROJECT = (
    "owner", "status", "name", "methodology", "document", "crediting_start", "crediting_end",
    "monitored_until",
)  # fmt: skip
ATTESTATION = (
    "project", "amount_kg", "monitoring_start", "monitoring_end", "verifier", "document", "status",
)  # fmt: skip


def questions(db: Connection, contracts: Contracts) -> Iterator[Question]:
    """Ask for what is there of these areas in this deployment."""
    if "compliance" in contracts:
        yield from _duties(db, contracts)
    if "offsets" in contracts:
        yield from _offsets(db, contracts)


def _duties(db: Connection, contracts: Contracts) -> Iterator[Question]:
    compliance = contracts["compliance"]
    for row in rows_of(db, compliance_periods):
        reading = compliance.reading("rules", row["period"])
        yield Question(reading, f"compliance_periods {row['period']}", fields(row, *RULES))
        for duty in duty_queries.duties_of_period(db, row["period"], limit=None):
            said = {
                "accepted": duty.duty_kg is not None,
                "duty_kg": duty.duty_kg or 0,
                "surrendered_kg": duty.surrendered_kg,
                "in_time_kg": duty.in_time_kg,
                "offsets_kg": duty.offsets_kg,
                "outstanding_kg": duty.outstanding_kg,
                "deadline_at": duty.deadline_at,
                "recorded_shortfall_kg": duty.shortfall_kg,
            }
            place = (duty.organisation, row["period"])
            yield Question(compliance.reading("duty", *place), f"duties {place}", said)
    for row in rows_of(db, duties):
        place = (row["organisation"], row["period"])
        for name in ("cut_kg", "net_sold_kg", "carried_kg"):
            yield Question(compliance.reading(name, *place), f"duties {name} {place}", row[name])
    for row in rows_of(db, surrenders):
        said = fields(row, "organisation", "period", "amount_kg", "in_time")
        said["surrendered_at"] = row["time"]
        reading = compliance.reading("surrender_certificate", row["id"])
        yield Question(reading, f"surrenders {row['id']}", said)
        behind = select(surrendered_units.c.certificate).where(
            surrendered_units.c.surrender == row["id"]
        )
        certificates = tuple(sorted(db.scalars(behind)))
        reading = compliance.reading("ledger_certificates", row["id"])
        yield Question(reading, f"surrendered_units {row['id']}", certificates)


def _offsets(db: Connection, contracts: Contracts) -> Iterator[Question]:
    registry = contracts["offsets"]
    for row in rows_of(db, projects):
        reading = registry.reading("project", row["id"])
        yield Question(reading, f"projects {row['id']}", fields(row, *PROJECT))
    for row in rows_of(db, attestations):
        said = fields(row, *ATTESTATION, *(["token_id"] if row["token_id"] else []))
        reading = registry.reading("attestation", row["id"])
        yield Question(reading, f"attestations {row['id']}", said)
    for row in rows_of(db, foreign_serials):
        place = (int.from_bytes(row["registry"].encode()), row["first_serial"])
        reading = registry.reading("last_serial", *place)
        yield Question(reading, f"foreign_serials {place}", row["last_serial"])
