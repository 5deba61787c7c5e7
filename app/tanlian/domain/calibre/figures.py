"""The figures of each calibre by source and month: activity data added up, readings added up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tanlian.domain.emission_methods import ActivityLine, Basis, Method, line_kg
from tanlian.domain.factor_set import BASES, QUANTITY_SCALE, FactorSet
from tanlian.domain.reading import Reading, ReadingStatus

WHOLE_ORGANISATION = 0  # instead of a source's number
WHOLE_YEAR = 0  # instead of a month
_MJ_PER_GJ = 1_000
# what a device in the stack sees; electricity is burnt elsewhere, other gases are not weighed
_THROUGH_THE_STACK = frozenset({Method.FUEL, Method.PROCESS})
_HEAT_UNKNOWN = frozenset({Basis.MEASURED_CARBON, Basis.MEASURED_AIR_DRY_CARBON})

Place = tuple[int, int]  # source and month


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of activity data with its source and month, as far as they are told apart."""

    line: ActivityLine
    source: int = WHOLE_ORGANISATION
    month: int = WHOLE_YEAR


@dataclass(frozen=True, slots=True)
class Calculated:
    """What activity data come to."""

    total_kg: int = 0  # CO2e of all lines
    stack_kg: int = 0  # CO2 of fuels and processes, which is what devices measure
    heat_mj: int | None = 0  # of the fuels; None where the data do not tell

    def __add__(self, other: "Calculated") -> "Calculated":
        known = self.heat_mj is not None and other.heat_mj is not None
        return Calculated(
            self.total_kg + other.total_kg,
            self.stack_kg + other.stack_kg,
            (self.heat_mj or 0) + (other.heat_mj or 0) if known else None,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What readings come to. Heat and energy are those of the measured hours."""

    mass_g: int = 0
    substituted_g: int = 0  # of the mass
    heat_mj: int = 0
    energy_kwh: int = 0
    hours: int = 0  # readings of any status
    substituted_hours: int = 0
    missing_hours: int = 0
    devices: frozenset[int] = frozenset()

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            self.mass_g + other.mass_g,
            self.substituted_g + other.substituted_g,
            self.heat_mj + other.heat_mj,
            self.energy_kwh + other.energy_kwh,
            self.hours + other.hours,
            self.substituted_hours + other.substituted_hours,
            self.missing_hours + other.missing_hours,
            self.devices | other.devices,
        )

    @property
    def kg(self) -> int:
        """The mass in kilograms, rounded half up."""
        return (2 * self.mass_g + 1_000) // 2_000

    @property
    def measured_g(self) -> int:
        """The mass that was measured, without what was substituted."""
        return self.mass_g - self.substituted_g

    @property
    def measured_hours(self) -> int:
        return self.hours - self.substituted_hours - self.missing_hours


def calculated(entry: Entry, factors: FactorSet, gases: FactorSet) -> Calculated:
    """Return what one line comes to.

    Raises:
        InvalidInput: the line does not fit the factor sets.
    """
    line = entry.line
    kilograms = line_kg(line, factors, gases)
    if line.method is Method.FUEL:
        return Calculated(kilograms, kilograms, _heat_mj(line, factors))
    return Calculated(kilograms, kilograms if line.method in _THROUGH_THE_STACK else 0, 0)


def add_up_entries(
    entries: Iterable[Entry], factors: FactorSet, gases: FactorSet
) -> dict[Place, Calculated]:
    """Return the sums by source and month, as far as the entries tell them apart."""
    sums: dict[Place, Calculated] = {}
    for entry in entries:
        place = (entry.source, entry.month)
        sums[place] = sums.get(place, Calculated()) + calculated(entry, factors, gases)
    return sums


def add_up_readings(readings: Iterable[Reading]) -> dict[Place, Measured]:
    """Return the sums by source and month (UTC)."""
    sums: dict[Place, Measured] = {}
    for reading in readings:
        place = (reading.source, month_of(reading.start))
        sums[place] = sums.get(place, Measured()) + _measured(reading)
    return sums


def whole(sums: Mapping[Place, Measured], source: int = WHOLE_ORGANISATION) -> Measured | None:
    """Return a source's year, or the organisation's; None where nothing was measured."""
    found = [m for (place, _), m in sums.items() if source in {WHOLE_ORGANISATION, place}]
    return sum(found, start=Measured()) if found else None


def month_of(start: int) -> int:
    """Return the month, 1 to 12, in which a second lies."""
    return datetime.fromtimestamp(start, UTC).month


def _measured(reading: Reading) -> Measured:
    substituted = reading.status is ReadingStatus.SUBSTITUTED
    missing = reading.status is ReadingStatus.MISSING
    known = not (substituted or missing)
    return Measured(
        reading.mass_g,
        reading.mass_g if substituted else 0,
        reading.heat_mj if known else 0,
        reading.energy_kwh if known else 0,
        1,
        int(substituted),
        int(missing),
        frozenset({reading.device}),
    )


def _heat_mj(line: ActivityLine, factors: FactorSet) -> int | None:
    ncv = line.ncv or (factors.fuels[line.key].ncv if line.basis not in _HEAT_UNKNOWN else 0)
    if not ncv:
        return None
    _, divisor = BASES[line.unit]
    return line.quantity * ncv * _MJ_PER_GJ // (QUANTITY_SCALE * QUANTITY_SCALE * divisor)
