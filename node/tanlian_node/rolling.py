"""Restart a network node by node, and stop at the first sign that something is wrong."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tanlian_node.access import open_rpc
from tanlian_node.besu import Besu
from tanlian_node.errors import UnsafeChange
from tanlian_node.health import judge
from tanlian_node.local import start_nodes, state_of, stop_nodes, wait_until
from tanlian_node.network_files import NetworkRecord
from tanlian_node.rpc import Rpc

GROWTH_BLOCKS = 3
RETURN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Restarted:
    name: str
    seconds: float
    height: int


def health_problems(record: NetworkRecord) -> list[str]:
    """What speaks against taking a node down now; round changes of the past do not."""
    states = [state_of(record, node, time.time()) for node in record.nodes]
    return [
        sentence for sentence in judge(record, states).problems if "round changes" not in sentence
    ]


def rolling_restart(
    record: NetworkRecord,
    besu: Besu,
    java_options: str,
    names: Iterable[str] | None = None,
    change: Callable[[str], None] | None = None,
) -> Iterator[Restarted]:
    """Restart the nodes one after another; `change(name)` runs while a node is down.

    Each node has to be back, peered, level with the others, and the chain growing, before the next
    one goes down.

    Raises:
        UnsafeChange: the network is not well before a node goes down; it stays as it is.
        NodeError: a node did not come back; the others stay as they are.
    """
    for name in names or [node.name for node in record.nodes]:
        problems = health_problems(record)
        if problems:
            raise UnsafeChange(
                f"{name} is not restarted: {'; '.join(problems)}.", problems=problems
            )
        began = time.monotonic()
        stop_nodes(record, [name])
        if change is not None:
            change(name)
        start_nodes(record, besu, java_options, [name])
        rpc = open_rpc(record, name)
        others = [open_rpc(record, node.name) for node in record.nodes if node.name != name]
        wait_until(
            lambda rpc=rpc, others=others: _is_level(rpc, others),  # type: ignore[misc]
            RETURN_SECONDS,
            f"{name} peered and level with the others",
            record,
        )
        start = rpc.height()
        wait_until(
            lambda rpc=rpc, start=start: rpc.height() >= start + GROWTH_BLOCKS,  # type: ignore[misc]
            RETURN_SECONDS,
            f"{GROWTH_BLOCKS} new blocks at {name}",
            record,
        )
        yield Restarted(name, time.monotonic() - began, rpc.height())


def _is_level(rpc: Rpc, others: Sequence[Rpc]) -> bool:
    """Whether a node that came back has peers and is where the others are."""
    if not others:
        return rpc.height() >= 0
    return rpc.peers() > 0 and rpc.height() + 1 >= max(other.height() for other in others)
