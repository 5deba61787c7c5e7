from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import delete

from harness.bare_chain import CHAIN_ID, bare_access
from harness.boxes import open_accounts
from harness.counter import deploy_counter
from harness.post_office import PostOffice, settle_in
from harness.postgres import server
from tanlian.accounts.tables import metadata
from tanlian.chain.connection import Connection
from tanlian.chain.keys import Key
from tanlian.chain.transactions import Sender
from tanlian_node.embedded import EmbeddedChain


@dataclass
class Mortal:
    """A chain at one address that stops, starts again, and can lose what waits in its pool."""

    folder: Path
    port: int = 0
    running: EmbeddedChain | None = field(default=None)

    def start(self, **options) -> None:
        self.running = EmbeddedChain(
            self.folder,
            port=self.port,
            chain_id=CHAIN_ID,
            **{"interval": 0, "development": True, "durable": False, **options},
        ).start_in_background()
        self.port = self.running.port

    def stop(self) -> None:
        if self.running is not None:
            self.running.stop()
        self.running = None

    @contextmanager
    def away(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()

    def seal(self, *, automatically: bool) -> None:
        self.connection().request("evm_setAutomine", automatically)

    def mine(self) -> None:
        self.connection().request("evm_mine")

    def lose_pool(self) -> None:
        """Forget what waits, as a node does that was switched off."""
        self.running.node.pool.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connection(self) -> Connection:
        return Connection(self.url, CHAIN_ID)

    def key(self, alias: str) -> Key:
        return Key.derived("test", alias)

    def sender(self, alias: str) -> Sender:
        return Sender(self.connection(), self.key(alias))


@pytest.fixture
def chain(tmp_path) -> Iterator[Mortal]:
    found = Mortal(tmp_path / "chain")
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(tmp_path, request) -> Iterator[str]:
    """The URL of an empty database, of both kinds."""
    url = f"sqlite:///{tmp_path / 'accounts.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
    yield url
    if request.param == "postgresql":
        engine = open_accounts(url)
        with engine.begin() as db:
            for table in reversed(metadata.sorted_tables):
                db.execute(delete(table))
        engine.dispose()


@pytest.fixture
def post(chain, database, monkeypatch) -> Iterator[PostOffice]:
    """The outbox over a chain that seals each transaction at once."""
    monkeypatch.setattr("tanlian.chain.connection.FIRST_PAUSE_SECONDS", 0.01)
    engine = open_accounts(database)
    counter = deploy_counter(chain.sender("deployer"))
    access = bare_access(chain.url, genesis=chain.connection().genesis_hash)
    yield PostOffice(engine, access, counter, chain.key("wang"), settle_in(engine))
    engine.dispose()
