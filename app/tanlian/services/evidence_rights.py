"""Who may see an organisation's readings, copies and evidence of a year."""

from sqlalchemy.engine import Connection

from tanlian.domain.errors import NotFound
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import emissions, monitoring


def may_see_evidence(
    db: Connection, viewer: int, roles: Role, organisation: int, year: int
) -> bool:
    """Tell whether an organisation with these roles may see another one's evidence of a year.

    The regulator may; the emitter itself may; of the verifiers the one that is at work on the
    year's report, and the one that gave its figure.
    """
    if Role.REGULATOR in roles or viewer == organisation:
        return True
    if Role.VERIFIER not in roles:
        return False
    try:
        report = emissions.report(db, organisation, year)
    except NotFound:
        return False
    return viewer in {report.assigned_to, report.verifier}


def visible_years(db: Connection, viewer: int, roles: Role) -> list[tuple[int, int]]:
    """Return organisation and year of each logbook that the viewer may look into, newest first."""
    opened = monitoring.monitored_years(db)
    return [case for case in opened if may_see_evidence(db, viewer, roles, *case)]
