"""Events of the contracts, read from logs in ranges of blocks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tanlian.chain.abi import Interface
from tanlian.chain.connection import Connection, quantity
from tanlian.chain.errors import NodeRefused

BLOCKS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Event:
    """One event: which contract said what, and where it stands in the chain."""

    contract: str
    name: str
    arguments: dict[str, Any]
    block: int
    log_index: int
    tx_hash: str
    header: tuple[str, int] | None = None  # hash and time of its block, where the node adds them

    def __getitem__(self, argument: str) -> Any:
        return self.arguments[argument]


class EventReader:
    """Reads the events of contracts known by address."""

    def __init__(self, connection: Connection, contracts: dict[str, tuple[str, Interface]]) -> None:
        """Take the contracts as name -> (address, interface)."""
        self._connection = connection
        self._contracts = contracts
        self._by_address = {
            address.lower(): (name, interface) for name, (address, interface) in contracts.items()
        }

    def decode(self, logs: Iterable[dict[str, Any]]) -> Iterator[Event]:
        """Turn raw logs into events; those of other contracts and unknown events are left out."""
        for log in logs:
            known = self._by_address.get(log["address"].lower())
            if known is None or not log["topics"]:
                continue
            name, interface = known
            kind = interface.by_topic.get(log["topics"][0])
            if kind is None:
                continue
            time = log.get("blockTimestamp")
            yield Event(
                name,
                kind.name,
                kind.arguments(log["topics"], log["data"]),
                quantity(log["blockNumber"]),
                quantity(log["logIndex"]),
                log["transactionHash"],
                None if time is None else (log["blockHash"], quantity(time)),
            )

    def read(
        self,
        first: int = 0,
        last: int | None = None,
        *,
        contracts: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
    ) -> Iterator[Event]:
        """Read the events of a range of blocks, both ends included, in the chain's order."""
        wanted = list(self._contracts) if contracts is None else list(contracts)
        question: dict[str, Any] = {"address": [self._contracts[name][0] for name in wanted]}
        if names is not None:
            question["topics"] = [
                [
                    kind.topic
                    for contract in wanted
                    for kind in self._contracts[contract][1].events.values()
                    if kind.name in names
                ]
            ]
        end = self._connection.head() if last is None else last
        size = BLOCKS_AT_ONCE
        while first <= end:
            upto = min(first + size - 1, end)
            try:
                logs = self._connection.request(
                    "eth_getLogs", {**question, "fromBlock": hex(first), "toBlock": hex(upto)}
                )
            except NodeRefused:
                if size == 1:
                    raise
                size = max(1, size // 4)  # the node limits ranges or answers
                continue
            yield from self.decode(logs)
            first = upto + 1
