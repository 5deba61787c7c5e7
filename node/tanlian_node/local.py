"""A local network of real Besu processes: start, stop, look at."""

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rlp.codec import decode

from tanlian_node.access import open_rpc
from tanlian_node.besu import Besu
from tanlian_node.errors import NodeError, NodeUnreachable, RpcRefused
from tanlian_node.network_files import NetworkRecord, NodeRecord
from tanlian_node.peers import drop_forbidden_peers
from tanlian_node.places import check_files, check_ports
from tanlian_node.processes import (
    PID_FILE,
    configuration_argument,
    end_processes,
    kill_process,
    running_pid,
    sole_operator,
)

START_SECONDS = 300  # a bound; a node that ends is noticed at once
PATIENCE_VARIABLE = "TANLIAN_PATIENCE"
ROUND_CHANGE = re.compile(r"[Rr]ound ?[Cc]hange|round-change")
SEALED_ROUND = 3  # position of the round in the QBFT header extension


@dataclass(frozen=True, slots=True)
class NodeState:
    """What can be said of one node now; `problem` is None where all is well."""

    name: str
    pid: int | None
    version: str
    height: int | None
    block_hash: str
    peers: int | None
    head_age_seconds: int | None
    round: int | None
    pending: int | None
    disk_bytes: int
    problem: str | None


def start_nodes(
    record: NetworkRecord, besu: Besu, java_options: str, names: Iterable[str] | None = None
) -> list[str]:
    """Start the nodes that do not run yet; returns their names.

    Raises:
        InvalidNetwork: a node's files are missing or one of its ports is taken; none was started.
    """
    chosen = [record.node(name).name for name in names or local_names(record)]
    for name in chosen:
        check_files(record.node_folder(name))
    with sole_operator(record.folder):
        asleep = [name for name in chosen if running_pid(record.node_folder(name)) is None]
        for name in asleep:
            check_ports(record.node_folder(name))
        for name in asleep:
            place = record.node_folder(name)
            drop_forbidden_peers(place)
            process = besu.start(
                [configuration_argument(place)], place, place / "besu.log", java_options
            )
            (place / PID_FILE).write_text(f"{process.pid}\n")
    return asleep


def local_names(record: NetworkRecord) -> list[str]:
    """The nodes whose key or chain lies in this folder; a welcomed member's lies at its place."""
    return [
        node.name
        for node in record.nodes
        if any((record.node_folder(node.name) / name).exists() for name in ("key", "data"))
    ]


def stop_nodes(record: NetworkRecord, names: Iterable[str] | None = None) -> list[str]:
    """Ask the nodes to stop, kill those that do not; returns the names of those that ran."""
    chosen = [record.node(name).name for name in names or [node.name for node in record.nodes]]
    with sole_operator(record.folder):
        found = {name: running_pid(record.node_folder(name)) for name in chosen}
        end_processes([pid for pid in found.values() if pid is not None])
        for name in chosen:
            (record.node_folder(name) / PID_FILE).unlink(missing_ok=True)
    return [name for name, pid in found.items() if pid is not None]


def kill_node(record: NetworkRecord, name: str) -> None:
    """End a node as a power cut would (SIGKILL)."""
    place = record.node_folder(record.node(name).name)
    pid = running_pid(place)
    if pid is None:
        raise NodeError(f"{name} does not run.", node=name)
    kill_process(pid)
    (place / PID_FILE).unlink(missing_ok=True)


def wait_until(
    condition: Callable[[], bool], seconds: float, what: str, record: NetworkRecord | None = None
) -> float:
    """Wait for a condition; returns the seconds it took.

    `seconds` is a bound for machines that are not overloaded; TANLIAN_PATIENCE multiplies it.

    Raises:
        NodeError: it did not come about, or a node ended meanwhile; with the end of its log.
    """
    seconds *= float(os.environ.get(PATIENCE_VARIABLE, "1"))
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        with contextlib.suppress(NodeUnreachable, RpcRefused):
            if condition():
                return time.monotonic() - start
        if record is not None:
            _check_processes(record)
        time.sleep(0.25)
    raise NodeError(f"After {seconds:.0f} s there is still not {what}.")


def wait_for_height(
    record: NetworkRecord, height: int, names: Iterable[str] | None = None
) -> float:
    """Wait until the nodes have reached a height; returns the seconds it took."""
    chosen = list(names or [node.name for node in record.nodes])
    rpcs = [open_rpc(record, name) for name in chosen]
    return wait_until(
        lambda: all(rpc.height() >= height for rpc in rpcs),
        START_SECONDS,
        f"block {height} at {', '.join(chosen)}",
        record,
    )


def state_of(record: NetworkRecord, node: NodeRecord, now: float) -> NodeState:
    """Look at one node: process, RPC, chain, disk."""
    place = record.node_folder(node.name)
    pid = running_pid(place)
    disk = folder_bytes(place / "data")
    try:
        rpc = open_rpc(record, node.name)
        version, peers, pool = rpc.batch(
            [("web3_clientVersion", ()), ("net_peerCount", ()), ("txpool_besuStatistics", ())]
        )
        head = rpc.head()
    except (NodeUnreachable, RpcRefused) as error:
        said = "not running" if pid is None else error.user_message
        return NodeState(node.name, pid, "", None, "", None, None, None, None, disk, said)
    for answer in (version, peers):
        if isinstance(answer, RpcRefused):
            said = answer.user_message
            return NodeState(node.name, pid, "", None, "", None, None, None, None, disk, said)
    age = max(0, int(now) - int(head["timestamp"], 16))
    pending = None
    if isinstance(pool, dict):
        pending = int(pool["localCount"]) + int(pool["remoteCount"])
    problem = None
    if len(record.nodes) > 1 and int(peers, 16) == 0:
        problem = "has no peers"
    return NodeState(
        name=node.name,
        pid=pid,
        version=str(version),
        height=int(head["number"], 16),
        block_hash=str(head["hash"]),
        peers=int(peers, 16),
        head_age_seconds=age,
        round=round_of(head["extraData"]),
        pending=pending,
        disk_bytes=disk,
        problem=problem,
    )


def round_of(extra_data: str) -> int:
    """The QBFT round in which a block was sealed; 0 unless a proposer was missed."""
    raw = bytes.fromhex(extra_data.removeprefix("0x"))
    fields = decode(raw)  # type: ignore[no-untyped-call]
    return int.from_bytes(fields[SEALED_ROUND])


def round_changes(place: Path) -> int:
    """How many lines of a node's log speak of round changes."""
    path = place / "besu.log"
    if not path.exists():
        return 0
    with path.open(errors="replace") as log:
        return sum(1 for line in log if ROUND_CHANGE.search(line))


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder; files that vanish meanwhile count as nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def log_tail(place: Path, lines: int) -> list[str]:
    path = place / "besu.log"
    if not path.exists():
        return []
    return path.read_text(errors="replace").splitlines()[-lines:]


def _check_processes(record: NetworkRecord) -> None:
    """Fail early if a node that was started has ended by itself."""
    for node in record.nodes:
        place = record.node_folder(node.name)
        if (place / PID_FILE).exists() and running_pid(place) is None:
            tail = "\n".join(log_tail(place, 8))
            raise NodeError(f"{node.name} has ended. The end of its log:\n{tail}", node=node.name)
