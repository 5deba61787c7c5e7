"""The workbench: what waits for one's organisation, its lists, and the pages behind their rows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from tanlian.accounts import form_drafts
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import (
    allocation,
    emissions,
    holds,
    members,
    money,
    monitoring,
    units,
)
from tanlian.services.activity_files import rows_of
from tanlian.services.acts.catalogue import catalogue
from tanlian.web import current, document_access, report_access
from tanlian.web.datasets import csv_answer
from tanlian.web.desks import section
from tanlian.web.desks.listing import Listing, Visitor
from tanlian.web.guards import allow, member
from tanlian.web.words import ACT_STATES, REPORT_EVENTS, REPORT_STATES

MOST_OPEN_ACTS = 20
MOST_TASKS = 25


@dataclass(frozen=True, slots=True)
class Task:
    """A row that waits for the organisation, and the list that it is of."""

    listing: Listing
    row: Any
    until: int | None


@member
def desk() -> ResponseReturnValue:
    who, here = current.session().person, visitor()
    lists = [found for found in section.listings(here.roles) if found.on_desk]
    with current.tables() as db:
        organisation = members.member(db, who.organisation)
        tasks = [
            Task(found, row, found.until(row))
            for found in lists
            if found.waits is not None
            for row in found.rows(db, here)
            if found.waits(row, here)
        ]
        names, held = members.names(db), money.balance(db, who.organisation)
        owed = allocation.owed_kg(db, who.organisation)
        frozen = holds.is_frozen(db, who.organisation)
    with current.office().engine.connect() as db:
        drafts = form_drafts.drafts_of(db, who.organisation)
    tasks.sort(key=lambda task: (task.until is None, task.until or 0))
    return render_template(
        "desk.html",
        organisation=organisation,
        lists=lists,
        tasks=tasks[:MOST_TASKS],
        task_count=len(tasks),
        visitor=here,
        names=names,
        money=held,
        owed_kg=owed,
        frozen=frozen,
        drafts=drafts,
        waiting=current.outbox().acts_of(
            who.organisation, before=None, limit=MOST_OPEN_ACTS, open_only=True
        ),
        titles={name: act.title for name, act in catalogue().items()},
        act_states=ACT_STATES,
    )


@member
def desk_list(name: str) -> ResponseReturnValue:
    here = visitor()
    found = section.listing(name, here.roles)
    with current.tables() as db:
        rows, names = found.rows(db, here), members.names(db)
    acts = catalogue()
    tops = [acts[top] for top in found.tops if not acts[top].roles or acts[top].roles & here.roles]
    return render_template(
        "desk_list.html", listing=found, rows=rows, names=names, visitor=here, tops=tops
    )


@member
def desk_csv(name: str) -> ResponseReturnValue:
    here = visitor()
    found = section.listing(name, here.roles)
    with current.tables() as db:
        rows = found.rows(db, here)
    heads = [f"{c.title} ({c.kind})" if c.is_figure else c.title for c in found.columns]
    return csv_answer(f"{name}.csv", heads, ([c.value(row) for c in found.columns] for row in rows))


@allow(Role.REGULATOR)
def organisation(number: int) -> ResponseReturnValue:
    """Everything the regulator needs of one member."""
    with current.tables() as db:
        found = members.member(db, number)
        page = {
            "accounts": members.accounts_of(db, number),
            "holdings": units.holdings_of(db, number),
            "money": money.balance(db, number),
            "reports": emissions.reports_of(db, organisation=number, limit=MOST_TASKS),
            "conflicts": emissions.conflicts_of(db, number),
            "sources": monitoring.sources_of(db, number),
            "names": members.names(db),
        }
    return render_template("organisation.html", member=found, states=REPORT_STATES, **page)


@member
def report(organisation: int, year: int) -> ResponseReturnValue:
    """One report: its figures, its activity data, and who did what with it."""
    here = visitor()
    with current.tables() as db:
        found = emissions.report(db, organisation, year)
        with_readings = report_access.check(db, found, here)
        lines = emissions.lines(db, organisation, year, found.version)
        page = {
            "steps": emissions.steps(db, organisation, year),
            "corrected": emissions.lines(db, organisation, year, found.version, corrected=True),
            "plans": monitoring.plans_of(db, organisation, year) if with_readings else [],
            "logbooks": monitoring.logbooks_of(db, organisation, year) if with_readings else [],
            "with_readings": with_readings,
            "names": members.names(db),
        }
        named = document_access.of_report(db, found, here)
    return render_template(
        "report.html",
        documents=document_access.at_hand(named),
        report=found,
        lines=lines,
        prefilled=json.dumps(rows_of(lines)),
        rows=rows_of,
        visitor=here,
        links=report_access.links(found, here),
        states=REPORT_STATES,
        events=REPORT_EVENTS,
        words=_words_of_lines(),
        **page,
    )


def _words_of_lines() -> dict[str, Mapping[str, str]]:
    """What the form of a report calls the methods, units and bases."""
    (lines,) = (f for f in catalogue()["report.submit"].fields if f.name == "lines")
    return {column.name: column.kind.choices for column in lines.kind.columns}


def visitor() -> Visitor:
    """Return for whom the page is made; a suspended organisation keeps its lists."""
    organisation = current.session().person.organisation
    with current.tables() as db:
        roles = members.member(db, organisation).roles
    return Visitor(organisation, roles, current.chain_time())
