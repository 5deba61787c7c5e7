"""The database of the pages lost while they run: made anew from the chain, and nobody is misled."""

import sqlite3
import time

import pytest
from sqlalchemy import create_engine, text

from harness.founded import clear_one_pair, found
from harness.postgres import server
from harness.served import served
from harness.visitor import Visitor
from tanlian import settings as configuration
from tanlian.bootstrap import serving

SELLER = 4
PATHS = ("", "sessions/1", "members", "prices", "statistics", "desk", "desk/holdings")
OF_A_MOMENT = ("once", "csrf_token", "data-block", "Up to block")


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lost")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        clear_one_pair(chain)
        yield chain


@pytest.fixture(scope="module")
def site(market):
    with serving(market.target, "127.0.0.1", 0) as address:
        visitor = Visitor(address).join(market, SELLER, "seller-one")
        yield visitor, market.folder / "readmodel-embedded.sqlite"


def shown(visitor, path: str) -> list[str]:
    """The lines of a page that do not change with every request."""
    page = visitor.get(path)
    assert page.status == 200, page.text
    return [line for line in page.html.splitlines() if not any(w in line for w in OF_A_MOMENT)]


def all_shown(visitor) -> dict[str, list[str]]:
    return {path: shown(visitor, path) for path in PATHS}


def until_whole(visitor) -> int:
    """Wait until the pages read again; returns how often they said that they do not yet."""
    refusals, ends = 0, time.monotonic() + 60
    while True:
        page = visitor.get("desk/holdings")
        assert page.status in {200, 503}, page.text
        if page.status == 200:
            return refusals
        refusals += 1
        assert page.headers["Retry-After"]
        assert page.alerts, page.text
        assert "<footer>" in page.html  # in the layout, with the way out
        assert time.monotonic() < ends, page.text
        time.sleep(0.05)


def remove_all(file) -> None:
    for name in ("", "-wal", "-shm"):
        file.with_name(file.name + name).unlink(missing_ok=True)


def remove_main(file) -> None:
    file.unlink()


def drop_table(file) -> None:
    with sqlite3.connect(file, timeout=10) as db:
        db.execute("DROP TABLE holdings")


def other_block(file) -> None:
    with sqlite3.connect(file, timeout=10) as db:
        db.execute("UPDATE checkpoint SET block_hash = '0x11'")


def forget_position(file) -> None:
    with sqlite3.connect(file, timeout=10) as db:
        db.execute("DELETE FROM checkpoint")


def replace_by_older(file) -> None:
    """Put an empty database in the place, as a careless operator does."""
    remove_all(file)
    sqlite3.connect(file).close()


@pytest.mark.parametrize(
    "lose",
    [remove_all, remove_main, drop_table, other_block, forget_position, replace_by_older],
)
def test_read_model__lost_while_running__same_pages_and_still_signed_in(site, lose) -> None:
    visitor, file = site
    before = all_shown(visitor)
    lose(file)
    if lose is not other_block:  # whose rows are as they were until the projector looks
        assert until_whole(visitor) > 0
    time.sleep(1.5)
    until_whole(visitor)
    assert all_shown(visitor) == before
    assert visitor.get("keys").status == 200


def test_read_model__lost__pages_in_chinese_say_so(market, site) -> None:
    _, file = site
    reader = Visitor(site[0].address, "zh")
    forget_position(file)
    page = reader.get("members")
    assert page.status == 503
    assert "正在" in page.alerts[0]
    assert reader.get("sign-in").status == 200
    assert reader.get("healthz").status == 200
    until_whole(site[0])


def test_postgresql__tables_dropped_while_running__same_pages(market) -> None:
    with server() as url:
        settings = configuration.load(host="127.0.0.1", port=0, read_model=url)
        with serving(market.target, settings=settings) as address:
            reader = Visitor(address)
            before = shown(reader, "sessions/1")
            engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
            with engine.begin() as db:
                db.execute(text("DROP TABLE orders, checkpoint"))
            engine.dispose()
            ends, statuses = time.monotonic() + 60, set()
            while (page := reader.get("sessions/1")).status != 200:
                statuses.add(page.status)
                assert time.monotonic() < ends, page.text
                time.sleep(0.1)
            assert statuses == {503}
            assert shown(reader, "sessions/1") == before
