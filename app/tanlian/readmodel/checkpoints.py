"""Up to where the tables are."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.domain.errors import TanlianError
from tanlian.readmodel.tables import checkpoint


class TablesBeingMade(TanlianError):
    """The tables are empty, gone, or know a part of the past only."""

    code = "tables_being_made"


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where the tables are, and since when (block time, UTC seconds).

    Tables that are made anew are whole from the block `whole_from` on, the head when that began;
    before it they know a part of the past only.
    """

    block: int
    block_hash: str
    time: int
    whole_from: int = 0

    @property
    def is_whole(self) -> bool:
        return self.block >= self.whole_from


def position(db: Connection) -> Position | None:
    """Return up to where the tables are; None while they are empty."""
    row = db.execute(select(checkpoint)).mappings().one_or_none()
    if row is None:
        return None
    return Position(row["block"], row["block_hash"], row["block_time"], row["whole_from"])


def require_whole(db: Connection) -> None:
    """Refuse to read tables that would tell less than the chain knows.

    Raises:
        TablesBeingMade: they are being made from the chain at this moment.
        SQLAlchemyError: they are not there at all.
    """
    here = position(db)
    if here is None or not here.is_whole:
        raise TablesBeingMade(
            "What the pages show is being made anew from the chain. It comes by itself; nothing "
            "was lost, and nothing was sent.",
            block=here.block if here else None,
        )
