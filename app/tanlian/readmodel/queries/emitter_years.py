"""Every emitter of a year with its figures side by side: what supervision adds up."""

from dataclasses import dataclass, replace

from sqlalchemy import Column, func, select, union
from sqlalchemy.engine import Connection

from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument, Kind
from tanlian.domain.report_state import ReportState
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import emissions, members
from tanlian.readmodel.queries.duties import Duty, duties_of_period
from tanlian.readmodel.queries.emissions import Report
from tanlian.readmodel.tables import allocations, fills, obligations, plans, sessions
from tanlian.readmodel.tables.emissions import reports

_ALL = 1 << 24  # organisation numbers are below


@dataclass(frozen=True, slots=True)
class EmitterYear:
    """An emitter in one year; kg, and lots of 1 t of allowances of that vintage."""

    organisation: int
    name: str
    region: int
    sector: int
    active: bool
    entitled_kg: int
    report: Report | None
    bought_t: int = 0
    sold_t: int = 0
    surrendered_kg: int = 0
    shortfall_kg: int = 0  # as recorded after the deadline

    @property
    def accepted_kg(self) -> int | None:
        """The verified figure that the regulator accepted."""
        return self.report.accepted_kg if self.report else None

    @property
    def declared_kg(self) -> int | None:
        return self.report.declared_kg if self.report else None

    @property
    def state(self) -> ReportState:
        return self.report.state if self.report else ReportState.NONE_YET


def years(db: Connection) -> list[int]:
    """Return the years that have a plan, an allocation or a report, newest first."""
    query = union(select(plans.c.period), select(allocations.c.period), select(reports.c.year))
    return sorted({row[0] for row in db.execute(query)}, reverse=True)


def emitter_years(db: Connection, year: int) -> list[EmitterYear]:
    """Return every emitter of a year by number.

    Those are the organisations with that role, and any other that was allocated or reported.
    """
    query = select(allocations.c.organisation, allocations.c.entitled_kg).where(
        allocations.c.period == year
    )
    entitled = {row[0]: row[1] for row in db.execute(query)}
    reported = {r.organisation: r for r in emissions.reports_of(db, number=year, limit=_ALL)}
    found = {
        m.id: EmitterYear(
            m.id, m.name, m.region, m.sector, m.active, entitled.get(m.id, 0), reported.get(m.id)
        )
        for m in members.members(db, limit=_ALL)
        if Role.EMITTER in m.roles or m.id in entitled or m.id in reported
    }
    for organisation, lots in _traded(db, year, fills.c.buyer):
        if organisation in found:
            found[organisation] = replace(found[organisation], bought_t=lots)
    for organisation, lots in _traded(db, year, fills.c.seller):
        if organisation in found:
            found[organisation] = replace(found[organisation], sold_t=lots)
    for duty in _duties(db, year):
        if duty.organisation in found:
            found[duty.organisation] = replace(
                found[duty.organisation],
                surrendered_kg=duty.surrendered_kg,
                shortfall_kg=duty.shortfall_kg,
            )
    return list(found.values())


def defaults(db: Connection, year: int) -> dict[int, int]:
    """Return how often each buyer of a year's allowances did not pay what it owed."""
    query = (
        select(obligations.c.buyer, func.count())
        .join(sessions, sessions.c.id == obligations.c.session)
        .where(
            obligations.c.state == "defaulted",
            sessions.c.instrument == Instrument(Kind.ALLOWANCE, 0, year).token_id,
        )
        .group_by(obligations.c.buyer)
    )
    return {row[0]: int(row[1]) for row in db.execute(query)}


def _duties(db: Connection, year: int) -> list[Duty]:
    try:
        return duties_of_period(db, year, limit=None)
    except NotFound:  # no rules of surrender for that year yet
        return []


def _traded(db: Connection, year: int, side: Column[int]) -> list[tuple[int, int]]:
    """Return how many lots of a year's allowances each organisation bought or sold."""
    allowances = Instrument(Kind.ALLOWANCE, 0, year).token_id
    query = (
        select(side, func.sum(fills.c.lots))
        .join(sessions, sessions.c.id == fills.c.session)
        .where(sessions.c.instrument == allowances)
        .group_by(side)
    )
    return [(row[0], int(row[1])) for row in db.execute(query)]
