"""Keys being replaced under two approvals."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.domain.market_states import ReplacementState
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.queries.signers import organisations_of
from tanlian.readmodel.tables.acts import replacements


@dataclass(frozen=True, slots=True)
class Replacement:
    """A key being replaced. Who approved first is the proposer."""

    id: int
    organisation: int
    old_account: str
    new_account: str
    stolen: bool
    reason: str
    state: ReplacementState
    expires_at: int
    effective_at: int | None  # when a lost key's replacement can be completed
    proposer: str
    proposed_by: int | None  # the proposer's organisation
    approver: str | None
    approved_by: int | None
    proposed_at: int
    ended_at: int | None
    tx_hash: str


def replacements_of(
    db: Connection, organisation: int | None, *, limit: int = 50
) -> list[Replacement]:
    """Return the replacements of an organisation's keys, or of all, newest first."""
    query = select(replacements).order_by(replacements.c.id.desc()).limit(limit)
    if organisation is not None:
        query = query.where(replacements.c.organisation == organisation)
    rows = list(db.execute(query).mappings())
    signers = {row[name] for row in rows for name in ("proposer", "approver")} - {None}
    whose = organisations_of(db, signers)
    return [
        made(
            Replacement,
            row,
            state=ReplacementState(row["status"]),
            effective_at=row["effective_at"] or None,
            proposed_by=whose.get(row["proposer"]),
            approved_by=whose.get(row["approver"]),
        )
        for row in rows
    ]
