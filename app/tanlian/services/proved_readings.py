"""Readings of a year held against the chain: which are proved, and by which way.

A batch is proved as a whole by building its trees anew from the readings at hand and finding the
anchored root; a reading of it is proved when its device signed it as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from tanlian.domain.errors import NotFound
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading, ReadingStatus
from tanlian.proofs.logbook import leads_to
from tanlian.proofs.merkle_sum import Node, ProofRefused, climb, reading_leaf
from tanlian.proofs.period_copy import PeriodCopy
from tanlian.proofs.reading_signature import SignatureRefused, signer_of
from tanlian.services.plant_registry import AnchoredBatch, Plant, head_after
from tanlian.services.reading_archive import ReadingArchive
from tanlian.services.reading_files import ReadingFile

ReadingKey = tuple[int, int, int]  # start, source, device
DAY_SECONDS = 24 * SECONDS_PER_HOUR


class ReadingState(StrEnum):
    """How far a reading is believed. The value is stable."""

    PROVED = "proved"  # signed by its device, in a batch with the anchored root
    ANCHORED = "anchored"  # in a batch with the anchored root, but without its device's signature
    LIVE = "live"  # signed and taken, its batch is not on the chain yet
    SUBSTITUTED = "substituted"
    MISSING = "missing"
    FORGED = "forged"  # the signature is not its device's
    ALTERED = "altered"  # its batch is not the one that was anchored
    QUARANTINED = "quarantined"  # the gateway put aside what the device sent for the hour
    ABSENT = "absent"  # nothing is at hand for the hour


@dataclass(frozen=True, slots=True)
class HeldReading:
    """A reading, its state, and by whom it is signed (empty: by nobody)."""

    reading: Reading
    state: ReadingState
    signer: str
    batch: AnchoredBatch | None


@dataclass(frozen=True, slots=True)
class ProofStep:
    """One station between a reading and the chain."""

    what: str
    node: Node


@dataclass(frozen=True, slots=True)
class ProofSheet:
    """The whole way of one reading; `refusal` says where it breaks, empty when it holds."""

    held: HeldReading
    signature: bytes
    registered_keys: tuple[str, ...]
    steps: tuple[ProofStep, ...]
    later_batches: int  # between the batch and the head
    head: bytes
    refusal: str


@dataclass(frozen=True)
class HeldCopy:
    """One copy of a year's readings beside the logbook that it should agree with."""

    plant: Plant
    name: str
    file: ReadingFile
    trees: PeriodCopy
    batches: Sequence[AnchoredBatch]
    by_device: Mapping[int, Sequence[Reading]]  # in the order of time
    _by_hour: dict[int, AnchoredBatch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for batch in self.batches:
            for hour in range(batch.batch.first_hour, batch.batch.first_hour + batch.batch.hours):
                self._by_hour[hour] = batch

    @cached_property
    def altered(self) -> frozenset[int]:
        """First hours of the anchored batches that this copy does not lead to."""
        roots = self.trees.batch_roots
        return frozenset(
            b.batch.first_hour
            for b in self.batches
            if roots.get(b.batch.first_hour) != b.batch.root
        )

    @property
    def anchored_readings(self) -> Sequence[Reading]:
        """The readings of the hours that are on the chain; all of them where nothing is."""
        if not self.batches:
            return self.file.readings
        hours = self._by_hour
        return [r for r in self.file.readings if r.start // SECONDS_PER_HOUR in hours]

    def held(self, reading: Reading) -> HeldReading:
        """Return a reading with its state."""
        batch = self._by_hour.get(reading.start // SECONDS_PER_HOUR)
        signer, signs = self._signer(reading)
        if batch is not None and batch.batch.first_hour in self.altered:
            state = ReadingState.ALTERED
        elif signer and not signs:
            state = ReadingState.FORGED
        elif reading.status is ReadingStatus.SUBSTITUTED:
            state = ReadingState.SUBSTITUTED
        elif reading.status is ReadingStatus.MISSING:
            state = ReadingState.MISSING
        elif batch is None:
            state = ReadingState.LIVE
        else:
            state = ReadingState.PROVED if signs else ReadingState.ANCHORED
        return HeldReading(reading, state, signer, batch)

    def find(self, key: ReadingKey) -> Reading:
        """Return the reading of an hour.

        Raises:
            NotFound: this copy has none.
        """
        for reading in self.by_device.get(key[2], ()):
            if reading.key == key:
                return reading
        raise NotFound("This copy holds no reading of that device and hour.")

    def proof(self, key: ReadingKey) -> ProofSheet:
        """Return the way of a reading up to the head of the logbook.

        Raises:
            NotFound: this copy has no such reading.
        """
        reading = self.find(key)
        held = self.held(reading)
        device = self.plant.devices.get(reading.device)
        keys = sorted(device.keys_at(reading.start, _end(reading))) if device else []
        signature = self.file.signatures.get(key, b"")
        _, way = self.trees.prove(*key)
        steps = [ProofStep("reading", reading_leaf(way.body))]
        steps += [ProofStep("neighbour", node) for node in way.path]
        steps.append(ProofStep("source", way.source_root))
        steps += [ProofStep("neighbour source", node) for node in way.source_path]
        root = climb(way.source_root, way.source_place, way.sources, way.source_path)
        steps.append(ProofStep("batch", root))
        if held.batch is None:
            return ProofSheet(held, signature, tuple(keys), tuple(steps), 0, b"", "not_anchored")
        later = self.batches[self.batches.index(held.batch) + 1 :]
        head = head_after(self.batches[-1])
        refusal = ""
        try:
            way.verify(held.batch.batch.root)
        except ProofRefused:
            refusal = "other_root"
        commitments = [batch.batch.commitment for batch in later]
        if not leads_to(held.batch.previous_head, held.batch.batch, commitments, head):
            refusal = refusal or "other_head"
        return ProofSheet(held, signature, tuple(keys), tuple(steps), len(later), head, refusal)

    def _signer(self, reading: Reading) -> tuple[str, bool]:
        """Return who signed, and whether that is the device."""
        signature = self.file.signatures.get(reading.key, b"")
        if not signature:
            return "", False
        try:
            signer = signer_of(reading.body, signature)
        except SignatureRefused:
            return "?", False
        device = self.plant.devices.get(reading.device)
        if device is None or device.source != reading.source:
            return signer, False
        return signer, signer in device.keys_at(reading.start, _end(reading))


def held_copy(archive: ReadingArchive, plant: Plant, name: str) -> HeldCopy:
    """Take a copy from the archive, and find the logbook that it belongs to.

    With several gateways that is the one with which most batches agree.

    Raises:
        NotFound: no such copy is at hand.
        InvalidInput: it is damaged, or has readings before the first batch.
    """
    best: HeldCopy | None = None
    for batches in plant.logbooks.values() or [[]]:
        anchors = [batch.anchor for batch in batches]
        trees = archive.trees(plant.organisation, plant.year, name, anchors)
        file = archive.readings(plant.organisation, plant.year, name)
        by_device = archive.by_device(plant.organisation, plant.year, name)
        found = HeldCopy(plant, name, file, trees, batches, by_device)
        if best is None or _agreement(found) > _agreement(best):
            best = found
    if best is None:
        raise NotFound("No readings are at hand.")
    return best


def held_copies(archive: ReadingArchive, plant: Plant) -> list[HeldCopy]:
    """Return what the gateways hold; without any, the first copy at hand."""
    names = archive.gateways(plant.organisation, plant.year)
    names = names or archive.names(plant.organisation, plant.year)[:1]
    return [held_copy(archive, plant, name) for name in names]


def _agreement(copy: HeldCopy) -> int:
    return len(copy.batches) - len(copy.altered)


def _end(reading: Reading) -> int:
    return reading.start + reading.duration_s
