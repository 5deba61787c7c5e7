"""Whether the tables, the node and the book are of one chain."""

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.chain.errors import ChainError, WrongChain
from tanlian.domain.errors import TanlianError
from tanlian.readmodel.checkpoints import Position, position
from tanlian.readmodel.tables import blocks, checkpoint


class OtherChain(TanlianError):
    """The tables are of another chain than the one the node serves."""

    code = "other_chain"


class NodeBehind(ChainError):
    """The node has not come as far as the tables, or as the deployment."""

    code = "node_behind"


class Belonging:
    """Compares one database with the node of one deployment."""

    def __init__(self, engine: Engine, contracts: Contracts) -> None:
        self._engine = engine
        self._book = contracts.book
        self._chain: Connection = contracts.connection

    def verified_position(self) -> Position | None:
        """Return where the tables are, if they are of this chain; None while they are empty.

        Raises:
            OtherChain: they are of another one, or hold rows and nobody knows up to where.
            NodeBehind: the node has not come as far.
        """
        with self._engine.begin() as db:
            here = position(db)
            genesis = db.scalar(select(checkpoint.c.genesis_hash))
            known = db.scalar(select(func.count()).select_from(blocks)) if here is None else 0
        if here is None:
            if known:
                raise OtherChain(
                    "The tables do not say up to which block they are; rebuild them with `tanlian "
                    "project rebuild`."
                )
            return None
        block = self._chain.request("eth_getBlockByNumber", hex(here.block), False)
        is_ours = genesis == self._chain.genesis_hash
        if is_ours and block is None and self._has_our_past():
            raise NodeBehind(
                f"The node has not come to block {here.block} yet, up to which the tables are.",
                block=here.block,
            )
        if not is_ours or block is None or block["hash"] != here.block_hash:
            raise OtherChain(
                f"The tables end at block {here.block} {here.block_hash[:10]}…, which this chain "
                "does not have; rebuild them with `tanlian project rebuild`.",
                block=here.block,
            )
        return here

    def check_chain(self) -> None:
        """Make sure that the node serves the chain of the book, also if it was replaced meanwhile.

        Raises:
            WrongChain, BookError: it serves another one.
        """
        genesis = self._chain.block(0)["hash"]
        if genesis != self._book.genesis_hash:
            raise WrongChain(
                f"The node at {self._chain.url} serves a chain that begins with {genesis[:10]}…; "
                f"the book is of {self._book.genesis_hash[:10]}….",
                expected=self._book.genesis_hash,
                found=genesis,
            )
        self._book.verify(self._chain)

    def _has_our_past(self) -> bool:
        """Whether the newest block with events that the node has come to is one of the tables."""
        head = self._chain.head()
        known = select(blocks).where(blocks.c.number <= head).order_by(blocks.c.number.desc())
        with self._engine.connect() as db:
            ours = db.execute(known.limit(1)).mappings().one_or_none()
        if ours is None:
            return head < self._book.first_block()
        theirs = self._chain.request("eth_getBlockByNumber", hex(ours["number"]), False)
        return theirs is not None and theirs["hash"] == ours["hash"]
