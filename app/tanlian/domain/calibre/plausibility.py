"""What makes activity data and readings of a year hard to believe, by themselves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import groupby

from tanlian.domain.calibre.figures import (
    WHOLE_ORGANISATION,
    WHOLE_YEAR,
    Entry,
    Measured,
    Place,
    calculated,
    month_of,
    whole,
)
from tanlian.domain.calibre.rules import PPM, CalibreRules
from tanlian.domain.emission_methods import Basis, Method
from tanlian.domain.factor_set import CARBON_SCALE, QUANTITY_SCALE, FactorSet, shown
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading, ReadingStatus

_HOURS_PER_DAY = 24


class SuspicionKind(StrEnum):
    """What looks wrong. The value is stable."""

    CARBON_PER_HEAT = "carbon_per_heat"
    HEAT_PER_UNIT = "heat_per_unit"
    COAL_USE = "coal_use"
    EMISSION_PER_HEAT = "emission_per_heat"
    SAME_CARBON = "same_carbon"
    SAME_LINE = "same_line"
    REPEATED_HOURS = "repeated_hours"
    REPEATED_DAY = "repeated_day"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One thing that a verifier should look at."""

    kind: SuspicionKind
    source: int  # 0: not told
    month: int  # 0: the year
    sentence: str


def suspicions_in_activity(
    entries: Sequence[Entry],
    measured: Mapping[Place, Measured],
    factors: FactorSet,
    gases: FactorSet,
    rules: CalibreRules,
) -> list[Suspicion]:
    """Return what is hard to believe in activity data, also beside the measured energy."""
    found = [one for entry in entries for one in _bounds(entry, rules)]
    found += _same_lines(entries)
    found += _same_carbon(entries, rules)
    found += _coal_use(entries, measured, factors, gases, rules)
    return found


def suspicions_in_readings(
    readings: Iterable[Reading], measured: Mapping[Place, Measured], rules: CalibreRules
) -> list[Suspicion]:
    """Return what is hard to believe in a year's readings."""
    found = [*_emission_per_heat(measured, rules)]
    by_device: dict[tuple[int, int], list[Reading]] = {}
    for reading in readings:
        if reading.status is ReadingStatus.MEASURED and reading.mass_g:
            by_device.setdefault((reading.source, reading.device), []).append(reading)
    for mine in by_device.values():
        mine.sort()
        found += _repeated_hours(mine, rules)
        found += _repeated_days(mine, rules)
    return found


def _bounds(entry: Entry, rules: CalibreRules) -> Iterator[Suspicion]:
    line = entry.line
    if line.method is not Method.FUEL or line.key not in rules.coal:
        return
    place = (entry.source, entry.month)
    low, high = rules.carbon_per_heat
    if line.basis is Basis.MEASURED_HEAT_AND_CARBON and not low <= line.carbon <= high:
        yield Suspicion(
            SuspicionKind.CARBON_PER_HEAT,
            *place,
            f"{line.key}: carbon of {shown(line.carbon, CARBON_SCALE)} tC/GJ lies outside "
            f"{shown(low, CARBON_SCALE)} to {shown(high, CARBON_SCALE)}.",
        )
    low, high = rules.heat_per_unit
    if line.ncv and not low <= line.ncv <= high:
        yield Suspicion(
            SuspicionKind.HEAT_PER_UNIT,
            *place,
            f"{line.key}: heat of {shown(line.ncv, QUANTITY_SCALE)} GJ/t lies outside "
            f"{shown(low, QUANTITY_SCALE)} to {shown(high, QUANTITY_SCALE)}.",
        )


def _same_lines(entries: Sequence[Entry]) -> Iterator[Suspicion]:
    seen: set[Entry] = set()
    told: set[Entry] = set()
    for entry in entries:
        if entry in seen and entry not in told:
            told.add(entry)
            yield Suspicion(
                SuspicionKind.SAME_LINE,
                entry.source,
                entry.month,
                f"The same line of {entry.line.key} stands more than once.",
            )
        seen.add(entry)


def _same_carbon(entries: Sequence[Entry], rules: CalibreRules) -> Iterator[Suspicion]:
    figures: dict[tuple[int, str], dict[int, set[int]]] = {}
    for entry in entries:
        if entry.line.carbon and entry.month != WHOLE_YEAR:
            months = figures.setdefault((entry.source, entry.line.key), {})
            months.setdefault(entry.month, set()).add(entry.line.carbon)
    for (source, key), months in figures.items():
        for carbon in sorted(set().union(*months.values())):
            run = _longest_run(sorted(m for m, values in months.items() if carbon in values))
            if len(run) > rules.same_carbon_months:
                yield Suspicion(
                    SuspicionKind.SAME_CARBON,
                    source,
                    run[0],
                    f"{key}: exactly the same carbon, {shown(carbon, CARBON_SCALE)}, in "
                    f"{len(run)} months running from month {run[0]} on.",
                )


