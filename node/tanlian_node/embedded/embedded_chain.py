"""The whole embedded chain as one object: open a folder, serve it, close it."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import coincurve

from tanlian_node.embedded import genesis as genesis_document
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import FolderMismatchError
from tanlian_node.embedded.filters import Filters
from tanlian_node.embedded.folder import Folder, new_key
from tanlian_node.embedded.genesis import DEFAULT_CHAIN_ID, DEFAULT_GAS_LIMIT, Genesis
from tanlian_node.embedded.header import address_of
from tanlian_node.embedded.node import Node
from tanlian_node.embedded.permissions import Allowlist
from tanlian_node.embedded.pool import Pool
from tanlian_node.embedded.rpc import Dispatcher
from tanlian_node.embedded.sealer import Sealer
from tanlian_node.embedded.server import Application, Server

HOST = "127.0.0.1"


def initialise(
    path: Path | str,
    *,
    genesis: Mapping[str, Any] | Path | None = None,
    keys: Sequence[bytes] = (),
    chain_id: int = DEFAULT_CHAIN_ID,
    alloc: Mapping[str, Mapping[str, Any]] | None = None,
    gas_limit: int = DEFAULT_GAS_LIMIT,
    block_seconds: int = 1,
    allowlist: Sequence[str] | None = None,
) -> Folder:
    """Lay out a new chain: with a given genesis, or with one made from the other arguments.

    Raises:
        GenesisError: the genesis asks for what the embedded chain cannot do.
        FolderMismatchError: the folder already holds a chain.
    """
    folder = Folder(Path(path))
    private = [coincurve.PrivateKey(key) for key in keys] or [new_key()]
    if isinstance(genesis, Path):
        parsed = Genesis.read(genesis)
    else:
        parsed = Genesis.parse(
            genesis
            or genesis_document.document(
                validators=[address_of(key.public_key) for key in private],
                chain_id=chain_id,
                alloc=alloc,
                gas_limit=gas_limit,
                block_seconds=block_seconds,
            )
        )
    folder.write(parsed, private)
    if allowlist is not None:
        Allowlist(folder.permissions_file).enable(list(allowlist))
    return folder


class EmbeddedChain:
    """A chain that is served from the start of the `with` block to its end.

    Without a folder it lives in a temporary one, and does not wait for the disk. `interval` 0 seals
    each transaction at once (for tests); otherwise a block comes every `interval` seconds (by
    default as the genesis says). Further keyword arguments go to `initialise` if the folder holds
    no chain yet.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        interval: float | None = None,
        host: str = HOST,
        port: int = 0,
        development: bool = False,
        durable: bool | None = None,
        **initial: Any,
    ) -> None:
        self._temporary = (
            tempfile.TemporaryDirectory(prefix="tanlian-chain-") if path is None else None
        )
        self.folder = Folder(Path(self._temporary.name if self._temporary else str(path)))
        self._interval = interval
        self._host = host
        self._port = port
        self._development = development
        self._durable = path is not None if durable is None else durable
        self._initial = initial
        self.node: Node
        self._server: Server

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def chain_id(self) -> int:
        return self.node.chain.chain_id

    def start_in_background(self) -> Self:
        """Open the folder and serve it from threads of this process.

        Raises:
            ChainError: the folder or the port cannot be used; the sentence says why.
        """
        self.folder.acquire()
        try:
            if not self.folder.is_initialised:
                initialise(self.folder.path, **self._initial)
            else:
                self._check_same_chain()
            self._start()
        except BaseException:
            self.folder.release()
            raise
        return self

    def _check_same_chain(self) -> None:
        """Refuse a folder whose chain is not the one that the arguments describe."""
        found = self.folder.genesis()
        wanted = self._initial.get("chain_id", found.chain_id)
        if found.chain_id != wanted:
            raise FolderMismatchError(
                f"{self.folder.path} holds chain {found.chain_id}, not {wanted}: use another "
                "folder, or leave the chain id out"
            )
        given = self._initial.get("genesis")
        if given is None:
            return
        document = Genesis.read(given).document if isinstance(given, Path) else dict(given)
        if document != found.document:
            raise FolderMismatchError(
                f"{self.folder.path} holds a chain with another genesis: use another folder, or "
                "leave the genesis out"
            )

    def _start(self) -> None:
        chain = Chain(self.folder, durable=self._durable)
        try:
            allowlist = Allowlist(self.folder.permissions_file)
            pool = Pool(chain, allowlist)
            interval = self._interval
            if interval is None:
                interval = float(chain.genesis.block_seconds)
            sealer = Sealer(chain, pool, interval=interval)
            filters = Filters(chain, pool)
            self.node = Node(chain, pool, sealer, filters, allowlist, self._development)
            application = Application(Dispatcher(self.node))
            self._server = Server(application, host=self._host, port=self._port)
            self.node.sealer.start()
            self._server.start()
        except BaseException:
            chain.close()
            raise

    def stop(self) -> None:
        """Finish what is under way, close the database, free the folder."""
        self._server.stop()
        self.node.sealer.stop()
        self.node.chain.close()
        self.folder.release()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start_in_background()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
