"""The lists behind granted views: exactly the data of others that the grants let one see."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.readmodel.queries import granted_data
from tanlian.readmodel.queries.duties import Duty
from tanlian.readmodel.queries.emissions import Report
from tanlian.readmodel.queries.granted_data import (
    SeenDocument,
    SeenHolding,
    SeenTrade,
    SeenYear,
)
from tanlian.readmodel.queries.granted_views import Sight
from tanlian.readmodel.queries.incentives import CoinAccount
from tanlian.services.report import figures
from tanlian.web.desks import duties
from tanlian.web.desks.listing import Column, Listing, Page, Visitor
from tanlian.web.desks.regulator import MOST, report_columns
from tanlian.web.desks.supervision import NOT_REGULATORS
from tanlian.web.words import N_, REPORT_EVENTS

_NONE = N_("Your grants show nothing of this kind.")
_WHAT = N_("What your grants show and nothing else; every look is as of the block named below.")
_PARTY = Column(N_("Organisation"), lambda r: r.organisation, "member")


def _reports(db: Connection, visitor: Visitor) -> Sequence[Report]:
    return granted_data.reports(db, Sight(db, visitor.organisation))


def _readings(db: Connection, visitor: Visitor) -> Sequence[SeenYear]:
    return granted_data.readings(db, Sight(db, visitor.organisation))


def _holdings(db: Connection, visitor: Visitor) -> Sequence[SeenHolding]:
    return granted_data.holdings(db, Sight(db, visitor.organisation))


def _trades(db: Connection, visitor: Visitor) -> Sequence[SeenTrade]:
    return granted_data.trades(db, Sight(db, visitor.organisation), limit=MOST)


def _duties(db: Connection, visitor: Visitor) -> Sequence[Duty]:
    return granted_data.duties_seen(db, Sight(db, visitor.organisation))


def _coins(db: Connection, visitor: Visitor) -> Sequence[CoinAccount]:
    return granted_data.coins(db, Sight(db, visitor.organisation))


def _documents(db: Connection, visitor: Visitor) -> Sequence[SeenDocument]:
    return granted_data.documents(db, Sight(db, visitor.organisation))


LISTINGS = (
    Listing(
        "seen-reports",
        N_("Granted to you: emission reports"),
        _WHAT,
        NOT_REGULATORS,
        _reports,
        report_columns(),
        _NONE,
        pages=(
            Page("report", N_("Open"), lambda r: {"organisation": r.organisation, "year": r.year}),
        ),
        on_desk=False,
    ),
    Listing(
        "seen-readings",
        N_("Granted to you: readings of devices"),
        _WHAT,
        NOT_REGULATORS,
        _readings,
        (_PARTY, Column(N_("Year"), lambda r: r.year)),
        _NONE,
        pages=(
            Page("plant", N_("Open"), lambda r: {"organisation": r.organisation, "year": r.year}),
        ),
        on_desk=False,
    ),
    Listing(
        "seen-holdings",
        N_("Granted to you: accounts and holdings"),
        _WHAT,
        NOT_REGULATORS,
        _holdings,
        (
            _PARTY,
            Column(N_("Units"), lambda r: r.instrument, "units"),
            Column(N_("Held, t"), lambda r: r.amount_kg, "tonnes"),
            Column(N_("Frozen, t"), lambda r: r.frozen_kg, "tonnes"),
            Column(N_("In the market, t"), lambda r: r.market_lots, "count"),
            Column(N_("Money, yuan"), lambda r: r.money, "yuan"),
        ),
        _NONE,
        on_desk=False,
    ),
    Listing(
        "seen-trades",
        N_("Granted to you: trades by party"),
        _WHAT,
        NOT_REGULATORS,
        _trades,
        (
            Column(N_("Time"), lambda r: r.time, "moment"),
            Column(N_("Organisation"), lambda r: r.party, "member"),
            Column(N_("Side"), lambda r: N_("bought") if r.bought else N_("sold"), "state"),
            Column(N_("Quantity, t"), lambda r: r.lots, "count"),
            Column(N_("Price, yuan/t"), lambda r: figures.half_tick_price(r.half_ticks)),
            Column(N_("Session"), lambda r: r.session),
            Column(N_("Other side, where it is granted"), lambda r: r.other, "member"),
        ),
        _NONE,
        on_desk=False,
    ),
    Listing(
        "seen-duties",
        N_("Granted to you: duties and surrender"),
        _WHAT,
        NOT_REGULATORS,
        _duties,
        duties.OWN.columns,
        _NONE,
        on_desk=False,
    ),
    Listing(
        "seen-coins",
        N_("Granted to you: coin accounts"),
        _WHAT,
        NOT_REGULATORS,
        _coins,
        (
            _PARTY,
            Column(N_("Balance"), lambda r: r.balance, "coins"),
            Column(N_("Debt"), lambda r: r.debt, "coins"),
            Column(N_("Locked"), lambda r: r.locked, "coins"),
        ),
        _NONE,
        on_desk=False,
    ),
    Listing(
        "seen-documents",
        N_("Granted to you: documents behind reports"),
        N_("Their hashes, as the chain has them; only named readers can open a document."),
        NOT_REGULATORS,
        _documents,
        (
            _PARTY,
            Column(N_("Year"), lambda r: r.year),
            Column(N_("What"), lambda r: REPORT_EVENTS.get(r.event, r.event), "state"),
            Column(N_("Document"), lambda r: r.document, "code"),
            Column(N_("Time"), lambda r: r.time, "moment"),
        ),
        _NONE,
        on_desk=False,
    ),
)
