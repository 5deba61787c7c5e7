"""The log of who did what in the application, which nobody edits."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from tanlian.accounts.tables import audit


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, and when (UTC seconds)."""

    address: str
    now: int


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: int
    organisation: int | None
    user_id: int | None
    act: str
    subject: str
    origin: str


class Actor(Protocol):
    """A person, as far as the log is concerned."""

    @property
    def id(self) -> int: ...

    @property
    def organisation(self) -> int: ...


def record(
    db: Connection,
    origin: Origin,
    act: str,
    subject: str,
    *,
    by: Actor | None = None,
) -> None:
    """Add one line. `subject` names the thing acted on, never a secret."""
    db.execute(
        insert(audit).values(
            at=origin.now,
            organisation=by.organisation if by else None,
            user_id=by.id if by else None,
            act=act,
            subject=subject[:160],
            origin=origin.address[:64],
        )
    )


def entries(
    db: Connection, *, organisation: int | None, before: int | None, limit: int
) -> list[Entry]:
    """Return lines, newest first; of one organisation, or of all where it is None."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if organisation is not None:
        query = query.where(audit.c.organisation == organisation)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [Entry(**row) for row in db.execute(query).mappings()]
