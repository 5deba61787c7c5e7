"""debug_*: raw bytes, and transactions executed again step by step."""

from typing import Any

from tanlian_node.embedded import errors, machine, params, rlp_codec, transactions, views
from tanlian_node.embedded.blocks import SELECT_LOGS, Log, encode_receipt
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.methods import MethodTable
from tanlian_node.embedded.node import Node
from tanlian_node.embedded.tracing import (
    Options,
    Recorder,
    TracingState,
    call_tree,
    struct_log,
)
from tanlian_node.embedded.transactions import Transaction
from tanlian_node.embedded.views import Json
from tanlian_node.embedded.world import World

TABLE = MethodTable()
CALL_TRACER = "callTracer"


@TABLE.method("debug_getRawHeader")
def raw_header(node: Node, block: Any = None) -> str:
    """The header's RLP with its seals, as a relayer hands it to another chain."""
    return views.data(node.block(block).encode())


@TABLE.method("debug_getRawBlock")
def raw_block(node: Node, block: Any = None) -> str:
    header = node.block(block)
    body = [raw if raw[0] < 0xC0 else rlp_codec.decode(raw) for raw in _raws(node, header)]
    parts: list[Any] = [header.fields(header.extra_data), body, []]
    return views.data(rlp_codec.encode([*parts, []] if header.later_fields else parts))


@TABLE.method("debug_getRawTransaction")
def raw_transaction(node: Node, tx_hash: Any = None) -> str | None:
    wanted = params.hash32(tx_hash)
    row = node.chain.store.row("select raw from transactions where hash=?", wanted)
    if row is not None:
        return views.data(row[0])
    waiting = node.pool.get(wanted)
    return None if waiting is None else views.data(waiting.raw)


@TABLE.method("debug_getRawReceipts")
def raw_receipts(node: Node, block: Any = None) -> list[str]:
    return [views.data(receipt) for receipt in encoded_receipts(node, node.block(block))]


def encoded_receipts(node: Node, header: Header) -> list[bytes]:
    """The receipts of a block as its receipts root commits to them."""
    rows = node.chain.store.rows(
        "select position, raw, status, cumulative_gas from transactions where block=? "
        "order by position",
        (header.number,),
    )
    logs: dict[int, list[Log]] = {}
    for row in node.chain.store.rows(SELECT_LOGS + "block=? order by position", (header.number,)):
        topics = tuple(topic for topic in row[5:9] if topic is not None)
        logs.setdefault(row[2], []).append(Log(row[4], topics, row[9]))
    return [
        encode_receipt(transactions.decode(raw).type_id, bool(status), gas, logs.get(position, []))
        for position, raw, status, gas in rows
    ]


@TABLE.method("debug_traceTransaction")
def trace_transaction(node: Node, tx_hash: Any = None, options: Any = None) -> Json | None:
    found = node.chain.find_transaction(params.hash32(tx_hash))
    if found is None:
        return None
    _, number, position = found
    return _trace_block(node, node.chain.header(number), _options(options), only=position)[0]


@TABLE.method("debug_traceBlockByNumber", "debug_traceBlockByHash")
def trace_block(node: Node, block: Any = None, options: Any = None) -> list[Json]:
    header = node.block(block)
    hashes = node.chain.store.rows(
        "select hash from transactions where block=? order by position", (header.number,)
    )
    traces = _trace_block(node, header, _options(options))
    return [
        {"txHash": views.data(row[0]), "result": trace}
        for row, trace in zip(hashes, traces, strict=True)
    ]


@TABLE.method("debug_traceCall")
def trace_call(node: Node, wanted: Any = None, block: Any = None, options: Any = None) -> Json:
    header = node.block(block)
    world = World(node.chain.layer(header))
    call = params.call(wanted, default_gas=header.gas_limit)
    call = call.copy(nonce=world.get_nonce(call.sender))
    if world.get_balance(call.sender) < call.upfront_cost:
        world.set_balance(call.sender, call.upfront_cost)
    return _trace(node, world, header, call, _options(options))


def _options(wanted: Any) -> dict[str, Any]:
    if wanted is None:
        return {}
    if not isinstance(wanted, dict) or wanted.get("tracer") not in (None, "", CALL_TRACER):
        raise RpcError(errors.INVALID_PARAMS)
    return wanted


def _raws(node: Node, header: Header) -> list[bytes]:
    rows = node.chain.store.rows(
        "select raw from transactions where block=? order by position", (header.number,)
    )
    return [row[0] for row in rows]


def _trace_block(
    node: Node, header: Header, options: dict[str, Any], only: int | None = None
) -> list[Json]:
    """Execute a block again on its parent's state, writing down all transactions or one."""
    chain = node.chain
    if header.number == 0:
        return []
    world = World(chain.layer(chain.header(header.number - 1)))
    state = machine.State(world, machine.context(header, chain.chain_id, chain.ancestors(header)))
    traces = []
    for position, raw in enumerate(_raws(node, header)):
        transaction = transactions.decode(raw)
        if only is None or only == position:
            traces.append(_trace(node, world, header, transaction, options))
        else:
            state.execute(transaction)
        world.lock_changes()
        if position == only:
            break
    return traces


def _trace(
    node: Node, world: World, header: Header, transaction: Transaction, options: dict[str, Any]
) -> Json:
    chain = node.chain
    context = machine.context(header, chain.chain_id, chain.ancestors(header))
    state = TracingState(world, context)
    state.recorder = Recorder(Options.parse(options))
    computation = state.execute(transaction)
    gas = machine.gas_used(transaction, computation)
    if options.get("tracer") == CALL_TRACER:
        return call_tree(state.recorder, gas, transaction.gas)
    return struct_log(state.recorder, gas, computation)
