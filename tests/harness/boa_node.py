"""titanoboa's chain behind the interface of a node, so that what reads a node reads its worlds.

Every call from outside that logged something is a block with one transaction. State is only that of
today: a view is answered as of now, whatever block was asked for.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boa
from eth_utils import keccak

from tanlian.chain.book import Book, Entry
from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts

CHAIN_ID = 20_262
GENESIS = "0x" + keccak(text="genesis").hex()
NAMES = {
    "membership": "Membership", "ledger": "CarbonLedger", "money": "SettlementToken",
    "allocation": "Allocation", "clearing_house": "ClearingHouse", "market": "CarbonMarket",
    "sessions": "TradingSessions", "settlement": "MarginSettlement",
    "block_trades": "BlockTrades", "methods": "EmissionMethods",
    "monitoring": "MonitoringRegistry", "emissions": "EmissionRegistry",
    "offsets": "OffsetRegistry", "compliance": "Compliance", "auction": "OneWayAuction",
    "coin": "CreditCoin", "incentives": "Incentives", "periodic_check": "PeriodicCheck",
    "supervision": "Supervision",
}  # fmt: skip
_IN_MARKET = {
    "market": "contract", "sessions": "sessions", "settlement": "settlement",
    "block_trades": "blocks", "clearing_house": "house",
}  # fmt: skip
_OTHER_NAMES = {"periodic_check": "check"}
_RECORDING: list["BoaNode"] = []
_WATCHED = ("execute_code", "deploy_code", "snapshot", "revert")


@dataclass
class Block:
    number: int
    time: int
    call: bytes
    logs: list[tuple[str, list[str], str]]  # address, topics, data

    @property
    def hash(self) -> str:
        return "0x" + keccak(text=f"block {self.number} {self.time} {self.logs}").hex()

    @property
    def tx_hash(self) -> str:
        return "0x" + keccak(text=f"transaction {self.hash}").hex()


@dataclass
class BoaNode:
    """What `Connection` offers, over the calls that were made while recording."""

    url: str = "boa"
    chain_id: int = CHAIN_ID
    genesis_hash: str = GENESIS
    blocks: list[Block] = field(default_factory=list)

    def take(self, call: bytes, computation: Any) -> None:
        if computation.is_error or not (logs := computation.get_log_entries()):
            return
        entries = [
            ("0x" + address.hex(), [f"0x{topic:064x}" for topic in topics], "0x" + data.hex())
            for address, topics, data in logs
        ]
        self.blocks.append(Block(len(self.blocks) + 1, boa.env.timestamp, call, entries))

    def head(self) -> int:
        return len(self.blocks)

    def block(self, number: int) -> dict[str, Any]:
        if number == 0:
            return {"number": "0x0", "hash": GENESIS, "timestamp": "0x0"}
        block = self.blocks[number - 1]
        return {"number": hex(number), "hash": block.hash, "timestamp": hex(block.time)}

    def request(self, method: str, *params: Any) -> Any:
        return getattr(self, f"_{method}")(*params)

    def batch(self, requests: list[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"result": self.request(method, *params)} for method, params in requests]

    def _eth_blockNumber(self) -> str:
        return hex(self.head())

    def _eth_getBlockByNumber(self, tag: str, _full: bool) -> dict[str, Any] | None:
        number = int(tag, 16)
        return self.block(number) if number <= self.head() else None

    def _eth_getTransactionByHash(self, tx_hash: str) -> dict[str, Any] | None:
        calls = {block.tx_hash: block.call for block in self.blocks}
        return {"input": "0x" + calls[tx_hash].hex()} if tx_hash in calls else None

    def _eth_getLogs(self, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        wanted = {address.lower() for address in question["address"]}
        first, last = int(question["fromBlock"], 16), int(question["toBlock"], 16)
        return [
            {
                "address": address,
                "topics": topics,
                "data": data,
                "blockNumber": hex(block.number),
                "logIndex": hex(index),
                "transactionHash": block.tx_hash,
            }
            for block in self.blocks[max(first - 1, 0) : last]
            for index, (address, topics, data) in enumerate(block.logs)
            if address in wanted
        ]

    def _eth_call(self, call: Mapping[str, str], _tag: str) -> str:
        result = boa.env.execute_code(
            to_address=call["to"], data=bytes.fromhex(call["data"][2:]), is_modifying=False
        )
        assert not result.is_error, f"{call} reverted: {result.error}"
        return "0x" + result.output.hex()

    def contracts(self, world: Any) -> Contracts:
        """The contracts of a world of the harness, as the application knows them."""
        found = {}
        for name, contract in NAMES.items():
            deployed = _named(world, name)
            if deployed is not None:
                address = deployed.address
                found[name] = Entry(contract, str(address), "0x", 0, "", "", ())
        book = Book("boa", CHAIN_ID, GENESIS, "", 0, 0, 0, found, (), complete=True)
        connection: Connection = self  # type: ignore[assignment]
        return Contracts.of(connection, book)


@contextmanager
def recorded() -> Iterator[BoaNode]:
    """Record every call while the block runs; what titanoboa takes back is forgotten here too."""
    node = BoaNode()
    if not _RECORDING:
        _watch()
    _RECORDING.append(node)
    try:
        yield node
    finally:
        _RECORDING.remove(node)
        if not _RECORDING:
            for name in _WATCHED:
                delattr(boa.env.evm, name)  # the class has the plain one


def _watch() -> None:
    """Put ears before titanoboa's machine, once for all who record."""
    machine = boa.env.evm
    plain = {name: getattr(machine, name) for name in _WATCHED}
    lengths: dict[Any, dict[int, int]] = {}

    def execute_code(**kwargs: Any) -> Any:
        computation = plain["execute_code"](**kwargs)
        if not kwargs["is_static"]:
            for node in _RECORDING:
                node.take(kwargs["data"], computation)
        return computation

    def deploy_code(**kwargs: Any) -> Any:
        computation = plain["deploy_code"](**kwargs)
        for node in _RECORDING:
            node.take(b"", computation)
        return computation

    def snapshot() -> Any:
        found = plain["snapshot"]()
        lengths[found] = {id(node): len(node.blocks) for node in _RECORDING}
        return found

    def revert(to: Any) -> None:
        plain["revert"](to)
        for node in _RECORDING:
            del node.blocks[lengths.get(to, {}).get(id(node), len(node.blocks)) :]

    for name, function in zip(_WATCHED, (execute_code, deploy_code, snapshot, revert), strict=True):
        setattr(machine, name, function)


def _named(world: Any, name: str) -> Any:
    """A contract of a world under the name the application uses; none where a mock stands in."""
    market = getattr(world, "market", None)
    inside = getattr(market, _IN_MARKET.get(name, "-"), None)
    found = inside or getattr(world, _OTHER_NAMES.get(name, name), None)
    return found if getattr(found, "contract_name", "") == NAMES[name] else None
