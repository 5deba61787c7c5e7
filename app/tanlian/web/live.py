"""Tells open pages that the tables moved on, without a thread of its own."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from threading import Lock

from tanlian.domain.errors import TanlianError

PAUSE_SECONDS = 0.1
MOST_OF_ONE = 4  # streams that the programs of one organisation may have open
LONGEST_SECONDS = 15 * 60  # a browser opens the stream again by itself
HEARTBEAT_SECONDS = 20


class TooManyStreams(TanlianError):
    """Each stream holds a thread of the server; beyond the bound pages reload by themselves."""

    code = "too_many_streams"


class Live:
    """Streams of block numbers to browsers, a bounded number at once.

    However many streams are open, the tables are asked once a pause: all share the answer.
    """

    def __init__(self, block: Callable[[], int | None], streams: int) -> None:
        self._block = block
        self._streams = streams
        self._lock = Lock()
        self._open = 0
        self._owned: Counter[int] = Counter()
        self._known: int | None = None
        self._asked = float("-inf")

    @property
    def open_streams(self) -> int:
        return self._open

    def blocks(self) -> "Stream":
        """Return server-sent events, one for each new block of the tables.

        Raises:
            TooManyStreams: every place is taken.
        """
        return self.follow(lambda block: [f"event: block\ndata: {block}\n\n"])

    def follow(
        self, lines: Callable[[int], Iterable[str] | None], owner: int | None = None
    ) -> "Stream":
        """Return what `lines` says of each new block of the tables; None ends the stream.

        Raises:
            TooManyStreams: every place is taken, or every one of `owner`.
        """
        with self._lock:
            if self._open >= self._streams:
                raise TooManyStreams("Too many pages follow the market live; this one will not.")
            if owner is not None and self._owned[owner] >= MOST_OF_ONE:
                raise TooManyStreams(
                    f"Programs of an organisation have at most {MOST_OF_ONE} streams open; "
                    "close one."
                )
            self._open += 1
            if owner is not None:
                self._owned[owner] += 1
        return Stream(self._follow(lines), lambda: self._end(owner))

    def _end(self, owner: int | None) -> None:
        with self._lock:
            self._open -= 1
            if owner is not None:
                self._owned[owner] -= 1

    def _newest(self) -> int | None:
        with self._lock:
            now = time.monotonic()
            if now - self._asked >= PAUSE_SECONDS:
                self._asked = now
                self._known = self._block()
            return self._known

    def _follow(self, lines: Callable[[int], Iterable[str] | None]) -> Generator[str, None, None]:
        ends, seen, spoke = time.monotonic() + LONGEST_SECONDS, None, time.monotonic()
        yield "retry: 2000\n\n"
        while time.monotonic() < ends:
            block = self._newest()
            if block is not None and block != seen:
                said = lines(block)
                if said is None:
                    return
                for line in said:
                    spoke = time.monotonic()
                    yield line
                seen = block
            if time.monotonic() - spoke > HEARTBEAT_SECONDS:
                spoke = time.monotonic()
                yield ": still here\n\n"
            time.sleep(PAUSE_SECONDS)


class Stream(Iterator[str]):
    """The events of one page; its place is given back when it is closed, also before it began."""

    def __init__(self, events: Generator[str, None, None], end: Callable[[], None]) -> None:
        self._events = events
        self._end: Callable[[], None] | None = end

    def __next__(self) -> str:
        return next(self._events)

    def close(self) -> None:
        """End the stream; a second time does nothing."""
        self._events.close()
        end, self._end = self._end, None
        if end is not None:
            end()
