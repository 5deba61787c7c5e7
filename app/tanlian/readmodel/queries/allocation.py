"""The steps of plans and allocations, and what later allocations are reduced by."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables.acts import allocation_acts, allocation_debts


@dataclass(frozen=True, slots=True)
class AllocationAct:
    """A step in a region's plan or an organisation's allocation; kg."""

    event: str
    organisation: int | None
    region: int | None
    period: int | None
    old_kg: int | None
    new_kg: int | None
    moved_kg: int | None
    owed_kg: int | None
    document: str | None
    reason: str | None
    signer: str
    block: int
    log_index: int
    time: int
    tx_hash: str


def allocation_history(
    db: Connection, organisation: int | None, *, limit: int = 50
) -> list[AllocationAct]:
    """Return the steps of an organisation's allocation, or of all plans too, newest first."""
    place = (allocation_acts.c.block.desc(), allocation_acts.c.log_index.desc())
    query = select(allocation_acts).order_by(*place).limit(limit)
    if organisation is not None:
        query = query.where(allocation_acts.c.organisation == organisation)
    return [made(AllocationAct, row) for row in db.execute(query).mappings()]


def owed_kg(db: Connection, organisation: int) -> int:
    """Return the kg that the next allocations of an organisation are reduced by."""
    query = select(allocation_debts.c.owed_kg).where(
        allocation_debts.c.organisation == organisation
    )
    return int(db.scalar(query) or 0)
