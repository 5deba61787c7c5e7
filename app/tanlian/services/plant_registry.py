"""The sources, devices and anchored batches of an organisation, as the chain has them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from tanlian.proofs.logbook import Batch
from tanlian.proofs.merkle_sum import Node, keccak
from tanlian.readmodel.queries.facts import StatedFact, facts_of
from tanlian.services.reading_files import Anchor, Device

_FACTS = (
    "SourceRegistered", "SourceClosed", "DeviceRegistered", "DeviceKeyReplaced", "DeviceRetired",
    "BatchAnchored", "LogbookOpened", "GatewayReplaced",
)  # fmt: skip


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
    sources: dict[int, EmissionSource] = {}
    devices: dict[int, RegisteredDevice] = {}
    batches: list[AnchoredBatch] = []
    logbooks: dict[str, str] = {}  # who writes now, and who opened what it writes in
    for fact in facts_of(db, organisation, "monitoring", _FACTS):
        match fact.name:
            case "SourceRegistered":
                sources[fact["source"]] = EmissionSource(fact["source"], fact["name"], 0)
            case "SourceClosed":
                sources[fact["source"]] = replace(sources[fact["source"]], closed_at=fact.time)
            case "DeviceRegistered" | "DeviceKeyReplaced" | "DeviceRetired":
                devices[fact["device"]] = _device(devices.get(fact["device"]), fact)
            case "GatewayReplaced" if fact["year"] == year:
                old_one, new_one = fact["old_gateway"].lower(), fact["new_gateway"].lower()
                logbooks[new_one] = logbooks.pop(old_one, old_one)
            case "BatchAnchored" if fact["year"] == year:
                writer = fact["gateway"].lower()
                batches.append(_batch(logbooks.get(writer, writer), fact))
    return Plant(organisation, year, sources, devices, tuple(batches))


def years_of(db: Connection, organisation: int) -> list[int]:
    """Return the years in which an organisation opened a logbook, newest first."""
    found = facts_of(db, organisation, "monitoring", ("LogbookOpened",))
    return sorted({fact["year"] for fact in found}, reverse=True)


def head_after(batch: AnchoredBatch) -> bytes:
    """Return the head that a batch left in its logbook."""
    return keccak(batch.previous_head + batch.batch.commitment)


def _device(known: RegisteredDevice | None, fact: StatedFact) -> RegisteredDevice:
    if known is None:
        key = (fact["key"].lower(), fact.time)
        return RegisteredDevice(fact["device"], fact["source"], fact["name"], (key,), 0)
    if fact.name == "DeviceKeyReplaced":
        return replace(known, keys=(*known.keys, (fact["new_key"].lower(), fact.time)))
    return replace(known, retired_at=fact.time)


def _batch(logbook: str, fact: StatedFact) -> AnchoredBatch:
    root = Node(bytes.fromhex(fact["root"][2:]), fact["mass_g"], fact["count"])
    return AnchoredBatch(
        Batch(fact["first_hour"], fact["hours"], root),
        logbook,
        bytes.fromhex(fact["previous_head"][2:]),
        fact.tx_hash,
        fact.block,
        fact.time,
    )
