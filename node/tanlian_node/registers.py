"""Whom the allowlists follow: one or several Membership contracts, by address or by address book.

An address book is the file that a deployment writes (`tanlian deploy`). It is there before the
first transaction, with the deployer's account, and names Membership once that stands; hence a
service that follows a book lets a deployment in and goes on with what it deployed.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tanlian_node.errors import InvalidNetwork


@dataclass(frozen=True, slots=True)
class Followed:
    """Registers, and accounts outside of them that may send: deployers."""

    registers: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


def followed(memberships: Iterable[str], books: Iterable[Path]) -> Followed:
    """Put addresses and books together; a book that is not there yet names nobody.

    Raises:
        InvalidNetwork: a file is no address book.
    """
    registers = list(memberships)
    accounts: list[str] = []
    for path in books:
        found = _read(path)
        registers += found.registers
        accounts += found.accounts
    return Followed(tuple(dict.fromkeys(registers)), tuple(dict.fromkeys(accounts)))


def _read(path: Path) -> Followed:
    try:
        book = json.loads(path.read_text())
        membership: Sequence[str] = [
            str(entry["address"])
            for name, entry in book["contracts"].items()
            if name == "membership"
        ]
        return Followed(tuple(membership), (str(book["deployer"]),))
    except FileNotFoundError:
        return Followed()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidNetwork(
            f"{path} is no address book of a deployment ({error}).", path=str(path)
        ) from error
