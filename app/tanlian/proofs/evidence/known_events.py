"""The events that evidence rests on, as the contracts declare them: name, indexed and data fields.

The checker carries this table so that it needs no other file; a test holds it against the frozen
ABIs of the contracts.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from tanlian.domain.errors import InvalidInput
from tanlian.proofs.evidence.receipt_proof import ProvedLog
from tanlian.proofs.merkle_sum import keccak

# by contract and event, each field's type, name, and whether it is indexed
EVENTS: tuple[tuple[str, str, tuple[tuple[str, str, bool], ...]], ...] = (
    (
        "monitoring", "BatchAnchored",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("address", "gateway", True), ("uint256", "first_hour", False),
            ("uint256", "hours", False), ("bytes32", "root", False), ("uint256", "mass_g", False),
            ("uint256", "count", False), ("bytes32", "previous_head", False),
        ),
    ),
    (
        "monitoring", "DeviceRegistered",
        (
            ("uint256", "device", True), ("uint256", "source", True),
            ("uint256", "organisation", True), ("address", "key", False), ("string", "name", False),
            ("address", "signer", False),
        ),
    ),
    (
        "emissions", "ReportSubmitted",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "version", True), ("uint256", "reported_kg", False),
            ("uint256", "measured_g", False), ("bytes32", "document", False),
            ("bytes32", "lines", False), ("bytes32", "readings", False), ("bool", "late", False),
            ("address", "signer", False),
        ),
    ),
    (
        "emissions", "EmissionsAccepted",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verifier", True), ("uint256", "old_kg", False),
            ("uint256", "accepted_kg", False), ("uint256", "declared_kg", False),
            ("uint256", "acceptances", False), ("bytes32", "document", False),
            ("address", "signer", False),
        ),
    ),
    (
        "monitoring", "DeviceKeyReplaced",
        (
            ("uint256", "device", True), ("uint256", "source", True),
            ("uint256", "organisation", True), ("address", "old_key", False),
            ("address", "new_key", False), ("string", "reason", False),
            ("address", "signer", False),
        ),
    ),
    (
        "emissions", "VerifierAssigned",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verifier", True), ("uint256", "previous", False),
            ("uint256", "respond_by", False), ("address", "signer", False),
        ),
    ),
    (
        "emissions", "ReportEndorsed",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verifier", True), ("uint256", "version", False),
            ("uint256", "verified_kg", False), ("bytes32", "evidence", False),
            ("address", "signer", False),
        ),
    ),
    (
        "emissions", "ReportCorrected",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verifier", True), ("uint256", "version", False),
            ("uint256", "reported_kg", False), ("uint256", "verified_kg", False),
            ("bytes32", "lines", False), ("string", "reason", False),
            ("bytes32", "evidence", False), ("uint256", "respond_by", False),
            ("address", "signer", False),
        ),
    ),
    (
        "emissions", "ReportRejected",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verifier", True), ("uint256", "version", False),
            ("string", "reason", False), ("bytes32", "evidence", False),
            ("uint256", "respond_by", False), ("address", "signer", False),
        ),
    ),
    (
        "emissions", "FigureAgreed",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verified_kg", False), ("address", "signer", False),
        ),
    ),
    (
        "emissions", "ObjectionRaised",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verified_kg", False), ("string", "reason", False),
            ("bytes32", "document", False), ("address", "signer", False),
        ),
    ),
    (
        "emissions", "ObjectionDecided",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("bool", "upheld", False), ("string", "reason", False),
            ("bytes32", "document", False), ("address", "signer", False),
        ),
    ),
    (
        "emissions", "EmissionsEstimated",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "verifier", True), ("uint256", "verified_kg", False),
            ("uint256", "least_kg", False), ("string", "reason", False),
            ("bytes32", "evidence", False), ("uint256", "respond_by", False),
            ("address", "signer", False),
        ),
    ),
    (
        "emissions", "ReexaminationOpened",
        (
            ("uint256", "organisation", True), ("uint256", "year", True),
            ("uint256", "accepted_kg", False), ("string", "reason", False),
            ("bytes32", "document", False), ("address", "signer", False),
        ),
    ),
    (
        "membership", "OrganisationAdmitted",
        (
            ("uint256", "organisation", True), ("bytes32", "identity", True),
            ("address", "account", True), ("string", "name", False), ("uint256", "roles", False),
            ("uint256", "sector", False), ("uint256", "region", False),
            ("bytes32", "certificate", False), ("address", "signer", False),
        ),
    ),
    (
        "membership", "CertificateRotated",
        (
            ("uint256", "organisation", True), ("bytes32", "old_certificate", False),
            ("bytes32", "new_certificate", False), ("address", "signer", True),
        ),
    ),
    (
        "ledger", "UnitsRetired",
        (
            ("uint256", "token_id", True), ("uint256", "organisation", True),
            ("uint256", "certificate_id", True), ("uint256", "first_serial", False),
            ("uint256", "amount_kg", False), ("uint256", "purpose", False),
            ("bytes32", "reference", False), ("address", "signer", False),
        ),
    ),
)  # fmt: skip

# the steps that rest on a document, and the field that has its hash
DOCUMENT_FIELDS = {
    "ReportSubmitted": "document",
    "ReportEndorsed": "evidence",
    "ReportCorrected": "evidence",
    "ReportRejected": "evidence",
    "ObjectionRaised": "document",
    "ObjectionDecided": "document",
    "EmissionsEstimated": "evidence",
    "EmissionsAccepted": "document",
    "ReexaminationOpened": "document",
}


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event of a contract that the bundle names."""

    contract: str
    name: str
    fields: dict[str, Any]


def read_event(log: ProvedLog, contracts: dict[str, str]) -> KnownEvent | None:
    """Return what a log says, if it is a known event of one of these contracts.

    Raises:
        InvalidInput: it claims to be one, but cannot be read.
    """
    if not log.topics:
        return None
    for contract, name, fields in EVENTS:
        if log.topics[0] == _topic(name) and contracts.get(contract, "").lower() == log.address:
            try:
                return KnownEvent(contract, name, _fields(log, fields))
            except (DecodingError, ValueError) as error:
                raise InvalidInput(f"The event {name} cannot be read: {error}.") from error
    return None


def _fields(log: ProvedLog, fields: tuple[tuple[str, str, bool], ...]) -> dict[str, Any]:
    indexed = [(kind, name) for kind, name, is_indexed in fields if is_indexed]
    rest = [(kind, name) for kind, name, is_indexed in fields if not is_indexed]
    found = {
        name: decode([kind], topic)[0]
        for (kind, name), topic in zip(indexed, log.topics[1:], strict=True)
    }
    values = decode([kind for kind, _ in rest], log.data)
    return found | {name: value for (_, name), value in zip(rest, values, strict=True)}


@cache
def _topic(event: str) -> bytes:
    for _, name, fields in EVENTS:
        if name == event:
            return keccak(f"{name}({','.join(kind for kind, _, _ in fields)})".encode())
    raise InvalidInput(f"There is no event {event}.")
