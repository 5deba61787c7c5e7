"""Exactly the data of others that an organisation's grants let it see, one function a kind of data.

Each asks which organisations the grants are about, and then of each figure for its own year. What
has no year of its own, such as a balance, is of the year of the last block.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.instrument import Instrument
from tanlian.domain.moments import start_of_year, year_of
from tanlian.domain.supervision import Party, ViewKind
from tanlian.readmodel.queries import (
    duties,
    emissions,
    incentives,
    market,
    money,
    monitoring,
    units,
)
from tanlian.readmodel.queries.duties import Duty
from tanlian.readmodel.queries.emissions import Report
from tanlian.readmodel.queries.granted_views import Sight
from tanlian.readmodel.queries.incentives import CoinAccount
from tanlian.readmodel.tables import fills

AT_ONCE = 500  # organisations asked for at a time


@dataclass(frozen=True, slots=True)
class SeenHolding:
    """Units in a registry account and in the market, or money where there is no instrument."""

    organisation: int
    instrument: Instrument | None
    amount_kg: int | None
    frozen_kg: int | None
    market_lots: int | None
    money: int | None  # micro-yuan, outside of trading accounts


@dataclass(frozen=True, slots=True)
class SeenTrade:
    """A trade of a party; `other` is None where no grant shows that party as well."""

    party: int
    bought: bool
    other: int | None
    session: int
    lots: int
    half_ticks: int
    time: int


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """That a step of a report rests on a document; only named readers can open it."""

    organisation: int
    year: int
    event: str
    document: str
    time: int


@dataclass(frozen=True, slots=True)
class SeenYear:
    """Readings of a year that are there to be looked into."""

    organisation: int
    year: int


def reports(db: Connection, sight: Sight) -> list[Report]:
    """Return the reports that the grants show, by organisation and year."""
    found: list[Report] = []
    for party in _parties(sight, ViewKind.REPORTS):
        mine = emissions.reports_of(db, organisation=party.org_id, limit=AT_ONCE)
        found += [one for one in mine if sight.of(ViewKind.REPORTS, party.org_id, one.year)]
    return found


def readings(db: Connection, sight: Sight) -> list[SeenYear]:
    """Return organisation and year of each logbook that the grants let look into."""
    return [
        SeenYear(organisation, year)
        for organisation, year in monitoring.monitored_years(db)
        if organisation != sight.viewer and sight.of(ViewKind.READINGS, organisation, year)
    ]


def holdings(db: Connection, sight: Sight) -> list[SeenHolding]:
    """Return units by their vintage, and money, of the organisations that the grants show."""
    found: list[SeenHolding] = []
    for party in _parties(sight, ViewKind.HOLDINGS):
        for held in units.holdings_of(db, party.org_id):
            if sight.of(ViewKind.HOLDINGS, party.org_id, held.instrument.vintage):
                inside = market.trading_account(db, held.instrument.token_id, party.org_id)
                lots = inside.lots_free + inside.open_sell_lots + inside.lots_awaiting_payment
                found.append(
                    SeenHolding(
                        party.org_id, held.instrument, held.amount_kg, held.frozen_kg, lots, None
                    )
                )
        if sight.of(ViewKind.HOLDINGS, party.org_id, sight.year):
            amount = money.balance(db, party.org_id)
            found.append(SeenHolding(party.org_id, None, None, None, None, amount))
    return found


def trades(db: Connection, sight: Sight, *, limit: int = 500) -> list[SeenTrade]:
    """Return the newest trades of the parties that the grants show, in the years they show."""
    parties = [party.org_id for party in _parties(sight, ViewKind.TRADES)]
    years = sight.span(ViewKind.TRADES)
    found: list[SeenTrade] = []
    for first in range(0, len(parties), AT_ONCE):
        some = parties[first : first + AT_ONCE]
        query = (
            select(fills)
            .where(
                or_(fills.c.buyer.in_(some), fills.c.seller.in_(some)),
                fills.c.time >= start_of_year(years.start),
                fills.c.time < start_of_year(years.stop),
            )
            .order_by(fills.c.block.desc(), fills.c.log_index.desc(), fills.c.number.desc())
        )
        for row in db.execute(query.limit(limit)).mappings():
            found += _sides(row, sight, frozenset(some))
    return sorted(found, key=lambda trade: -trade.time)[:limit]


def duties_seen(db: Connection, sight: Sight) -> list[Duty]:
    """Return the duties that the grants show, by organisation and year."""
    return [
        duty
        for party in _parties(sight, ViewKind.DUTIES)
        for duty in duties.duties_of(db, party.org_id)
        if sight.of(ViewKind.DUTIES, party.org_id, duty.period)
    ]


def coins(db: Connection, sight: Sight) -> list[CoinAccount]:
    """Return the coin accounts as they stand, of organisations that the grants show this year."""
    return [
        incentives.coin_account(db, party.org_id)
        for party in _parties(sight, ViewKind.COINS)
        if sight.of(ViewKind.COINS, party.org_id, sight.year)
    ]


def documents(db: Connection, sight: Sight) -> list[SeenDocument]:
    """Return the documents behind the steps of reports that the grants show, oldest first."""
    return [
        SeenDocument(party.org_id, report.year, step.event, step.document, step.time)
        for party in _parties(sight, ViewKind.DOCUMENTS)
        for report in emissions.reports_of(db, organisation=party.org_id, limit=AT_ONCE)
        if sight.of(ViewKind.DOCUMENTS, party.org_id, report.year)
        for step in emissions.steps(db, party.org_id, report.year)
        if step.document is not None
    ]


def _parties(sight: Sight, kind: ViewKind) -> Iterator[Party]:
    after = 0
    while found := sight.subjects(kind, after=after, limit=AT_ONCE):
        yield from found
        after = found[-1].org_id


def _sides(row: RowMapping, sight: Sight, parties: frozenset[int]) -> Iterator[SeenTrade]:
    year = year_of(row["time"])
    seen = {
        party: sight.of(ViewKind.TRADES, party, year) for party in (row["buyer"], row["seller"])
    }
    for party, other, bought in (
        (row["buyer"], row["seller"], True),
        (row["seller"], row["buyer"], False),
    ):
        if party in parties and seen[party]:
            yield SeenTrade(
                party,
                bought,
                other if seen[other] else None,
                row["session"],
                row["lots"],
                row["half_ticks"],
                row["time"],
            )
