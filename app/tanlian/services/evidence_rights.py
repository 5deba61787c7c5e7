"""Who may see an organisation's readings, copies and evidence of a year."""

from sqlalchemy.engine import Connection

from tanlian.domain.roles import Role
from tanlian.readmodel.queries.facts import facts_named, facts_of

_STEPS = ("VerifierAssigned", "EmissionsAccepted")


def may_see_evidence(
    db: Connection, viewer: int, roles: Role, organisation: int, year: int
) -> bool:
    """Tell whether an organisation with these roles may see another one's evidence of a year.

    The regulator may; the emitter itself may; of the verifiers those that the year is assigned to
    now, or whose figure was accepted.
    """
    if Role.REGULATOR in roles or viewer == organisation:
        return True
    if Role.VERIFIER not in roles:
        return False
    assigned, accepted = 0, 0
    for fact in facts_of(db, organisation, "emissions", _STEPS):
        if fact["year"] == year:
            if fact.name == "VerifierAssigned":
                assigned = fact["verifier"]
            else:
                accepted = fact["verifier"]
    return viewer in {assigned, accepted}


def visible_years(db: Connection, viewer: int, roles: Role) -> list[tuple[int, int]]:
    """Return organisation and year of each logbook that the viewer may look into, newest first."""
    opened = {
        (f["organisation"], f["year"]) for f in facts_named(db, "monitoring", "LogbookOpened")
    }
    return sorted(
        (case for case in opened if may_see_evidence(db, viewer, roles, *case)),
        key=lambda case: (-case[1], case[0]),
    )
