"""Whether this process can serve: its databases, the chain, and how far the tables are behind."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from tanlian.readmodel.checkpoints import position
from tanlian.web.config import WebConfig

if TYPE_CHECKING:
    from tanlian.web.app import Office


@dataclass(frozen=True, slots=True)
class Readiness:
    """Lags are those of the tables behind the chain; None where one of both is not known."""

    accounts: bool
    tables: bool
    whole: bool
    chain: bool
    block: int | None
    lag_blocks: int | None
    lag_seconds: int | None
    max_lag_seconds: int

    @property
    def is_ready(self) -> bool:
        """Whether pages can be read and are not older than configured."""
        late = self.lag_seconds is not None and self.lag_seconds > self.max_lag_seconds
        return self.accounts and self.whole and not late

    @property
    def is_whole(self) -> bool:
        """Whether nothing at all is missing."""
        return self.is_ready and self.chain

    def told(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "ready": self.is_ready,
            "accounts": "ok" if self.accounts else "unreachable",
            "tables": "unreachable" if not self.tables else "ok" if self.whole else "being made",
            "chain": "ok" if self.chain else "unreachable",
            "block": self.block,
            "lag_blocks": self.lag_blocks,
            "lag_seconds": self.lag_seconds,
        }


def of(office: "Office", config: WebConfig) -> Readiness:
    """Look at everything this process needs."""
    here, tables = None, True
    try:
        with office.tables.connect() as db:
            here = position(db)
    except SQLAlchemyError:
        tables = False
    head = office.head()
    lag_blocks = lag_seconds = None
    if head is not None and here is not None:
        lag_blocks = max(head.block - here.block, 0)
        lag_seconds = max(head.time - here.time, 0) if lag_blocks else 0
    return Readiness(
        _answers(office.engine),
        tables,
        here is not None and here.is_whole,
        head is not None,
        here.block if here else None,
        lag_blocks,
        lag_seconds,
        config.max_lag_seconds,
    )


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect() as db:
            db.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
