"""Transactions that wait for a block: what may enter, and what is durable before it is promised."""

import itertools
import threading
from dataclasses import dataclass, field

from tanlian_node.embedded import errors, transactions
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.permissions import Allowlist
from tanlian_node.embedded.transactions import LONGEST_INITCODE, Transaction
from tanlian_node.embedded.world import World

FURTHEST_NONCE = 5_000  # --tx-pool-max-future-by-sender of our Besu nodes
LARGEST = 100_000


@dataclass(slots=True)
class Entry:
    transaction: Transaction
    arrival: int
    stored: bool = field(default=False)
    replaces: bytes | None = None  # a transaction of the same sender and nonce


class Pool:
    """Waiting transactions by sender and nonce, kept in the database until a block holds them."""

    def __init__(self, chain: Chain, allowlist: Allowlist) -> None:
        self._chain = chain
        self._allowlist = allowlist
        self._lock = threading.RLock()
        self._commit_lock = threading.Lock()
        self._queue: list[Entry] = []
        self._by_sender: dict[bytes, dict[int, Entry]] = {}
        self._by_hash: dict[bytes, Entry] = {}
        self._arrivals = itertools.count(1)
        self.listeners: list[list[bytes]] = []  # hashes for pending-transaction filters
        self._restore()

    def _restore(self) -> None:
        rows = self._chain.store.rows("select raw from pool order by arrival")
        world = World(self._chain.layer(self._chain.head))
        for (raw,) in rows:
            transaction = transactions.decode(raw)
            if world.get_nonce(transaction.sender) <= transaction.nonce:
                self._insert(Entry(transaction, next(self._arrivals), stored=True))

    def __len__(self) -> int:
        return len(self._by_hash)

    def get(self, transaction_hash: bytes) -> Transaction | None:
        entry = self._by_hash.get(transaction_hash)
        return None if entry is None else entry.transaction

    def all(self) -> list[Transaction]:
        with self._lock:
            return [entry.transaction for entry in self._by_hash.values()]

    def next_nonce(self, sender: bytes) -> int:
        """The nonce after all transactions of a sender that can be executed one after the other."""
        with self._lock:
            nonce = World(self._chain.layer(self._chain.head)).get_nonce(sender)
            waiting = self._by_sender.get(sender, {})
            while nonce in waiting:
                nonce += 1
            return nonce

    def add(self, raw: bytes) -> Entry:
        """Check a transaction and let it wait; it is not durable yet.

        Raises:
            RpcError: it can never be executed, or its sender is not allowed.
        """
        transaction = transactions.decode(raw)
        self._check_alone(transaction)
        with self._lock:
            self._check_against_state(transaction)
            entry = Entry(transaction, next(self._arrivals))
            self._insert(entry)
            for listener in self.listeners:
                listener.append(transaction.hash)
            return entry

    def store(self, entries: list[Entry]) -> None:
        """Return when these entries are on disk; all who wait at the same time share one write."""
        with self._lock:
            self._queue.extend(entry for entry in entries if not entry.stored)
        with self._commit_lock:
            with self._lock:
                batch, self._queue = self._queue, []
            batch = [entry for entry in batch if not entry.stored]
            if not batch:
                return
            try:
                with self._chain.store.writing() as connection:
                    connection.executemany(
                        "insert or ignore into pool values(?, ?, ?)",
                        [(e.transaction.hash, e.transaction.raw, e.arrival) for e in batch],
                    )
                    connection.executemany(
                        "delete from pool where hash=?",
                        [(e.replaces,) for e in batch if e.replaces is not None],
                    )
            except BaseException:
                with self._lock:
                    for entry in batch:
                        self._remove(entry.transaction)
                raise
            for entry in batch:
                entry.stored = True

    def executable(self, *, stored_only: bool) -> list[Transaction]:
        """Transactions whose turn it is, by arrival, each sender's in the order of nonces."""
        with self._lock:
            world = World(self._chain.layer(self._chain.head))
            ready: list[tuple[int, int, Transaction]] = []
            for sender, waiting in self._by_sender.items():
                nonce = world.get_nonce(sender)
                latest = 0
                while (entry := waiting.get(nonce)) and (entry.stored or not stored_only):
                    latest = max(latest, entry.arrival)
                    ready.append((latest, nonce, entry.transaction))
                    nonce += 1
            ready.sort(key=lambda item: item[:2])
            return [transaction for _, _, transaction in ready]

    def unstored(self) -> list[Entry]:
        with self._lock:
            return [entry for entry in self._by_hash.values() if not entry.stored]

    def discard(self, done: list[Transaction]) -> None:
        """Forget transactions that a block holds, or never can."""
        with self._lock:
            for transaction in done:
                self._remove(transaction)

    def clear(self) -> None:
        with self._lock:
            self._by_sender.clear()
            self._by_hash.clear()

    def _insert(self, entry: Entry) -> None:
        transaction = entry.transaction
        waiting = self._by_sender.setdefault(transaction.sender, {})
        replaced = waiting.get(transaction.nonce)
        if replaced is not None:
            entry.replaces = replaced.transaction.hash
            del self._by_hash[replaced.transaction.hash]
        waiting[transaction.nonce] = entry
        self._by_hash[transaction.hash] = entry

    def _remove(self, transaction: Transaction) -> None:
        if self._by_hash.pop(transaction.hash, None) is None:
            return
        waiting = self._by_sender[transaction.sender]
        del waiting[transaction.nonce]
        if not waiting:
            del self._by_sender[transaction.sender]

    def _check_alone(self, transaction: Transaction) -> None:
        if transaction.chain_id is None:
            raise RpcError(errors.CHAIN_ID_REQUIRED)
        if transaction.chain_id != self._chain.chain_id:
            raise RpcError(errors.WRONG_CHAIN_ID)
        if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
            raise RpcError(errors.PRIORITY_FEE_EXCEEDS_FEE)
        if transaction.gas < transaction.minimal_gas:
            raise RpcError(errors.INTRINSIC_GAS_EXCEEDS_LIMIT)
        if not transaction.to and len(transaction.data) > LONGEST_INITCODE:
            raise RpcError(errors.INITCODE_TOO_LARGE)
        if transaction.gas > self._chain.head.gas_limit:
            raise RpcError(errors.EXCEEDS_BLOCK_GAS_LIMIT)
        if not self._allowlist.allows(transaction.sender):
            raise RpcError(errors.SENDER_NOT_AUTHORIZED)

    def _check_against_state(self, transaction: Transaction) -> None:
        if transaction.hash in self._by_hash:
            raise RpcError(errors.KNOWN_TRANSACTION)
        world = World(self._chain.layer(self._chain.head))
        nonce = world.get_nonce(transaction.sender)
        if world.get_balance(transaction.sender) < transaction.upfront_cost:
            raise RpcError(errors.UPFRONT_COST_EXCEEDS_BALANCE)
        if transaction.nonce < nonce:
            raise RpcError(errors.NONCE_TOO_LOW)
        if transaction.nonce > nonce + FURTHEST_NONCE:
            raise RpcError(errors.NONCE_TOO_DISTANT)
        waiting = self._by_sender.get(transaction.sender, {})
        rival = waiting.get(transaction.nonce)
        if rival is not None and transaction.max_fee_per_gas < rival.transaction.max_fee_per_gas:
            raise RpcError(errors.REPLACEMENT_UNDERPRICED)  # Besu asks no more where gas is free
        if len(self._by_hash) >= LARGEST:
            raise RpcError(errors.POOL_FULL)
