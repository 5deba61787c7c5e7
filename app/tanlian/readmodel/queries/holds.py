"""What regulators hold back: freezes and claw-backs of units."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.domain.instrument import Instrument
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables.acts import claw_backs, freezes, frozen_holders


@dataclass(frozen=True, slots=True)
class Freeze:
    """Units frozen or unfrozen, or the whole holding where there is no instrument."""

    organisation: int
    instrument: Instrument | None
    frozen: bool
    old_frozen_kg: int | None
    new_frozen_kg: int | None
    reason: str
    signer: str
    block: int
    log_index: int
    time: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class ClawBack:
    certificate: int
    organisation: int
    instrument: Instrument
    amount_kg: int
    reason: str
    signer: str
    time: int
    tx_hash: str


def is_frozen(db: Connection, organisation: int) -> bool:
    """Whether nothing of an organisation's holding may leave."""
    query = select(frozen_holders.c.frozen).where(frozen_holders.c.organisation == organisation)
    return bool(db.scalar(query))


def freezes_of(db: Connection, organisation: int | None, *, limit: int = 50) -> list[Freeze]:
    """Return what was frozen and unfrozen and why, of an organisation or of all, newest first."""
    query = select(freezes).order_by(freezes.c.block.desc(), freezes.c.log_index.desc())
    if organisation is not None:
        query = query.where(freezes.c.organisation == organisation)
    return [
        made(Freeze, row, instrument=_instrument(row["token_id"]))
        for row in db.execute(query.limit(limit)).mappings()
    ]


def claw_backs_of(db: Connection, organisation: int | None, *, limit: int = 50) -> list[ClawBack]:
    """Return what was clawed back, from an organisation or from all, newest first."""
    query = select(claw_backs).order_by(claw_backs.c.time.desc(), claw_backs.c.certificate.desc())
    if organisation is not None:
        query = query.where(claw_backs.c.organisation == organisation)
    return [
        made(ClawBack, row, instrument=_instrument(row["token_id"]))
        for row in db.execute(query.limit(limit)).mappings()
    ]


def _instrument(token_id: int | None) -> Instrument | None:
    return None if token_id is None else Instrument.from_token_id(token_id)
