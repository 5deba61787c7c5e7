"""Access to a chain on which nothing is deployed: for what needs a chain and no contracts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.fake_node import fake_node
from tanlian.chain.book import Book
from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.services.access import Access
from tanlian.services.networks import Network

CHAIN_ID = 20260
GENESIS = "0x" + "ab" * 32


@contextmanager
def silent_node() -> Iterator[str]:
    """Yield the URL of a node that says which chain it serves, and nothing more."""
    with fake_node({"eth_chainId": lambda: hex(CHAIN_ID)}) as silent:
        yield silent.url


def bare_access(url: str, *, genesis: str = GENESIS) -> Access:
    """Speak to a node with an empty book."""
    book = Book("bare", CHAIN_ID, genesis, "0x" + "00" * 20, 0, 0, 0)
    connection = Connection(url, CHAIN_ID)
    nowhere = Path("nowhere")
    found = Network("bare", CHAIN_ID, url, nowhere, nowhere, {})
    return Access(found, connection, Contracts.of(connection, book))
