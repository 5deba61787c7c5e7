"""What an organisation decides about its own people: whether sensitive acts need two of them."""

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person, people_of
from tanlian.accounts.tables import policies
from tanlian.domain.errors import InvalidInput

PEOPLE_NEEDED = 2


def needs_second_person(db: Connection, organisation: int) -> bool:
    """Whether sensitive acts of the organisation wait for a second person."""
    mine = policies.c.organisation == organisation
    return bool(db.scalar(select(policies.c.second_person).where(mine)))


def require_second_person(db: Connection, origin: Origin, by: Person) -> None:
    """Let sensitive acts wait for a second person from now on.

    Raises:
        InvalidInput: fewer than two people of the organisation can sign in.
    """
    active = [one for one in people_of(db, by.organisation) if one.active]
    if len(active) < PEOPLE_NEEDED:
        raise InvalidInput("Your organisation has only one person; invite a second one first.")
    _set(db, by.organisation, on=True)
    audit_log.record(db, origin, "second person required", f"{by.organisation}", by=by)


def waive_second_person(db: Connection, origin: Origin, by: Person) -> None:
    """Let one person suffice again; the caller has had a second person approve this."""
    _set(db, by.organisation, on=False)
    audit_log.record(db, origin, "second person waived", f"{by.organisation}", by=by)


def _set(db: Connection, organisation: int, *, on: bool) -> None:
    db.execute(delete(policies).where(policies.c.organisation == organisation))
    db.execute(insert(policies).values(organisation=organisation, second_person=on))
