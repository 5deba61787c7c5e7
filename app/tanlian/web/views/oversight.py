"""Supervision: emissions, allocations, trades and caps of a year, from the nation down."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tanlian.domain.anomalies.rules import anomaly_rules
from tanlian.domain.classifications import map_name, regions
from tanlian.domain.distribution import distribution, histogram
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.readmodel.queries.emitter_years import EmitterYear, years
from tanlian.services.anomalies import ANOMALY_HEADS
from tanlian.services.anomalies import anomalies as listed
from tanlian.services.evidence_rights import YEAR, may_see_evidence
from tanlian.services.report.figures import percent, thousands
from tanlian.services.report.svg import Drawing
from tanlian.services.spread_pictures import (
    Tile,
    Words,
    histogram_picture,
    map_picture,
    shades,
)
from tanlian.services.supervision_figures import (
    EMITTER_HEADS,
    GROUP_HEADS,
    GroupYear,
    Measure,
    SupervisedYear,
    by_region,
    by_sector,
    emitter_rows,
    supervised_year,
    values,
)
from tanlian.web import current
from tanlian.web.datasets import csv_answer
from tanlian.web.evidence_words import MEASURES
from tanlian.web.guards import member, public
from tanlian.web.language import reader_language

KG_PER_T = 1_000
LONG_T = 10_000_000  # from here on a tile shows kilotonnes
PPM_SHOWN = 1_000  # a tenth of a percent


@public
def supervision() -> ResponseReturnValue:
    """The nation, year by year."""
    with current.tables() as db:
        found = [supervised_year(db, year).nation for year in years(db)]
    if request.args.get("answer") == "csv":
        return csv_answer("supervision.csv", GROUP_HEADS, (year.row() for year in found))
    return render_template("supervision.html", years=found)


@public
def supervision_year(year: int) -> ResponseReturnValue:
    found = _year(year)
    if request.args.get("answer") == "csv":
        rows = (part.row() for part in (found.nation, *found.regions, *found.sectors))
        return csv_answer(f"supervision-{year}.csv", GROUP_HEADS, rows)
    measure = _measure()
    page = {"found": found, "measure": measure, "maps": _maps(found, measure)}
    return render_template("supervision_year.html", **page, **_spread(found.nation, measure))


@public
def supervision_part(year: int, kind: str, number: int) -> ResponseReturnValue:
    found, measure = _part(year, kind, number), _measure()
    parts = by_sector(found) if kind == "regions" else by_region(found)
    if request.args.get("answer") == "csv":
        rows = (part.row() for part in (found, *parts))
        return csv_answer(f"supervision-{year}-{kind}-{number}.csv", GROUP_HEADS, rows)
    page = {"part": found, "parts": parts, "kind": kind, "number": number, "measure": measure}
    seen = _visible(found) if g.session else []
    return render_template("supervision_part.html", **page, seen=seen, **_spread(found, measure))


@member
def emitters_csv(year: int, kind: str, number: int) -> ResponseReturnValue:
    """The emitters of a part that the visitor may see one by one."""
    rows = emitter_rows(year, _visible(_part(year, kind, number)))
    return csv_answer(f"emitters-{year}-{kind}-{number}.csv", EMITTER_HEADS, rows)


@member
def anomalies(year: int) -> ResponseReturnValue:
    """What is conspicuous among the emitters that the visitor may see one by one."""
    seen = {row.organisation: row for row in _visible(_year(year).nation)}
    office, rules = current.office(), anomaly_rules()
    with current.tables() as db:
        found = listed(db, office.readings, year, current.chain_time(), seen)
    if request.args.get("answer") == "csv":
        rows = (
            (o.year, o.organisation, o.kind.value, o.figure, o.most, o.detail, rules.version)
            for o in found
        )
        return csv_answer(f"anomalies-{year}.csv", ANOMALY_HEADS, rows)
    page = {"year": year, "found": found, "seen": seen, "rules": rules}
    return render_template("anomalies.html", **page)


def _year(year: int) -> SupervisedYear:
    with current.tables() as db:
        if year not in years(db):
            raise NotFound(f"Nothing is known of {year}.", year=year)
        return supervised_year(db, year)


def _part(year: int, kind: str, number: int) -> GroupYear:
    found = _year(year)
    if kind not in {"regions", "sectors"}:
        raise NotFound("There is no such page.")
    by = found.part(region=number) if kind == "regions" else found.part(sector=number)
    if not by.rows and by.plan is None:
        raise NotFound(f"Nothing is known of {number} in {year}.", number=number)
    return by


def _visible(part: GroupYear) -> list[EmitterYear]:
    viewer = current.session().person.organisation
    with current.tables() as db:
        return [
            row
            for row in part.rows
            if may_see_evidence(db, viewer, g.roles, row.organisation, part.year, kinds=YEAR)
        ]


def _measure() -> Measure:
    try:
        return Measure(request.args.get("measure", Measure.ACCEPTED))
    except ValueError as error:
        raise InvalidInput("There is no such measure.") from error


def _spread(part: GroupYear, measure: Measure) -> dict[str, object]:
    """The histogram of a measure with the table behind it and the five figures."""
    found = values(part.rows, measure)
    spread, bars = distribution(found), histogram(found)
    if spread is None:
        return {"spread": None, "bars": [], "picture": None, "unit": KG_PER_T}
    unit = 1 if measure is Measure.TRADED else KG_PER_T
    words = Words(
        gettext("How the emitters are spread"),
        gettext("Bars count the emitters by the size of their figure; lines are the quartiles."),
        gettext("t"),
        gettext("Emitters"),
        gettext("Median"),
    )
    picture = histogram_picture("spread", words, bars, spread, unit)
    return {"spread": spread, "bars": bars, "picture": picture, "unit": unit}


def _maps(found: SupervisedYear, measure: Measure) -> list[Drawing]:
    """A map of tiles for each system of regions that has figures."""
    figures = {part.region or 0: part.measured(measure) for part in found.regions}
    dark, language = shades(figures), reader_language()
    drawn = []
    for name in ("CN", "EU"):
        mine = [region for region in regions() if region.map == name]
        if not any(figures.get(region.code) is not None for region in mine):
            continue
        title = f"{map_name(name, language)}: {gettext(MEASURES[measure])}"
        words = Words(title, gettext("A tile for each region, dark where the figure is large."), "")
        tiles = [
            Tile(
                region,
                region.names[language],
                _shown(measure, figures.get(region.code)),
                url_for("supervision_part", year=found.nation.year, kind="regions",
                        number=region.code),
                dark.get(region.code, 0),
            )
            for region in mine
        ]  # fmt: skip
        drawn.append(map_picture(f"map-{name.lower()}", words, tiles))
    return drawn


def _shown(measure: Measure, value: int | None) -> str:
    """A figure short enough for a tile."""
    if value is None:
        return "-"
    if measure is Measure.CAP_USED:
        return percent(value // PPM_SHOWN * PPM_SHOWN)
    whole_t = value if measure is Measure.TRADED else value // KG_PER_T
    if whole_t < LONG_T:
        return f"{thousands(whole_t)} t"
    return f"{thousands(whole_t // 1_000)} kt"
