"""A year's figure: where it comes from, and how its calibres agree."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from tanlian.services.calibre import compare
from tanlian.services.calibre_desk import CALIBRE_HEADS, calibre_case, gap_rows
from tanlian.services.evidence_rights import FIGURES
from tanlian.services.figure_provenance import PROVENANCE_HEADS, provenance
from tanlian.web import current
from tanlian.web.datasets import csv_answer
from tanlian.web.guards import member
from tanlian.web.views.comparing import open_plant


@member
def figure(organisation: int, year: int) -> ResponseReturnValue:
    plant, name = open_plant(organisation, year, FIGURES)
    with current.tables() as db:
        found = provenance(db, plant)
    return render_template("figure.html", plant=plant, name=name, found=found)


@member
def figure_csv(organisation: int, year: int) -> ResponseReturnValue:
    plant, _ = open_plant(organisation, year, FIGURES)
    with current.tables() as db:
        found = provenance(db, plant)
    return csv_answer(f"figure-{organisation}-{year}.csv", PROVENANCE_HEADS, found.rows())


@member
def calibre(organisation: int, year: int) -> ResponseReturnValue:
    plant, name = open_plant(organisation, year, FIGURES)
    archive = current.office().readings
    with current.tables() as db:
        found = compare(calibre_case(db, archive, plant, request.args.get("copy")))
    copies = archive.names(organisation, year)
    if request.args.get("answer") == "csv":
        return csv_answer(f"calibres-{organisation}-{year}.csv", CALIBRE_HEADS, gap_rows(found))
    return render_template("calibre.html", plant=plant, name=name, found=found, copies=copies)
