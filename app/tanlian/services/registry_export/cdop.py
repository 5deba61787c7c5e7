"""CDOP 2.0: the pods "Issuances" and "Unit Description", one document a kind of units.

The pods describe carbon credits. The type of a unit is an enumeration of crediting programmes in
which allowances and CCER have no place; `descriptor` is therefore left out, and the annotation says
what the units are. The owner's account is private in CDOP: it is told as withheld.
"""

from typing import Any

from tanlian.domain.instrument import Instrument, Kind
from tanlian.services.registry_export.intervals import Piece, pieces
from tanlian.services.registry_export.registry import (
    CANCELLATION,
    CLAW_BACK,
    PURPOSES,
    SURRENDER,
    Registry,
    day,
    described,
    units,
)

SHAPE = "cdop-2"
WITHHELD = "withheld"
_STATUS = {SURRENDER: "Retired", CANCELLATION: "Cancelled", CLAW_BACK: "Cancelled"}


def export(registry: Registry, site: str) -> dict[str, Any]:
    """Return the registry in this shape; `site` is the address under which its pages are read."""
    instruments = sorted({issue.instrument for issue in registry.issues})
    cut = list(pieces(registry.issues, registry.certificates))
    return {
        **registry.about(SHAPE),
        "documents": [
            {
                "annotation": described(instrument),
                "issuances": _issuances(registry, instrument, site),
                "units": [
                    _unit(registry, piece) for piece in cut if piece.issue.instrument == instrument
                ],
            }
            for instrument in instruments
        ],
    }


def _issuances(registry: Registry, instrument: Instrument, site: str) -> dict[str, Any]:
    listed = []
    total_kg = 0
    for issue in registry.issues:
        if issue.instrument != instrument:
            continue
        total_kg += issue.amount_kg
        listed.append(
            {
                "batch_identifier": f"{registry.identifier}:{issue.id}",
                "issuance_url": f"{site}data/issues.csv",
                "date_of_issuance": day(issue.time),
                "batch_issued_volume": units(issue.amount_kg),
                "cumulative_issued_volume": units(total_kg),
                "issuance_status": "Complete",
            }
        )
    return {
        "project": {"project_identifier": _project(registry, instrument)},
        "issuance": {"issuance": listed},
    }


def _unit(registry: Registry, piece: Piece) -> dict[str, Any]:
    instrument, certificate = piece.issue.instrument, piece.retired
    issue = piece.issue
    last = issue.first_serial + issue.amount_kg - 1
    unit: dict[str, Any] = {
        "owner_account_id": WITHHELD,
        "reference": [
            {
                "serial_number": f"{instrument.token_id}-{piece.first}-{piece.last}",
                "source_serial_number": f"{instrument.token_id}-{issue.first_serial}-{last}",
            }
        ],
        "status": [
            {
                "status": _STATUS[certificate.purpose] if certificate else "Active",
                "is_current": True,
            }
        ],
        # serials count kilograms, so a block's quantity is told in kilograms too
        "credit_block": [
            {
                "quantity": piece.amount_kg,
                "block_start": piece.first,
                "block_end": piece.last,
            }
        ],
    }
    if certificate is not None:
        unit["retirement"] = [
            {
                "retirement_beneficiary": registry.names[certificate.organisation],
                "retirement_detail": (
                    f"{PURPOSES[certificate.purpose]}, certificate {certificate.id}"
                ),
            }
        ]
    return {
        "project": {"current_registry_project_id": _project(registry, instrument)},
        "unit": unit,
        "vintage": {"vintage": f"{instrument.vintage:04d}-01-01"},
    }


def _project(registry: Registry, instrument: Instrument) -> str:
    name = str(instrument.project) if instrument.kind is Kind.OFFSET else instrument.symbol
    return f"{registry.identifier}:{name}"
