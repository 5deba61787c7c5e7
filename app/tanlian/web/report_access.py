"""Who may read a report, and what they can do with it now."""

from tanlian.domain.roles import Role
from tanlian.readmodel.queries.emissions import Report
from tanlian.web.desks import emitter, regulator, verifier
from tanlian.web.desks.listing import Link, Visitor
from tanlian.web.guards import Forbidden


def check(report: Report, visitor: Visitor) -> None:
    """Refuse everybody but the emitter, the regulator, and the verifier that is or was at work.

    Raises:
        Forbidden: the report is of no concern to the visitor's organisation.
    """
    at_work = {report.organisation, report.assigned_to, report.verifier}
    if visitor.organisation not in at_work and not visitor.roles & Role.REGULATOR:
        raise Forbidden("This report is between its emitter, its verifier and the regulator.")


def links(report: Report, visitor: Visitor) -> list[Link]:
    """Return the acts that fit the report and the visitor now."""
    found: list[Link] = []
    if report.organisation == visitor.organisation:
        found += emitter.REPORTS.links_of(report, visitor)
    if visitor.roles & Role.VERIFIER:
        found += verifier.QUEUE.links_of(report, visitor)
    if visitor.roles & Role.REGULATOR and report.organisation != visitor.organisation:
        found += regulator.REPORTS.links_of(report, visitor)
    return found
