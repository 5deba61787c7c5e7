"""The read model beside a real chain: complete, restartable, and proved equal to it."""

import dataclasses
import threading

import pytest
from sqlalchemy import delete, func, select, update

from harness.founded import found, ok, open_session, wait
from harness.postgres import server
from harness.served import CHAIN_ID, served
from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.chain.errors import NodeRefused
from tanlian.readmodel import stretches
from tanlian.readmodel.belonging import NodeBehind, OtherChain
from tanlian.readmodel.checkpoints import position
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.store import open_read_model
from tanlian.readmodel.tables import (
    balances,
    checkpoint,
    events,
    fills,
    holdings,
    metadata,
    orders,
    organisations,
    sessions,
    traded_minutes,
    trading_accounts,
)
from tanlian.readmodel.verification import verify
from tanlian.services.access import open_access

ONE_DAY = 24 * 60 * 60


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """A market on which both stages ran, an order was cancelled, and one still stands."""
    folder = tmp_path_factory.mktemp("projection")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain)
        ok(chain, "quote", 1, "sell", "69.50", 300, "--as", "seller")
        ok(chain, "quote", 1, "sell", "71.00", 200, "--as", "seller")
        ok(chain, "quote", 1, "buy", "70.50", 250, "--as", "buyer")
        ok(chain, "quote", 1, "buy", "68.00", 40, "--as", "other")
        wait(chain, 601)
        ok(chain, "clear", 1, "--as", "other")
        ok(chain, "market-order", 1, "buy", 60, "--as", "buyer")
        yield chain


@pytest.fixture
def contracts(market):
    return open_access(market.target).contracts


@pytest.fixture(scope="module")
def postgres():
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def tables(tmp_path, request):
    """The same tests on both databases."""
    url = f"sqlite:///{tmp_path / 'model.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
    engine = open_read_model(url)
    yield engine
    if request.param == "postgresql":
        with engine.begin() as db:
            for table in metadata.sorted_tables:
                db.execute(delete(table))
    engine.dispose()


def of_the_chain(table) -> list:
    return [column for column in table.columns if not column.info.get("of_the_tables")]


def everything(engine) -> dict[str, list]:
    with engine.connect() as db:
        return {
            table.name: sorted(map(tuple, db.execute(select(*of_the_chain(table)))), key=repr)
            for table in metadata.sorted_tables
        }


def test_catch_up__whole_market__equals_the_chain(tables, contracts) -> None:
    Projector(tables, contracts).catch_up()
    verdict = verify(tables, contracts)
    assert verdict.differences == ()
    assert verdict.views > 20
    with tables.connect() as db:
        traded = db.execute(select(fills.c.lots, fills.c.half_ticks).order_by(fills.c.block))
        assert list(map(tuple, traded)) == [(250, 14000), (50, 13900), (10, 14200)]
        standing = select(orders.c.tick, orders.c.open_lots).where(orders.c.open_lots > 0)
        assert sorted(map(tuple, db.execute(standing))) == [(6800, 40), (7100, 190)]
        assert db.scalar(select(sessions.c.volume_lots)) == 310
        assert db.scalar(select(func.count()).select_from(organisations)) == 6


def test_catch_up__prices_of_a_session__as_brute_force_finds_them(tables, contracts) -> None:
    Projector(tables, contracts).catch_up()
    with tables.connect() as db:
        order = (fills.c.block, fills.c.log_index, fills.c.number)
        prices = [row[0] for row in db.execute(select(fills.c.half_ticks).order_by(*order))]
        row = db.execute(select(sessions)).mappings().one()
    assert len(prices) == 3
    assert row["trades"] == len(prices)
    told = (row["first_half_ticks"], row["highest_half_ticks"], row["lowest_half_ticks"],
            row["last_half_ticks"])  # fmt: skip
    assert told == (prices[0], max(prices), min(prices), prices[-1])


def test_catch_up__block_by_block__same_tables(tables, contracts, tmp_path) -> None:
    whole = open_read_model(f"sqlite:///{tmp_path / 'whole.sqlite'}")
    end = Projector(whole, contracts).catch_up().block
    for block in range(contracts.book.first_block(), end + 1):
        Projector(tables, contracts).catch_up(block)  # a new process each time
    assert everything(tables) == everything(whole)


@pytest.mark.parametrize("events_at_once", [1, 7, 40])
def test_catch_up__stretches_of_any_size__same_tables(
    tables, contracts, tmp_path, monkeypatch, events_at_once
) -> None:
    whole = open_read_model(f"sqlite:///{tmp_path / 'whole.sqlite'}")
    end = Projector(whole, contracts).catch_up()
    monkeypatch.setattr(stretches, "BLOCKS_AT_FIRST", 3)
    monkeypatch.setattr(stretches, "EVENTS_AT_ONCE", events_at_once)
    assert Projector(tables, contracts).catch_up() == end
    assert everything(tables) == everything(whole)


class Faulty(Connection):
    """A node that says no times in its logs, and refuses to tell of blocks after `last`."""

    last = 10**9

    def request(self, method, *params):
        if method != "eth_getLogs":
            return super().request(method, *params)
        if int(params[0]["toBlock"], 16) > self.last:
            raise NodeRefused("The node refused the request: out of memory.")
        logs = super().request(method, *params)
        return [{k: v for k, v in log.items() if k != "blockTimestamp"} for log in logs]


def test_catch_up__logs_without_times__same_tables(tables, market, contracts, tmp_path) -> None:
    whole = open_read_model(f"sqlite:///{tmp_path / 'whole.sqlite'}")
    Projector(whole, contracts).catch_up()
    silent = Contracts.of(Faulty(market.url, CHAIN_ID), contracts.book)
    assert next(silent.events().read()).header is None
    assert next(contracts.events().read()).header is not None
    Projector(tables, silent).catch_up()
    assert everything(tables) == everything(whole)


