"""Replacements of keys, freezes, claw-backs, payments in and out, allocations, block trades."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, or_, select, tuple_
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument
from tanlian.domain.market_states import ReplacementState
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables import redemptions
from tanlian.readmodel.tables.acts import (
    allocation_acts,
    allocation_debts,
    block_proposals,
    claw_backs,
    freezes,
    frozen_holders,
    listings,
    money_issues,
    replacements,
)

Place = tuple[int, int]  # block, log index


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
    approver: str | None
    proposed_at: int
    ended_at: int | None
    tx_hash: str


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


@dataclass(frozen=True, slots=True)
class MoneyIssue:
    """Money that a bank issued against a payment; micro-yuan."""

    bank: int
    reference: str
    organisation: int
    amount: int
    time: int
    block: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Redemption:
    """Money asked back; `state` is requested, paid out, rejected or cancelled. Micro-yuan."""

    id: int
    organisation: int
    bank: int
    amount: int
    payee: str
    state: str
    reference: str | None
    time: int


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


def replacement(db: Connection, number: int) -> Replacement:
    """Return one replacement.

    Raises:
        NotFound: none has that number.
    """
    query = select(replacements).where(replacements.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no replacement {number} of a key.", number=number)
    return _replacement(row)


def replacements_of(
    db: Connection,
    *,
    organisation: int | None = None,
    states: frozenset[ReplacementState] = frozenset(),
    before: int | None = None,
    limit: int = 50,
) -> list[Replacement]:
    """Return replacements, newest first, below `before`."""
    query = select(replacements)
    if organisation is not None:
        query = query.where(replacements.c.organisation == organisation)
    if states:
        query = query.where(replacements.c.status.in_(states))
    if before is not None:
        query = query.where(replacements.c.id < before)
    query = query.order_by(replacements.c.id.desc()).limit(limit)
    return [_replacement(row) for row in db.execute(query).mappings()]


def is_frozen(db: Connection, organisation: int) -> bool:
    """Whether nothing of an organisation's holding may leave."""
    query = select(frozen_holders.c.frozen).where(frozen_holders.c.organisation == organisation)
    return bool(db.scalar(query))


def freezes_of(
    db: Connection,
    *,
    organisation: int | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> list[Freeze]:
    """Return what was frozen and unfrozen and why, newest first."""
    where = [] if organisation is None else [freezes.c.organisation == organisation]
    return [
        made(Freeze, row, instrument=_instrument(row["token_id"]))
        for row in _newest(db, freezes, where, before, limit)
    ]


def claw_backs_of(db: Connection, organisation: int) -> list[ClawBack]:
    """Return what was clawed back from an organisation, newest first."""
    query = (
        select(claw_backs)
        .where(claw_backs.c.organisation == organisation)
        .order_by(claw_backs.c.time.desc(), claw_backs.c.certificate.desc())
    )
    return [
        made(ClawBack, row, instrument=Instrument.from_token_id(row["token_id"]))
        for row in db.execute(query).mappings()
    ]


def money_issued(
    db: Connection,
    *,
    bank: int | None = None,
    organisation: int | None = None,
    before: tuple[int, str] | None = None,
    limit: int = 50,
) -> list[MoneyIssue]:
    """Return payments in, newest first. `before` is the (block, reference) of the last one seen."""
    place = (money_issues.c.block, money_issues.c.reference)
    query = select(money_issues)
    if bank is not None:
        query = query.where(money_issues.c.bank == bank)
    if organisation is not None:
        query = query.where(money_issues.c.organisation == organisation)
    if before is not None:
        query = query.where(tuple_(*place) < before)
    query = query.order_by(*(column.desc() for column in place)).limit(limit)
    return [made(MoneyIssue, row) for row in db.execute(query).mappings()]


def redemptions_of(
    db: Connection,
    *,
    bank: int | None = None,
    organisation: int | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Redemption]:
    """Return requests for money, newest first, below `before`."""
    query = select(redemptions)
    if bank is not None:
        query = query.where(redemptions.c.bank == bank)
    if organisation is not None:
        query = query.where(redemptions.c.organisation == organisation)
    if state is not None:
        query = query.where(redemptions.c.state == state)
    if before is not None:
        query = query.where(redemptions.c.id < before)
    query = query.order_by(redemptions.c.id.desc()).limit(limit)
    return [made(Redemption, row) for row in db.execute(query).mappings()]


def allocation_history(
    db: Connection,
    *,
    organisation: int | None = None,
    region: int | None = None,
    period: int | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> list[AllocationAct]:
    """Return the steps of plans and allocations, newest first."""
    asked = {"organisation": organisation, "region": region, "period": period}
    where = [allocation_acts.c[n] == value for n, value in asked.items() if value is not None]
    return [made(AllocationAct, row) for row in _newest(db, allocation_acts, where, before, limit)]


def owed_kg(db: Connection, organisation: int) -> int:
    """Return the kg that the next allocations of an organisation are reduced by."""
    query = select(allocation_debts.c.owed_kg).where(
        allocation_debts.c.organisation == organisation
    )
    return int(db.scalar(query) or 0)


def listed_instruments(db: Connection) -> list[Instrument]:
    """Return what can be traded."""
    query = select(listings.c.instrument).order_by(listings.c.instrument)
    return [Instrument.from_token_id(token) for token in db.scalars(query)]


def block_proposals_of(
    db: Connection,
    organisation: int,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[BlockProposal]:
    """Return the blocks that an organisation offered or was offered, newest first."""
    mine = or_(
        block_proposals.c.proposer == organisation, block_proposals.c.counterparty == organisation
    )
    query = select(block_proposals).where(mine)
    if state is not None:
        query = query.where(block_proposals.c.state == state)
    if before is not None:
        query = query.where(block_proposals.c.id < before)
    query = query.order_by(block_proposals.c.id.desc()).limit(limit)
    return [made(BlockProposal, row) for row in db.execute(query).mappings()]


def _newest(
    db: Connection,
    table: Table,
    where: list[ColumnElement[bool]],
    before: Place | None,
    limit: int,
) -> list[RowMapping]:
    place = (table.c.block, table.c.log_index)
    query = select(table).where(*where)
    if before is not None:
        query = query.where(tuple_(*place) < before)
    query = query.order_by(*(column.desc() for column in place)).limit(limit)
    return list(db.execute(query).mappings())


def _replacement(row: RowMapping) -> Replacement:
    return made(
        Replacement,
        row,
        state=ReplacementState(row["status"]),
        effective_at=row["effective_at"] or None,
    )


def _instrument(token_id: int | None) -> Instrument | None:
    return None if token_id is None else Instrument.from_token_id(token_id)
