"""eth_*: sending transactions, and trying them without sending."""

from typing import Any

from tanlian_node.embedded import errors, overrides, params, views
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.methods import MethodTable
from tanlian_node.embedded.node import Node
from tanlian_node.embedded.pool import Entry
from tanlian_node.embedded.simulation import Simulation
from tanlian_node.embedded.views import Json

TABLE = MethodTable()
MOST_GAS = 50_000_000  # of a call, unless a block may use more (Besu's --rpc-gas-cap)


def admit(node: Node, raw: Any = None) -> Entry:
    """Check a raw transaction and let it wait; the caller makes it durable."""
    if raw is None:
        raise RpcError(errors.INVALID_PARAM_COUNT)
    return node.pool.add(params.hex_data(raw))


@TABLE.method("eth_sendRawTransaction")
def send_raw_transaction(node: Node, raw: Any = None) -> str:
    entry = admit(node, raw)
    node.sealer.accept([entry])
    return views.data(entry.transaction.hash)


@TABLE.method("eth_sendTransaction")
def send_transaction(_node: Node, _call: Any = None) -> None:
    """Refuse: like Besu, this node keeps nobody's keys."""
    raise RpcError(errors.SEND_TRANSACTION_NOT_AVAILABLE)


def _simulation(
    node: Node, wanted: Any, block: Any, imagined_state: Any = None, *, pending: bool
) -> Simulation | None:
    chain = node.chain
    if pending and block in (None, "pending"):
        parent = node.head
        header: Header | None = chain.next_header(node.sealer.next_timestamp())
        layer = chain.layer(parent)
    else:
        header = node.find_block(block)
        if header is None:
            return None
        layer = chain.layer(header)
    assert header is not None
    imagined = params.call(wanted, default_gas=header.gas_limit)
    limit = max(MOST_GAS, header.gas_limit)
    return Simulation(
        chain,
        layer,
        header,
        imagined.copy(gas=min(imagined.gas, limit)),
        overrides.parse(imagined_state),
    )


@TABLE.method("eth_call")
def call(
    node: Node, wanted: Any = None, block: Any = None, imagined_state: Any = None
) -> str | None:
    simulation = _simulation(node, wanted, block, imagined_state, pending=False)
    return None if simulation is None else views.data(simulation.output())


@TABLE.method("eth_estimateGas")
def estimate_gas(
    node: Node, wanted: Any = None, block: Any = None, imagined_state: Any = None
) -> str:
    simulation = _simulation(node, wanted, block, imagined_state, pending=True)
    if simulation is None:
        raise RpcError(errors.BLOCK_NOT_FOUND)
    return hex(simulation.estimate())


@TABLE.method("eth_createAccessList")
def create_access_list(node: Node, wanted: Any = None, block: Any = None) -> Json:
    simulation = _simulation(node, wanted, block, pending=True)
    if simulation is None:
        raise RpcError(errors.BLOCK_NOT_FOUND)
    touched, gas, succeeded = simulation.access_list()
    view: Json = {"accessList": views.access_list_view(touched), "gasUsed": hex(gas)}
    if not succeeded:
        view["error"] = "execution reverted"
    return view
