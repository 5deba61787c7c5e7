"""How many requests one API key may send: its own measure, so that no program starves another.

Each process counts for itself; a key has a minute's worth in stock and gets it back evenly.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from tanlian.domain.errors import TanlianError

SECONDS = 60
_MOST_KNOWN = 10_000


class TooManyRequests(TanlianError):
    """The key has used up its stock; `retry_after` seconds bring it one request back."""

    code = "too_many_requests"


@dataclass(slots=True)
class Stock:
    """What a key has left, as of a moment of the monotonic clock."""

    left: float
    as_of: float


class Rates:
    """The stocks of the keys that were used lately."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._stocks: dict[str, Stock] = {}
        self._lock = Lock()

    def take(self, key: str) -> int:
        """Count a request; returns how many are left.

        Raises:
            TooManyRequests: none is left.
        """
        with self._lock:
            now = self._clock()
            if len(self._stocks) >= _MOST_KNOWN:
                self._stocks = {k: s for k, s in self._stocks.items() if now - s.as_of < SECONDS}
            stock = self._stocks.setdefault(key, Stock(self.per_minute, now))
            gained = (now - stock.as_of) * self.per_minute / SECONDS
            stock.left, stock.as_of = min(self.per_minute, stock.left + gained), now
            if stock.left < 1:
                wait = int((1 - stock.left) * SECONDS / self.per_minute) + 1
                raise TooManyRequests(
                    f"This API key may send {self.per_minute} requests a minute; "
                    f"send the next one in {wait} seconds.",
                    retry_after=wait,
                )
            stock.left -= 1
            return int(stock.left)
