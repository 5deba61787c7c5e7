"""Checking a whole chain against itself: links, seals, roots, and (if wanted) every execution."""

from collections.abc import Callable, Iterator

from tanlian_node.embedded import machine, rlp_codec, transactions, trie
from tanlian_node.embedded.blocks import SELECT_LOGS, Log, bloom, encode_receipt
from tanlian_node.embedded.chain import Chain, execute
from tanlian_node.embedded.errors import FolderCorruptError
from tanlian_node.embedded.header import Header, quorum
from tanlian_node.embedded.transactions import Transaction
from tanlian_node.embedded.world import World

Progress = Callable[[int], object]


def check(chain: Chain, *, replay: bool = False, progress: Progress | None = None) -> int:
    """Check every block; with `replay` also execute all of them again. Gives the head's number.

    Raises:
        FolderCorruptError: the first thing that is not as it must be.
    """
    chain.store.check()
    _demand(
        chain.store.row("select count(*) from blocks") == (chain.head.number + 1,),
        chain.head,
        "numbers have gaps",
    )
    parent = chain.header(0)
    for number in range(1, chain.head.number + 1):
        header = chain.header(number)
        _check_header(chain, header, parent)
        sent = _transactions(chain, header)
        _check_roots(chain, header, sent)
        if replay:
            _replay(chain, header, parent, sent)
        parent = header
        if progress is not None:
            progress(number)
    layer = chain.layer(chain.head)
    if layer.root != trie.BLANK_ROOT:
        layer.nodes.node(layer.root)
    return chain.head.number


def _check_header(chain: Chain, header: Header, parent: Header) -> None:
    _demand(header.parent_hash == parent.hash, header, "does not follow the block before it")
    _demand(header.timestamp >= parent.timestamp, header, "is older than the block before it")
    stored = chain.store.row("select hash from blocks where number=?", header.number)
    _demand(stored == (header.hash,), header, "has another hash than the one recorded")
    sealers = header.sealers()
    _demand(
        len(set(sealers)) == len(sealers) == quorum(len(chain.validators))
        and set(sealers) <= set(chain.validators),
        header,
        "is not sealed by a quorum of the validators",
    )


def _transactions(chain: Chain, header: Header) -> list[Transaction]:
    rows = chain.store.rows(
        "select raw, hash, sender from transactions where block=? order by position",
        (header.number,),
    )
    found = [transactions.decode(raw) for raw, _, _ in rows]
    for transaction, (_, tx_hash, sender) in zip(found, rows, strict=True):
        _demand(
            (transaction.hash, transaction.sender) == (tx_hash, sender),
            header,
            "records a transaction under a wrong hash or sender",
        )
    return found


def _check_roots(chain: Chain, header: Header, sent: list[Transaction]) -> None:
    update = trie.Update(chain.store.nodes)
    raws = [transaction.raw for transaction in sent]
    _demand(update.build(_numbered(raws)) == header.transactions_root, header, "lost transactions")
    logs: dict[int, list[Log]] = {}
    for row in chain.store.rows(SELECT_LOGS + "block=? order by position", (header.number,)):
        topics = tuple(topic for topic in row[5:9] if topic is not None)
        logs.setdefault(row[2], []).append(Log(row[4], topics, row[9]))
    receipts = chain.store.rows(
        "select status, cumulative_gas from transactions where block=? order by position",
        (header.number,),
    )
    encoded = [
        encode_receipt(transaction.type_id, bool(status), gas, logs.get(position, []))
        for position, (transaction, (status, gas)) in enumerate(zip(sent, receipts, strict=True))
    ]
    _demand(update.build(_numbered(encoded)) == header.receipts_root, header, "lost receipts")
    every = [log for found in logs.values() for log in found]
    _demand(bloom(every) == header.bloom, header, "has a wrong bloom filter")


def _replay(chain: Chain, header: Header, parent: Header, sent: list[Transaction]) -> None:
    context = machine.context(header, chain.chain_id, chain.ancestors(header))
    state = machine.State(World(chain.layer(parent)), context)
    gas = 0
    for transaction in sent:
        receipt = execute(state, transaction, gas)
        _demand(receipt is not None, header, "holds a transaction that cannot be executed")
        assert receipt is not None
        gas = receipt.cumulative_gas
    _demand(gas == header.gas_used, header, "used other gas when executed again")
    layer, _ = state.world.finish()
    _demand(layer.root == header.state_root, header, "leads to another state when executed again")


def _numbered(items: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for at, item in enumerate(items):
        yield rlp_codec.encode(rlp_codec.encode_int(at)), item


def _demand(fact: bool, header: Header, fault: str) -> None:
    if not fact:
        raise FolderCorruptError(f"block {header.number} {fault}")
