"""Tells open pages that the tables moved on, without a thread of its own."""

import time
from collections.abc import Callable, Iterator
from threading import BoundedSemaphore

from tanlian.domain.errors import TanlianError

PAUSE_SECONDS = 0.25
LONGEST_SECONDS = 15 * 60  # a browser opens the stream again by itself
HEARTBEAT_SECONDS = 20


class TooManyStreams(TanlianError):
    """Each stream holds a thread of the server; beyond the bound pages reload by themselves."""

    code = "too_many_streams"


class Live:
    """Streams of block numbers to browsers, a bounded number at once."""

    def __init__(self, block: Callable[[], int | None], streams: int) -> None:
        self._block = block
        self._places = BoundedSemaphore(streams)

    def blocks(self) -> Iterator[str]:
        """Yield a server-sent event for each new block of the tables.

        Raises:
            TooManyStreams: every place is taken.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyStreams("Too many pages follow the market live; this one will not.")
        return self._follow()

    def _follow(self) -> Iterator[str]:
        try:
            ends, seen, spoke = time.monotonic() + LONGEST_SECONDS, None, time.monotonic()
            yield "retry: 2000\n\n"
            while time.monotonic() < ends:
                block = self._block()
                if block is not None and block != seen:
                    seen, spoke = block, time.monotonic()
                    yield f"event: block\ndata: {block}\n\n"
                elif time.monotonic() - spoke > HEARTBEAT_SECONDS:
                    spoke = time.monotonic()
                    yield ": still here\n\n"
                time.sleep(PAUSE_SECONDS)
        finally:
            self._places.release()
