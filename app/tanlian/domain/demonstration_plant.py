"""A generated coal-fired plant for demonstrations: its hours of a year, and a lie about them.

Invented figures from one seed, integers only; nothing here is a real plant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from tanlian.domain.calibre.figures import Entry, month_of
from tanlian.domain.emission_methods import ActivityLine, Basis, Method
from tanlian.domain.factor_set import CARBON_SCALE, ONE, QUANTITY_SCALE, FactorSet, Unit
from tanlian.domain.reading import SECONDS_PER_HOUR

COAL = "coal_bituminous"
HEAT_OF_COAL = 21_900_000  # 10^-6 GJ/t
CARBON_OF_COAL = 25_850_000  # 10^-9 tC/GJ, in the mean
CARBON_SPREAD = 250_000  # a month's mean lies within this distance
HEAT_PER_KWH_KJ = 9_200
_CO2_PER_CARBON = Fraction(44, 12)
_SEASON = (118, 112, 100, 92, 88, 95, 108, 110, 94, 90, 100, 115)  # per cent of the mean, by month
_DAY = (86, 84, 82, 82, 84, 90, 98, 106, 110, 112, 112, 110, 106, 106, 108, 110, 112, 114, 114, 110,
        104, 98, 92, 88)  # per cent of the mean, by hour  # fmt: skip
_MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True)
class PlantHour:
    """What a unit did in one hour."""

    start: int  # Unix seconds
    mass_g: int
    energy_kwh: int
    heat_mj: int


@dataclass(frozen=True, slots=True)
class PlantYear:
    """One unit's year: its hours, and the carbon of the coal by month (January first)."""

    hours: tuple[PlantHour, ...]
    carbon: tuple[int, ...]  # 10^-9 tC/GJ

    def entries(self, source: int) -> list[Entry]:
        """Return the activity data of an honest report, a line a month."""
        heats = dict.fromkeys(_MONTHS, 0)
        for hour in self.hours:
            heats[month_of(hour.start)] += hour.heat_mj
        return [
            Entry(_coal(heat, self.carbon[month - 1]), source, month)
            for month, heat in heats.items()
            if heat
        ]


def plant_year(
    seed: str, starts_at: int, hours: int, mass_kg: int, factors: FactorSet
) -> PlantYear:
    """Return a unit's hours that emit about this mass, within a hundredth."""
    random = Random(seed)  # noqa: S311 - stated, so that anyone generates the same year
    carbon = tuple(CARBON_OF_COAL + random.randint(-CARBON_SPREAD, CARBON_SPREAD) for _ in _MONTHS)
    oxidation = factors.fuels[COAL].oxidation
    starts = range(starts_at, starts_at + hours * SECONDS_PER_HOUR, SECONDS_PER_HOUR)
    weights = [
        _SEASON[month_of(start) - 1]
        * _DAY[start // SECONDS_PER_HOUR % len(_DAY)]
        * random.randint(930, 1070)
        for start in starts
    ]
    usual = (
        Fraction(CARBON_OF_COAL * oxidation, CARBON_SCALE * ONE) * _CO2_PER_CARBON
    )  # t/GJ, kg/MJ
    heat_mj = mass_kg * usual.denominator // usual.numerator
    total = sum(weights)
    made = []
    for start, weight in zip(starts, weights, strict=True):
        heat = heat_mj * weight // total
        per_heat = carbon[month_of(start) - 1] * oxidation * random.randint(990, 1010)
        mass = heat * per_heat * 44 // (CARBON_SCALE * ONE * 12)  # 1000ths of kg are grams
        made.append(PlantHour(start, mass, heat * 1_000 // HEAT_PER_KWH_KJ, heat))
    return PlantYear(tuple(made), carbon)


def falsified(year: PlantYear, months: Sequence[int], kept_per_cent: int, carbon: int) -> PlantYear:
    """Return the lie: in these months only a part of everything, and one low carbon all year."""
    hours = tuple(
        replace(
            hour,
            mass_g=hour.mass_g * kept_per_cent // 100,
            energy_kwh=hour.energy_kwh * kept_per_cent // 100,
            heat_mj=hour.heat_mj * kept_per_cent // 100,
        )
        if month_of(hour.start) in months
        else hour
        for hour in year.hours
    )
    return PlantYear(hours, (carbon,) * len(_MONTHS))


def coal_for(kilograms: int, factors: FactorSet) -> ActivityLine:
    """Return a line of coal that comes to these kilograms of CO2, or at most one more."""
    per_unit = (
        Fraction(HEAT_OF_COAL * CARBON_OF_COAL, QUANTITY_SCALE * CARBON_SCALE)
        * Fraction(factors.fuels[COAL].oxidation, ONE)
        * _CO2_PER_CARBON
    )  # t CO2 per t
    quantity = Fraction(kilograms * QUANTITY_SCALE, 1_000) / per_unit
    return ActivityLine(
        Method.FUEL, COAL, Unit.TONNE, -(-quantity.numerator // quantity.denominator),
        Basis.MEASURED_HEAT_AND_CARBON, HEAT_OF_COAL, CARBON_OF_COAL,
    )  # fmt: skip


def _coal(heat_mj: int, carbon: int) -> ActivityLine:
    """Return the line of coal that gives this heat, rounded to the millionth of a tonne."""
    quantity = heat_mj * QUANTITY_SCALE * QUANTITY_SCALE // (1_000 * HEAT_OF_COAL)
    return ActivityLine(
        Method.FUEL, COAL, Unit.TONNE, quantity, Basis.MEASURED_HEAT_AND_CARBON, HEAT_OF_COAL,
        carbon,
    )  # fmt: skip
