"""CAD Trust data model 2: projects, methodologies, verifications, issuances and units.

Allowances are no project credits. They are exported all the same, under one record a vintage that
says so, because a registry that left them out would not add up; `annotations` marks them.
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
    timestamp,
    units,
)

SHAPE = "cadt-2"
BODY = "the regulator of this registry"
METHODOLOGIES = {
    Kind.ALLOWANCE: "Allocation under a cap (no crediting methodology)",
    Kind.OFFSET: "The project's methodology as attested on the chain",
}
_METRIC = "tCO2e"
_STATUS = {SURRENDER: "Retired", CANCELLATION: "Cancelled", CLAW_BACK: "Cancelled"}


def export(registry: Registry, site: str) -> dict[str, Any]:
    """Return the registry in this shape; `site` is the address under which its pages are read."""
    instruments = sorted({issue.instrument for issue in registry.issues})
    kinds = sorted({instrument.kind for instrument in instruments})
    return {
        **registry.about(SHAPE),
        "projects": [_project(registry, instrument, site) for instrument in instruments],
        "methodologies": [_methodology(registry, kind) for kind in kinds],
        "projectMethodologies": [
            {
                "cadTrustProjectMethodologyId": _methodology_id(registry, instrument),
                "cadTrustProjectId": _project_id(registry, instrument),
                "cadTrustMethodologyId": str(registry.uuid("methodology", int(instrument.kind))),
            }
            for instrument in instruments
        ],
        "verifications": [
            {
                "cadTrustVerificationId": str(registry.uuid("verification", issue.id)),
                "verificationId": issue.basis,
                "verificationStartDate": f"{issue.instrument.vintage:04d}-01-01",
                "verificationEndDate": f"{issue.instrument.vintage:04d}-12-31",
                "verificationBody": BODY,
                "cadTrustProjectId": _project_id(registry, issue.instrument),
            }
            for issue in registry.issues
        ],
        "issuances": [
            {
                "cadTrustIssuanceId": str(registry.uuid("issuance", issue.id)),
                "issuanceId": str(issue.id),
                "issuanceDate": day(issue.time),
                "cadTrustVerificationId": str(registry.uuid("verification", issue.id)),
                "cadTrustProjectMethodologyId": _methodology_id(registry, issue.instrument),
            }
            for issue in registry.issues
        ],
        "units": [
            _unit(registry, piece, site) for piece in pieces(registry.issues, registry.certificates)
        ],
        "annotations": {
            _project_id(registry, instrument): described(instrument) for instrument in instruments
        },
    }


def _project(registry: Registry, instrument: Instrument, site: str) -> dict[str, Any]:
    is_offset = instrument.kind is Kind.OFFSET
    first = min(issue.time for issue in registry.issues if issue.instrument == instrument)
    return {
        "cadTrustProjectId": _project_id(registry, instrument),
        "projectRegistryName": registry.identifier,
        "projectId": str(instrument.project) if is_offset else instrument.symbol,
        "projectName": described(instrument).split(",")[0],
        "projectLink": f"{site}statistics",
        "projectDescription": described(instrument),
        "projectSector": ["Others"],
        "projectType": ["Any combination of the above"],
        "projectStatus": "Registered",
        "projectStatusDate": day(first),
        "projectUnitMetric": _METRIC,
    }


def _methodology(registry: Registry, kind: Kind) -> dict[str, Any]:
    return {
        "cadTrustMethodologyId": str(registry.uuid("methodology", int(kind))),
        "methodologyCode": kind.name,
        "methodologyName": METHODOLOGIES[kind],
        "methodologyType": "Not Determined",
    }


def _unit(registry: Registry, piece: Piece, site: str) -> dict[str, Any]:
    """A piece of serials; who holds the rest of an issue is not told, units are fungible."""
    token = piece.issue.instrument.token_id
    found: dict[str, Any] = {
        "cadTrustUnitId": str(registry.uuid("unit", token, piece.first, piece.last)),
        "unitSerialId": f"{token}-{piece.first}-{piece.last}",
        "unitStartBlock": str(piece.first),
        "unitEndBlock": str(piece.last),
        "unitCount": units(piece.amount_kg),
        "unitType": "Not Determined",
        "unitVintageYear": piece.issue.instrument.vintage,
        "unitStatus": "Held",
        "unitStatusDate": timestamp(piece.issue.time),
        "unitMetric": _METRIC,
        "cadTrustIssuanceId": str(registry.uuid("issuance", piece.issue.id)),
    }
    if piece.retired is not None:
        certificate = piece.retired
        found |= {
            "unitStatus": _STATUS[certificate.purpose],
            "unitStatusReason": PURPOSES[certificate.purpose],
            "unitStatusDate": timestamp(certificate.time),
            "unitRetirementDetail": f"certificate {certificate.id}, {certificate.reference}",
            "unitRetirementBeneficiary": registry.names[certificate.organisation],
            "unitRetirementBeneficiaryId": str(certificate.organisation),
            "unitLink": f"{site}certificates/{certificate.id}",
        }
    return found


def _project_id(registry: Registry, instrument: Instrument) -> str:
    place = instrument.project or f"allowances-{instrument.vintage}"
    return str(registry.uuid("project", int(instrument.kind), place))


def _methodology_id(registry: Registry, instrument: Instrument) -> str:
    return str(registry.uuid("project methodology", instrument.token_id))
