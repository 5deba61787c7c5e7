"""Blocks offered to one counterparty."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables.acts import block_proposals


@dataclass(frozen=True, slots=True)
class BlockProposal:
    """A block offered to one counterparty; `state` is open, withdrawn or traded."""

    id: int
    session: int
    proposer: int
    counterparty: int
    proposer_buys: bool
    tick: int
    lots: int
    expires_at: int
    state: str
    proposed_at: int
    ended_at: int | None
    tx_hash: str


def block_proposals_of(
    db: Connection, organisation: int, *, limit: int = 50
) -> list[BlockProposal]:
    """Return the blocks that an organisation offered or was offered, newest first."""
    mine = or_(
        block_proposals.c.proposer == organisation, block_proposals.c.counterparty == organisation
    )
    query = select(block_proposals).where(mine).order_by(block_proposals.c.id.desc()).limit(limit)
    return [made(BlockProposal, row) for row in db.execute(query).mappings()]
