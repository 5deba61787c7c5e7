"""Complaints about organisations, with everything that was done about each."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.supervision import ComplaintKind, ComplaintStatus, Route
from tanlian.readmodel.queries.signers import organisations_of
from tanlian.readmodel.tables.supervision import complaint_steps, complaints

OPEN = tuple(int(status) for status in ComplaintStatus if status.is_open)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint as it stands. `act_by` is None once it is closed, `route` before it is taken up.

    `reference` is a number of the route, or the hash of an order of inspection as a number.
    """

    number: int
    complainant: int
    subject: int
    kind: ComplaintKind
    period: int
    evidence: str
    statement: str
    status: ComplaintStatus
    filed_at: int
    act_by: int | None
    is_escalated: bool
    route: Route | None
    reference: int
    regulator: int | None
    document: str | None
    changed_at: int

    def is_overdue(self, now: int) -> bool:
        """Whether a regulator let the running deadline pass."""
        return self.act_by is not None and now > self.act_by


@dataclass(frozen=True, slots=True)
class ComplaintStep:
    """Something that was done about a complaint. `signed_for` is the organisation of the key."""

    event: str
    status: ComplaintStatus  # afterwards
    route: Route | None
    reference: int | None
    reason: str | None
    document: str | None
    act_by: int | None
    signer: str
    signed_for: int | None
    time: int
    block: int
    tx_hash: str


def complaint(db: Connection, number: int) -> Complaint:
    """Return one complaint.

    Raises:
        NotFound: there is none of that number.
    """
    query = select(complaints).where(complaints.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no complaint {number}.", number=number)
    return _complaint(row)


def complaints_of(
    db: Connection,
    organisation: int | None = None,
    *,
    open_only: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[Complaint]:
    """Return complaints by or about an organisation, or all; newest first."""
    query = select(complaints).order_by(complaints.c.id.desc()).limit(limit)
    if organisation is not None:
        query = query.where(
            or_(
                complaints.c.complainant == organisation,
                complaints.c.subject == organisation,
            )
        )
    if open_only:
        query = query.where(complaints.c.status.in_(OPEN))
    if before is not None:
        query = query.where(complaints.c.id < before)
    return _complaints(db, query)


def queue(db: Connection, *, limit: int = 50) -> list[Complaint]:
    """Return what regulators have to do something about, by deadline."""
    query = select(complaints).where(complaints.c.status.in_(OPEN))
    return _complaints(db, query.order_by(complaints.c.act_by, complaints.c.id).limit(limit))


def steps_of(db: Connection, number: int) -> list[ComplaintStep]:
    """Return everything that was done about a complaint, in its order."""
    query = (
        select(complaint_steps)
        .where(complaint_steps.c.complaint == number)
        .order_by(complaint_steps.c.block, complaint_steps.c.log_index)
    )
    rows = list(db.execute(query).mappings())
    signers = organisations_of(db, (row["signer"] for row in rows))
    return [
        ComplaintStep(
            row["event"],
            ComplaintStatus(row["status"]),
            None if row["route"] is None else Route(row["route"]),
            row["reference"],
            row["reason"],
            row["document"],
            row["act_by"],
            row["signer"],
            signers.get(row["signer"]),
            row["time"],
            row["block"],
            row["tx_hash"],
        )
        for row in rows
    ]


def _complaints(db: Connection, query: Select[Any]) -> list[Complaint]:
    return [_complaint(row) for row in db.execute(query).mappings()]


def _complaint(row: RowMapping) -> Complaint:
    return Complaint(
        row["id"],
        row["complainant"],
        row["subject"],
        ComplaintKind(row["kind"]),
        row["period"],
        row["evidence"],
        row["statement"],
        ComplaintStatus(row["status"]),
        row["filed_at"],
        row["act_by"] or None,
        row["escalated"],
        Route(row["route"]) if row["route"] else None,
        row["reference"],
        row["regulator"] or None,
        row["document"],
        row["changed_at"],
    )
