"""Processes that act through an outbox and may be told where to die, as by a power cut.

Run as a program it is a nursery: everything is loaded once, and each line of its input, a JSON list
of the arguments of `live`, forks a process that begins at once.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from harness.bare_chain import bare_access
from harness.boxes import open_accounts
from harness.counter import Counter
from tanlian.accounts import outbox
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import person
from tanlian.chain.connection import Connection
from tanlian.chain.keys import Key
from tanlian.services.delivery import Deliverer
from tanlian.services.news import News
from tanlian.services.outbox import Outbox

NOW = 1_800_000_000

# where it may die: every step at which the database or the chain learns something
PLACES = {
    "draft": (outbox, "add"),
    "lock": (outbox, "lock"),
    "claim": (outbox, "move"),
    "step": (outbox, "add_step"),
    "signed": (News, "signed"),
    "note": (Deliverer, "_note"),
    "mark": (outbox, "change_step"),
    "ends": (Deliverer, "_take_ends"),
    "record": (Deliverer, "_record"),
    "settle": (outbox, "settle"),
}
SEND = "send"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def doom(place: str, *, before: bool, time: int) -> None:
    """Die at the `time`-th passage of a place."""
    passages = []

    def passing(original, matters=lambda _arguments: True):
        def passed(*arguments, **named):
            counts = matters(arguments)
            if counts:
                passages.append(True)
            if counts and before and len(passages) == time:
                die()
            found = original(*arguments, **named)
            if counts and not before and len(passages) == time:
                die()
            return found

        return passed

    if place == SEND:

        def hands_over(arguments) -> bool:
            return any(method == "eth_sendRawTransaction" for method, _ in arguments[1])

        Connection.batch = passing(Connection.batch, hands_over)
        return
    owner, name = PLACES[place]
    setattr(owner, name, passing(getattr(owner, name)))


def live(database, url, genesis, address, user, first, count, threads, where) -> None:
    """Draft, sign and wait for `count` acts of two steps each, in several threads."""
    if where:
        when, place, time = where
        doom(place, before=when == "before", time=time)
    engine = open_accounts(database)
    access = bare_access(url, genesis=genesis)
    box = Outbox(engine, access, lambda: NOW)
    counter = Counter(access.connection, address)
    key, origin = Key.derived("test", "wang"), Origin("doomed", NOW)
    with engine.connect() as db:
        who = person(db, user)
    stop = threading.Event()
    delivery = threading.Thread(target=box.follow, args=(stop,))
    delivery.start()

    def act(numbers) -> None:
        for number in numbers:
            act_id = box.draft(
                origin, who, account=key.address, act="test.count", details={"n": number},
                calls=[counter.add(number), counter.add(number)], second_person=False,
            )  # fmt: skip
            box.sign(origin, who, act_id, key)
            box.wait(act_id, 30)

    numbers = range(first, first + count)
    crew = [threading.Thread(target=act, args=(numbers[n::threads],)) for n in range(threads)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    stop.set()
    delivery.join()


class Nursery:
    """The process from which the others are forked."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.doomed_outbox"],
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def born(self, *arguments) -> int:
        """Let a process begin; returns its number."""
        return int(self._ask(list(arguments)))

    def wait(self, pid: int) -> int:
        """Wait for its end; returns the exit code, negative for a signal."""
        return int(self._ask(pid))

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ask(self, question) -> str:
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def main() -> None:
    """Serve as nursery until the input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, int):
            answer = os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                os.dup2(2, 1)
                live(*asked)
                os._exit(0)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
