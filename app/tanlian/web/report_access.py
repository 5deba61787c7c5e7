"""Who may read a report, and what they can do with it now."""

from sqlalchemy.engine import Connection

from tanlian.domain.roles import Role
from tanlian.domain.supervision import ViewKind
from tanlian.readmodel.queries.emissions import Report
from tanlian.readmodel.queries.granted_views import Sight
from tanlian.web.desks import emitter, regulator, verifier
from tanlian.web.desks.listing import Link, Visitor
from tanlian.web.guards import Forbidden


def check(db: Connection, report: Report, visitor: Visitor) -> bool:
    """Refuse everybody but the emitter, the regulator, the verifier that is or was at work, and
    whoever was granted a view of it; return whether the readings behind it are shown as well.

    Raises:
        Forbidden: the report is of no concern to the visitor's organisation.
    """
    if is_at_work(report, visitor):
        return True
    sight = Sight(db, visitor.organisation)
    if not sight.of(ViewKind.REPORTS, report.organisation, report.year):
        raise Forbidden("This report is between its emitter, its verifier and the regulator.")
    return sight.of(ViewKind.READINGS, report.organisation, report.year)


def is_at_work(report: Report, visitor: Visitor) -> bool:
    """Whether the visitor is the emitter, the verifier that is or was at work, or a regulator."""
    at_work = {report.organisation, report.assigned_to, report.verifier}
    return visitor.organisation in at_work or bool(visitor.roles & Role.REGULATOR)


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
