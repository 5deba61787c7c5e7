"""The chain: its head, its past, and how a block comes into being."""

import itertools
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lru import LRU

from tanlian_node.embedded import machine, rlp_codec, trie
from tanlian_node.embedded.blocks import Block, Log, Receipt, bloom
from tanlian_node.embedded.errors import FolderCorruptError, FolderMismatchError
from tanlian_node.embedded.folder import Folder
from tanlian_node.embedded.header import (
    EMPTY_BLOOM,
    MIX_HASH,
    VANITY,
    Extra,
    Header,
    address_of,
    quorum,
)
from tanlian_node.embedded.storage import Store
from tanlian_node.embedded.transactions import Transaction
from tanlian_node.embedded.world import Layer, World

logger = logging.getLogger(__name__)
CACHED_HEADERS = 20_000
CACHED_LAYERS = 64
ANCESTORS = 256


@dataclass(frozen=True)
class Draft:
    """A finished block that is not yet stored."""

    block: Block
    layer: Layer
    fresh: dict[bytes, bytes]
    refused: list[Transaction]


class Chain:
    """Blocks and states; one thread at a time makes blocks, any number read."""

    def __init__(self, folder: Folder, *, durable: bool = True) -> None:
        self.genesis = folder.genesis()
        self.chain_id = self.genesis.chain_id
        self._keys = sorted(folder.private_keys(), key=lambda key: address_of(key.public_key))
        self.store = Store(folder.database, durable=durable)
        self._headers: LRU[int | bytes, Header] = LRU(CACHED_HEADERS)
        self._layers: LRU[bytes, Layer] = LRU(CACHED_LAYERS)
        try:
            self.head = self._load()
        except BaseException:
            self.store.close()
            raise

    # opening

    def _load(self) -> Header:
        recorded = self.store.meta("genesis")
        if recorded is None:
            header = self._store_genesis()
        else:
            found = self.header(0)
            expected = self.genesis.header(found.state_root)
            if found.hash != expected.hash or recorded != found.hash.hex():
                raise FolderMismatchError(
                    "genesis.json is not the one that this chain began with "
                    f"(0x{recorded}): restore it, or use another folder"
                )
            row = self.store.row("select max(number) from blocks")
            header = self.header(row[0] if row else 0)
        self._own_layer(Layer(self.store.nodes, header.state_root), header)
        return header

    def _store_genesis(self) -> Header:
        root, fresh = self.genesis.state(self.store.nodes)
        header = self.genesis.header(root)
        with self.store.writing() as connection:
            connection.executemany("insert or ignore into nodes values(?, ?)", fresh.items())
            Block(header, ()).insert(connection)
            connection.executemany(
                "insert into meta values(?, ?)",
                [("genesis", header.hash.hex()), ("chain_id", str(self.chain_id))],
            )
        logger.info("chain %d begins with block 0x%s", self.chain_id, header.hash.hex())
        return header

    def _own_layer(self, layer: Layer, header: Header) -> None:
        if layer.root != trie.BLANK_ROOT:
            layer.nodes.node(layer.root)  # a missing state must show now, not in a call
        self._layers[header.state_root] = layer

    # reading

    def header(self, number: int) -> Header:
        """Give the header of a block that exists."""
        found = self._look_up(number)
        if found is None:
            raise FolderCorruptError(f"block {number} is missing from the database")
        return found

    def find_header(self, key: int | bytes) -> Header | None:
        """Look a header up by number or by hash, no further than the head.

        A block is stored a moment before it becomes the head. Until then nobody hears of it, so
        that whoever knows a block also finds its effects in the newest state.
        """
        found = self._look_up(key)
        return None if found is None or found.number > self.head.number else found

    def find_transaction(self, tx_hash: bytes) -> tuple[bytes, int, int] | None:
        """Give a transaction's bytes, block and position, if it is in a block up to the head."""
        row = self.store.row("select raw, block, position from transactions where hash=?", tx_hash)
        return None if row is None or row[1] > self.head.number else (row[0], row[1], row[2])

    def _look_up(self, key: int | bytes) -> Header | None:
        known: Header | None = self._headers.get(key)
        if known is not None:
            return known
        by_number, by_hash = (
            "select header from blocks where number=?",
            "select header from blocks where hash=?",
        )
        row = self.store.row(by_number if isinstance(key, int) else by_hash, key)
        if row is None:
            return None
        header = Header.decode(row[0])
        self._remember(header)
        return header

    def _remember(self, header: Header) -> None:
        self._headers[header.number] = header
        self._headers[header.hash] = header

    def layer(self, header: Header) -> Layer:
        """Give the state after a block."""
        known: Layer | None = self._layers.get(header.state_root)
        if known is None:
            known = Layer(self.store.nodes, header.state_root)
            self._layers[header.state_root] = known
        return known

    def ancestors(self, header: Header) -> Iterator[bytes]:
        """The hashes of a block's ancestors, nearest first, as far as BLOCKHASH may look."""
        if header.number:
            yield header.parent_hash
        for number in range(header.number - 1, max(-1, header.number - ANCESTORS - 1), -1):
            if number:
                yield self.header(number).parent_hash

    def state_on(self, layer: Layer, header: Header) -> machine.State:
        """Make a machine that runs on a state, believing it is in the block of `header`."""
        context = machine.context(header, self.chain_id, self.ancestors(header))
        return machine.State(World(layer), context)

    # making blocks

    @property
    def validators(self) -> tuple[bytes, ...]:
        return tuple(address_of(key.public_key) for key in self._keys)

    def next_header(self, timestamp: int) -> Header:
        """The header that the next block starts from."""
        parent = self.head
        validators = self.validators
        listed = () if self.genesis.contract_mode else validators
        return Header(
            parent_hash=parent.hash,
            coinbase=validators[(parent.number + 1) % len(validators)],
            state_root=parent.state_root,
            transactions_root=trie.BLANK_ROOT,
            receipts_root=trie.BLANK_ROOT,
            bloom=EMPTY_BLOOM,
            difficulty=1,
            number=parent.number + 1,
            gas_limit=parent.gas_limit,
            gas_used=0,
            timestamp=timestamp,
            extra_data=Extra(VANITY, listed, [], b"", ()).encode(),
            mix_hash=MIX_HASH,
            nonce=bytes(8),
            base_fee=0,
        )

    def draft(
        self, candidates: Iterable[Transaction], timestamp: int, seconds: float = 60.0
    ) -> Draft:
        """Execute transactions into a sealed block; stop taking more after so many seconds."""
        header = self.next_header(timestamp)
        state = self.state_on(self.layer(self.head), header)
        world = state.world
        receipts: list[Receipt] = []
        refused: list[Transaction] = []
        waiting: set[bytes] = set()  # senders whose turn is over in this block
        used = 0
        end = time.monotonic() + seconds
        for transaction in candidates:
            if receipts and time.monotonic() > end:
                break
            if transaction.sender in waiting:
                continue
            if transaction.gas > header.gas_limit - used:
                waiting.add(transaction.sender)
                continue
            if not is_executable(world, transaction):
                refused.append(transaction)
                continue
            receipt = execute(state, transaction, used)
            if receipt is None:
                refused.append(transaction)
                waiting.add(transaction.sender)
                continue
            used = receipt.cumulative_gas
            receipts.append(receipt)
        return self._seal(header, world, receipts, refused)

    def _seal(
        self, header: Header, world: World, receipts: list[Receipt], refused: list[Transaction]
    ) -> Draft:
        layer, fresh = world.finish()
        roots = trie.Update(self.store.nodes)
        keys = [rlp_codec.encode(rlp_codec.encode_int(at)) for at in range(len(receipts))]
        full = replace(
            header,
            state_root=layer.root,
            transactions_root=roots.build(
                zip(keys, (r.transaction.raw for r in receipts), strict=True)
            ),
            receipts_root=roots.build(zip(keys, (r.encode() for r in receipts), strict=True)),
            bloom=bloom(itertools.chain.from_iterable(r.logs for r in receipts)),
            gas_used=receipts[-1].cumulative_gas if receipts else 0,
        )
        sealed = full.sealed_by(self._keys[: quorum(len(self._keys))])
        return Draft(Block(sealed, tuple(receipts)), layer, fresh, refused)

    def adopt(self, draft: Draft) -> None:
        """Make a stored block the head."""
        header = draft.block.header
        self._remember(header)
        self._own_layer(draft.layer, header)
        self.head = header

    def rewind(self, number: int) -> None:
        """Forget every block after this one (development only)."""
        with self.store.writing() as connection:
            connection.execute("delete from blocks where number > ?", (number,))
            connection.execute("delete from transactions where block > ?", (number,))
            connection.execute("delete from logs where block > ?", (number,))
            connection.execute("delete from pool")
        self._headers.clear()
        self.head = self.header(number)

    def close(self) -> None:
        self.store.close()


def is_executable(world: World, transaction: Transaction) -> bool:
    """Whether a transaction may enter the block here: its nonce is next and it can be paid."""
    sender = transaction.sender
    return (
        world.get_nonce(sender) == transaction.nonce
        and world.get_balance(sender) >= transaction.upfront_cost
    )


def execute(state: machine.State, transaction: Transaction, gas_before: int) -> Receipt | None:
    """Run one transaction for good; none if the machine cannot run it at all."""
    world = state.world
    checkpoint = world.record()
    try:
        computation = state.execute(transaction)
    except Exception:  # whatever one transaction does to the machine, the chain goes on
        logger.exception("transaction 0x%s cannot be executed", transaction.hash.hex())
        world.discard(checkpoint)
        world.lock_changes()
        return None
    world.lock_changes()
    gas = machine.gas_used(transaction, computation)
    failed = computation.is_error
    return Receipt(
        transaction=transaction,
        succeeded=not failed,
        gas_used=gas,
        cumulative_gas=gas_before + gas,
        logs=tuple(
            Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), data)
            for address, topics, data in computation.get_log_entries()
        ),
        contract=None if transaction.to or failed else computation.msg.storage_address,
        output=bytes(computation.output) if machine.has_reverted(computation) else None,
    )
