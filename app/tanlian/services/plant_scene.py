"""A plant at one hour: each device with its reading, how far it is proved, and the year behind it.

The picture and the table of a page are made from the same `PlantScene`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tanlian.domain.errors import InvalidInput
from tanlian.domain.monitoring.plausibility import Doubt
from tanlian.domain.reading import BODY_BYTES, SECONDS_PER_HOUR, Reading, ReadingStatus
from tanlian.services.gateway.store import Quarantined
from tanlian.services.plant_layout import Body, lay_out
from tanlian.services.plant_registry import EmissionSource, Plant, RegisteredDevice
from tanlian.services.proved_readings import HeldCopy, HeldReading, ReadingState

# the first is the worst; a source looks like the worst of its devices
WORST_FIRST = (
    ReadingState.ALTERED,
    ReadingState.FORGED,
    ReadingState.QUARANTINED,
    ReadingState.ABSENT,
    ReadingState.MISSING,
    ReadingState.SUBSTITUTED,
    ReadingState.LIVE,
    ReadingState.ANCHORED,
    ReadingState.PROVED,
)
_FILLED = frozenset({ReadingState.SUBSTITUTED, ReadingState.MISSING, ReadingState.ABSENT})


@dataclass(frozen=True, slots=True)
class DeviceAtHour:
    """A device: what it said for the hour, and what its year comes to."""

    device: RegisteredDevice
    source: EmissionSource
    copy: str  # where its readings come from; empty without any
    held: HeldReading | None
    state: ReadingState
    mass_g: int  # of the year
    measured_hours: int
    substituted_hours: int
    missing_hours: int
    quarantined: int  # messages put aside in the year
    altered_batches: int  # anchored batches that the copy at hand does not lead to


@dataclass(frozen=True, slots=True)
class AsidePiece:
    """Something the gateway put aside, and the reading in it where it can be read."""

    quarantined: Quarantined
    reading: Reading | None


@dataclass(frozen=True, slots=True)
class PlantScene:
    """Everything that a page shows of a plant at one hour."""

    plant: Plant
    start: int  # of the hour, Unix seconds; 0 where nothing is at hand
    first: int  # start of the first hour at hand
    last: int  # start of the last hour at hand
    devices: tuple[DeviceAtHour, ...]
    aside: tuple[AsidePiece, ...]
    bodies: tuple[Body, ...]

    @property
    def source_states(self) -> dict[int, ReadingState]:
        """The state of each source: the worst of its devices."""
        found = dict.fromkeys(self.plant.sources, ReadingState.ABSENT)
        for number in found:
            states = [d.state for d in self.devices if d.source.number == number]
            if states:
                found[number] = min(states, key=WORST_FIRST.index)
        return found

    @property
    def states(self) -> dict[str, str]:
        """The state of everything that has a colour, by the name its parts go under."""
        found = {f"source-{n}": state.value for n, state in self.source_states.items()}
        return found | {f"device-{d.device.number}": d.state.value for d in self.devices}

    def as_dict(self) -> dict[str, Any]:
        """Return what the picture is drawn from."""
        return {
            "start": self.start,
            "states": self.states,
            "bodies": [
                {"kind": b.kind, "of": b.of, "at": b.at, "size": b.size} for b in self.bodies
            ],
        }


def plant_scene(
    plant: Plant, copies: Sequence[HeldCopy], aside: Sequence[Quarantined], start: int | None = None
) -> PlantScene:
    """Put a plant together at an hour: the one that begins at `start`, or the last one at hand."""
    pieces = tuple(_piece(one) for one in aside)
    starts = [r.start for c in copies for mine in c.by_device.values() for r in (mine[0], mine[-1])]
    first, last = min(starts, default=0), max(starts, default=0)
    hour = last if start is None else start - start % SECONDS_PER_HOUR
    in_order = sorted(plant.devices.values(), key=lambda device: (device.source, device.number))
    devices = tuple(_device(plant, device, copies, pieces, hour) for device in in_order)
    by_source: dict[int, list[int]] = {number: [] for number in plant.sources}
    year_mass: Counter[int] = Counter()
    hour_mass: Counter[int] = Counter()
    for one in devices:
        by_source[one.source.number].append(one.device.number)
        year_mass[one.source.number] += one.mass_g
        hour_mass[one.source.number] += one.held.reading.mass_g if one.held else 0
    bodies = tuple(lay_out(by_source, year_mass, hour_mass))
    return PlantScene(plant, hour, first, last, devices, pieces, bodies)


def _device(
    plant: Plant,
    device: RegisteredDevice,
    copies: Sequence[HeldCopy],
    aside: Sequence[AsidePiece],
    hour: int,
) -> DeviceAtHour:
    copy = next((c for c in copies if device.number in c.by_device), None)
    mine = copy.by_device[device.number] if copy else []
    reading = next((r for r in mine if r.start == hour), None)
    held = copy.held(reading) if copy and reading else None
    put_aside = [p.reading for p in aside if p.reading and p.reading.device == device.number]
    state = held.state if held else ReadingState.ABSENT
    if state in _FILLED and any(reading.start == hour for reading in put_aside):
        state = ReadingState.QUARANTINED
    statuses = Counter(r.status for r in mine)
    return DeviceAtHour(
        device,
        plant.sources[device.source],
        copy.name if copy else "",
        held,
        state,
        sum(r.mass_g for r in mine),
        statuses[ReadingStatus.MEASURED],
        statuses[ReadingStatus.SUBSTITUTED],
        statuses[ReadingStatus.MISSING],
        len(put_aside),
        len(copy.altered) if copy else 0,
    )


def day_of(copy: HeldCopy, device: int, day_start: int, day_end: int) -> list[HeldReading]:
    """Return a device's readings that begin within a span, with their states."""
    mine = copy.by_device.get(device, [])
    return [copy.held(reading) for reading in mine if day_start <= reading.start < day_end]


def state_counts(scene: PlantScene) -> Mapping[ReadingState, int]:
    """Return how many devices are in each state, the worst first."""
    found = Counter(device.state for device in scene.devices)
    return {state: found[state] for state in WORST_FIRST if found[state]}


def _piece(one: Quarantined) -> AsidePiece:
    if one.reason is Doubt.MALFORMED or len(one.payload) < BODY_BYTES:
        return AsidePiece(one, None)
    try:
        return AsidePiece(one, Reading.from_body(one.payload[:BODY_BYTES]))
    except InvalidInput:
        return AsidePiece(one, None)