def _coal_use(
    entries: Sequence[Entry],
    measured: Mapping[Place, Measured],
    factors: FactorSet,
    gases: FactorSet,
    rules: CalibreRules,
) -> Iterator[Suspicion]:
    heats: dict[int, int | None] = {}
    for entry in entries:
        if entry.line.method is Method.FUEL and entry.line.key in rules.coal:
            heat, known = calculated(entry, factors, gases).heat_mj, heats.get(entry.source, 0)
            heats[entry.source] = None if heat is None or known is None else known + heat
    for source, heat in heats.items():
        seen = whole(measured, source)
        if not heat or seen is None or not seen.energy_kwh or not seen.measured_hours:
            continue
        energy = Fraction(seen.energy_kwh * seen.hours, seen.measured_hours)
        grams = Fraction(heat * 1_000_000, rules.standard_coal_j_per_g * 1_000) * 1_000 / energy
        low, high = rules.coal_use_g
        if not low <= grams <= high:
            yield Suspicion(
                SuspicionKind.COAL_USE,
                source,
                WHOLE_YEAR,
                f"{grams.numerator // grams.denominator} g of standard coal per kWh lie outside "
                f"{low} to {high}.",
            )


def _emission_per_heat(
    measured: Mapping[Place, Measured], rules: CalibreRules
) -> Iterator[Suspicion]:
    for source in sorted({s for s, _ in measured} - {WHOLE_ORGANISATION}):
        year = whole(measured, source)
        if year is None or not year.heat_mj or not year.measured_g:
            continue
        usual = Fraction(year.measured_g, year.heat_mj)
        for (at, month), one in sorted(measured.items(), key=lambda item: item[0]):
            if at != source or not one.heat_mj:
                continue
            ratio = Fraction(one.measured_g, one.heat_mj) / usual
            if abs(ratio - 1) * PPM > rules.emission_per_heat_ppm:
                yield Suspicion(
                    SuspicionKind.EMISSION_PER_HEAT,
                    source,
                    month,
                    f"{one.measured_g // one.heat_mj} g/MJ were measured in this month, "
                    f"{year.measured_g // year.heat_mj} g/MJ in the year.",
                )


def _repeated_hours(mine: Sequence[Reading], rules: CalibreRules) -> Iterator[Suspicion]:
    run: list[Reading] = []
    for reading in (*mine, None):
        if reading is not None and run and _follows(run[-1], reading):
            run.append(reading)
            continue
        if len(run) > rules.repeated_hours:
            yield Suspicion(
                SuspicionKind.REPEATED_HOURS,
                run[0].source,
                month_of(run[0].start),
                f"Device {run[0].device} gave the same figures in {len(run)} hours running from "
                f"{run[0].start} on.",
            )
        run = [reading] if reading is not None else []


def _follows(first: Reading, second: Reading) -> bool:
    same = (first.mass_g, first.heat_mj, first.energy_kwh, first.flow_m3)
    return second.start - first.start == SECONDS_PER_HOUR and same == (
        second.mass_g, second.heat_mj, second.energy_kwh, second.flow_m3,
    )  # fmt: skip


def _repeated_days(mine: Sequence[Reading], rules: CalibreRules) -> Iterator[Suspicion]:
    """Days that repeat another one hour by hour; days of one figure are told by the hours."""
    day_seconds = _HOURS_PER_DAY * SECONDS_PER_HOUR
    first_of: dict[tuple[int, ...], int] = {}
    copies: dict[tuple[int, ...], int] = {}
    for day, hours in groupby(mine, key=lambda reading: reading.start // day_seconds):
        figures = tuple(reading.mass_g for reading in hours)
        if len(figures) < _HOURS_PER_DAY or len(set(figures)) == 1:
            continue
        first_of.setdefault(figures, day)
        copies[figures] = copies.get(figures, -1) + 1
    for figures, count in copies.items():
        if count > rules.repeated_days:
            start = first_of[figures] * day_seconds
            yield Suspicion(
                SuspicionKind.REPEATED_DAY,
                mine[0].source,
                month_of(start),
                f"Device {mine[0].device} repeats the day from {start} on, to the gram, "
                f"{count} times.",
            )


def _longest_run(months: Sequence[int]) -> list[int]:
    best: list[int] = []
    run: list[int] = []
    for month in months:
        run = [*run, month] if run and run[-1] == month - 1 else [month]
        best = max(best, run, key=len)
    return best
