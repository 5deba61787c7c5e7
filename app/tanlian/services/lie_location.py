"""Name every reading in which two parties' copies differ, and who stands behind either version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from tanlian.domain.reading import Reading
from tanlian.proofs.locate import Difference, locate_batches, locate_readings
from tanlian.proofs.reading_signature import SignatureRefused, signer_of
from tanlian.services.reading_files import Anchor, Device, ReadingFile


class Standing(StrEnum):
    """What a version of a reading has going for it."""

    ABSENT = "absent"
    UNSIGNED = "not signed"
    DEVICE = "signed by the device"
    STRANGER = "not signed by the device"
    SIGNED = "signed, device unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One differing reading with all that is known of it."""

    difference: Difference
    device: Device | None
    anchor: Anchor | None
    standings: tuple[Standing, Standing]
    signers: tuple[str, str]  # empty where there is no signature
    anchored: (
        str  # which copy's batch is the one on the chain: first, second, both, neither, unknown
    )

    def sentence(self) -> str:
        """Say in one sentence where, when, who."""
        reading = self.difference.reading
        begin = datetime.fromtimestamp(reading.start, UTC).strftime("%Y-%m-%d %H:%M UTC")
        source, device = f"source {reading.source}", f"device {reading.device}"
        if self.device is not None:
            source += f" ({self.device.source_name})"
            device += f" ({self.device.device_name})"
        where = f"{source}, {device}, {begin}"
        versions = " against ".join(
            f"{_figure(version)} ({standing}{' ' + signer if signer else ''})"
            for version, standing, signer in zip(
                (self.difference.first, self.difference.second),
                self.standings,
                self.signers,
                strict=True,
            )
        )
        chain = (
            f"anchored in {self.anchor.transaction} (block {self.anchor.block}): {self.anchored}"
            if self.anchor
            else "no anchor known"
        )
        return f"{where}: {versions}; {chain}."

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain values, for JSON."""
        reading = self.difference.reading
        first, second = self.difference.first, self.difference.second
        return {
            "source": reading.source,
            "source_name": self.device.source_name if self.device else None,
            "device": reading.device,
            "device_name": self.device.device_name if self.device else None,
            "start": reading.start,
            "side": self.difference.side.value,
            "first_co2_g": first.mass_g if first else None,
            "second_co2_g": second.mass_g if second else None,
            "first_standing": self.standings[0].value,
            "second_standing": self.standings[1].value,
            "first_signer": self.signers[0] or None,
            "second_signer": self.signers[1] or None,
            "registered_signer": self.device.signer if self.device else None,
            "batch_first_hour": self.difference.batch,
            "anchoring_transaction": self.anchor.transaction if self.anchor else None,
            "anchoring_block": self.anchor.block if self.anchor else None,
            "anchored_copy": self.anchored,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of comparing two copies, and either with the chain."""

    findings: tuple[Finding, ...]
    comparisons: int
    readings: tuple[int, int]
    not_as_anchored: tuple[
        tuple[int, ...], tuple[int, ...]
    ]  # batches by copy; empty without anchors


def compare_copies(
    first: ReadingFile,
    second: ReadingFile,
    devices: Mapping[tuple[int, int], Device] | None = None,
    anchors: Mapping[int, Anchor] | None = None,
) -> Comparison:
    """Return every differing reading of two copies of a period."""
    devices, anchors = devices or {}, anchors or {}
    files = (first, second)
    copies = (first.copy(anchors.values()), second.copy(anchors.values()))
    located = locate_readings(*copies)
    roots = {hour: anchor.root for hour, anchor in anchors.items()}
    off_chain = tuple(locate_batches(copy, roots)[0] if roots else () for copy in copies)
    findings = []
    for difference in located.differences:
        reading = difference.reading
        device = devices.get((reading.source, reading.device))
        versions = (difference.first, difference.second)
        judged = [
            _judge(version, file.signatures.get(reading.key, b""), device)
            for version, file in zip(versions, files, strict=True)
        ]
        anchor = anchors.get(difference.batch)
        kept = [anchor is not None and difference.batch not in bad for bad in off_chain]
        findings.append(
            Finding(
                difference,
                device,
                anchor,
                (judged[0][0], judged[1][0]),
                (judged[0][1], judged[1][1]),
                _anchored(anchor, kept),
            )
        )
    return Comparison(
        tuple(findings),
        located.comparisons,
        (len(copies[0]), len(copies[1])),
        (off_chain[0], off_chain[1]),
    )


def _judge(
    version: Reading | None, signature: bytes, device: Device | None
) -> tuple[Standing, str]:
    if version is None:
        return Standing.ABSENT, ""
    if not signature:
        return Standing.UNSIGNED, ""
    try:
        signer = signer_of(version.body, signature)
    except SignatureRefused:
        return Standing.STRANGER, ""
    if device is None:
        return Standing.SIGNED, signer
    own = signer in {device.signer, *device.former}
    return (Standing.DEVICE if own else Standing.STRANGER), signer


def _anchored(anchor: Anchor | None, kept: list[bool]) -> str:
    if anchor is None:
        return "unknown"
    return {(True, False): "first", (False, True): "second", (False, False): "neither"}.get(
        (kept[0], kept[1]), "both"
    )


def _figure(version: Reading | None) -> str:
    return "nothing" if version is None else f"{version.mass_g} g CO2"
