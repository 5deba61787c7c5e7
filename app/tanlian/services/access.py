"""Access to a market: the chain, its contracts, and the keys of the one who acts."""

from dataclasses import dataclass
from pathlib import Path

from tanlian.chain.book import Book, open_book
from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.chain.keyfiles import Keyfiles, passphrase_for
from tanlian.chain.transactions import Sender
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

    def sender(self, key: str, passphrase_file: Path | None = None) -> Sender:
        """Open a keyfile to act with it: an alias in the network's folder, or a path to a file."""
        return sender_of(self.network, self.connection, key, passphrase_file)


def connect(found: Network) -> Connection:
    """Speak to the network's node; it must serve the network's chain."""
    return Connection(found.rpc, found.chain_id)


def open_access(target: Target) -> Access:
    """Find the network, its node and its book, and make sure that they belong together.

    Raises:
        ChainUnreachable, WrongChain, BookError, NotFound: what is missing, and what to do.
    """
    found = network(target)
    connection = connect(found)
    return Access(found, connection, Contracts.of(connection, open_book(found.book, connection)))


def sender_of(
    found: Network, connection: Connection, key: str, passphrase_file: Path | None = None
) -> Sender:
    """Open a keyfile to send transactions with it."""
    passphrase = passphrase_for(key, passphrase_file)
    return Sender(connection, Keyfiles(found.keys).open(key, passphrase))


def deploy_protocol(found: Network, sender: Sender, notice: Notice | None = None) -> Access:
    """Deploy whatever of the protocol is not deployed yet, and open it."""
    book = deploy(sender, PLAN, settled(found), network=found.name, path=found.book, notice=notice)
    return Access(found, sender.connection, Contracts.of(sender.connection, book))
