"""Two copies of a year held against each other and against the chain, for the pages.

The comparison is `services/lie_location.py`; here stands which anchors belong to it, whose keys
were in force when, and which copy can give evidence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tanlian.domain.errors import NotFound
from tanlian.services.lie_location import Comparison, Finding, Standing, compare_copies
from tanlian.services.plant_registry import AnchoredBatch, Plant
from tanlian.services.proved_readings import HeldCopy, ReadingKey, held_copy
from tanlian.services.reading_archive import ReadingArchive
from tanlian.services.reading_files import ReadingFile

FINDING_HEADS = (
    "start", "source", "source_name", "device", "device_name", "side", "first_co2_g",
    "second_co2_g", "first_standing", "second_standing", "first_signer", "second_signer",
    "anchored_copy", "anchoring_transaction", "anchoring_block",
)  # fmt: skip
MOST_PROVED = 60  # readings in one bundle: each brings a header and a receipt


@dataclass(frozen=True, slots=True)
class NamedCopy:
    """A copy of a year's readings, and what it is called."""

    name: str
    file: ReadingFile


@dataclass(frozen=True, slots=True)
class ComparedCopies:
    """The outcome for two named copies."""

    first: str
    second: str
    comparison: Comparison

    @property
    def keys(self) -> list[ReadingKey]:
        """The readings that differ, as many as one bundle of evidence takes."""
        found = [finding.difference.reading.key for finding in self.comparison.findings]
        return found[:MOST_PROVED]

    def rows(self) -> Iterable[list[object]]:
        """Return the findings in the columns of `FINDING_HEADS`."""
        for finding in self.comparison.findings:
            values = finding.as_dict()
            yield ["" if values[head] is None else values[head] for head in FINDING_HEADS]


def compare(plant: Plant, first: NamedCopy, second: NamedCopy) -> ComparedCopies:
    """Return every reading in which two copies of a plant's year differ.

    Raises:
        InvalidInput: a copy holds a reading twice, or one from before the first batch.
    """
    anchors = {batch.anchor.first_hour: batch.anchor for batch in _logbook(plant, first, second)}
    found = compare_copies(first.file, second.file, plant.signers(), anchors)
    findings = tuple(_with_earlier_keys(plant, finding) for finding in found.findings)
    return ComparedCopies(first.name, second.name, replace(found, findings=findings))


def best_evidence(archive: ReadingArchive, plant: Plant) -> HeldCopy:
    """Return the copy at hand that agrees with the chain in most batches.

    Raises:
        NotFound: no copy of the year is at hand.
    """
    names = archive.names(plant.organisation, plant.year)
    copies = [held_copy(archive, plant, name) for name in names]
    if not copies:
        raise NotFound("No readings of this year are at hand, so none can be proved.")
    return min(copies, key=lambda copy: len(copy.altered))


def _logbook(plant: Plant, *copies: NamedCopy) -> Sequence[AnchoredBatch]:
    """Return the batches of the logbook with which the copies agree most."""
    logbooks = list(plant.logbooks.values())
    if len(logbooks) < 2:
        return logbooks[0] if logbooks else []

    def agreement(batches: Sequence[AnchoredBatch]) -> int:
        return max(
            sum(roots.get(batch.batch.first_hour) == batch.batch.root for batch in batches)
            for copy in copies
            for roots in [copy.file.copy([batch.anchor for batch in batches]).batch_roots]
        )

    return max(logbooks, key=agreement)


def _with_earlier_keys(plant: Plant, finding: Finding) -> Finding:
    """Let a key count that was the device's at the time of the reading, though not any more."""
    reading = finding.difference.reading
    device = plant.devices.get(reading.device)
    if device is None:
        return finding
    keys = device.keys_at(reading.start, reading.start + reading.duration_s)
    first, second = (
        Standing.DEVICE if standing is Standing.STRANGER and signer in keys else standing
        for standing, signer in zip(finding.standings, finding.signers, strict=True)
    )
    return replace(finding, standings=(first, second))
