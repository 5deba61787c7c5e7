"""What the chain says about ranges of blocks, each asked for while the one before is used."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from tanlian.chain.connection import quantity, result_of
from tanlian.chain.contracts import Contracts
from tanlian.chain.events import Event
from tanlian.readmodel.projections.registry import asking_for_data, asking_for_view

BLOCKS_AT_FIRST = 100
BLOCKS_AT_ONCE = 2_000
EVENTS_AT_ONCE = 10_000  # in one transaction, about: full blocks hold hundreds of events each


class Header(NamedTuple):
    """What the tables keep of a block."""

    hash: str
    time: int


class Stretch(NamedTuple):
    """What the chain says about a range of blocks up to `last`."""

    last: int
    found: list[Event]
    headers: dict[int, Header]
    data: dict[str, bytes]
    answers: dict[tuple[int, int], Any]


class StretchReader:
    """Reads the events of a deployment with all that their takers ask for."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self._chain = contracts.connection
        self._events = contracts.events()

    def read(self, start: int, head: int) -> Iterator[Stretch]:
        """Yield all blocks from `start` to `head`, in ranges of about EVENTS_AT_ONCE.

        Raises:
            ChainError: the node does not answer, or refuses.
        """
        size = BLOCKS_AT_FIRST
        with ThreadPoolExecutor(1, "stretch") as readers:
            stretch = self._stretch(start, min(start + size - 1, head))
            while stretch.last < head:
                most = size * EVENTS_AT_ONCE // max(len(stretch.found), 1)
                size = max(1, min(most, 4 * size, BLOCKS_AT_ONCE))
                first = stretch.last + 1
                ahead = readers.submit(self._stretch, first, min(first + size - 1, head))
                yield stretch
                stretch = ahead.result()
            yield stretch

    def _stretch(self, first: int, last: int) -> Stretch:
        found = list(self._events.read(first, last))
        headers = self._headers(found, last)
        return Stretch(last, found, headers, self._data_of_calls(found), self._answers(found))

    def _data_of_calls(self, found: Sequence[Event]) -> dict[str, bytes]:
        """What the transactions were called with behind the events whose takers asked for it."""
        asked = {e.tx_hash: None for e in found if (e.contract, e.name) in asking_for_data}
        answers = self._chain.batch([("eth_getTransactionByHash", [h]) for h in asked])
        calls = {h: result_of(answer) for h, answer in zip(asked, answers, strict=True)}
        return {h: bytes.fromhex(call["input"][2:]) for h, call in calls.items() if call}

    def _answers(self, found: Sequence[Event]) -> dict[tuple[int, int], Any]:
        """What the views say for which takers asked, by the event's place."""
        asked = [e for e in found if (e.contract, e.name) in asking_for_view]
        readings = []
        for event in asked:
            view, arguments = asking_for_view[event.contract, event.name]
            contract = self._contracts[event.contract]
            readings.append(contract.reading(view, *(event.arguments[name] for name in arguments)))
        answers = self._contracts.read_many(readings)
        return {(e.block, e.log_index): a for e, a in zip(asked, answers, strict=True)}

    def _headers(self, found: Sequence[Event], last: int) -> dict[int, Header]:
        """Hash and time of every block with events and of the last one."""
        headers = {event.block: Header(*event.header) for event in found if event.header}
        wanted = sorted({event.block for event in found if not event.header} | {last})
        answers = self._chain.batch([("eth_getBlockByNumber", [hex(n), False]) for n in wanted])
        for number, answer in zip(wanted, answers, strict=True):
            # a node may announce a block a moment before it serves it
            block = result_of(answer) or self._chain.block(number)
            headers[number] = Header(block["hash"], quantity(block["timestamp"]))
        return headers
