"""Check a bundle with nothing but the file and what one trusts; say what is proved, what is not."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.reading import Reading
from tanlian.proofs.evidence.bundle import NOBODY, Bundle, canonical, digest_of, parse
from tanlian.proofs.evidence.known_events import DOCUMENT_FIELDS, KnownEvent, read_event
from tanlian.proofs.evidence.receipt_proof import prove_receipt
from tanlian.proofs.evidence.sealed_header import SealedHeader, check_seals, read_header
from tanlian.proofs.merkle_sum import Node
from tanlian.proofs.period_copy import ReadingProof
from tanlian.proofs.reading_signature import signer_of, signer_of_digest
from tanlian.proofs.sealed_document import SealedDocument

_TRUSTING = (
    "validators, contracts and certificate authority: taken from the bundle itself; hold them "
    "against a source of your own."
)
# what remains open whatever holds, by the part of the file that might be taken to prove it
_OPEN = {
    "receipts": "that nothing else happened: steps that are not in the file are not ruled out; nor "
    "that a stated figure is right, only who stated it and when.",
    "readings": "that a device measured rightly, nor any reading that is not in the file.",
    "documents": "what the encrypted documents say: that is for their readers.",
    "certificates": "that a certificate was not revoked.",
}
_UNSIGNED = (
    "Nobody signed the file as a whole; each part below is proved by the chain, or is not proved."
)
_PURPOSES = {1: "surrendered", 2: "cancelled", 3: "clawed back"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    what: str
    holds: bool
    sentence: str


@dataclass
class Check:
    """The run over one bundle."""

    bundle: Bundle
    trust: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    headers: dict[int, SealedHeader] = field(default_factory=dict)
    events: dict[int, list[KnownEvent]] = field(default_factory=dict)

    def each(self, member: str, one: Callable[[int, Any], str]) -> None:
        """Run a check over a list of the bundle; an error fails that item, not the run."""
        for place, item in enumerate(self.bundle.get(member, [])):
            what = f"{member}[{place}]"
            try:
                self.findings.append(Finding(what, True, one(place, item)))
            except TanlianError as error:
                self.findings.append(Finding(what, False, error.user_message))
            except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
                self.findings.append(
                    Finding(what, False, f"It is incomplete or malformed: {error!r}.")
                )

    def has(self, name: str, **fields: Any) -> bool:
        """Whether a proved receipt holds the event with these fields."""
        return any(
            event.name == name and all(event.fields[k] == v for k, v in fields.items())
            for events in self.events.values()
            for event in events
        )

    def header_of(self, event: KnownEvent) -> SealedHeader:
        """The header of the block that a proved event stands in."""
        place = next(place for place, events in self.events.items() if event in events)
        return self.headers[self.bundle["receipts"][place]["header"]]

    def proved(self, name: str, **fields: Any) -> KnownEvent:
        """Return the proved event with these fields.

        Raises:
            InvalidInput: no proved receipt holds one.
        """
        for events in self.events.values():
            for event in events:
                if event.name == name and all(event.fields[k] == v for k, v in fields.items()):
                    return event
        raise InvalidInput(f"No proved receipt holds {name} with {_words(fields)}.")


def check_bundle(text: bytes, trust: dict[str, Any] | None = None) -> list[Finding]:
    """Check everything in a bundle.

    `trust` names the validators, the contracts and the certificate authority that the reader knows
    from elsewhere; without it those that the bundle names are taken, as `not_proved` says.

    Raises:
        InvalidInput: the file is no bundle at all.
    """
    bundle = parse(text)
    run = Check(bundle, trust or bundle.get("trust", {}))
    run.findings.append(_whole(text, bundle))
    run.each("headers", lambda place, item: _header(run, place, item))
    run.each("receipts", lambda place, item: _receipt(run, place, item))
    run.each("readings", lambda _, item: _reading(run, item))
    run.each("documents", lambda _, item: _document(run, item))
    run.each("certificates", lambda _, item: _certificate(run, item))
    return run.findings


def not_proved(text: bytes, trust: dict[str, Any] | None = None) -> list[str]:
    """Say what a bundle leaves open even where every check holds.

    Raises:
        InvalidInput: the file is no bundle at all.
    """
    bundle = parse(text)
    own = [] if trust is not None else [_TRUSTING]
    return own + [sentence for member, sentence in _OPEN.items() if bundle.get(member)]


def _whole(text: bytes, bundle: Bundle) -> Finding:
    try:
        digest = digest_of(bundle)
        if canonical(bundle) != text or digest.hex() != bundle["digest"]:
            return Finding("bundle", False, "The file is not what its exporter signed.")
        if bundle["exporter"] == NOBODY and bundle["signature"] == "":
            return Finding("bundle", True, _UNSIGNED)
        signature = bytes.fromhex(bundle["signature"])
        if signature.hex() != bundle["signature"]:  # capitals and blanks would change a byte unseen
            return Finding("bundle", False, "The exporter's signature is not in its one form.")
        if signer_of_digest(digest, signature) != bundle["exporter"]:
            return Finding("bundle", False, "The exporter's signature is of another key.")
    except (TanlianError, KeyError, ValueError, TypeError) as error:
        return Finding("bundle", False, f"The file's closing cannot be read: {error}.")
    return Finding("bundle", True, f"Every byte is as {bundle['exporter']} exported it.")


def _header(run: Check, place: int, item: Any) -> str:
    header = read_header(bytes.fromhex(item))
    check_seals(header, run.trust["validators"])
    run.headers[place] = header
    at = datetime.fromtimestamp(header.timestamp, UTC).isoformat()
    return (
        f"Block {header.number} (0x{header.block_hash.hex()}, {at}) is sealed by "
        f"{len(set(header.sealers))} validators."
    )


def _receipt(run: Check, place: int, item: Any) -> str:
    if item["header"] not in run.headers:
        raise InvalidInput("Its block is not proved.")
    header = run.headers[item["header"]]
    nodes = [bytes.fromhex(node) for node in item["nodes"]]
    logs = prove_receipt(header.receipts_root, item["index"], nodes)
    found = [read_event(log, run.trust["contracts"]) for log in logs]
    run.events[place] = [event for event in found if event is not None]
    names = ", ".join(map(_told, run.events[place])) or "no event of the contracts"
    return f"Transaction {item['index']} of block {header.number} holds {names}."


def _told(event: KnownEvent) -> str:
    if event.name != "UnitsRetired":
        step = _STEPS.get(event.name)
        return event.name if step is None else f"{event.name} ({step.format(**event.fields)})"
    said = event.fields
    last = said["first_serial"] + said["amount_kg"] - 1
    return (
        f"certificate {said['certificate_id']}: organisation {said['organisation']} had "
        f"{said['amount_kg']} kg of units {said['token_id']} "
        f"{_PURPOSES.get(said['purpose'], 'retired')}, serials {said['first_serial']} to {last}"
    )


# what the steps of a report say, in words
_STEPS = {
    "ReportSubmitted": "organisation {organisation}, {year}, version {version}: {reported_kg} kg",
    "VerifierAssigned": "verifier {verifier} for organisation {organisation}, {year}",
    "ReportEndorsed": "verifier {verifier}, version {version}: {verified_kg} kg",
    "ReportCorrected": "verifier {verifier}: {verified_kg} kg for {reported_kg} kg, {reason!r}",
    "ReportRejected": "verifier {verifier}, version {version}: {reason!r}",
    "FigureAgreed": "organisation {organisation}: {verified_kg} kg",
    "ObjectionRaised": "organisation {organisation}: {reason!r}",
    "ObjectionDecided": "upheld: {upheld}, {reason!r}",
    "EmissionsEstimated": "{verified_kg} kg, at least {least_kg} kg, {reason!r}",
    "EmissionsAccepted": "{accepted_kg} kg of organisation {organisation} for {year} by {signer}, "
    "declared {declared_kg} kg",
    "ReexaminationOpened": "{accepted_kg} kg of organisation {organisation}, {reason!r}",
}


def _reading(run: Check, item: Any) -> str:
    body = bytes.fromhex(item["body"])
    reading = Reading.from_body(body)
    anchored = run.proved(
        "BatchAnchored", gateway=item["gateway"].lower(), first_hour=item["first_hour"]
    ).fields
    if (
        not anchored["first_hour"]
        <= reading.start // 3600
        < anchored["first_hour"] + anchored["hours"]
    ):
        raise InvalidInput("The reading's hour is not in its batch.")
    proof = ReadingProof(
        body,
        item["place"],
        _path(item["path"]),
        _node(item["source_root"]),
        item["source_place"],
        item["sources"],
        _path(item["source_path"]),
    )
    proof.verify(Node(anchored["root"], anchored["mass_g"], anchored["count"]))
    if not item["signature"]:
        return f"It was anchored so, without a device's signature: {reading.sentence()}."
    device = run.proved("DeviceRegistered", device=reading.device).fields
    if device["source"] != reading.source or device["organisation"] != anchored["organisation"]:
        raise InvalidInput("The device is registered to another source.")
    signer = signer_of(body, bytes.fromhex(item["signature"]))
    if signer not in _keys_of(run, device):
        raise InvalidInput(f"The reading is signed by {signer}, not by its device.")
    return f"It was signed by its device and anchored so: {reading.sentence()}."


def _keys_of(run: Check, device: dict[str, Any]) -> set[str]:
    """Every key that the device is proved to have had."""
    replaced = {
        str(event.fields["new_key"]).lower()
        for events in run.events.values()
        for event in events
        if event.name == "DeviceKeyReplaced" and event.fields["device"] == device["device"]
    }
    return {str(device["key"]).lower(), *replaced}


def _document(run: Check, item: Any) -> str:
    sealed = SealedDocument(
        bytes.fromhex(item["blob"]),
        bytes.fromhex(item["content_hash"]),
        bytes.fromhex(item["signature"]),
    )
    steps = [
        event
        for events in run.events.values()
        for event in events
        if event.fields.get(DOCUMENT_FIELDS.get(event.name, "")) == sealed.address
    ]
    if not steps:
        raise InvalidInput("No proved step of the report rests on this document.")
    author = sealed.author()
    mine = [event for event in steps if str(event.fields["signer"]).lower() == author]
    if not mine:
        raise InvalidInput("The document is signed by another account than the step it belongs to.")
    report = mine[0].fields
    if mine[0].name != "ReportSubmitted":
        return f"The encrypted document of {_told(mine[0])}, signed by {report['signer']}."
    return (
        f"The encrypted report of organisation {report['organisation']} for {report['year']}, "
        f"version {report['version']} ({report['reported_kg']} kg), signed by {report['signer']}."
    )


def _certificate(run: Check, item: Any) -> str:
    leaf = x509.load_pem_x509_certificate(item["certificate"].encode())
    root = x509.load_pem_x509_certificate(str(run.trust["ca"]).encode())
    if _pem(leaf) != item["certificate"]:
        raise InvalidInput("The certificate's text is not in its one form.")
    try:
        leaf.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise InvalidInput("The certificate is not issued by the trusted authority.") from error
    fingerprint = sha256(leaf.public_bytes(serialization.Encoding.DER)).digest()
    holder = leaf.subject.rfc4514_string()
    if run.has("CertificateRotated", new_certificate=fingerprint):
        rotated = run.proved("CertificateRotated", new_certificate=fingerprint)
        _check_valid(run, leaf, rotated)
        taken = rotated.fields
        number = taken["organisation"]
        admitted = run.proved("OrganisationAdmitted", organisation=number).fields
        return (
            f"Organisation {number} ({admitted['name']}) took up the certificate of {holder}, "
            f"signed for by {taken['signer']}."
        )
    admission = run.proved("OrganisationAdmitted", certificate=fingerprint)
    _check_valid(run, leaf, admission)
    admitted = admission.fields
    return (
        f"Organisation {admitted['organisation']} ({admitted['name']}) was admitted with the "
        f"certificate of {holder}."
    )


def _check_valid(run: Check, leaf: x509.Certificate, taken: KnownEvent) -> None:
    """Refuse a certificate that was not valid in the block in which the member took it."""
    at = datetime.fromtimestamp(run.header_of(taken).timestamp, UTC)
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise InvalidInput(f"The certificate was not valid on {at:%Y-%m-%d}, when it was taken.")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _node(item: Any) -> Node:
    return Node(bytes.fromhex(item[0]), int(item[1]), int(item[2]))


def _path(items: Iterable[Any]) -> tuple[Node, ...]:
    return tuple(_node(item) for item in items)


def _words(fields: dict[str, Any]) -> str:
    said = {k: v.hex() if isinstance(v, bytes) else v for k, v in fields.items()}
    return json.dumps(said, default=str)
