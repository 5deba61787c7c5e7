"""Filters that a client polls: new blocks, waiting transactions, logs."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tanlian_node.embedded import errors
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.logs import LogQuery
from tanlian_node.embedded.pool import Pool

LIFETIME = 600.0  # seconds without a poll, after which a filter is forgotten (as in Besu)


@dataclass
class Filter:
    next_block: int
    used_at: float
    query: LogQuery | None = None
    first: int | None = None  # block asked for; none: whichever is the newest when asked
    last: int | None = None
    pending: list[bytes] | None = None


class Filters:
    """All open filters of a node; they do not outlive the process."""

    def __init__(
        self, chain: Chain, pool: Pool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._chain = chain
        self._pool = pool
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, Filter] = {}

    def open_blocks(self) -> str:
        return self._open_filter(Filter(self._chain.head.number + 1, self._clock()))

    def open_pending(self) -> str:
        seen: list[bytes] = []
        self._pool.listeners.append(seen)
        return self._open_filter(Filter(0, self._clock(), pending=seen))

    def open_logs(self, query: LogQuery, first: int | None, last: int | None) -> str:
        return self._open_filter(
            Filter(self._chain.head.number + 1, self._clock(), query, first, last)
        )

    def close(self, name: Any) -> bool:
        with self._lock:
            found = self._open.pop(name, None)
        if found is not None and found.pending is not None:
            self._pool.listeners.remove(found.pending)
        return found is not None

    def changes(self, name: Any) -> list[Any]:
        """What is new since the last poll.

        Raises:
            RpcError: there is no such filter.
        """
        with self._lock:
            found = self._open.get(name)
            if found is None:
                raise RpcError(errors.FILTER_NOT_FOUND)
            found.used_at = self._clock()
            if found.pending is not None:
                seen, found.pending[:] = list(found.pending), []
                return ["0x" + item.hex() for item in seen]
            first, head = found.next_block, self._chain.head.number
            found.next_block = head + 1
        if found.query is None:
            numbers = range(first, head + 1)
            return ["0x" + self._chain.header(number).hash.hex() for number in numbers]
        first = max(first, found.first or 0)
        last = head if found.last is None else min(head, found.last)
        return found.query.find(self._chain, first, last) if first <= last else []

    def logs(self, name: Any) -> list[Any]:
        """Everything that a log filter's own range holds, also from before it was opened."""
        with self._lock:
            found = self._open.get(name)
            if found is None or found.query is None:
                raise RpcError(errors.LOGS_FILTER_NOT_FOUND)
            found.used_at = self._clock()
        head = self._chain.head.number
        first = head if found.first is None else found.first
        last = head if found.last is None else min(head, found.last)
        return found.query.find(self._chain, first, last)

    def _open_filter(self, new: Filter) -> str:
        name = "0x" + secrets.token_hex(16)
        now = self._clock()
        with self._lock:
            stale = [key for key, item in self._open.items() if now - item.used_at > LIFETIME]
            self._open[name] = new
        for key in stale:
            self.close(key)
        return name
