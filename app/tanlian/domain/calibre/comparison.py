"""Calculated against measured against declared, place by place, with the gaps between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tanlian.domain.calibre.causes import (
    Cause,
    Facts,
    causes_of,
    copy_causes,
    declared_causes,
)
from tanlian.domain.calibre.figures import (
    WHOLE_ORGANISATION,
    WHOLE_YEAR,
    Calculated,
    Entry,
    Measured,
    Place,
    add_up_entries,
    whole,
)
from tanlian.domain.calibre.plausibility import Suspicion
from tanlian.domain.calibre.rules import PPM, Yardstick


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two calibres lie apart."""

    first: str  # calibre: measured, declared, anchored
    second: str  # calibre: calculated, measured
    difference_kg: int  # first less second
    share_ppm: int  # of the larger figure, rounded up
    tolerance_ppm: int

    @property
    def exceeds(self) -> bool:
        return self.share_ppm > self.tolerance_ppm


@dataclass(frozen=True, slots=True)
class Row:
    """One source (0: all of the organisation) in one month (0: the year). None: not known there."""

    source: int
    month: int
    declared_kg: int | None
    calculated_kg: int | None  # CO2e of all activity data
    stack_kg: int | None  # of it CO2 of fuels and processes: what devices can measure
    measured_kg: int | None
    substituted_kg: int
    hours: int
    substituted_hours: int
    missing_hours: int
    gaps: tuple[Gap, ...]
    causes: tuple[Cause, ...]  # of the gaps beyond the tolerance, the most probable first

    @property
    def exceeds(self) -> bool:
        """Whether a gap is larger than is tolerated."""
        return any(gap.exceeds for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class CalibreComparison:
    """The outcome for one organisation and year; the first row is the whole of it."""

    rules: str  # version
    factors: str
    gases: str
    tolerance_ppm: int
    rows: tuple[Row, ...]
    suspicions: tuple[Suspicion, ...]

    @property
    def exceeds(self) -> bool:
        return any(row.exceeds for row in self.rows)


@dataclass(frozen=True, slots=True)
class Year:
    """All that is known of an organisation's year."""

    entries: Sequence[Entry]
    measured: Mapping[Place, Measured]
    declared_kg: int | None = None
    anchored_g: int | None = None
    devices: Mapping[int, frozenset[int]] | None = None  # by source, as the plan has them


def compare_calibres(
    year: Year, yardstick: Yardstick, suspicions: Sequence[Suspicion] = ()
) -> CalibreComparison:
    """Return the figures and gaps of the organisation, of each source, of each source's months.

    A source has months where its activity data tell them apart. Activity data of no stated source
    count for the organisation only.

    Raises:
        InvalidInput: a line of activity data does not fit the factor sets.
    """
    sums = add_up_entries(year.entries, yardstick.factors, yardstick.gases)
    rows = [
        _row(place, _facts(place, year, sums), year, yardstick) for place in _places(year, sums)
    ]
    return CalibreComparison(
        yardstick.rules.version,
        yardstick.factors.name,
        yardstick.gases.name,
        yardstick.tolerance_ppm,
        tuple(rows),
        tuple(suspicions),
    )


def gap(first: str, second: str, first_kg: int, second_kg: int, tolerance_ppm: int) -> Gap:
    """Return the gap of two figures in kilograms."""
    difference, larger = first_kg - second_kg, max(first_kg, second_kg)
    share = -(-abs(difference) * PPM // larger) if larger else 0
    return Gap(first, second, difference, share, tolerance_ppm)


def _copy_gap(anchored_g: int, measured: Measured) -> Gap:
    """A gram is enough; the gap is rounded away from 0 so that it shows in kilograms."""
    grams = anchored_g - measured.mass_g
    kilograms = -(-abs(grams) // 1_000)
    share = -(-abs(grams) * PPM // max(anchored_g, measured.mass_g)) if grams else 0
    return Gap("anchored", "measured", kilograms if grams > 0 else -kilograms, share, 0)


def _places(year: Year, sums: Mapping[Place, Calculated]) -> list[Place]:
    sources = sorted({s for s, _ in (*sums, *year.measured)} - {WHOLE_ORGANISATION})
    found = [(WHOLE_ORGANISATION, WHOLE_YEAR)]
    unplaced = any(source == WHOLE_ORGANISATION for source, _ in sums)
    for source in sources:
        months = sorted({m for s, m in sums if s == source} - {WHOLE_YEAR})
        told_apart = bool(months) and (source, WHOLE_YEAR) not in sums
        # without activity data of its own a source says nothing where others are not placed
        if months or (source, WHOLE_YEAR) in sums or not unplaced:
            found.append((source, WHOLE_YEAR))
        if told_apart:
            found += [(source, month) for month in months]
    return found


def _facts(place: Place, year: Year, sums: Mapping[Place, Calculated]) -> Facts:
    source, month = place
    inside = [
        at for at in sums if source in {WHOLE_ORGANISATION, at[0]} and month in {WHOLE_YEAR, at[1]}
    ]
    entries = [e for e in year.entries if (e.source, e.month) in inside]
    measured = whole(year.measured, source) if month == WHOLE_YEAR else year.measured.get(place)
    return Facts(
        sum((sums[at] for at in inside), start=Calculated()) if inside else None,
        measured,
        entries,
        _unseen_sources(place, year, sums),
        _silent_devices(source, year, measured),
    )


def _unseen_sources(
    place: Place, year: Year, sums: Mapping[Place, Calculated]
) -> Mapping[int, Measured | None]:
    """Sources that only one calibre knows: measured without activity data, or the reverse."""
    if any(source == WHOLE_ORGANISATION for source, _ in sums) or not year.measured:
        return {}
    told = {source for source, _ in sums}
    seen = {source for source, _ in year.measured}
    wanted = told ^ seen
    if place[0] != WHOLE_ORGANISATION:
        wanted &= {place[0]}
    return {source: whole(year.measured, source) for source in sorted(wanted)}


def _silent_devices(source: int, year: Year, measured: Measured | None) -> tuple[int, ...]:
    registered = year.devices or {}
    wanted = {
        device
        for at, devices in registered.items()
        if source in {WHOLE_ORGANISATION, at}
        for device in devices
    }
    return tuple(sorted(wanted - (measured.devices if measured else frozenset())))


def _row(place: Place, facts: Facts, year: Year, yardstick: Yardstick) -> Row:
    sums, measured, tolerance = facts.calculated, facts.measured, yardstick.tolerance_ppm
    is_whole = place == (WHOLE_ORGANISATION, WHOLE_YEAR)
    declared = year.declared_kg if is_whole else None
    gaps: list[Gap] = []
    causes: list[Cause] = []
    if sums is not None and measured is not None:
        found = gap("measured", "calculated", measured.kg, sums.stack_kg, tolerance)
        gaps.append(found)
    elif facts.unseen and (sums is not None or measured is not None):
        kilograms = (measured.kg if measured else 0, sums.stack_kg if sums else 0)
        gaps.append(gap("measured", "calculated", *kilograms, tolerance))
    if any(one.exceeds for one in gaps):
        causes += causes_of(facts, yardstick)
    if declared is not None and sums is not None:
        # the contract calculates from the same lines: nothing is tolerated between the two
        gaps.append(gap("declared", "calculated", declared, sums.total_kg, 0))
        causes += declared_causes(declared, sums.total_kg, yardstick.rules)
    if declared is not None and measured is not None and sums is None:
        gaps.append(gap("declared", "measured", declared, measured.kg, tolerance))
    if is_whole and measured is not None and year.anchored_g is not None:
        gaps.append(_copy_gap(year.anchored_g, measured))
        causes += copy_causes(year.anchored_g, measured)
    return Row(
        *place,
        declared,
        sums.total_kg if sums else None,
        sums.stack_kg if sums else None,
        measured.kg if measured else None,
        measured.substituted_g // 1_000 if measured else 0,
        measured.hours if measured else 0,
        measured.substituted_hours if measured else 0,
        measured.missing_hours if measured else 0,
        tuple(gaps),
        tuple(causes),
    )
