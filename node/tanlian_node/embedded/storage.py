"""Everything the chain keeps on disk: one SQLite file, in which a block is one transaction.

Trie nodes and code are stored under their hash and never deleted, so that every old block's state
can be read and proved. Readers use a connection per thread and never wait for the writer.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lru import LRU

from tanlian_node.embedded import rlp_codec
from tanlian_node.embedded.errors import FolderCorruptError, FolderMismatchError

SCHEMA_VERSION = "1"
SCHEMA = """
create table meta(key text primary key, value text not null) without rowid;
create table nodes(hash blob primary key, body blob not null) without rowid;
create table blocks(
  number integer primary key, hash blob not null unique, header blob not null,
  size integer not null);
create table transactions(
  hash blob primary key, block integer not null, position integer not null, raw blob not null,
  sender blob not null, status integer not null, gas_used integer not null,
  cumulative_gas integer not null, contract blob, output blob) without rowid;
create unique index transactions_place on transactions(block, position);
create table logs(
  block integer not null, position integer not null, transaction_position integer not null,
  transaction_hash blob not null, address blob not null,
  topic0 blob, topic1 blob, topic2 blob, topic3 blob, data blob not null,
  primary key(block, position)) without rowid;
create index logs_address on logs(address, topic0, block);
create index logs_topic on logs(topic0, block);
create table pool(
  hash blob primary key, raw blob not null, arrival integer not null) without rowid;
"""
CACHED_NODES = 50_000
LONGEST_CACHED_CODES = 1_000


class Store:
    """The SQLite file; `durable` waits for the disk at every commit (power cut), not only for the
    operating system (killed process).
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            self._writer = self._connect()
            self._writer.execute("pragma journal_mode=wal")
            self._writer.execute(f"pragma synchronous={'full' if durable else 'normal'}")
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise FolderCorruptError(f"{path} is no chain database: {error}") from error
        self.nodes = Nodes(self)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, check_same_thread=False, isolation_level=None, cached_statements=256
        )
        connection.execute("pragma busy_timeout=10000")
        connection.execute("pragma mmap_size=268435456")
        return connection

    def _prepare(self) -> None:
        tables = self._writer.execute("select count(*) from sqlite_master").fetchone()[0]
        if tables == 0:
            self._writer.executescript(
                f"begin; {SCHEMA} insert into meta values('schema', '{SCHEMA_VERSION}'); commit;"
            )
        elif (found := self.meta("schema")) != SCHEMA_VERSION:
            raise FolderMismatchError(
                f"{self._path} has database layout {found}, this program reads {SCHEMA_VERSION}: "
                "open it with the version that wrote it"
            )

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's own connection for reading."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            connection.execute("pragma query_only=on")
            with self._lock:
                self._readers.append(connection)
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the one writing connection inside a transaction that is durable at the end."""
        with self._lock:
            self._writer.execute("begin immediate")
            try:
                yield self._writer
                self._writer.execute("commit")
            except BaseException:
                self._writer.execute("rollback")
                raise

    def meta(self, key: str) -> str | None:
        row = self._writer.execute("select value from meta where key=?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def row(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self.reader.execute(query, values).fetchone()
        return found

    def rows(self, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self.reader.execute(query, tuple(values)).fetchall()

    def check(self) -> None:
        """Let SQLite check its own pages.

        Raises:
            FolderCorruptError: a page or an index is damaged.
        """
        found = self._writer.execute("pragma integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise FolderCorruptError(f"{self._path} is damaged: {found}")

    def close(self) -> None:
        with self._lock:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
            self._writer.close()


class Nodes:
    """Trie nodes and contract code by hash, with what was used lately kept decoded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._decoded: LRU[bytes, list[Any]] = LRU(CACHED_NODES)
        self._code: LRU[bytes, bytes] = LRU(LONGEST_CACHED_CODES)

    def node(self, node_hash: bytes) -> list[Any]:
        known = self._decoded.get(node_hash)
        if known is None:
            known = self._decoded[node_hash] = rlp_codec.decode(self._body(node_hash))
        return known

    def code(self, code_hash: bytes) -> bytes:
        known = self._code.get(code_hash)
        if known is None:
            known = self._code[code_hash] = self._body(code_hash)
        return known

    def remember(self, decoded: dict[bytes, list[Any]]) -> None:
        """Keep new nodes at hand; whoever made them also stores them."""
        self._decoded.update(decoded)

    def _body(self, node_hash: bytes) -> bytes:
        row = self._store.row("select body from nodes where hash=?", node_hash)
        if row is None:
            raise FolderCorruptError(f"trie node 0x{node_hash.hex()} is missing from the database")
        return bytes(row[0])
