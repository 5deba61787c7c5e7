"""The verifier's workbench: the reports that it is to verify, and those that it verified."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.report_state import ReportState
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import emissions
from tanlian.readmodel.queries.emissions import Report
from tanlian.web.desks.listing import Link, Listing, Visitor
from tanlian.web.desks.regulator import MOST, REPORT_PAGES, of_report, report_columns
from tanlian.web.words import N_


def _queue(db: Connection, visitor: Visitor) -> Sequence[Report]:
    return emissions.reports_of(db, verifier=visitor.organisation, limit=MOST)


def _is_here(row: Report, visitor: Visitor) -> bool:
    return row.assigned_to == visitor.organisation and row.state is ReportState.ASSIGNED


def of_version(row: Report) -> dict[str, object]:
    return of_report(row) | {"version": row.version}


QUEUE = Listing(
    "queue",
    N_("Reports assigned to you"),
    N_("Read the evidence, then endorse, correct or reject. Your coin account stands for it."),
    Role.VERIFIER,
    _queue,
    report_columns(),
    N_("No report is assigned to your organisation."),
    (
        Link("verification.endorse", N_("Endorse"), of_version, _is_here),
        Link("verification.correct", N_("Correct"), of_version, _is_here),
        Link("verification.reject", N_("Reject"), of_version, _is_here),
        Link("verification.estimate", N_("Estimate"), of_report,
             lambda r, v: r.assigned_to == v.organisation and r.state is ReportState.REJECTED
             and (r.respond_by or 0) < v.now),
    ),
    REPORT_PAGES,
    waits=_is_here,
    until=lambda r: r.respond_by,
)  # fmt: skip
LISTINGS = (QUEUE,)
