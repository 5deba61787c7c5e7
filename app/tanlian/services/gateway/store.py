"""What a gateway holds on disk: readings, what was put aside, batches. SQLite, one writer.

A reading counts as taken only when it is in here; every change is one transaction with a full sync,
so that a crash loses nothing that was acknowledged.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tanlian.domain.monitoring.plausibility import Doubt
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading
from tanlian.proofs.logbook import Batch
from tanlian.proofs.merkle_sum import Node
from tanlian.services.reading_files import Anchor, SignedReading

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
  source INTEGER, device INTEGER, start INTEGER, sequence INTEGER, body BLOB NOT NULL,
  signature BLOB NOT NULL, received_at INTEGER NOT NULL, PRIMARY KEY (device, start));
CREATE INDEX IF NOT EXISTS reading_start ON reading (start);
CREATE UNIQUE INDEX IF NOT EXISTS reading_sequence ON reading (device, sequence)
  WHERE sequence > 0;
CREATE TABLE IF NOT EXISTS quarantine (
  number INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, origin TEXT NOT NULL,
  reason TEXT NOT NULL, detail TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS batch (
  first_hour INTEGER PRIMARY KEY, hours INTEGER NOT NULL, root BLOB NOT NULL, mass_g TEXT NOT NULL,
  count INTEGER NOT NULL, tx TEXT, block INTEGER);
"""


class Taken(StrEnum):
    """What became of a reading."""

    STORED = "stored"
    KNOWN = "known already"  # the very same reading came again; nothing changes
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something that was not taken, with its reason."""

    number: int
    received_at: int
    origin: str
    reason: Doubt
    detail: str
    payload: bytes


class GatewayStore:
    """The file of one gateway. Safe to use from several threads."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file, or make it. With `read_only` the gateway itself may write meanwhile."""
        self._lock = threading.RLock()
        if read_only:
            place = f"{path.absolute().as_uri()}?mode=ro"
            self._db = sqlite3.connect(place, uri=True, check_same_thread=False)
            return
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """Make all changes within one transaction: on disk at the end, or none of them."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def keep(self, signed: SignedReading, now: int) -> Doubt | Taken:
        """Store a reading unless its hour, its number or its place in the order says otherwise."""
        r = signed.reading
        with self.together() as db:
            # two questions, so that each is answered from its own index
            found = db.execute(
                "SELECT sequence, body FROM reading WHERE device = ? AND start = ? UNION "
                "SELECT sequence, body FROM reading "
                "WHERE device = ? AND sequence = ? AND sequence > 0",
                (r.device, r.start, r.device, r.sequence),
            ).fetchall()
            if found == [(r.sequence, r.body)]:
                return Taken.KNOWN
            if any(sequence for sequence, _ in found):
                return Doubt.REPLAYED
            if found or self._closed(r.start):  # what stands for the hour is no device's word
                return Doubt.LATE
            if r.sequence == 0 or not self._in_order(db, r):
                return Doubt.OUT_OF_SEQUENCE
            self._insert(db, signed, now)
        return Taken.STORED

    def put_aside(self, doubt: Doubt, detail: str, payload: bytes, origin: str, now: int) -> None:
        with self.together() as db:
            db.execute(
                "INSERT INTO quarantine (received_at, origin, reason, detail, payload) "
                "VALUES (?, ?, ?, ?, ?)",
                (now, origin, doubt.value, detail, payload),
            )

    def quarantine(self) -> list[Quarantined]:
        """Return all that was put aside, oldest first."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM quarantine ORDER BY number").fetchall()
        return [Quarantined(n, at, origin, Doubt(why), d, p) for n, at, origin, why, d, p in rows]

    def readings(self, first_hour: int, hours: int) -> list[SignedReading]:
        """Return the readings of a span, in the order of the trees."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body, signature FROM reading WHERE start >= ? AND start < ? ORDER BY body",
                (first_hour * SECONDS_PER_HOUR, (first_hour + hours) * SECONDS_PER_HOUR),
            ).fetchall()
        return [SignedReading(Reading.from_body(body), signature) for body, signature in rows]

    def measured_before(self, device: int, start: int, hours: int) -> list[int]:
        """Return the masses of the last measured hours of a device before a time."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM reading WHERE device = ? AND start < ? AND sequence > 0 "
                "ORDER BY start DESC LIMIT ?",
                (device, start, hours),
            ).fetchall()
        return [Reading.from_body(body).mass_g for (body,) in rows]

    def close_batch(self, batch: Batch, filled: Sequence[SignedReading], now: int) -> None:
        """Store what stands in for missing hours and the batch itself, at once."""
        with self.together() as db:
            for signed in filled:
                self._insert(db, signed, now)
            db.execute(
                "INSERT INTO batch (first_hour, hours, root, mass_g, count) VALUES (?, ?, ?, ?, ?)",
                (
                    batch.first_hour, batch.hours, batch.root.digest, str(batch.root.mass_g),
                    batch.root.count,
                ),
            )  # fmt: skip

    def batches(self, *, anchored: bool) -> list[Anchor]:
        """Return the closed batches, in order: those on the chain, or those that are not yet."""
        with self._lock:
            rows = self._db.execute(
                "SELECT first_hour, hours, root, mass_g, count, tx, block FROM batch "
                "WHERE (tx IS NOT NULL) = ? ORDER BY first_hour",
                (anchored,),
            ).fetchall()
        return [
            Anchor(hour, hours, Node(root, int(mass), count), transaction or "", block or 0)
            for hour, hours, root, mass, count, transaction, block in rows
        ]

    def next_hour(self) -> int | None:
        """Return the hour after the last closed batch; None before the first."""
        with self._lock:
            (hour,) = self._db.execute("SELECT max(first_hour + hours) FROM batch").fetchone()
        return None if hour is None else int(hour)

    def mark_anchored(self, first_hour: int, transaction: str, block: int) -> None:
        with self.together() as db:
            db.execute(
                "UPDATE batch SET tx = ?, block = ? WHERE first_hour = ?",
                (transaction, block, first_hour),
            )

    def _closed(self, start: int) -> bool:
        upto = self.next_hour()
        return upto is not None and start < upto * SECONDS_PER_HOUR

    @staticmethod
    def _in_order(db: sqlite3.Connection, r: Reading) -> bool:
        """Say whether later numbers mean later hours, on both sides of this reading."""
        before = db.execute(
            "SELECT start FROM reading INDEXED BY reading_sequence "
            "WHERE device = ? AND sequence > 0 AND sequence < ? "
            "ORDER BY sequence DESC LIMIT 1",
            (r.device, r.sequence),
        ).fetchone()
        after = db.execute(
            "SELECT start FROM reading INDEXED BY reading_sequence "
            "WHERE device = ? AND sequence > ? AND sequence > 0 "
            "ORDER BY sequence LIMIT 1",
            (r.device, r.sequence),
        ).fetchone()
        return (before is None or before[0] < r.start) and (after is None or r.start < after[0])

    @staticmethod
    def _insert(db: sqlite3.Connection, signed: SignedReading, now: int) -> None:
        r = signed.reading
        db.execute(
            "INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?)",
            (r.source, r.device, r.start, r.sequence, r.body, signed.signature, now),
        )
