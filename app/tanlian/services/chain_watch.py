"""Whether the chain answers and how far it is, asked beside the pages so that none waits for it."""

import threading
import time
from dataclasses import dataclass

from tanlian.chain.book import Book
from tanlian.chain.connection import quantity
from tanlian.chain.contracts import Contracts
from tanlian.chain.errors import ChainError
from tanlian.domain.errors import TanlianError
from tanlian.proofs.evidence.sealed_header import read_header
from tanlian.services.access import connect
from tanlian.services.evidence_export import raw_header
from tanlian.services.networks import Network

PAUSE_SECONDS = 1.0
FACTS_SECONDS = 15.0
TIMEOUT_SECONDS = 5.0  # a page that tells of a chain that hangs must not hang


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block; `time` in UTC seconds."""

    block: int
    time: int


@dataclass(frozen=True, slots=True)
class Sealing:
    """Who may seal blocks, and who of them sealed `block`."""

    block: int
    block_hash: str
    time: int
    validators: tuple[str, ...]
    sealers: frozenset[str]


class ChainWatch:
    """Asks a network's node for its head again and again, and now and then who seals."""

    def __init__(self, found: Network, book: Book) -> None:
        self._network = found
        self._book = book
        self._head: Head | None = None
        self._sealing: Sealing | None = None
        self._rules: dict[str, str] = {}
        self._asked = float("-inf")

    def head(self) -> Head | None:
        """Return the head as last asked; None while the chain does not answer."""
        return self._head

    def sealing(self) -> Sealing | None:
        """Return who sealed a recent block; None until the chain answered once."""
        return self._sealing

    def rules(self) -> dict[str, str]:
        """Return the hashes of the rules that contracts are sealed with, by contract."""
        return self._rules

    def follow(self, stop: threading.Event) -> None:
        """Ask until `stop` is set."""
        contracts: Contracts | None = None
        while not stop.is_set():
            try:
                if contracts is None:
                    check = self._book.verify
                    connection = connect(self._network, timeout=TIMEOUT_SECONDS, meets=check)
                    contracts = Contracts.of(connection, self._book)
                self.look(contracts)
            except ChainError:  # the projector logs why
                self._head = None
            stop.wait(PAUSE_SECONDS)

    def look(self, contracts: Contracts) -> None:
        """Ask once.

        Raises:
            ChainError: no answer, or one that is none.
        """
        connection = contracts.connection
        block = connection.block()
        self._head = Head(quantity(block["number"]), quantity(block["timestamp"]))
        if time.monotonic() - self._asked < FACTS_SECONDS:
            return
        self._asked = time.monotonic()
        validators = connection.request("qbft_getValidatorsByBlockNumber", block["number"])
        try:
            sealers = frozenset(read_header(raw_header(block)).sealers)
        except TanlianError:  # the genesis block is sealed by nobody
            sealers = frozenset()
        self._sealing = Sealing(
            self._head.block,
            block["hash"],
            self._head.time,
            tuple(validator.lower() for validator in validators),
            sealers,
        )
        incentives, check = contracts["incentives"], contracts["periodic_check"]
        self._rules = {
            "incentives": "0x" + incentives.read("amendment", 0).rules_hash.hex(),
            "periodic_check": "0x" + check.read("rules_hash").hex(),
        }
