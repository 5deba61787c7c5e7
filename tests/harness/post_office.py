"""An outbox over a database of the test, with people of two organisations, and its deliverer."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from harness.counter import Counter
from tanlian.accounts.api_access import Once
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person, person
from tanlian.accounts.tables import act_transactions, acts, audit, users
from tanlian.chain.keys import Call, Key
from tanlian.services.access import Access
from tanlian.services.outbox import Outbox
from tanlian.services.submitted import Submitted

OURS, OTHERS = 2, 3


def settle_in(engine: Engine) -> dict[str, Person]:
    """Let wang and zhao of one organisation and the stranger of another be there."""
    found = {}
    for login, organisation in (("wang", OURS), ("zhao", OURS), ("stranger", OTHERS)):
        with engine.begin() as db:
            number = db.execute(
                insert(users)
                .values(
                    organisation=organisation,
                    login=login,
                    name=login,
                    language="zh",
                    password_hash="-",
                    totp_secret=b"-",
                    totp_last_step=0,
                    active=True,
                    created_at=0,
                )
                .returning(users.c.id)
            ).scalar_one()
            found[login] = person(db, number)
    return found


@dataclass
class PostOffice:
    engine: Engine
    access: Access
    counter: Counter
    key: Key
    people: dict[str, Person]
    now: int = 1_800_000_000
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.engine, self.access, lambda: self.now)

    @property
    def wang(self) -> Person:
        return self.people["wang"]

    @property
    def zhao(self) -> Person:
        return self.people["zhao"]

    @property
    def stranger(self) -> Person:
        return self.people["stranger"]

    @property
    def origin(self) -> Origin:
        return Origin("198.51.100.7", self.now)

    def draft(
        self,
        *calls: Call,
        second_person: bool = False,
        by: Person | None = None,
        once: Once | None = None,
    ) -> str:
        return self.outbox.draft(
            self.origin,
            by or self.wang,
            account=self.key.address,
            act="test.count",
            details={"amount": "5"},
            calls=calls,
            second_person=second_person,
            once=once,
        )

    def sign(self, act_id: str, by: Person | None = None, key: Key | None = None) -> None:
        self.outbox.sign(self.origin, by or self.wang, act_id, key or self.key)

    def act(self, act_id: str) -> Submitted:
        with self.engine.connect() as db:
            organisation = db.scalar(select(acts.c.organisation).where(acts.c.id == act_id))
        who = next(p for p in self.people.values() if p.organisation == organisation)
        return self.outbox.act(who, act_id)

    def state(self, act_id: str) -> str:
        return self.act(act_id).state

    def states(self, act_ids: Sequence[str]) -> set[str]:
        return {self.state(act_id) for act_id in act_ids}

    def until(self, act_id: str, *states: str, seconds: float = 20) -> Submitted:
        """Wait until an act is in one of the states."""
        ends = time.monotonic() + seconds
        while (found := self.act(act_id)).state not in states:
            assert time.monotonic() < ends, found
            time.sleep(0.02)
        return found

    def nonce(self) -> int:
        """How many transactions of the account are in blocks."""
        asked = ("eth_getTransactionCount", self.key.address, "latest")
        return int(self.access.connection.request(*asked), 16)

    def rows(self) -> list[tuple]:
        """Everything that is stored of acts: to compare before and after."""
        with self.engine.connect() as db:
            found = [tuple(row) for row in db.execute(select(acts).order_by(acts.c.number))]
            steps = select(act_transactions).order_by(act_transactions.c.id)
            return found + [tuple(row) for row in db.execute(steps)]

    def log(self) -> list[str]:
        with self.engine.connect() as db:
            return list(db.scalars(select(audit.c.act).order_by(audit.c.id)))

    @contextmanager
    def delivering(self, outbox: Outbox | None = None) -> Iterator[None]:
        """Deliver in a thread, as the application does."""
        stop = threading.Event()
        thread = threading.Thread(target=(outbox or self.outbox).follow, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
