"""What grants show: exactly what the contract's `may_view` allows of everything there is."""

from dataclasses import replace

import boa
import pytest
from sqlalchemy import insert

from harness.consortium import DOCUMENT, NORTH, PERIOD, SOUTH
from harness.projected import in_memory, project
from harness.supervision import RULES, deploy_supervision_on, grant
from tanlian.domain.moments import start_of_year
from tanlian.domain.supervision import Extent, Scope, ViewKind
from tanlian.readmodel.queries import (
    duties,
    emissions,
    granted_data,
    incentives,
    market,
    money,
    units,
)
from tanlian.readmodel.queries.granted_data import SeenTrade
from tanlian.readmodel.queries.granted_views import Sight
from tanlian.readmodel.tables import fills

NOW_YEAR = PERIOD + 1
EXTENTS = [
    Extent(ViewKind(127), Scope.EVERYONE, 1, 9_999),
    Extent(ViewKind(127), Scope.EVERYONE, PERIOD, PERIOD),
    Extent(ViewKind(127), Scope.EVERYONE, NOW_YEAR, NOW_YEAR),
    Extent(ViewKind(127), Scope.REGION, 1, 9_999, region=SOUTH),
    Extent(ViewKind.REPORTS | ViewKind.TRADES, Scope.SECTOR, PERIOD, PERIOD, sector=1),
    Extent(ViewKind.COINS, Scope.SECTOR_OF_REGION, 1, 9_999, region=NORTH, sector=1),
    Extent(ViewKind.HOLDINGS, Scope.SECTOR, 1, 9_999, sector=77),
]


@pytest.fixture
def world(year):
    """Reports, duties and units of two emitters; supervision beside them."""
    node, it = year
    with boa.env.anchor():
        deploy_supervision_on(it)
        it.fund(it.emitter, 5_000)
        it.give_coins(it.emitter, 7_000_000)
        it.membership.reclassify(
            it.other_emitter.org_id, 1, SOUTH, DOCUMENT, sender=it.regulator.account
        )
        yield node, it


def trade(db, number: int, buyer: int, seller: int, year: int) -> None:
    """A row as the market's projection writes it."""
    values = dict.fromkeys(
        ("log_index", "number", "kind", "bid_tick", "bid_position", "ask_tick", "ask_position",
         "obligation"), 0,
    )  # fmt: skip
    db.execute(
        insert(fills).values(
            **values | {"kind": 1}, block=10_000 + number, session=number, buyer=buyer,
            seller=seller, lots=number, half_ticks=14_000, tx_hash="0x",
            time=start_of_year(year + 1) - 1,
        )
    )  # fmt: skip


TRADES = [
    ("emitter", "other_emitter", PERIOD),
    ("other_emitter", "trader", PERIOD),
    ("emitter", "trader", NOW_YEAR),
    ("trader", "exchange", PERIOD - 1),
]


def shown(db, sight: Sight) -> dict[ViewKind, list]:
    """All lists, by what makes a row."""
    return {
        ViewKind.REPORTS: [(r.organisation, r.year) for r in granted_data.reports(db, sight)],
        ViewKind.READINGS: [(r.organisation, r.year) for r in granted_data.readings(db, sight)],
        ViewKind.HOLDINGS: [
            (h.organisation, h.instrument, h.money) for h in granted_data.holdings(db, sight)
        ],
        ViewKind.TRADES: granted_data.trades(db, sight),
        ViewKind.DUTIES: [(d.organisation, d.period) for d in granted_data.duties_seen(db, sight)],
        ViewKind.COINS: granted_data.coins(db, sight),
        ViewKind.DOCUMENTS: [
            (d.organisation, d.year, d.document) for d in granted_data.documents(db, sight)
        ],
    }


