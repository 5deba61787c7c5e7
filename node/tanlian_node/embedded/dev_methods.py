"""evm_*: time and history at will. Offered only by a chain that was started for development."""

from typing import Any

from tanlian_node.embedded import params
from tanlian_node.embedded.methods import MethodTable
from tanlian_node.embedded.node import Node

TABLE = MethodTable()


@TABLE.method("evm_snapshot")
def snapshot(node: Node) -> str:
    """Name the present state, which is that after the newest block."""
    return hex(node.chain.head.number)


@TABLE.method("evm_revert")
def revert(node: Node, name: Any = None) -> bool:
    """Go back to a snapshot; blocks after it and everything that waits are gone."""
    number = params.quantity(name)
    if number > node.chain.head.number:
        return False
    node.sealer.rewind(number)
    return True


@TABLE.method("evm_increaseTime")
def increase_time(node: Node, seconds: Any = None) -> str:
    node.sealer.offset += params.quantity(seconds)
    return hex(node.sealer.offset)


@TABLE.method("evm_setNextBlockTimestamp")
def set_next_timestamp(node: Node, timestamp: Any = None) -> str:
    node.sealer.aim(params.quantity(timestamp))
    return hex(node.sealer.offset)


@TABLE.method("evm_mine")
def mine(node: Node, timestamp: Any = None) -> str:
    """Make a block now, with what waits or empty."""
    moment = timestamp.get("timestamp") if isinstance(timestamp, dict) else timestamp
    node.sealer.mine(None if moment is None else params.quantity(moment))
    return "0x0"


@TABLE.method("evm_setAutomine")
def set_automine(node: Node, automatic: Any = True) -> bool:
    node.sealer.automatic = params.flag(automatic)
    return True
