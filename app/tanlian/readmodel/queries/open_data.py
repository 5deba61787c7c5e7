"""What anybody may take away whole: rows one after the other, prices by session, totals."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from tanlian.domain.instrument import Instrument
from tanlian.domain.roles import Role
from tanlian.readmodel.queries.market import Session, session_of_row
from tanlian.readmodel.queries.units import Certificate, certificate_of_row
from tanlian.readmodel.tables import (
    certificates,
    events,
    fills,
    issue_blocks,
    obligations,
    organisations,
    sessions,
)

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Issue:
    """A block of serials as it was issued, one serial per kg."""

    id: int
    instrument: Instrument
    organisation: int
    first_serial: int
    amount_kg: int
    basis: str
    time: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class SessionPrices:
    """What a session traded at outside of block trades; prices in half ticks, none without trades.

    `turnover_half_ticks` is the sum over trades of lots times price.
    """

    session: Session
    first: int | None
    highest: int | None
    lowest: int | None
    last: int | None
    trades: int
    turnover_half_ticks: int

    @property
    def mean_half_ticks(self) -> int | None:
        """The mean weighted by volume, rounded down to the half tick."""
        volume = self.session.volume_lots
        return self.turnover_half_ticks // volume if volume else None


@dataclass(frozen=True, slots=True)
class UnitTotals:
    """Where the units of one kind are; kg. `held` is what is neither surrendered nor cancelled."""

    instrument: Instrument
    issued_kg: int
    surrendered_kg: int
    cancelled_kg: int
    clawed_back_kg: int

    @property
    def held_kg(self) -> int:
        return self.issued_kg - self.surrendered_kg - self.cancelled_kg - self.clawed_back_kg


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over everything; money in micro-yuan."""

    members: dict[str, int]
    suspended: int
    sessions: int
    trades: int
    traded_lots: int
    turnover_micro_yuan: int
    defaults: int
    certificates: int
    events: int


@dataclass(frozen=True, slots=True)
class OpenedPeriod:
    """A compliance period and the hash of the rules it was opened under."""

    period: int
    rules_hash: str
    deadline_at: int
    tx_hash: str


def all_certificates(db: Connection) -> Iterator[Certificate]:
    """Yield every certificate in the order of its number."""
    query = select(certificates).order_by(certificates.c.id)
    for row in db.execute(query).mappings().yield_per(AT_ONCE):
        yield certificate_of_row(row)


def all_issues(db: Connection) -> Iterator[Issue]:
    """Yield every issue in the order of its number."""
    query = select(issue_blocks).order_by(issue_blocks.c.id)
    for row in db.execute(query).mappings().yield_per(AT_ONCE):
        yield Issue(
            row["id"],
            Instrument.from_token_id(row["token_id"]),
            row["organisation"],
            row["first_serial"],
            row["amount_kg"],
            row["basis"],
            row["time"],
            row["tx_hash"],
        )


def session_prices(
    db: Connection, *, instrument: int | None = None, before: int | None = None, limit: int = 50
) -> list[SessionPrices]:
    """Return sessions with their prices, newest first; of one instrument, or of all."""
    query = select(sessions).order_by(sessions.c.id.desc()).limit(limit)
    if instrument is not None:
        query = query.where(sessions.c.instrument == instrument)
    if before is not None:
        query = query.where(sessions.c.id < before)
    return [
        SessionPrices(
            session_of_row(row),
            row["first_half_ticks"],
            row["highest_half_ticks"],
            row["lowest_half_ticks"],
            row["last_half_ticks"],
            row["trades"],
            row["turnover_half_ticks"],
        )
        for row in db.execute(query).mappings()
    ]


def session_kinds(db: Connection) -> list[Instrument]:
    """Return the kinds of units that sessions were announced for, the newest session's first."""
    query = select(sessions.c.instrument).group_by(sessions.c.instrument)
    query = query.order_by(func.max(sessions.c.id).desc())
    return [Instrument.from_token_id(row[0]) for row in db.execute(query)]


def all_session_prices(db: Connection, *, instrument: int | None = None) -> Iterator[SessionPrices]:
    """Yield every session with its prices, newest first."""
    before = None
    while found := session_prices(db, instrument=instrument, before=before, limit=AT_ONCE):
        yield from found
        before = found[-1].session.id


def unit_totals(db: Connection) -> list[UnitTotals]:
    """Return where the units of each kind are, by token id."""
    totals: dict[int, list[int]] = {}
    for token, amount in db.execute(select(issue_blocks.c.token_id, issue_blocks.c.amount_kg)):
        totals.setdefault(token, [0, 0, 0, 0])[0] += amount
    retired = select(certificates.c.token_id, certificates.c.purpose, certificates.c.amount_kg)
    for token, purpose, amount in db.execute(retired):
        totals.setdefault(token, [0, 0, 0, 0])[purpose] += amount
    return [UnitTotals(Instrument.from_token_id(token), *totals[token]) for token in sorted(totals)]


def totals(db: Connection) -> Totals:
    """Return the counts of everything."""
    members: dict[str, int] = {role.name.lower(): 0 for role in Role if role.name}
    suspended = 0
    for roles, active in db.execute(select(organisations.c.roles, organisations.c.active)):
        suspended += not active
        for role in Role:
            if role.name and roles & role:
                members[role.name.lower()] += 1
    traded = db.execute(select(sessions.c.volume_lots, sessions.c.turnover_half_ticks)).all()
    return Totals(
        members,
        suspended,
        len(traded),
        db.scalar(select(func.count()).select_from(fills)) or 0,
        sum(volume for volume, _ in traded),
        sum(turnover for _, turnover in traded) * 5_000,
        db.scalar(
            select(func.count()).select_from(obligations).where(obligations.c.state == "defaulted")
        )
        or 0,
        db.scalar(select(func.count()).select_from(certificates)) or 0,
        db.scalar(select(func.count()).select_from(events)) or 0,
    )


def opened_periods(db: Connection) -> list[OpenedPeriod]:
    """Return the compliance periods that were opened, newest first."""
    query = select(events.c.body, events.c.tx_hash).where(
        events.c.contract == "compliance", events.c.name == "PeriodOpened"
    )
    found = [(json.loads(body), tx_hash) for body, tx_hash in db.execute(query)]
    periods = [
        OpenedPeriod(said["period"], said["rules_hash"], said["deadline_at"], tx_hash)
        for said, tx_hash in found
    ]
    return sorted(periods, key=lambda period: -period.period)
