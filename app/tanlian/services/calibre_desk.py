"""The comparison of calibres as a page asks for it: from the tables and from the copies at hand."""

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from tanlian.domain.calibre.comparison import CalibreComparison
from tanlian.domain.calibre.figures import Entry
from tanlian.domain.errors import NotFound
from tanlian.readmodel.queries import emissions, factors
from tanlian.services.calibre import FACTORS, GASES, CalibreCase
from tanlian.services.plant_registry import Plant
from tanlian.services.proved_readings import held_copies, held_copy
from tanlian.services.reading_archive import ReadingArchive

CALIBRE_HEADS = (
    "source", "month", "declared_kg", "calculated_kg", "stack_kg", "measured_kg", "substituted_kg",
    "hours", "substituted_hours", "missing_hours", "gap_of", "gap_to", "gap_kg", "gap_ppm",
    "exceeds", "causes",
)  # fmt: skip


def calibre_case(
    db: Connection, archive: ReadingArchive, plant: Plant, copy: str | None = None
) -> CalibreCase:
    """Gather what there is of a year: activity data, readings, the reported and anchored figures.

    Activity data come from the archive, where they have sources and months, else from the chain.
    Without a named copy the readings are those of the gateways.

    Raises:
        NotFound: there is no copy of that name.
    """
    entries: list[Entry] = archive.activity(plant.organisation, plant.year)
    declared, sets = None, (FACTORS, GASES)
    try:
        report = emissions.report(db, plant.organisation, plant.year)
        declared = report.reported_kg
        if not entries:
            lines = emissions.lines(db, plant.organisation, plant.year, report.version)
            entries = [Entry(line) for line in lines]
        sets = _set_names(db, plant.year)
    except NotFound:
        pass  # nothing was reported, or the year has no calendar: the readings stand alone
    copies = [held_copy(archive, plant, copy)] if copy else held_copies(archive, plant)
    return CalibreCase(
        entries,
        tuple(reading for one in copies for reading in one.anchored_readings),
        plant.signers(),
        declared,
        sum(batch.batch.root.mass_g for batch in plant.batches) or None,
        *sets,
    )


def gap_rows(found: CalibreComparison) -> Iterator[tuple[object, ...]]:
    """Return the comparison in the columns of `CALIBRE_HEADS`: a row a gap, or one without."""
    for row in found.rows:
        place = (
            row.source, row.month, row.declared_kg, row.calculated_kg, row.stack_kg,
            row.measured_kg, row.substituted_kg, row.hours, row.substituted_hours,
            row.missing_hours,
        )  # fmt: skip
        causes = " ".join(cause.kind.value for cause in row.causes)
        figures = ["" if value is None else value for value in place]
        for gap in row.gaps:
            told = (gap.first, gap.second, gap.difference_kg, gap.share_ppm, gap.exceeds, causes)
            yield (*figures, *told)
        if not row.gaps:
            yield (*figures, "", "", "", "", False, causes)


def _set_names(db: Connection, year: int) -> tuple[str, str]:
    calendar = emissions.year(db, year)
    names = {row.id: row.name for row in factors.sets(db)}
    return names.get(calendar.factor_set, FACTORS), names.get(calendar.gas_set, GASES)
