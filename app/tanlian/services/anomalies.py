"""Anomalies of a year: computed from the tables and from the readings at hand, by rules as data."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sqlalchemy.engine import Connection

from tanlian.domain.anomalies.rules import (
    PPM,
    Anomaly,
    AnomalyKind,
    AnomalyRules,
    anomaly_rules,
    beyond_quartiles_ppm,
    gap_ppm,
)
from tanlian.domain.calibre.figures import add_up_readings, whole
from tanlian.domain.calibre.plausibility import suspicions_in_readings
from tanlian.domain.calibre.rules import calibre_rules
from tanlian.domain.distribution import distribution
from tanlian.domain.errors import NotFound
from tanlian.readmodel.queries import emissions
from tanlian.readmodel.queries.emitter_years import EmitterYear, defaults, emitter_years
from tanlian.services.plant_registry import Plant, head_after, plant_of
from tanlian.services.proved_readings import held_copy
from tanlian.services.reading_archive import ReadingArchive

ANOMALY_HEADS = ("year", "organisation", "kind", "figure", "most", "detail", "rules")
GRAMS = 1_000


def anomalies(
    db: Connection, archive: ReadingArchive, year: int, now: int, visible: Iterable[int]
) -> list[Anomaly]:
    """Return the anomalies of these organisations in a year, by organisation and rule."""
    rules = anomaly_rules()
    rows = emitter_years(db, year)
    wanted = set(visible)
    mine = [row for row in rows if row.organisation in wanted]
    found = [
        *_reports(db, rules, year, mine, now),
        *_sectors(rules, year, rows, wanted),
    ]
    for row in mine:
        found += rules.judge(AnomalyKind.SHORTFALL, row.organisation, year, row.shortfall_kg)
    for buyer, count in defaults(db, year).items():
        if buyer in wanted:
            found += rules.judge(AnomalyKind.DEFAULT, buyer, year, count)
    at_hand = {organisation for organisation, held in archive.cases() if held == year}
    for organisation in sorted(at_hand & wanted):
        found += _readings(db, archive, rules, organisation, year)
    order = list(AnomalyKind)
    return sorted(found, key=lambda one: (one.organisation, order.index(one.kind), one.detail))


def _reports(
    db: Connection, rules: AnomalyRules, year: int, rows: Sequence[EmitterYear], now: int
) -> Iterator[Anomaly]:
    try:
        report_by = emissions.year(db, year).report_by
    except NotFound:
        return
    for row in rows:
        who, report = row.organisation, row.report
        reported_at = report.submitted_at if report and report.version else None
        if report is None or reported_at is None:
            yield from rules.judge(AnomalyKind.LATE, who, year, max(now - report_by, 0))
            continue
        if report.is_late:
            yield from rules.judge(AnomalyKind.LATE, who, year, reported_at - report_by)
        measured_kg = (2 * report.measured_g + GRAMS) // (2 * GRAMS)
        if measured_kg and report.reported_kg is not None:
            gap = gap_ppm(measured_kg, report.reported_kg)
            yield from rules.judge(AnomalyKind.CALIBRE_GAP, who, year, gap)
        if report.accepted_kg is not None and report.declared_kg is not None:
            gap = gap_ppm(report.declared_kg, report.accepted_kg)
            yield from rules.judge(AnomalyKind.MISREPORT, who, year, gap)


def _sectors(
    rules: AnomalyRules, year: int, rows: Sequence[EmitterYear], wanted: set[int]
) -> Iterator[Anomaly]:
    """Compare accepted per allocated within each sector."""
    ratios: dict[int, dict[int, int]] = {}
    for row in rows:
        if row.accepted_kg is not None and row.entitled_kg:
            ratio = row.accepted_kg * PPM // row.entitled_kg
            ratios.setdefault(row.sector, {})[row.organisation] = ratio
    rule = rules.rules[AnomalyKind.FAR_FROM_SECTOR]
    for mine in ratios.values():
        spread = distribution(mine.values())
        if spread is None or spread.count < rule.least_members:
            continue
        for who in sorted(wanted & set(mine)):
            far = beyond_quartiles_ppm(mine[who], spread.lower_quartile, spread.upper_quartile)
            yield from rules.judge(AnomalyKind.FAR_FROM_SECTOR, who, year, far)


def _readings(
    db: Connection, archive: ReadingArchive, rules: AnomalyRules, organisation: int, year: int
) -> list[Anomaly]:
    plant = plant_of(db, organisation, year)
    found = rules.judge(
        AnomalyKind.QUARANTINED, organisation, year, len(archive.quarantined(organisation, year))
    )
    for name in archive.names(organisation, year):
        altered = archive.remember(
            organisation, year, name, _batches_seen(plant), partial(_altered, archive, plant, name)
        )
        found += rules.judge(AnomalyKind.NOT_AS_ANCHORED, organisation, year, altered, name)
    names = archive.gateways(organisation, year) or archive.names(organisation, year)[:1]
    for name in names:
        share, doubts = archive.remember(
            organisation, year, name, "doubts", partial(_doubts, archive, organisation, year, name)
        )
        found += rules.judge(AnomalyKind.SUBSTITUTION, organisation, year, share, name)
        found += rules.judge(AnomalyKind.REPEATED, organisation, year, doubts, name)
    return found


def _batches_seen(plant: Plant) -> str:
    """What the batches on the chain are known by: another one, another text."""
    heads = (head_after(batches[-1]).hex() for batches in plant.logbooks.values())
    return " ".join(["altered", *heads])


def _altered(archive: ReadingArchive, plant: Plant, name: str) -> int:
    return len(held_copy(archive, plant, name).altered) if plant.batches else 0


def _doubts(archive: ReadingArchive, organisation: int, year: int, name: str) -> tuple[int, int]:
    """Return the share of filled hours in millionths, and how many suspicions the figures raise."""
    readings = archive.readings(organisation, year, name).readings
    sums = add_up_readings(readings)
    total = whole(sums)
    if total is None:
        return 0, 0
    filled = total.substituted_hours + total.missing_hours
    suspicions = suspicions_in_readings(readings, sums, calibre_rules())
    return filled * PPM // total.hours, len(suspicions)
