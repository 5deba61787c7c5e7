"""Whom the allowlists follow: one or several registers, by address or by address book.

An address book is the file that a deployment writes (`tanlian deploy`). It is there before the
first transaction, with the deployer's account, and names the contracts as they come to stand; hence
a service that follows a book lets a deployment in and goes on with what it deployed.

Two contracts name accounts that send: Membership those of the organisations, MonitoringRegistry the
gateways that anchor an organisation's readings. A gateway is no member's account: it may anchor and
nothing else.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tanlian_node.errors import InvalidNetwork
from tanlian_node.rpc import Rpc
from tanlian_node.transactions import Contract

ACTIVE_BIT = 72  # of a standing word, see contracts/modules/standing.vy


@dataclass(frozen=True, slots=True)
class Register:
    """One market's contracts that name accounts; without `monitoring` its gateways are left out."""

    membership: str
    monitoring: str | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """Registers, and accounts outside of them that may send: deployers."""

    registers: tuple[Register, ...] = ()
    accounts: tuple[str, ...] = ()


def followed(memberships: Iterable[str], books: Iterable[Path]) -> Followed:
    """Put addresses and books together; a book that is not there yet names nobody.

    Raises:
        InvalidNetwork: a file is no address book.
    """
    registers = [Register(membership) for membership in memberships]
    accounts: list[str] = []
    for path in books:
        found = _read(path)
        registers += found.registers
        accounts += found.accounts
    return Followed(tuple(dict.fromkeys(registers)), tuple(dict.fromkeys(accounts)))


def accounts_of(rpc: Rpc, register: Register) -> frozenset[str]:
    """The accounts that the active organisations of a register send with, all at one block.

    Suspended organisations are left out: they may not send, and the contracts refuse them too.
    """
    membership = Contract("Membership", register.membership)
    block = hex(rpc.height())
    count = int(membership.read(rpc, "organisation_count", block=block))
    words = membership.read_many(
        rpc, [("standing_of", (number,)) for number in range(1, count + 1)], block=block
    )
    active = [number for number, word in enumerate(words, start=1) if int(word) >> ACTIVE_BIT & 1]
    found = membership.read_many(rpc, [("accounts_of", (one,)) for one in active], block=block)
    if register.monitoring is not None and active:
        year = _year_of(rpc, block)
        asked = [("gateways", (one, y)) for one in active for y in (year - 1, year, year + 1)]
        found += Contract("MonitoringRegistry", register.monitoring).read_many(
            rpc, asked, block=block
        )
    return frozenset(str(account).lower() for accounts in found for account in accounts)


def _year_of(rpc: Rpc, block: str) -> int:
    """The calendar year of a block; logbooks are opened by years."""
    head = rpc.call("eth_getBlockByNumber", block, False)
    return datetime.fromtimestamp(int(head["timestamp"], 16), UTC).year


def _read(path: Path) -> Followed:
    try:
        book = json.loads(path.read_text())
        addresses = {name: str(entry["address"]) for name, entry in book["contracts"].items()}
        deployer = str(book["deployer"])
    except FileNotFoundError:
        return Followed()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidNetwork(
            f"{path} is no address book of a deployment ({error}).", path=str(path)
        ) from error
    if "membership" not in addresses:
        return Followed((), (deployer,))
    return Followed((Register(addresses["membership"], addresses.get("monitoring")),), (deployer,))