def test_catch_up__node_fails_while_read_ahead__goes_on_where_it_stopped(
    tables, market, contracts, monkeypatch
) -> None:
    monkeypatch.setattr(stretches, "BLOCKS_AT_FIRST", 4)
    monkeypatch.setattr(stretches, "EVENTS_AT_ONCE", 20)
    faulty = Faulty(market.url, CHAIN_ID)
    faulty.last = contracts.connection.head() // 2
    with pytest.raises(NodeRefused, match="out of memory"):
        Projector(tables, Contracts.of(faulty, contracts.book)).catch_up()
    with tables.connect() as db:
        here = position(db)
        newest = db.scalar(select(func.max(events.c.block)))
    assert newest <= here.block <= faulty.last
    Projector(tables, contracts).catch_up()
    assert verify(tables, contracts).is_equal


def test_catch_up__again__changes_nothing(tables, contracts) -> None:
    projector = Projector(tables, contracts)
    projector.catch_up()
    before = everything(tables)
    projector.catch_up()
    assert everything(tables) == before


def test_catch_up__killed_before_commit__nothing_half_done(tables, contracts, monkeypatch) -> None:
    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tanlian.readmodel.projector.refresh", killed)
        with pytest.raises(KeyboardInterrupt):
            Projector(tables, contracts).catch_up()
    assert all(rows == [] for rows in everything(tables).values())
    Projector(tables, contracts).catch_up()
    assert verify(tables, contracts).is_equal


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (holdings, {"amount_kg": 1}),
        (balances, {"amount": 1}),
        (organisations, {"roles": 255}),
        (orders, {"open_lots": 7}),
        (fills, {"lots": 1}),
        (sessions, {"volume_lots": 1}),
        (traded_minutes, {"trades": 9}),
        (trading_accounts, {"money_free": 1}),
        (events, {"body": "{}"}),
    ],
)
def test_verify__one_table_falsified__names_it(tables, contracts, table, change) -> None:
    Projector(tables, contracts).catch_up()
    with tables.begin() as db:
        assert db.execute(update(table).values(change)).rowcount > 0
    verdict = verify(tables, contracts)
    assert table.name in {difference.where.split(" ")[0] for difference in verdict.differences}
    Projector(tables, contracts).rebuild()
    assert verify(tables, contracts).is_equal


def test_verify__row_missing__named(tables, contracts) -> None:
    Projector(tables, contracts).catch_up()
    with tables.begin() as db:
        db.execute(delete(fills))
    assert any(
        d.where.startswith("fills") and d.found is None
        for d in verify(tables, contracts).differences
    )


def test_catch_up__tables_of_another_chain__refused(tables, contracts) -> None:
    projector = Projector(tables, contracts)
    projector.catch_up()
    with tables.begin() as db:
        db.execute(update(checkpoint).values(block_hash="0x" + "1" * 64))
    before = everything(tables)
    with pytest.raises(OtherChain, match="rebuild"):
        projector.catch_up()
    assert everything(tables) == before


def test_catch_up__node_behind_the_tables__waited_for_and_nothing_thrown_away(
    tables, contracts
) -> None:
    projector = Projector(tables, contracts)
    projector.catch_up()
    with tables.begin() as db:
        db.execute(update(checkpoint).values(block=contracts.connection.head() + 5))
    before = everything(tables)
    with pytest.raises(NodeBehind, match="not come to block"):
        projector.catch_up()
    assert everything(tables) == before


def test_follow__another_chain_behind_the_same_address__tables_kept(tables, contracts) -> None:
    """A node of another chain than the book's is no reason to throw tables away."""
    Projector(tables, contracts).catch_up()
    with tables.begin() as db:
        db.execute(update(checkpoint).values(block_hash="0x" + "1" * 64))
    before = everything(tables)
    book = dataclasses.replace(contracts.book, genesis_hash="0x" + "2" * 64)
    stop = threading.Event()
    strange = Projector(tables, Contracts.of(contracts.connection, book))
    follower = threading.Thread(target=strange.follow, args=(stop,))
    follower.start()
    stop.wait(1)
    stop.set()
    follower.join(10)
    assert everything(tables) == before


def test_follow__new_block__in_the_tables_soon(market, tables, contracts) -> None:
    stop, projector = threading.Event(), Projector(tables, contracts)
    projector.catch_up()
    follower = threading.Thread(target=projector.follow, args=(stop,))
    follower.start()
    try:
        payment = ("--payment", f"follow-{tables.dialect.name}")
        ok(market, "money", "issue", "The other", "1", "--as", "bank", *payment)
        head = contracts.connection.head()
        for _ in range(100):
            with tables.connect() as db:
                if position(db).block >= head:
                    break
            stop.wait(0.1)
        else:
            pytest.fail("the tables did not reach the head within ten seconds")
    finally:
        stop.set()
        follower.join(10)
    assert verify(tables, contracts).is_equal


def test_project_verify__command__says_equal_or_exits_1(
    market, tables, contracts, tmp_path
) -> None:
    database = {"TANLIAN_READ_MODEL": str(tables.url)}
    assert "equal: " in ok(market, "project", "verify", **database)
    with tables.begin() as db:
        db.execute(update(fills).values(lots=1))
    refused = market.run("project", "verify", **database)
    assert refused.exit_code == 1
    assert "fills" in refused.output
    ok(market, "project", "rebuild", **database)
    assert "equal: " in ok(market, "project", "verify", **database)
