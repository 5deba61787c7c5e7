"""kill -9 at every step, and at any moment: what was signed happens once, the rest not at all."""

import os
import random
import signal
import time
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from harness.doomed_outbox import PLACES, SEND, Nursery
from harness.post_office import PostOffice
from tanlian.accounts.sealing import opened
from tanlian.accounts.tables import acts
from tanlian.services.outbox import Outbox

STEPS_OF_AN_ACT = 2
KILLED = -9


@pytest.fixture(scope="module")
def nursery():
    found = Nursery()
    yield found
    found.close()


@dataclass
class Life:
    """A process that acts through the outbox of the test."""

    nursery: Nursery
    pid: int
    post: PostOffice
    first: int

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def goes_on(self, seconds: float) -> None:
        """Let it live so long from its first signature on."""
        ends = time.monotonic() + 60
        while not self._has_signed():
            assert time.monotonic() < ends
            time.sleep(0.02)
        time.sleep(seconds)

    def _has_signed(self) -> bool:
        with self.post.engine.connect() as db:
            query = select(acts.c.details).where(acts.c.signed_at.is_not(None))
            signed = [opened(db, locked) for locked in db.execute(query).scalars()]
        return any(details["n"] >= self.first for details in signed)

    def end(self) -> int:
        """Wait for its end; an exit code of 1 means that something was raised."""
        return self.nursery.wait(self.pid)


@pytest.fixture
def live(post, chain, nursery):
    """Let a process draft and sign acts numbered from `first`."""

    def begin(first, count, *, threads=1, where=None) -> Life:
        database = post.engine.url.render_as_string(hide_password=False)
        genesis = chain.connection().genesis_hash
        pid = nursery.born(
            database, chain.url, genesis, post.counter.address, post.wang.id,
            first, count, threads, where,
        )  # fmt: skip
        return Life(nursery, pid, post, first)

    return begin


def settle_everything(post) -> dict[int, list[str]]:
    """Start anew, as the application after a power cut; returns the states by the act's number."""
    post.outbox = Outbox(post.engine, post.access, lambda: post.now)
    found: dict[int, list[str]] = {}
    with post.engine.connect() as db:
        query = select(acts.c.id, acts.c.details).order_by(acts.c.number)
        numbers = {row.id: opened(db, row.details)["n"] for row in db.execute(query)}
    with post.delivering():
        for act_id, number in numbers.items():
            one = post.until(act_id, "done", "drafted", seconds=60)
            found.setdefault(number, []).append(one.state)
    return found


def demand_exactly_once(post, states: dict[int, list[str]]) -> int:
    """Each act that was signed took effect once, no other did; returns how many were."""
    signed = sum(found.count("done") for found in states.values())
    counted = {n: post.counter.count(n) for n in states}
    assert counted == {n: STEPS_OF_AN_ACT * f.count("done") for n, f in states.items()}
    assert post.counter.total() == STEPS_OF_AN_ACT * signed
    assert post.nonce() == STEPS_OF_AN_ACT * signed  # no number was skipped or used for nothing
    return signed


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("place", [*PLACES, SEND])
def test_kill__at_this_step_of_the_second_act__exactly_once(post, live, place, when) -> None:
    of_the_first = {"step": 2, "mark": 2}.get(place, 1)
    assert live(0, 3, where=(when, place, of_the_first + 1)).end() == KILLED, "never came there"
    assert demand_exactly_once(post, settle_everything(post)) >= 1
    assert live(10, 1).end() == 0  # and it goes on
    assert post.counter.count(10) == STEPS_OF_AN_ACT


@pytest.mark.parametrize("interval", [0, 0.2])
def test_kill__at_any_moment_under_load__exactly_once(post, chain, live, interval) -> None:
    if interval:
        chain.stop()
        chain.start(interval=interval)
    random_ = random.Random(interval)
    for number in range(8):
        process = live(1_000 * number, 500, threads=3)
        process.goes_on(random_.uniform(0.0, 1.0))
        process.kill()
        assert process.end() == KILLED
    assert demand_exactly_once(post, settle_everything(post)) >= 8


def test_kill__one_of_two_processes__the_other_delivers_what_it_left(post, live) -> None:
    """Both sign with one key and one database; the one that delivers is killed."""
    first = live(0, 500, threads=2)
    first.goes_on(0.3)
    second = live(1_000, 25, threads=2)
    second.goes_on(0.3)
    first.kill()
    assert first.end() == KILLED
    assert second.end() == 0
    states = settle_everything(post)
    assert [states[n] for n in range(1_000, 1_025)] == [["done"]] * 25
    demand_exactly_once(post, states)


def test_kill__the_chain_too__exactly_once(post, chain, live) -> None:
    """The application and the chain go down again and again, together and apart."""
    random_ = random.Random(7)
    for number in range(4):
        process = live(1_000 * number, 500, threads=3)
        process.goes_on(random_.uniform(0.0, 0.8))
        with chain.away():
            time.sleep(random_.uniform(0.1, 0.5))
            if number % 2:
                process.kill()
        time.sleep(random_.uniform(0.1, 1.0))
        process.kill()
        process.end()
    assert demand_exactly_once(post, settle_everything(post)) >= 4
