"""Readings, devices and anchors as CSV files: what parties hand one another to compare.

Columns of readings: start (ISO 8601, UTC), source, device, sequence, co2_g, energy_kwh, heat_mj,
flow_m3, duration_s, status, rule, signature (hex, may be empty). Devices: source, source_name,
device, device_name, signer. Anchors: first_hour, hours, root, mass_g, count, transaction, block.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading, ReadingStatus
from tanlian.proofs.merkle_sum import Node, body_words
from tanlian.proofs.period_copy import DAY_HOURS, PeriodCopy

READING_COLUMNS = (
    "start", "source", "device", "sequence", "co2_g", "energy_kwh", "heat_mj", "flow_m3",
    "duration_s", "status", "rule", "signature",
)  # fmt: skip
DEVICE_COLUMNS = ("source", "source_name", "device", "device_name", "signer")
ANCHOR_COLUMNS = ("first_hour", "hours", "root", "mass_g", "count", "transaction", "block")


@dataclass(frozen=True, slots=True)
class SignedReading:
    """A reading and the signature of its device, which may be missing in a copy."""

    reading: Reading
    signature: bytes


@dataclass(frozen=True, slots=True)
class Device:
    """A monitoring device as the monitoring plan has it."""

    source: int
    source_name: str
    device: int
    device_name: str
    signer: str
    former: frozenset[str] = frozenset()  # keys that it had before


@dataclass(frozen=True, slots=True)
class Anchor:
    """A batch's root on the chain, and the transaction that put it there."""

    first_hour: int  # since 1970
    hours: int
    root: Node
    transaction: str
    block: int


@dataclass(frozen=True, slots=True)
class ReadingFile:
    """All readings of one file, with their signatures by key."""

    readings: tuple[Reading, ...]
    signatures: Mapping[tuple[int, int, int], bytes]

    def copy(self, anchors: Iterable[Anchor] = (), batch_hours: int = DAY_HOURS) -> PeriodCopy:
        """Build the trees, in the anchors' batches where there are anchors.

        What comes after the last batch is not part of it: it lies in a tree of its own.
        """
        edges = {(a.first_hour, a.first_hour + a.hours) for a in anchors}
        firsts = sorted({hour for edge in edges for hour in edge})
        words = body_words([reading.body for reading in self.readings])
        return PeriodCopy(words, firsts or batch_hours)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of readings.

        Raises:
            InvalidInput: a column is missing or a value cannot be read; names the line.
        """
        return cls._of(path.name, _rows(path, READING_COLUMNS))

    @classmethod
    def parse(cls, name: str, content: bytes) -> Self:
        """Read a file of readings that somebody handed in.

        Raises:
            InvalidInput: it is no UTF-8 text, a column is missing, or a value cannot be read.
        """
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{name} is no CSV file: it is not UTF-8 text.") from error
        try:
            return cls._of(name, _table(io.StringIO(text, newline=""), name, READING_COLUMNS))
        except csv.Error as error:
            raise InvalidInput(f"{name} is no CSV file: {error}.") from error

    @classmethod
    def _of(cls, name: str, rows: Iterable[tuple[int, dict[str, str]]]) -> Self:
        readings, signatures = [], {}
        for number, row in rows:
            signed = parse_reading(row, f"{name} line {number}")
            readings.append(signed.reading)
            if signed.signature:
                signatures[signed.reading.key] = signed.signature
        return cls(tuple(readings), signatures)


def parse_reading(row: Mapping[str, str], place: str) -> SignedReading:
    """Read one row of text.

    Raises:
        InvalidInput: names the place and what is wrong there.
    """
    try:
        begin = datetime.fromisoformat(row["start"])
        reading = Reading(
            start=int(begin.replace(tzinfo=begin.tzinfo or UTC).timestamp()),
            source=int(row["source"]),
            device=int(row["device"]),
            sequence=int(row["sequence"]),
            mass_g=int(row["co2_g"]),
            energy_kwh=int(row["energy_kwh"]),
            heat_mj=int(row["heat_mj"]),
            flow_m3=int(row["flow_m3"]),
            duration_s=int(row["duration_s"] or SECONDS_PER_HOUR),
            status=ReadingStatus[row["status"].upper()],
            rule=int(row["rule"] or 0),
        )
        return SignedReading(reading, bytes.fromhex(row["signature"].removeprefix("0x")))
    except InvalidInput as error:
        raise InvalidInput(f"{place}: {error.user_message}") from error
    except (KeyError, ValueError) as error:
        raise InvalidInput(f"{place} is no reading: {error}.") from error


def write_readings(path: Path, readings: Iterable[SignedReading]) -> None:
    """Write a file that `ReadingFile.load` reads back."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(READING_COLUMNS)
        for signed in readings:
            r = signed.reading
            begin = datetime.fromtimestamp(r.start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            writer.writerow(
                [begin, r.source, r.device, r.sequence, r.mass_g, r.energy_kwh, r.heat_mj,
                 r.flow_m3, r.duration_s, r.status.name.lower(), r.rule, signed.signature.hex()]
            )  # fmt: skip


def load_devices(path: Path) -> dict[tuple[int, int], Device]:
    """Read the devices, by source and device number."""
    found = {}
    for number, row in _rows(path, DEVICE_COLUMNS):
        try:
            device = Device(
                int(row["source"]), row["source_name"], int(row["device"]), row["device_name"],
                row["signer"].lower(),
            )  # fmt: skip
        except ValueError as error:
            raise InvalidInput(f"{path.name} line {number} is no device: {error}.") from error
        found[device.source, device.device] = device
    return found


def write_devices(path: Path, devices: Iterable[Device]) -> None:
    """Write a file that `load_devices` reads back."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(DEVICE_COLUMNS)
        for d in devices:
            writer.writerow([d.source, d.source_name, d.device, d.device_name, d.signer])


def load_anchors(path: Path) -> dict[int, Anchor]:
    """Read the anchors, by first hour."""
    found = {}
    for number, row in _rows(path, ANCHOR_COLUMNS):
        try:
            root = Node(
                bytes.fromhex(row["root"].removeprefix("0x")), int(row["mass_g"]), int(row["count"])
            )
            anchor = Anchor(
                int(row["first_hour"]),
                int(row["hours"]),
                root,
                row["transaction"],
                int(row["block"]),
            )
        except ValueError as error:
            raise InvalidInput(f"{path.name} line {number} is no anchor: {error}.") from error
        found[anchor.first_hour] = anchor
    return found


def write_anchors(path: Path, anchors: Iterable[Anchor]) -> None:
    """Write a file that `load_anchors` reads back."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(ANCHOR_COLUMNS)
        for a in anchors:
            writer.writerow(
                [a.first_hour, a.hours, "0x" + a.root.digest.hex(), a.root.mass_g, a.root.count,
                 a.transaction, a.block]
            )  # fmt: skip


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        stream = path.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    with stream:
        yield from _table(stream, path.name, columns)


def _table(
    stream: Iterable[str], name: str, columns: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(stream, restval="")
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise InvalidInput(f"{name} lacks the columns {', '.join(sorted(missing))}.")
    for row in reader:
        yield reader.line_num, row
