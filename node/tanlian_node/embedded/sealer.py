"""When blocks are made: every interval while there is a reason to, or at once for each request."""

import logging
import threading
import time
from collections.abc import Callable

from tanlian_node.embedded import errors
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.pool import Entry, Pool
from tanlian_node.embedded.transactions import Transaction

logger = logging.getLogger(__name__)
LONGEST_SELECTION = 2.0  # seconds of execution after which a block takes no more transactions


class Sealer:
    """Turns waiting transactions into blocks; `interval` 0 means at once."""

    def __init__(
        self,
        chain: Chain,
        pool: Pool,
        *,
        interval: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._chain = chain
        self._pool = pool
        self._interval = interval
        self._clock = clock
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.fault: BaseException | None = None
        self.offset = 0  # seconds that development has put the clock forward
        self.automatic = True

    @property
    def instant(self) -> bool:
        return self._interval == 0

    def start(self) -> None:
        if self.instant:
            self.seal_waiting()
            return
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the block in hand, if any, and make no further one."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            pass

    def accept(self, entries: list[Entry]) -> None:
        """Return when these transactions will survive anything that stops the process."""
        if self.fault is not None:
            raise RpcError(errors.INTERNAL_ERROR)
        if self.instant and self.automatic:
            self.seal_waiting()
        else:
            self._pool.store(entries)

    def seal_waiting(self) -> None:
        """Make blocks until nothing executable waits; the rest is stored for later."""
        with self._lock:
            while candidates := self._pool.executable(stored_only=False):
                before = self._chain.head.number
                self._seal(candidates)
                if self._chain.head.number == before:
                    break
            self._pool.store(self._pool.unstored())

    def keep_time(self) -> None:
        """Let the head be no older than an interval, for whoever is about to look at it."""
        if self.instant or self._stop.is_set():
            return
        if self._now() - self._chain.head.timestamp <= self._interval + 1:
            return
        if self._lock.acquire(blocking=False):
            try:
                if self._now() - self._chain.head.timestamp > self._interval + 1:
                    self._seal(self._pool.executable(stored_only=True))
            finally:
                self._lock.release()

    def mine(self, timestamp: int | None = None) -> Header:
        """Make a block now, empty or not (development only)."""
        with self._lock:
            self._seal(self._pool.executable(stored_only=False), timestamp=timestamp)
            return self._chain.head

    def rewind(self, number: int) -> None:
        with self._lock:
            self._chain.rewind(number)
            self._pool.clear()

    def next_timestamp(self) -> int:
        """The time that the next block would carry."""
        parent = self._chain.head.timestamp
        return max(int(self._now()), parent + (1 if self._interval >= 1 else 0))

    def aim(self, timestamp: int) -> None:
        """Put the clock so that the next block carries this time (development only)."""
        self.offset = timestamp - int(self._clock())

    def _now(self) -> float:
        return self._clock() + self.offset

    def _seal(self, candidates: list[Transaction], *, timestamp: int | None = None) -> None:
        chain = self._chain
        limit = max(LONGEST_SELECTION, self._interval)
        moment = timestamp or self.next_timestamp()
        draft = chain.draft(candidates, moment, limit)
        done = [receipt.transaction for receipt in draft.block.receipts]
        unstored = []
        if self.instant:
            gone = {transaction.hash for transaction in (*done, *draft.refused)}
            unstored = [e for e in self._pool.unstored() if e.transaction.hash not in gone]
        with chain.store.writing() as connection:
            connection.executemany("insert or ignore into nodes values(?, ?)", draft.fresh.items())
            draft.block.insert(connection)
            connection.executemany(
                "delete from pool where hash=?",
                [(transaction.hash,) for transaction in (*done, *draft.refused)],
            )
            connection.executemany(
                "insert or ignore into pool values(?, ?, ?)",
                [(e.transaction.hash, e.transaction.raw, e.arrival) for e in unstored],
            )
        for entry in unstored:
            entry.stored = True
        chain.adopt(draft)
        self._pool.discard([*done, *draft.refused])
        if draft.refused:
            logger.warning("dropped %d transactions that cannot be executed", len(draft.refused))

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._until_next()):
                with self._lock:
                    if candidates := self._pool.executable(stored_only=True):
                        self._seal(candidates)
        except BaseException as error:
            self.fault = error
            logger.critical("no more blocks can be sealed: %s", error)
            raise

    def _until_next(self) -> float:
        now = self._clock()
        return max(0.01, self._interval - now % self._interval)
