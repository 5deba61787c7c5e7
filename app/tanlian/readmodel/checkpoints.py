"""Up to where the tables are."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.readmodel.tables import checkpoint


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where the tables are, and since when (block time, UTC seconds)."""

    block: int
    block_hash: str
    time: int


def position(db: Connection) -> Position | None:
    row = db.execute(select(checkpoint)).mappings().one_or_none()
    return Position(row["block"], row["block_hash"], row["block_time"]) if row else None
