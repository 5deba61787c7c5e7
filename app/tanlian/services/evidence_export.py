"""Gather a case into one file of evidence: readings, reports, certificates, and their proofs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rlp.codec import encode as rlp_encode
from trie.hexary import HexaryTrie

from tanlian.chain.connection import quantity
from tanlian.chain.events import Event
from tanlian.chain.keys import Key
from tanlian.chain.receipts import encoded_receipt
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.reading import SECONDS_PER_HOUR
from tanlian.proofs.evidence.bundle import Bundle, close
from tanlian.proofs.evidence.known_events import DOCUMENT_FIELDS
from tanlian.proofs.merkle_sum import Node, body_words
from tanlian.proofs.period_copy import PeriodCopy, ReadingProof
from tanlian.proofs.sealed_document import SealedDocument
from tanlian.services.access import Access
from tanlian.services.documents import Documents
from tanlian.services.reading_files import ReadingFile

_HEADER_FIELDS = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot",
    "logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash",
    "nonce", "baseFeePerGas",
)  # fmt: skip
_HASHED = 32
# whoever the organisation and its devices are, and what became of its report
_REGISTERED = (
    "OrganisationAdmitted", "CertificateRotated", "DeviceRegistered", "DeviceKeyReplaced",
)  # fmt: skip
_REPORTED = (
    "ReportSubmitted", "VerifierAssigned", "ReportEndorsed", "ReportCorrected", "ReportRejected",
    "FigureAgreed", "ObjectionRaised", "ObjectionDecided", "EmissionsEstimated",
    "EmissionsAccepted", "ReexaminationOpened",
)  # fmt: skip
_NUMBERS = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}


@dataclass
class Case:
    """What a bundle shall prove about one organisation and year."""

    org_id: int
    year: int
    readings: ReadingFile | None = None
    keys: Sequence[tuple[int, int, int]] = ()  # start, source, device of each reading to prove
    documents: Sequence[SealedDocument] = ()
    certificates: Sequence[str] = ()  # PEM
    ca: str = ""  # PEM of the authority


@dataclass
class Gathering:
    """Proofs of transactions, each with its receipt's path and its block's sealed header."""

    access: Access
    headers: dict[int, int] = field(default_factory=dict)  # block -> place
    raw_headers: list[str] = field(default_factory=list)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, events: Iterable[Event]) -> None:
        """Take in the proof of every transaction behind these events."""
        for event in events:
            self.take(event.block, event.tx_hash)

    def take(self, block: int, tx_hash: str) -> None:
        """Take in the proof of a transaction."""
        if tx_hash not in self.receipts:
            self.receipts[tx_hash] = self._receipt(block, tx_hash)

    def _receipt(self, number: int, tx_hash: str) -> dict[str, Any]:
        connection = self.access.connection
        if number not in self.headers:
            block = connection.request("eth_getBlockByNumber", hex(number), False)
            self.headers[number] = len(self.raw_headers)
            self.raw_headers.append(raw_header(block).hex())
        receipts = connection.request("eth_getBlockReceipts", hex(number))
        trie = HexaryTrie({})  # type: ignore[no-untyped-call]
        for place, receipt in enumerate(receipts):
            trie[_rlp(place)] = encoded_receipt(receipt)
        index = next(place for place, r in enumerate(receipts) if r["transactionHash"] == tx_hash)
        path = trie.get_proof(_rlp(index))  # type: ignore[no-untyped-call]
        # a node below 32 bytes stands inside its parent and is not listed again
        nodes = [
            raw.hex() for n, raw in enumerate(map(_rlp, path)) if n == 0 or len(raw) >= _HASHED
        ]
        return {"header": self.headers[number], "index": index, "nodes": nodes}


def reported_documents(
    access: Access, org_id: int, year: int, store: Documents
) -> list[SealedDocument]:
    """Return the documents of every step of an organisation's reports that a store holds.

    These are the emitter's reports and objections, the verifiers' findings, the regulator's
    decisions.

    Raises:
        BlobDamaged: one of them was changed on disk.
    """
    events = access.contracts.events().read(
        access.book.first_block(), contracts=["emissions"], names=[*DOCUMENT_FIELDS]
    )
    known = set(store.addresses())
    named = [
        bytes(e[DOCUMENT_FIELDS[e.name]])
        for e in events
        if (e["organisation"], e["year"]) == (org_id, year)
    ]
    return [store.sealed(address) for address in dict.fromkeys(named) if address in known]


def export_case(access: Access, case: Case, exporter: Key, validators: Sequence[str]) -> bytes:
    """Return the text of a bundle for a case.

    Raises:
        NotFound: a reading's batch is not on the chain as the file of readings has it.
        InvalidInput: a reading is not in that file.
    """
    gathered = Gathering(access)
    contracts = ("membership", "monitoring", "emissions")
    names = [*_REGISTERED, *_REPORTED, "BatchAnchored"]
    events = access.contracts.events().read(
        access.book.first_block(), contracts=contracts, names=names
    )
    mine = [e for e in events if e["organisation"] == case.org_id]
    gathered.add(e for e in mine if e.name in _REGISTERED)
    gathered.add(e for e in mine if e.name in _REPORTED and e["year"] == case.year)
    readings = _readings(case, mine, gathered)
    bundle: Bundle = {
        "case": {"organisation": case.org_id, "year": case.year},
        "trust": {
            "validators": [validator.lower() for validator in validators],
            "contracts": {name: access.contracts[name].address.lower() for name in contracts},
            "ca": case.ca,
        },
        "headers": gathered.raw_headers,
        "receipts": list(gathered.receipts.values()),
        "readings": readings,
        "documents": [
            {
                "blob": d.blob.hex(),
                "content_hash": d.content_hash.hex(),
                "signature": d.signature.hex(),
            }
            for d in case.documents
        ],
        "certificates": [{"certificate": pem} for pem in case.certificates],
    }
    return close(bundle, exporter.address, exporter.sign)


def raw_header(block: dict[str, Any]) -> bytes:
    """Return a header in RLP from a node's answer."""
    fields = []
    for name in _HEADER_FIELDS:
        if block.get(name) is None:
            continue
        value = block[name]
        if name in _NUMBERS:
            number = quantity(value)
            fields.append(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        else:
            fields.append(bytes.fromhex(value[2:]))
    return _rlp(fields)


def _readings(case: Case, mine: Sequence[Event], gathered: Gathering) -> list[dict[str, Any]]:
    if case.readings is None:
        return []
    books = _logbooks(case, mine)
    proved = []
    for key in case.keys:
        event, batch, proof = _anchored(key, case.readings, books)
        gathered.add([event])
        proved.append(
            {
                "body": proof.body.hex(),
                "signature": case.readings.signatures.get(key, b"").hex(),
                "gateway": str(event["gateway"]).lower(),
                "first_hour": batch,
                "place": proof.place,
                "path": [_node(n) for n in proof.path],
                "source_root": _node(proof.source_root),
                "source_place": proof.source_place,
                "sources": proof.sources,
                "source_path": [_node(n) for n in proof.source_path],
            }
        )
    return proved


_Logbook = tuple[PeriodCopy, dict[int, Event]]


def _logbooks(case: Case, mine: Sequence[Event]) -> list[_Logbook]:
    """The readings in the batches of each gateway of the organisation, and these batches' events.

    Every gateway cuts its batches in its own way, and so does every organisation.
    """
    assert case.readings is not None
    anchored: dict[str, dict[int, Event]] = {}
    for event in mine:
        if event.name == "BatchAnchored" and event["year"] == case.year:
            anchored.setdefault(str(event["gateway"]), {})[event["first_hour"]] = event
    books = []
    for events in anchored.values():
        hours = sorted(events)
        begin = hours[0] * SECONDS_PER_HOUR
        end = (hours[-1] + events[hours[-1]]["hours"]) * SECONDS_PER_HOUR  # later ones wait yet
        inside = [r for r in case.readings.readings if begin <= r.start < end]
        words = body_words([reading.body for reading in inside])
        books.append((PeriodCopy(words, hours), events))
    return books


def _anchored(
    key: tuple[int, int, int], readings: ReadingFile, books: Sequence[_Logbook]
) -> tuple[Event, int, ReadingProof]:
    """The batch in which a reading was anchored as the file has it, and its way to the root.

    Raises:
        NotFound: no gateway anchored the batch so: other readings, or none.
        InvalidInput: the file holds no such reading.
    """
    if all(reading.key != key for reading in readings.readings):
        raise InvalidInput(
            "The file holds no reading of source {1}, device {2}, from {0}.".format(*key)
        )
    for copy, events in books:
        try:
            batch, proof = copy.prove(*key)
        except InvalidInput:
            continue  # its hour is in no batch of this gateway
        event = events[batch]
        root = Node(bytes(event["root"]), event["mass_g"], event["count"])
        if copy.batch_roots[batch] == root:
            return event, batch, proof
    raise NotFound(
        f"The batch of hour {key[0] // SECONDS_PER_HOUR} is not on the chain as this file has it; "
        "give the readings as anchored (`tanlian gateway export`)."
    )


def _node(node: Node) -> list[Any]:
    return [node.digest.hex(), node.mass_g, node.count]


def _rlp(value: object) -> bytes:
    return bytes(rlp_encode(value))  # type: ignore[no-untyped-call]
