"""Who may see an organisation's readings, copies and evidence of a year."""

from sqlalchemy.engine import Connection

from tanlian.domain.errors import NotFound
from tanlian.domain.roles import Role
from tanlian.domain.supervision import ViewKind
from tanlian.readmodel.queries import emissions, monitoring
from tanlian.readmodel.queries.granted_views import Sight

READINGS = ViewKind.READINGS
FIGURES = ViewKind.READINGS | ViewKind.REPORTS  # a figure with where it comes from
YEAR = ViewKind.REPORTS | ViewKind.DUTIES | ViewKind.TRADES  # all figures of an emitter's year
EVIDENCE = ViewKind.READINGS | ViewKind.REPORTS | ViewKind.DOCUMENTS  # what leaves as a bundle


def may_see_evidence(
    db: Connection,
    viewer: int,
    roles: Role,
    organisation: int,
    year: int,
    *,
    kinds: ViewKind = READINGS,
) -> bool:
    """Tell whether an organisation with these roles may see another one's evidence of a year.

    The regulator may; the emitter itself may; of the verifiers the one that is at work on the
    year's report, and the one that gave its figure; and whoever was granted all these `kinds`.
    """
    if Role.REGULATOR in roles or viewer == organisation:
        return True
    if Role.VERIFIER in roles and viewer in _verifiers(db, organisation, year):
        return True
    sight = Sight(db, viewer)
    return all(sight.of(kind, organisation, year) for kind in kinds)


def visible_years(db: Connection, viewer: int, roles: Role) -> list[tuple[int, int]]:
    """Return organisation and year of each logbook that the viewer may look into, newest first."""
    opened = monitoring.monitored_years(db)
    return [case for case in opened if may_see_evidence(db, viewer, roles, *case)]


def _verifiers(db: Connection, organisation: int, year: int) -> set[int | None]:
    try:
        report = emissions.report(db, organisation, year)
    except NotFound:
        return set()
    return {report.assigned_to, report.verifier}
