"""Locate the lie between two copies of a year's readings, and take the evidence home."""

from pathlib import PurePath

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.supervision import ViewKind
from tanlian.readmodel.queries import members
from tanlian.services.copy_comparison import (
    FINDING_HEADS,
    MOST_PROVED,
    ComparedCopies,
    NamedCopy,
    best_evidence,
    compare,
)
from tanlian.services.evidence_rights import EVIDENCE, READINGS
from tanlian.services.plant_registry import Plant, plant_of
from tanlian.services.reading_files import ReadingFile
from tanlian.web import current
from tanlian.web.datasets import csv_answer
from tanlian.web.guards import member
from tanlian.web.views.plants import check_evidence_right

SHOWN = 200


@member
def locate(organisation: int, year: int) -> ResponseReturnValue:
    """Compare what the form or the address names: copies kept here, or a file sent along."""
    plant, name = open_plant(organisation, year)
    copies = current.office().readings.names(organisation, year)
    asked = request.method == "POST" or "first" in request.args
    found = _compared(plant) if asked else None
    if found is not None and request.values.get("answer") == "csv":
        file = f"differences-{organisation}-{year}.csv"
        return csv_answer(file, FINDING_HEADS, found.rows())
    keys = [",".join(map(str, key)) for key in found.keys] if found else []
    page = {"plant": plant, "name": name, "copies": copies, "found": found, "shown": SHOWN}
    return render_template("locate.html", **page, bundle_keys=keys)


@member
def evidence(organisation: int, year: int) -> ResponseReturnValue:
    plant, _ = open_plant(organisation, year, EVIDENCE)
    keys = [_key(text) for text in request.args.getlist("reading")[:MOST_PROVED]]
    desk = current.office().evidence
    if desk is None:
        raise NotFound("This installation hands out no evidence; use `tanlian evidence export`.")
    file = best_evidence(current.office().readings, plant).file if keys else None
    return Response(
        desk.bundle(organisation, year, file, keys),
        mimetype="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="evidence-{organisation}-{year}.json"'
        },
    )


def open_plant(organisation: int, year: int, kinds: ViewKind = READINGS) -> tuple[Plant, str]:
    """Return a plant that the visitor may look into, and the name of its organisation.

    A visitor who was granted a view needs all `kinds`.

    Raises:
        Forbidden, NotFound: it belongs to others; there is none.
    """
    with current.tables() as db:
        check_evidence_right(db, organisation, year, kinds)
        return plant_of(db, organisation, year), members.member(db, organisation).name


def _compared(plant: Plant) -> ComparedCopies:
    return compare(plant, _copy(plant, "first"), _copy(plant, "second"))


def _copy(plant: Plant, side: str) -> NamedCopy:
    """The copy that a side of the form names; a file that was sent along comes first."""
    sent = request.files.get(f"{side}_file")
    if sent is not None and sent.filename:
        name = PurePath(sent.filename.replace("\\", "/")).name[:80]
        if not name.lower().endswith(".csv"):
            raise InvalidInput("A copy of readings is a CSV file; its name ends in .csv.")
        return NamedCopy(name, ReadingFile.parse(name, sent.read()))
    name = request.values.get(side, "")
    file = current.office().readings.readings(plant.organisation, plant.year, name)
    return NamedCopy(name, file)


def _key(text: str) -> tuple[int, int, int]:
    try:
        start, source, device = (int(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput("A reading is START,SOURCE,DEVICE.") from error
    return start, source, device
