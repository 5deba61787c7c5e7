"""A chain that is served over JSON-RPC, with keyfiles and the protocol deployed on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from tanlian.chain.connection import Connection
from tanlian.chain.keyfiles import QUICK, Keyfiles
from tanlian.chain.keys import Key, keccak
from tanlian.chain.transactions import Sender
from tanlian.cli import main
from tanlian.domain.target import Target
from tanlian.services.access import Access, deploy_protocol
from tanlian.services.networks import Network, network
from tanlian_node.embedded import EmbeddedChain

CHAIN_ID = 20260
PASSPHRASE = "open sesame"


@dataclass
class Served:
    """The network `embedded` with its files in a folder of the test."""

    chain: EmbeddedChain
    folder: Path

    @property
    def url(self) -> str:
        return self.chain.url

    @property
    def target(self) -> Target:
        return Target(rpc=self.url, book=self.folder / "book.json")

    @property
    def network(self) -> Network:
        return network(self.target)

    @property
    def keyfiles(self) -> Keyfiles:
        return Keyfiles(self.network.keys)

    def connection(self) -> Connection:
        return Connection(self.url, CHAIN_ID)

    def key(self, alias: str) -> Key:
        """The key of an alias, which is the same in every test; its file is made when missing."""
        secret = keccak(f"test/{alias}".encode())
        if alias not in self.keyfiles.aliases():
            self.keyfiles.keep(alias, secret, PASSPHRASE, cost=QUICK)
        return Key(secret)

    def sender(self, alias: str) -> Sender:
        return Sender(self.connection(), self.key(alias))

    def deploy(self) -> Access:
        self.key("regulator")
        return deploy_protocol(self.network, self.sender("deployer"))

    def run(self, *arguments: object, **environment: str) -> Result:
        """Run `tanlian …` against this chain, non-interactively."""
        before = ["--rpc", self.url, "--book", str(self.target.book)]
        env = {"TANLIAN_PASSPHRASE": PASSPHRASE, **environment}
        return CliRunner().invoke(main, [*before, *(str(a) for a in arguments)], env=env)


@contextmanager
def served(folder: Path, monkeypatch) -> Iterator[Served]:
    """Serve a chain that seals each transaction at once, with its clock under the test's control."""
    monkeypatch.setenv("TANLIAN_DATA", str(folder))
    with EmbeddedChain(interval=0, development=True, durable=False, chain_id=CHAIN_ID) as chain:
        yield Served(chain, folder)
