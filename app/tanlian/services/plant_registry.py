"""The sources, devices and anchored batches of an organisation, as the chain has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from tanlian.proofs.logbook import Batch
from tanlian.proofs.merkle_sum import Node, keccak
from tanlian.readmodel.queries import monitoring as asking
from tanlian.services.reading_files import Anchor, Device

MOST_BATCHES = 20_000  # two gateways that anchor every hour of a leap year


@dataclass(frozen=True, slots=True)
class EmissionSource:
    """A source: one boiler, kiln or stack."""

    number: int
    name: str
    closed_at: int  # 0: in use


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A device with every key that was ever registered for it, oldest first."""

    number: int
    source: int
    name: str
    keys: tuple[tuple[str, int], ...]  # address in lower case, and since when (block time)
    retired_at: int  # 0: in use

    def keys_at(self, start: int, end: int) -> frozenset[str]:
        """Return the keys in force at some moment of a span; the first one counts from ever on."""
        found = {self.keys[0][0]}
        for address, since in self.keys:
            if since <= start:
                found = {address}
            elif since < end:
                found.add(address)
        return frozenset(found)

    @property
    def key(self) -> str:
        """The key in force now."""
        return self.keys[-1][0]


@dataclass(frozen=True, slots=True)
class AnchoredBatch:
    """A batch on the chain, and where in its gateway's logbook it stands."""

    batch: Batch
    logbook: str  # the gateway that opened it, in lower case; a successor goes on in it
    previous_head: bytes
    tx_hash: str
    block: int
    time: int

    @property
    def anchor(self) -> Anchor:
        """The batch as files of anchors have it."""
        return Anchor(
            self.batch.first_hour, self.batch.hours, self.batch.root, self.tx_hash, self.block
        )


@dataclass(frozen=True, slots=True)
class Plant:
    """All of it for one organisation; the batches are those of one year, in order."""

    organisation: int
    year: int
    sources: Mapping[int, EmissionSource]
    devices: Mapping[int, RegisteredDevice]
    batches: tuple[AnchoredBatch, ...]

    @property
    def logbooks(self) -> dict[str, list[AnchoredBatch]]:
        """The batches by the logbook they stand in."""
        found: dict[str, list[AnchoredBatch]] = {}
        for batch in self.batches:
            found.setdefault(batch.logbook, []).append(batch)
        return found

    def signers(self) -> dict[tuple[int, int], Device]:
        """Return the devices by source and number, as files of devices have them."""
        return {
            (d.source, d.number): Device(
                d.source, self.sources[d.source].name, d.number, d.name, d.key
            )
            for d in self.devices.values()
        }


def plant_of(db: Connection, organisation: int, year: int) -> Plant:
    """Return an organisation's sources and devices, and what was anchored in a year."""
    sources = {
        row.id: EmissionSource(row.id, row.name, row.closed_at or 0)
        for row in asking.sources_of(db, organisation)
    }
    devices = {
        row.id: RegisteredDevice(
            row.id,
            row.source,
            row.name,
            tuple((key.key.lower(), key.since) for key in reversed(row.keys)),
            row.retired_at or 0,
        )
        for row in asking.devices_of(db, organisation)
    }
    batches = asking.anchors_of(db, organisation, year, limit=MOST_BATCHES)
    opened_by = _first_writers(asking.logbooks_of(db, organisation, year))
    return Plant(
        organisation,
        year,
        sources,
        devices,
        tuple(_batch(opened_by[row.gateway], row) for row in reversed(batches)),
    )


def head_after(batch: AnchoredBatch) -> bytes:
    """Return the head that a batch left in its logbook."""
    return keccak(batch.previous_head + batch.batch.commitment)


def _first_writers(logbooks: Sequence[asking.Logbook]) -> dict[str, str]:
    """Return for each gateway the one that opened the logbook it writes in."""
    before = {row.replaced_by: row.gateway for row in logbooks if row.replaced_by is not None}

    def opener(gateway: str) -> str:
        seen = [gateway]
        while (earlier := before.get(seen[-1])) is not None:
            if earlier in seen:  # it came back: any of them names the logbook
                return min(seen)
            seen.append(earlier)
        return seen[-1]

    return {row.gateway: opener(row.gateway) for row in logbooks}


def _batch(logbook: str, row: asking.Anchor) -> AnchoredBatch:
    root = Node(bytes.fromhex(row.root[2:]), row.mass_g, row.readings)
    return AnchoredBatch(
        Batch(row.first_hour, row.hours, root),
        logbook,
        bytes.fromhex(row.previous_head[2:]),
        row.tx_hash,
        row.block,
        row.time,
    )
