"""Contracts bound to their addresses: reads, and calls ready to be sent."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tanlian.chain.abi import Interface
from tanlian.chain.book import Book
from tanlian.chain.connection import Connection, result_of
from tanlian.chain.errors import NodeRefused
from tanlian.chain.events import EventReader
from tanlian.chain.keys import Call
from tanlian_contracts import artifact

Block = int | str


# A contract that runs another one's code on its own storage (delegatecall) also says its events.
RUNS_CODE_OF = {"CarbonMarket": ("ClearingHouse",)}


@cache
def interface_of(name: str) -> Interface:
    """The interface of a contract that the package has compiled, by its CamelCase name."""
    abi = list(artifact(name)["abi"])
    for other in RUNS_CODE_OF.get(name, ()):
        abi += [e for e in artifact(other)["abi"] if e["type"] == "event" and e not in abi]
    return Interface(name, abi)


@dataclass(frozen=True, slots=True)
class Reading:
    """A question to a contract, to be asked alone or with many others in one request."""

    contract: "Contract"
    function: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract on one chain."""

    connection: Connection
    address: str
    interface: Interface

    def read(self, function: str, *arguments: Any, block: Block = "latest") -> Any:
        """Ask a view; a struct comes as a named tuple.

        Raises:
            ContractRefused: the view reverted.
        """
        return self.read_many([Reading(self, function, arguments)], block=block)[0]

    def reading(self, function: str, *arguments: Any) -> Reading:
        return Reading(self, function, arguments)

    def read_many(self, readings: Sequence[Reading], *, block: Block = "latest") -> list[Any]:
        """Ask many views, of this or other contracts, in as few requests as the node allows."""
        tag = hex(block) if isinstance(block, int) else block
        forms = [r.contract.interface.function(r.function, len(r.arguments)) for r in readings]
        requests = [
            (
                "eth_call",
                [
                    {"to": r.contract.address, "data": "0x" + form.data(r.arguments).hex()},
                    tag,
                ],
            )
            for r, form in zip(readings, forms, strict=True)
        ]
        answers = self.connection.batch(requests)
        found = []
        for reading, form, answer in zip(readings, forms, answers, strict=True):
            result = result_of(answer)
            if result is None or (result == "0x" and form.outputs):
                raise NodeRefused(
                    f"{reading.contract.interface.name} at {reading.contract.address} has no "
                    f"answer to {form.signature} at block {tag}; it did not exist then.",
                    address=reading.contract.address,
                )
            found.append(form.result(bytes.fromhex(result[2:])))
        return found

    def call(self, function: str, *arguments: Any, gas: int = 0) -> Call:
        """A call to be sent; without a gas limit it is estimated before it is sent.

        Raises:
            InvalidInput: an argument does not fit.
        """
        form = self.interface.function(function, len(arguments))
        return Call(to=self.address, data=form.data(arguments), gas=gas)


@dataclass(frozen=True, slots=True)
class Contracts:
    """All contracts of one book, by their snake_case names."""

    connection: Connection
    book: Book
    _bound: dict[str, Contract]

    @classmethod
    def of(cls, connection: Connection, book: Book) -> "Contracts":
        bound = {
            name: Contract(connection, entry.address, interface_of(entry.contract))
            for name, entry in book.contracts.items()
        }
        return cls(connection, book, bound)

    def __getitem__(self, name: str) -> Contract:
        self.book.address(name)  # says what the book has where it lacks the name
        return self._bound[name]

    def __contains__(self, name: str) -> bool:
        return name in self._bound

    def __iter__(self) -> Iterator[str]:
        return iter(self._bound)

    @property
    def membership(self) -> Contract:
        return self["membership"]

    @property
    def ledger(self) -> Contract:
        return self["ledger"]

    @property
    def money(self) -> Contract:
        return self["money"]

    @property
    def allocation(self) -> Contract:
        return self["allocation"]

    @property
    def market(self) -> Contract:
        return self["market"]

    def events(self) -> EventReader:
        """Reads the events of all contracts of the book."""
        return EventReader(
            self.connection, {n: (c.address, c.interface) for n, c in self._bound.items()}
        )

    def read_many(self, readings: Iterable[Reading], *, block: Block = "latest") -> list[Any]:
        """Ask many views of any of the contracts at once."""
        asked = list(readings)
        return asked[0].contract.read_many(asked, block=block) if asked else []