def allowed(it, db, viewer) -> dict[ViewKind, list]:
    """The same by brute force: everything of everybody else, asked of the contract one by one."""
    now = boa.env.timestamp
    others = [m for m in it.members.values() if m.org_id != viewer.org_id]

    def may(kind, org_id, year) -> bool:
        return it.supervision.may_view(viewer.org_id, kind, org_id, year, now)

    found: dict[ViewKind, list] = {kind: [] for kind in ViewKind}
    for member in others:
        for report in emissions.reports_of(db, organisation=member.org_id):
            place = (member.org_id, report.year)
            if may(ViewKind.REPORTS, *place):
                found[ViewKind.REPORTS].append(place)
            if may(ViewKind.DOCUMENTS, *place):
                steps = emissions.steps(db, *place)
                found[ViewKind.DOCUMENTS] += [
                    (*place, s.document) for s in steps if s.document is not None
                ]
        for held in units.holdings_of(db, member.org_id):
            if may(ViewKind.HOLDINGS, member.org_id, held.instrument.vintage):
                found[ViewKind.HOLDINGS].append((member.org_id, held.instrument, None))
        if may(ViewKind.HOLDINGS, member.org_id, NOW_YEAR):
            amount = money.balance(db, member.org_id)
            found[ViewKind.HOLDINGS].append((member.org_id, None, amount))
        for duty in duties.duties_of(db, member.org_id):
            if may(ViewKind.DUTIES, member.org_id, duty.period):
                found[ViewKind.DUTIES].append((member.org_id, duty.period))
        if may(ViewKind.COINS, member.org_id, NOW_YEAR):
            found[ViewKind.COINS].append(incentives.coin_account(db, member.org_id))
        for number, (buyer, seller, year) in enumerate(TRADES, 1):
            sides = {it.members[buyer].org_id: True, it.members[seller].org_id: False}
            if member.org_id in sides and may(ViewKind.TRADES, member.org_id, year):
                (other,) = sides.keys() - {member.org_id}
                masked = other if may(ViewKind.TRADES, other, year) else None
                bought = sides[member.org_id]
                found[ViewKind.TRADES].append(
                    SeenTrade(
                        member.org_id, bought, masked, number, number, 14_000,
                        start_of_year(year + 1) - 1,
                    )
                )  # fmt: skip
    return found


@pytest.mark.parametrize("number", range(len(EXTENTS)))
def test_granted_data__each_extent__is_what_the_contract_allows_and_no_row_more(
    world, number
) -> None:
    node, it = world
    grant(it, it.observer, EXTENTS[number])
    engine = in_memory()
    project(node, it, engine)
    with engine.begin() as db:
        for index, (buyer, seller, year) in enumerate(TRADES, 1):
            trade(db, index, it.members[buyer].org_id, it.members[seller].org_id, year)
        seen = shown(db, Sight(db, it.observer.org_id))
        expected = allowed(it, db, it.observer)
        assert market.trades(db, 1), "the rows are there to be seen"
    for kind in ViewKind:
        if kind is ViewKind.READINGS:
            continue
        assert sorted(seen[kind], key=repr) == sorted(expected[kind], key=repr), kind
    if number == 0:
        assert all(seen[kind] for kind in ViewKind if kind is not ViewKind.READINGS)
    if number == len(EXTENTS) - 1:
        assert not any(seen.values()), "nobody is in that sector"


def test_granted_data__revoked_expired_or_suspended__nothing_at_all(world) -> None:
    node, it = world
    everything = EXTENTS[0]
    number = grant(it, it.observer, everything)
    grant(it, it.bank, everything, seconds=100)
    grant(it, it.trader, everything, seconds=RULES.longest_grant_seconds)
    it.supervision.revoke_view(number, "over", sender=it.regulator.account)
    boa.env.timestamp += 101
    it.suspend(it.trader)
    engine = in_memory()
    project(node, it, engine)
    with engine.begin() as db:
        for index, (buyer, seller, year) in enumerate(TRADES, 1):
            trade(db, index, it.members[buyer].org_id, it.members[seller].org_id, year)
        for member in (it.observer, it.bank, it.trader, it.exchange):
            assert not any(shown(db, Sight(db, member.org_id)).values()), member.name


def test_readings__granted_years__only_those(world) -> None:
    node, it = world
    gateway = "0x" + "99" * 20
    it.monitoring.open_logbook(PERIOD, gateway, sender=it.emitter.account)
    extent = Extent(ViewKind.READINGS, Scope.EVERYONE, PERIOD, PERIOD)
    grant(it, it.observer, extent)
    grant(it, it.bank, replace(extent, first_year=NOW_YEAR, last_year=NOW_YEAR))
    engine = in_memory()
    project(node, it, engine)
    with engine.connect() as db:
        seen = granted_data.readings(db, Sight(db, it.observer.org_id))
        assert [(one.organisation, one.year) for one in seen] == [(it.emitter.org_id, PERIOD)]
        assert granted_data.readings(db, Sight(db, it.bank.org_id)) == []
