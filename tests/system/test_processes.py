"""Several processes of the pages on one PostgreSQL: one site, one of them keeps the tables."""

import json
import re
import threading
import time
import urllib.parse

import pyotp
import pytest
from sqlalchemy import create_engine, text

from harness.founded import found, ok, open_session
from harness.postgres import server
from harness.served import served
from harness.web_process import Process
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.store import open_read_model
from tanlian.readmodel.turn import turn
from tanlian.services.access import open_access

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def postgres():
    with server() as url:
        yield url


def database(postgres: str, name: str) -> str:
    """Make a database of the server; returns its URL."""
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    return postgres.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain)
        yield chain


def form_token(page: str) -> str:
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


@pytest.fixture(scope="module")
def two(market, postgres):
    environment = {
        "TANLIAN_ACCOUNTS": database(postgres, "people"),
        "TANLIAN_READ_MODEL": database(postgres, "model"),
    }
    starting = [Process(market, environment), Process(market, environment)]  # at the same moment
    both = [process.ready() for process in starting]
    yield both, environment
    for process in both:
        process.end()


def test_two_processes__sign_in_at_one__known_at_the_other(market, two) -> None:
    (first, second), environment = two
    link = ok(market, "web", "invite", 1, "Wang Li", **environment).strip()
    path = urllib.parse.urlparse(link).path.lstrip("/")
    page = first.read(path)
    secret = re.search(r'<code class="secret">(\w+)</code>', page)[1]
    totp = pyotp.TOTP(secret)
    given = {"login": "wang", "password": PASSWORD, "code": totp.now()}
    # the page came from one process, the form goes to the other: both know one secret
    jar = first._jar
    second.read(path, {**given, "csrf_token": form_token(page)}, jar)
    time.sleep(30 - time.time() % 30 + 0.5)  # a code is good once
    given = {"login": "wang", "password": PASSWORD, "code": totp.now()}
    page = second.read("sign-in", jar=jar)
    assert "Wang Li" in first.read("sign-in", {**given, "csrf_token": form_token(page)}, jar)
    assert "Wang Li" in second.read("people", jar=jar)


def test_two_processes__event__told_live_by_both_and_taken_in_once(market, two) -> None:
    (first, second), environment = two
    head = market.connection().head()
    heard: list[float] = []

    def listen(process: Process) -> None:
        with process.open("live") as stream:
            for line in stream:
                if line.startswith(b"data: ") and int(line[6:]) > head:
                    heard.append(time.monotonic())
                    return

    listeners = [threading.Thread(target=listen, args=(process,)) for process in (first, second)]
    for listener in listeners:
        listener.start()
    time.sleep(1)
    ok(market, "quote", 1, "buy", "68.00", 7, "--as", "other")
    for listener in listeners:
        listener.join(10)
    assert len(heard) == 2
    assert "68.00" in first.read("sessions/1")
    assert "68.00" in second.read("sessions/1")
    verdict = ok(market, "project", "verify", **environment)
    assert verdict.startswith("equal: ")
    for process in (first, second):
        assert [line for line in process.lines if line.get("level") in {"warning", "error"}] == []


def test_two_processes__the_one_that_projects_killed__the_other_takes_over(market, two) -> None:
    (first, second), environment = two
    engine = open_read_model(environment["TANLIAN_READ_MODEL"])
    with turn(engine) as mine:
        assert mine is None  # one of the two has it
    first.kill()
    ok(market, "quote", 1, "buy", "67.00", 9, "--as", "other")
    deadline = time.monotonic() + 15
    while "67.00" not in second.read("sessions/1"):
        assert time.monotonic() < deadline, second.lines
        time.sleep(0.2)
    assert json.loads(second.read("readyz"))["lag_blocks"] == 0
    engine.dispose()


def test_serve__terminated__ends_in_order_with_json_lines_only(market, two) -> None:
    _, second = two[0]
    assert second.end() == 0
    assert [line for line in second.lines if "text" in line] == []
    requests = [line for line in second.lines if line["logger"] == "tanlian.requests"]
    assert len({line["request"] for line in requests}) == len(requests) > 3


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_turn__taken__nobody_else_until_it_is_given_back(tmp_path, request, kind) -> None:
    url = f"sqlite:///{tmp_path / 'model.sqlite'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres")
    engine, other = open_read_model(url), open_read_model(url)
    with turn(engine) as mine:
        assert mine is not None
        assert mine.is_mine()
        with turn(other) as second:
            assert second is None
    with turn(other) as second:
        assert second is not None
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_catch_up__several_at_once__each_block_once(market, tmp_path, request, kind) -> None:
    """Whoever forgets to ask for the turn still cannot project a block twice."""
    url = f"sqlite:///{tmp_path / 'model.sqlite'}"
    if kind == "postgresql":
        url = database(request.getfixturevalue("postgres"), "crowded")
    access = open_access(market.target)
    engines = [open_read_model(url) for _ in range(4)]
    ends: list[int] = []
    failures: list[BaseException] = []

    def project(engine) -> None:
        try:
            ends.append(Projector(engine, open_access(market.target).contracts).catch_up().block)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=project, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert ends == [access.connection.head()] * 4
    from tanlian.readmodel.verification import verify

    assert verify(engines[0], access.contracts).differences == ()
    for engine in engines:
        engine.dispose()
