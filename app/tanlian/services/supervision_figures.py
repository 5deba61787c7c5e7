"""The figures of a year added up: the nation, its regions, its sectors, and how they are spread."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.engine import Connection

from tanlian.domain.distribution import Distribution, distribution
from tanlian.readmodel.queries.emitter_years import EmitterYear, emitter_years
from tanlian.readmodel.queries.units import RegionYear, region_years

GROUP_HEADS = (
    "year", "region", "sector", "emitters", "capacity_kg", "cap_kg", "target_kg", "allocated_kg",
    "declared_kg", "accepted_kg", "accepted", "surrendered_kg", "shortfall_kg", "bought_t",
    "sold_t", "least_kg", "lower_quartile_kg",
    "median_kg", "upper_quartile_kg", "most_kg",
)  # fmt: skip
EMITTER_HEADS = (
    "year", "organisation", "name", "region", "sector", "allocated_kg", "declared_kg",
    "verified_kg", "accepted_kg", "measured_g", "state", "late", "bought_t", "sold_t",
    "surrendered_kg", "shortfall_kg",
)  # fmt: skip


class Measure(StrEnum):
    """What a map or a histogram shows."""

    ACCEPTED = "accepted"
    DECLARED = "declared"
    ALLOCATED = "allocated"
    TRADED = "traded"  # bought and sold, in t
    CAP_USED = "cap_used"  # accepted as a share of the cap, in millionths; of regions only


@dataclass(frozen=True, slots=True)
class Plan:
    """Caps of one or several regions; kg."""

    capacity_kg: int
    cap_kg: int
    target_kg: int


@dataclass(frozen=True, slots=True)
class GroupYear:
    """Several emitters in a year; `region` or `sector` is None where it is not what joins them."""

    year: int
    region: int | None
    sector: int | None
    rows: tuple[EmitterYear, ...]
    plan: Plan | None

    @property
    def allocated_kg(self) -> int:
        return sum(row.entitled_kg for row in self.rows)

    @property
    def declared_kg(self) -> int:
        return sum(row.declared_kg or 0 for row in self.rows)

    @property
    def accepted_kg(self) -> int:
        return sum(row.accepted_kg or 0 for row in self.rows)

    @property
    def accepted_count(self) -> int:
        return sum(row.accepted_kg is not None for row in self.rows)

    @property
    def surrendered_kg(self) -> int:
        return sum(row.surrendered_kg for row in self.rows)

    @property
    def shortfall_kg(self) -> int:
        return sum(row.shortfall_kg for row in self.rows)

    @property
    def bought_t(self) -> int:
        return sum(row.bought_t for row in self.rows)

    @property
    def sold_t(self) -> int:
        return sum(row.sold_t for row in self.rows)

    @property
    def spread(self) -> Distribution | None:
        """How the accepted figures are spread."""
        return distribution(values(self.rows, Measure.ACCEPTED))

    def measured(self, measure: Measure) -> int | None:
        """Return the group's figure of a measure; None where there is none."""
        if measure is Measure.CAP_USED:
            if self.plan is None or not self.plan.cap_kg:
                return None
            return self.accepted_kg * 1_000_000 // self.plan.cap_kg
        found = values(self.rows, measure)
        return sum(found) if found else None

    def row(self) -> tuple[object, ...]:
        """Return the group in the columns of `GROUP_HEADS`."""
        plan, spread = self.plan, self.spread
        caps = (plan.capacity_kg, plan.cap_kg, plan.target_kg) if plan else ("", "", "")
        five = (
            (spread.least, spread.lower_quartile, spread.median, spread.upper_quartile, spread.most)
            if spread
            else ("",) * 5
        )
        return (
            self.year, "" if self.region is None else self.region,
            "" if self.sector is None else self.sector, len(self.rows), *caps, self.allocated_kg,
            self.declared_kg, self.accepted_kg, self.accepted_count, self.surrendered_kg,
            self.shortfall_kg, self.bought_t, self.sold_t, *five,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SupervisedYear:
    """A year as a whole and by region and sector."""

    nation: GroupYear
    regions: tuple[GroupYear, ...]
    sectors: tuple[GroupYear, ...]

    def part(self, *, region: int | None = None, sector: int | None = None) -> GroupYear:
        """Return the emitters of a region or a sector; the nation where neither is named."""
        parts = self.regions if region is not None else self.sectors
        if region is None and sector is None:
            return self.nation
        for part in parts:
            if part.region == region and part.sector == sector:
                return part
        return GroupYear(self.nation.year, region, sector, (), None)


def supervised_year(db: Connection, year: int) -> SupervisedYear:
    """Return everything that supervision shows of a year."""
    rows = emitter_years(db, year)
    planned = {row.region: row for row in region_years(db) if row.period == year}
    in_region = _grouped(rows, lambda row: row.region)
    regions = sorted({*in_region, *planned})
    return SupervisedYear(
        GroupYear(year, None, None, tuple(rows), _plan(planned.values())),
        tuple(
            GroupYear(
                year, r, None, in_region.get(r, ()), _plan([planned[r]] if r in planned else [])
            )
            for r in regions
        ),
        tuple(
            GroupYear(year, None, sector, mine, None)
            for sector, mine in _grouped(rows, lambda row: row.sector).items()
        ),
    )


def by_sector(part: GroupYear) -> list[GroupYear]:
    """Return a region's emitters by sector."""
    found = _grouped(part.rows, lambda row: row.sector)
    return [GroupYear(part.year, part.region, s, mine, None) for s, mine in found.items()]


def by_region(part: GroupYear) -> list[GroupYear]:
    """Return a sector's emitters by region."""
    found = _grouped(part.rows, lambda row: row.region)
    return [GroupYear(part.year, r, part.sector, mine, None) for r, mine in found.items()]


def values(rows: Iterable[EmitterYear], measure: Measure) -> list[int]:
    """Return what a measure is for each emitter that has it."""
    figure: dict[Measure, Callable[[EmitterYear], int | None]] = {
        Measure.ACCEPTED: lambda row: row.accepted_kg,
        Measure.DECLARED: lambda row: row.declared_kg,
        Measure.ALLOCATED: lambda row: row.entitled_kg or None,
        Measure.TRADED: lambda row: (row.bought_t + row.sold_t) or None,
        Measure.CAP_USED: lambda row: row.accepted_kg,
    }
    found = (figure[measure](row) for row in rows)
    return [value for value in found if value is not None]


def emitter_rows(year: int, rows: Iterable[EmitterYear]) -> Iterator[tuple[object, ...]]:
    """Return emitters in the columns of `EMITTER_HEADS`."""
    for row in rows:
        r = row.report
        figures = (r.declared_kg, r.verified_kg, r.accepted_kg, r.measured_g) if r else (None,) * 4
        yield (
            year, row.organisation, row.name, row.region, row.sector, row.entitled_kg,
            *("" if value is None else value for value in figures), row.state.name.lower(),
            bool(r and r.is_late), row.bought_t, row.sold_t, row.surrendered_kg, row.shortfall_kg,
        )  # fmt: skip


def _grouped(
    rows: Iterable[EmitterYear], key: Callable[[EmitterYear], int]
) -> dict[int, tuple[EmitterYear, ...]]:
    """Return the rows by a number, in its order."""
    found: dict[int, list[EmitterYear]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return {number: tuple(found[number]) for number in sorted(found)}


def _plan(rows: Iterable[RegionYear]) -> Plan | None:
    found = list(rows)
    if not found:
        return None
    return Plan(
        sum(row.capacity_kg for row in found),
        sum(row.cap_kg for row in found),
        sum(row.target_kg for row in found),
    )
