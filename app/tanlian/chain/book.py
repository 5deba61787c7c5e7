"""The address book of one deployment: what stands where on which chain, written by machine.

The file is written before the first transaction and after each step, always as a whole (rename), so
that an interrupted deployment finds in it all that it needs to go on.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tanlian.chain.connection import Connection, result_of
from tanlian.chain.errors import BookError, WrongChain
from tanlian.chain.keys import keccak

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One contract: where it is, how it came there, and what it was made of."""

    contract: str
    address: str
    tx_hash: str
    block: int
    integrity: str
    code_hash: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Wiring:
    """One wiring transaction that was done."""

    step: str
    tx_hash: str
    block: int


@dataclass(frozen=True, slots=True)
class Book:
    """The record of a deployment."""

    network: str
    chain_id: int
    genesis_hash: str
    deployer: str
    first_nonce: int
    max_fee: int
    priority_fee: int
    contracts: Mapping[str, Entry] = field(default_factory=dict)
    wiring: tuple[Wiring, ...] = ()
    complete: bool = False

    def address(self, name: str) -> str:
        """Where a contract is, by its snake_case name.

        Raises:
            BookError: the book has no such contract.
        """
        entry = self.contracts.get(name)
        if entry is None:
            known = ", ".join(self.contracts) or "none yet"
            raise BookError(f"The book has no contract {name!r}; it has {known}.", name=name)
        return entry.address

    def first_block(self) -> int:
        """The block before which no contract of the book existed."""
        return min((entry.block for entry in self.contracts.values()), default=0)

    def with_contract(self, name: str, entry: Entry) -> "Book":
        return replace(self, contracts={**self.contracts, name: entry})

    def with_wiring(self, wiring: Wiring) -> "Book":
        return replace(self, wiring=(*self.wiring, wiring))

    def write(self, path: Path) -> None:
        """Replace the file as a whole: a reader sees the old book or the new one, never half."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        with draft.open("w") as file:
            json.dump({"format": FORMAT, **asdict(self)}, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def verify(self, connection: Connection) -> None:
        """Refuse a chain that is not the book's, by chain id, genesis hash and contract code.

        Raises:
            WrongChain: the chain is another one.
            BookError: a contract's code is missing or different.
        """
        if self.chain_id != connection.chain_id or self.genesis_hash != connection.genesis_hash:
            raise WrongChain(
                f"The book is of chain {self.chain_id} (genesis {self.genesis_hash[:10]}…), but "
                f"the node at {connection.url} serves chain {connection.chain_id} (genesis "
                f"{connection.genesis_hash[:10]}…); name the right --book or --rpc, or deploy anew "
                "with another book.",
                expected=self.genesis_hash,
                found=connection.genesis_hash,
            )
        answers = connection.batch(
            [("eth_getCode", [entry.address, "latest"]) for entry in self.contracts.values()]
        )
        for (name, entry), answer in zip(self.contracts.items(), answers, strict=True):
            code = bytes.fromhex(result_of(answer)[2:])
            if code_hash(code) != entry.code_hash:
                what = "no code" if not code else "other code than the book says"
                raise BookError(
                    f"At {entry.address} ({name}) there is {what}; the book does not describe this "
                    "chain. Deploy anew with another book.",
                    name=name,
                    address=entry.address,
                )


def code_hash(code: bytes) -> str:
    return "0x" + keccak(code).hex()


def read_book(path: Path) -> Book | None:
    """Read a book; none where there is no file.

    Raises:
        BookError: the file is no book, or of a later format.
    """
    try:
        content = json.loads(path.read_text())
        if content.pop("format") != FORMAT:
            raise BookError(f"{path} was written by another version of Tanlian.", path=str(path))
        entries = {
            name: Entry(**{**entry, "arguments": _as_tuple(entry["arguments"])})
            for name, entry in content.pop("contracts").items()
        }
        wiring = tuple(Wiring(**step) for step in content.pop("wiring"))
        return Book(**content, contracts=entries, wiring=wiring)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BookError(f"{path} is no address book: {error}.", path=str(path)) from error


def open_book(path: Path, connection: Connection) -> Book:
    """Read a book and make sure that it is of this chain and complete.

    Raises:
        BookError: there is none, or it is malformed or unfinished.
        WrongChain: it is of another chain.
    """
    book = complete_book(path)
    book.verify(connection)
    return book


def complete_book(path: Path) -> Book:
    """Read a book that must be complete; no node is asked whether it is of its chain.

    Raises:
        BookError: there is none, or it is malformed or unfinished.
    """
    book = read_book(path)
    if book is None:
        raise BookError(
            f"There is no address book at {path}; deploy with `tanlian deploy`, or name the right "
            "one with --book.",
            path=str(path),
        )
    if not book.complete:
        raise BookError(
            f"The deployment in {path} was interrupted; run `tanlian deploy` again to finish it.",
            path=str(path),
        )
    return book


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(part) for part in value) if isinstance(value, list) else value
