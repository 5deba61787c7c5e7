"""Two processes of the pages on one PostgreSQL, and the one at work killed: events are told once and
in order, acts happen once.
"""

import threading
import time
from collections import Counter

import pytest
import requests
from sqlalchemy import create_engine, text

from harness.founded import found, ok, open_session
from harness.postgres import server
from harness.programs import Program, issued
from harness.receiver import receiving
from harness.served import served
from harness.visitor import Visitor
from harness.web_process import Process
from tanlian.readmodel.turn import CALLING, LOCKS, WORKS
from tanlian.services.access import open_access

SELLER, CEA24 = 4, 1 << 48 | 2024
PATIENCE_SECONDS = 20
KILLED = 2
QUOTE = {"session": 1, "side": "sell", "price": "69.10", "tonnes": 3}
# each process tells the database its name, so that it says who holds the turn of a work
HOLDERS = """
SELECT locks.objid, holder.application_name FROM pg_locks AS locks
JOIN pg_stat_activity AS holder USING (pid) WHERE locks.locktype = 'advisory' AND locks.granted
"""


class Site:
    """Processes by their names, over one market and one database server."""

    def __init__(self, chain, postgres: str) -> None:
        self.chain = chain
        self.processes: dict[str, Process] = {}
        self._admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
        with self._admin.connect() as db:
            for name in ("people", "model"):
                db.execute(text(f"CREATE DATABASE {name}"))
        self._urls = {
            "TANLIAN_ACCOUNTS": postgres.replace("/postgres?", "/people?"),
            "TANLIAN_READ_MODEL": postgres.replace("/postgres?", "/model?"),
        }

    def environment(self, name: str) -> dict[str, str]:
        urls = {key: f"{url}&application_name={name}" for key, url in self._urls.items()}
        return {**urls, "TANLIAN_WEB_WEBHOOK_HOSTS": "127.0.0.1"}

    def start(self, *names: str) -> None:
        """Start processes at one moment, and wait for them."""
        starting = {name: Process(self.chain, self.environment(name)) for name in names}
        for name, process in starting.items():
            self.processes[name] = process.ready()

    def holders(self) -> dict[str, str]:
        """Who does which work."""
        works = {LOCKS[work]: work for work in WORKS}
        with self._admin.connect() as db:
            rows = db.execute(text(HOLDERS)).all()
        return {works[number]: name for number, name in rows if number in works}

    def program(self, name: str, token: str) -> Program:
        return Program(self.processes[name].address, token)

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
        self._admin.dispose()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    with (
        server() as postgres,
        pytest.MonkeyPatch.context() as environment,
        served(folder, environment) as chain,
    ):
        found(chain, folder)
        open_session(chain)
        site = Site(chain, postgres)
        for key, value in site.environment("commands").items():
            environment.setenv(key, value)
        try:
            site.start("first", "second")
            yield site
        finally:
            site.close()


@pytest.fixture(scope="module")
def token(site):
    """What lets a program of the seller act, at either process."""
    person = Visitor(site.processes["first"].address).join(site.chain, SELLER, "seller-one")
    person.store_key(site.chain.network.keys / "seller.json")
    person.unlock()
    return issued(person, may_write="yes", may_sign="yes")


def until(holds, *told) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < ends, told
        time.sleep(0.05)


def pay_in(chain, name: str, times: int) -> None:
    """Make events: money that the bank records for the seller."""
    for each in range(times):
        payment = ("--payment", f"{name}-{each}")
        ok(chain, "money", "issue", "The seller", "10", "--as", "bank", *payment)


def events_behind(program: Program, after: str, payments: int) -> list[dict]:
    """The events behind a place, once so many payments are in the tables."""
    events: list[dict] = []

    def are_there() -> bool:
        events[:] = program.get("/events", after=after).json()["items"]
        return sum(event["event"] == "MoneyIssued" for event in events) == payments

    until(are_there)
    return events


def insist(site: Site, token: str, once: str) -> dict:
    """Ask for a quote until a process answers what became of it, as a careful program does."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        for name in site.processes:
            try:
                answer = site.program(name, token).do("order.place", QUOTE, once)
            except requests.RequestException:
                continue
            if answer.status_code == 200:
                return answer.json()
        time.sleep(0.1)
    raise AssertionError(f"nobody answered {once}")


def test_processes__the_one_at_work_killed__events_told_in_order_and_acts_done_once(
    site, token
) -> None:
    market = open_access(site.chain.target).contracts.market
    lots = market.read("account", CEA24, SELLER).open_sell_lots
    with receiving() as receiver:
        program = site.program("second", token)
        answer = program.post("/webhooks", {"url": receiver.url})
        assert answer.status_code == 201, answer.text
        receiver.secret, number = answer.json()["secret"], answer.json()["id"]
        begins = program.get(f"/webhooks/{number}").json()["after"]

        until(lambda: set(site.holders()) == set(WORKS), site.holders())
        pay_in(site.chain, "good", 4)
        expected = events_behind(program, begins, 4)
        until(lambda: len(receiver.taken) >= len(expected), receiver.ids, receiver.refused)
        time.sleep(1)  # for what would come twice
        assert [message["data"] for _, message in receiver.taken] == expected

        # whoever tells is killed in the middle of it; then the other, which then does everything
        for round_ in range(KILLED):
            payments = 6 + 2 * round_
            at_work = site.holders()[CALLING]
            doomed = site.processes.pop(at_work)
            (survivor,) = site.processes
            death = threading.Timer(0.5, doomed.kill)
            death.start()
            pay_in(site.chain, f"killed-{payments}", 2)
            done = [insist(site, token, f"quote-{payments}-{n}") for n in range(3)]
            death.join()
            assert {one["state"] for one in done} == {"done"}
            expected = events_behind(site.program(survivor, token), begins, payments)
            everything = dict.fromkeys(WORKS, survivor)
            until(lambda everything=everything: site.holders() == everything, site.holders())
            if round_ < KILLED - 1:
                site.start(at_work)

        until(lambda: len(set(receiver.ids)) >= len(expected), receiver.ids, receiver.refused)
        heard = [message["data"] for _, message in receiver.taken]
        once = [one for place, one in enumerate(heard) if one not in heard[:place]]
        assert once == expected
        # only what a killed process told and could not note came again, under the same id
        assert sum(times - 1 for times in Counter(receiver.ids).values()) <= KILLED
        assert receiver.refused == []
    assert (
        market.read("account", CEA24, SELLER).open_sell_lots == lots + 3 * QUOTE["tonnes"] * KILLED
    )
    assert ok(site.chain, "project", "verify").startswith("equal: ")
