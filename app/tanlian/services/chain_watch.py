"""Whether the chain answers and how far it is, asked beside the pages so that none waits for it."""

import threading
from dataclasses import dataclass

from tanlian.chain.connection import Connection, quantity
from tanlian.chain.errors import ChainError
from tanlian.services.access import connect
from tanlian.services.networks import Network

PAUSE_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0  # a page that tells of a chain that hangs must not hang


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block; `time` in UTC seconds."""

    block: int
    time: int


class ChainWatch:
    """Asks a network's node for its head, again and again."""

    def __init__(self, found: Network) -> None:
        self._network = found
        self._head: Head | None = None

    def head(self) -> Head | None:
        """Return the head as last asked; None while the chain does not answer."""
        return self._head

    def follow(self, stop: threading.Event) -> None:
        """Ask until `stop` is set."""
        connection: Connection | None = None
        while not stop.is_set():
            try:
                if connection is None:
                    connection = connect(self._network, timeout=TIMEOUT_SECONDS)
                block = connection.block()
                self._head = Head(quantity(block["number"]), quantity(block["timestamp"]))
            except ChainError:  # the projector logs why
                self._head = None
            stop.wait(PAUSE_SECONDS)
