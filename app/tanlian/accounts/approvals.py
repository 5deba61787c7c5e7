"""Acts that need a second person of the same organisation."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import ApprovalRefused
from tanlian.accounts.people import Person
from tanlian.accounts.sealing import opened, sealed
from tanlian.accounts.tables import approvals
from tanlian.domain.errors import NotFound

OPEN_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Approval:
    id: int
    organisation: int
    act: str
    details: dict[str, Any]
    asked_by: int
    asked_at: int
    expires_at: int
    status: str
    decided_by: int | None


def ask(db: Connection, origin: Origin, by: Person, act: str, details: dict[str, Any]) -> int:
    """Put an act before a second person; returns its number. It stays open for a day."""
    number: int = db.execute(
        insert(approvals)
        .values(
            organisation=by.organisation,
            act=act,
            details=sealed(db, details),
            asked_by=by.id,
            asked_at=origin.now,
            expires_at=origin.now + OPEN_SECONDS,
            status="asked",
        )
        .returning(approvals.c.id)
    ).scalar_one()
    audit_log.record(db, origin, "approval asked", f"{number}: {act}", by=by)
    return number


def decide(db: Connection, origin: Origin, by: Person, number: int, *, agreed: bool) -> Approval:
    """Agree to an act or refuse it.

    Raises:
        NotFound: the organisation has no such request.
        ApprovalRefused: asked by the same person, decided already, or expired.
    """
    asked = approval(db, by, number)
    if asked.asked_by == by.id:
        raise ApprovalRefused("A second person has to decide this, not who asked for it.")
    changed = db.execute(
        update(approvals)
        .where(
            approvals.c.id == number,
            approvals.c.status == "asked",
            approvals.c.expires_at > origin.now,
        )
        .values(status="approved" if agreed else "refused", decided_by=by.id, decided_at=origin.now)
    )
    if changed.rowcount != 1:
        raise ApprovalRefused("This request was decided already, or it expired; ask again.")
    audit_log.record(
        db, origin, "approved" if agreed else "refused", f"{number}: {asked.act}", by=by
    )
    return approval(db, by, number)


def take(db: Connection, origin: Origin, by: Person, number: int) -> Approval:
    """Use an approved request, once; whoever asked for it does.

    Raises:
        NotFound: the organisation has no such request.
        ApprovalRefused: not approved, used already, expired, or asked by another person.
    """
    asked = approval(db, by, number)
    ready = (
        (approvals.c.id == number)
        & (approvals.c.status == "approved")
        & (approvals.c.asked_by == by.id)
        & (approvals.c.expires_at > origin.now)
    )
    if db.execute(update(approvals).where(ready).values(status="done")).rowcount != 1:
        raise ApprovalRefused("This request is not approved, was used already, or expired.")
    audit_log.record(db, origin, "approval used", f"{number}: {asked.act}", by=by)
    return asked


def withdraw(db: Connection, number: int) -> None:
    """Close a request that nobody needs any more."""
    still = (approvals.c.id == number) & approvals.c.status.in_(("asked", "approved"))
    db.execute(update(approvals).where(still).values(status="withdrawn"))


def approval(db: Connection, by: Person, number: int) -> Approval:
    """Return one request of the person's own organisation.

    Raises:
        NotFound: it has none of that number.
    """
    mine = (approvals.c.id == number) & (approvals.c.organisation == by.organisation)
    row = db.execute(select(approvals).where(mine)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Your organisation has no request {number}.", number=number)
    return _approval(db, row)


def open_approvals(db: Connection, organisation: int, now: int) -> list[Approval]:
    waiting = (
        (approvals.c.organisation == organisation)
        & (approvals.c.status.in_(("asked", "approved")))
        & (approvals.c.expires_at > now)
    )
    rows = db.execute(select(approvals).where(waiting).order_by(approvals.c.id))
    return [_approval(db, row) for row in rows.mappings()]


def _approval(db: Connection, row: RowMapping) -> Approval:
    return Approval(
        row["id"],
        row["organisation"],
        row["act"],
        opened(db, row["details"]),
        row["asked_by"],
        row["asked_at"],
        row["expires_at"],
        row["status"],
        row["decided_by"],
    )
