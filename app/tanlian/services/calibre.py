"""Compare the calibres of one emission: an activity file, files of readings, what was declared.

A web page and the command `tanlian calibre` show the same `CalibreComparison`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from typing import Any

from tanlian.domain.calibre.comparison import CalibreComparison, Row, Year, compare_calibres
from tanlian.domain.calibre.figures import Entry, add_up_readings
from tanlian.domain.calibre.plausibility import suspicions_in_activity, suspicions_in_readings
from tanlian.domain.calibre.rules import CalibreRules, Yardstick, calibre_rules
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.factor_set import factor_set
from tanlian.domain.reading import Reading
from tanlian.services.access import Access
from tanlian.services.reading_files import Device

FACTORS, GASES = "cn-power-2022", "gwp-ar5"


@dataclass(frozen=True, slots=True)
class CalibreCase:
    """What one comparison is about. Figures that are None are not compared."""

    entries: Sequence[Entry]
    readings: Sequence[Reading] = ()
    devices: Mapping[tuple[int, int], Device] = field(default_factory=dict)
    declared_kg: int | None = None
    anchored_g: int | None = None
    factors: str = FACTORS
    gases: str = GASES


def compare(
    case: CalibreCase, tolerance_ppm: int | None = None, rules: CalibreRules | None = None
) -> CalibreComparison:
    """Return the figures, gaps, probable causes and suspicions of a case.

    Raises:
        InvalidInput: a line of activity data does not fit the factor sets, or a reading is given
            twice.
        NotFound: there is no factor set of that name.
    """
    if len({reading.key for reading in case.readings}) != len(case.readings):
        raise InvalidInput("Two readings share start, source and device; give each file once.")
    rules = rules or calibre_rules()
    tolerance = rules.tolerance_ppm if tolerance_ppm is None else tolerance_ppm
    yardstick = Yardstick(factor_set(case.factors), factor_set(case.gases), rules, tolerance)
    measured = add_up_readings(case.readings)
    registered: dict[int, frozenset[int]] = {}
    for source, device in case.devices:
        registered[source] = registered.get(source, frozenset()) | {device}
    year = Year(case.entries, measured, case.declared_kg, case.anchored_g, registered)
    suspicions = [
        *suspicions_in_activity(
            case.entries, measured, yardstick.factors, yardstick.gases, yardstick.rules
        ),
        *suspicions_in_readings(case.readings, measured, rules),
    ]
    return compare_calibres(year, yardstick, suspicions)


def as_on_chain(access: Access, org_id: int, year: int, case: CalibreCase) -> CalibreCase:
    """Return the case with what the chain says: the reported figure, the anchored mass, the sets.

    Raises:
        NotFound: the year has no calendar, or nothing was reported and nothing anchored.
    """
    registry, methods = access.contracts["emissions"], access.contracts["methods"]
    calendar = registry.read("calendar_of", year)
    if not calendar.report_by:
        raise NotFound(f"{year} is not open for reports on this chain.", year=year)
    record = registry.read("record_of", org_id, year)
    measured = access.contracts["monitoring"].read("measured", org_id, year)
    if not record.version and not measured.count:
        raise NotFound(f"Organisation {org_id} reported and anchored nothing for {year}.")
    names = [
        methods.read("factor_set", number).name
        for number in (calendar.factor_set, calendar.gas_set)
    ]
    return replace(
        case,
        declared_kg=record.reported_kg if record.version else None,
        anchored_g=measured.mass_g if measured.count else None,
        factors=names[0],
        gases=names[1],
    )


def lines_of(comparison: CalibreComparison) -> list[str]:
    """Say the comparison in lines of text."""
    sets = f"factors {comparison.factors}, gases {comparison.gases}"
    said = [f"rules {comparison.rules}, {sets}, tolerance {_percent(comparison.tolerance_ppm)}"]
    said += chain.from_iterable(_row_lines(row) for row in comparison.rows)
    for one in comparison.suspicions:
        said.append(f"SUSPICION {one.kind.value}: {_place(one.source, one.month)}: {one.sentence}")
    over = sum(row.exceeds for row in comparison.rows)
    said.append(
        f"{over} of {len(comparison.rows)} comparisons exceed the tolerance, "
        f"{len(comparison.suspicions)} suspicions."
    )
    return said


def plain(comparison: CalibreComparison) -> dict[str, Any]:
    """Return the comparison as plain values, for JSON."""
    found = asdict(comparison)
    found["exceeds"] = comparison.exceeds
    for row, values in zip(comparison.rows, found["rows"], strict=True):
        values["exceeds"] = row.exceeds
        for one, gap in zip(row.gaps, values["gaps"], strict=True):
            gap["exceeds"] = one.exceeds
    return found


def _row_lines(row: Row) -> list[str]:
    figures = {
        "calculated": row.calculated_kg,
        "through the stack": row.stack_kg if row.stack_kg != row.calculated_kg else None,
        "measured": row.measured_kg,
        "declared": row.declared_kg,
    }
    known = ", ".join(f"{name} {kg} kg" for name, kg in figures.items() if kg is not None)
    if row.substituted_hours or row.missing_hours:
        known += (
            f" ({row.substituted_hours} of {row.hours} hours substituted with "
            f"{row.substituted_kg} kg, {row.missing_hours} missing)"
        )
    said = [f"{_place(row.source, row.month)}: {known}"]
    for gap in row.gaps:
        verdict = "EXCEEDS" if gap.exceeds else "within"
        said.append(
            f"  {gap.first} less {gap.second}: {gap.difference_kg:+} kg, "
            f"{_percent(gap.share_ppm)} ({verdict} {_percent(gap.tolerance_ppm)})"
        )
    for cause in row.causes:
        explains = "" if cause.explains_kg is None else f" [{cause.explains_kg:+} kg]"
        said.append(f"  probable cause, {cause.kind.value}: {cause.sentence}{explains}")
    return said


def _percent(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm % 10_000:04}".rstrip("0").rstrip(".") + " %"


def _place(source: int, month: int) -> str:
    what = f"source {source}" if source else "the organisation"
    return f"{what}, month {month}" if month else what
