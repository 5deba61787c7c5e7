"""Access to a market: the chain, its contracts, and the keys of the one who acts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tanlian.chain.book import Book, complete_book, open_book
from tanlian.chain.connection import TIMEOUT_SECONDS, Connection
from tanlian.chain.contracts import Contracts
from tanlian.chain.errors import BookError
from tanlian.chain.events import Event
from tanlian.chain.external_signer import ExternalKey, signer_name
from tanlian.chain.keyfiles import Keyfiles, passphrase_for
from tanlian.chain.keys import Key
from tanlian.chain.transactions import Receipt, Sender
from tanlian.domain.target import Target
from tanlian.services.deployment import Notice, deploy
from tanlian.services.networks import Network, network
from tanlian.services.protocol import PLAN, settled


@dataclass(frozen=True, slots=True)
class Access:
    """A market that stands, seen from one place."""

    network: Network
    connection: Connection
    contracts: Contracts

    @property
    def book(self) -> Book:
        return self.contracts.book

    def hasty(self, timeout: float) -> "Access":
        """The same market over a connection of its own that waits less long for an answer."""
        connection = connect(self.network, timeout=timeout, meets=self.book.verify)
        return Access(self.network, connection, Contracts.of(connection, self.book))

    def sender(self, key: str, passphrase_file: Path | None = None) -> Sender:
        """Act with a key: an alias in the network's folder, a path, or an external signer."""
        return sender_of(self.network, self.connection, key, passphrase_file)

    def act(self, sender: Sender, contract: str, function: str, *arguments: Any) -> Receipt:
        """Call a contract and wait until the call took effect.

        Raises:
            ContractRefused: it was refused; nothing changed.
        """
        return sender.send(self.contracts[contract].call(function, *arguments))

    def event(self, receipt: Receipt, contract: str, name: str) -> Event:
        """The first event of that name that a contract emitted in a transaction."""
        for event in self.contracts.events().decode(receipt.logs):
            if (event.contract, event.name) == (contract, name):
                return event
        raise BookError(
            f"Transaction {receipt.tx_hash} took effect, but {contract} reported no {name}; the "
            "book does not fit this chain.",
            tx_hash=receipt.tx_hash,
        )


def connect(
    found: Network,
    *,
    timeout: float = TIMEOUT_SECONDS,
    meets: Callable[[Connection], None] | None = None,
) -> Connection:
    """Speak to the network's node; it must serve the network's chain.

    With `meets` the node may be away still: it is checked when it answers for the first time.
    """
    return Connection(
        found.rpc,
        found.chain_id,
        timeout=timeout,
        credentials=found.credentials,
        meets=meets,
    )


def open_access(target: Target) -> Access:
    """Find the network, its node and its book, and make sure that they belong together.

    Raises:
        ChainUnreachable, WrongChain, BookError, NotFound: what is missing, and what to do.
    """
    found = network(target)
    connection = connect(found)
    return Access(found, connection, Contracts.of(connection, open_book(found.book, connection)))


def open_access_later(target: Target) -> Access:
    """Find the network and its book; its node may be away, and is checked when it answers.

    Raises:
        BookError, NotFound: what is missing, and what to do.
    """
    found = network(target)
    book = complete_book(found.book)
    connection = connect(found, meets=book.verify)
    return Access(found, connection, Contracts.of(connection, book))


def sender_of(
    found: Network, connection: Connection, key: str, passphrase_file: Path | None = None
) -> Sender:
    """Send transactions with a key, of a keyfile or of an external signer."""
    return Sender(connection, key_of(found, key, passphrase_file))


def key_of(found: Network, key: str, passphrase_file: Path | None = None) -> Key:
    """Open a keyfile (an alias in the network's folder, or a path), or name an external signer."""
    name = signer_name(key)
    if name is not None:
        return ExternalKey(name)
    return Keyfiles(found.keys).open(key, passphrase_for(key, passphrase_file))


def deploy_protocol(found: Network, sender: Sender, notice: Notice | None = None) -> Access:
    """Deploy whatever of the protocol is not deployed yet, and open it."""
    book = deploy(sender, PLAN, settled(found), network=found.name, path=found.book, notice=notice)
    return Access(found, sender.connection, Contracts.of(sender.connection, book))
