"""A local network of real Besu processes: start, stop, look at."""

import contextlib
import os
import re
import signal
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

STOP_SECONDS = 40
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
    """Start the nodes that do not run yet; returns their names."""
    started = []
    for name in names or [node.name for node in record.nodes]:
        place = record.node_folder(record.node(name).name)
        if running_pid(place) is not None:
            continue
        drop_forbidden_peers(place)
        process = besu.start(
            [f"--config-file={place.resolve() / 'config.toml'}"],
            place,
            place / "besu.log",
            java_options,
        )
        (place / "besu.pid").write_text(f"{process.pid}\n")
        started.append(name)
    return started


def stop_nodes(record: NetworkRecord, names: Iterable[str] | None = None) -> list[str]:
    """Ask the nodes to stop, kill those that do not; returns the names of those that ran."""
    chosen = list(names or [node.name for node in record.nodes])
    running: dict[str, int] = {}
    for name in chosen:
        pid = running_pid(record.node_folder(record.node(name).name))
        if pid is not None:
            running[name] = pid
            _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(_is_alive(pid) for pid in running.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for name, pid in running.items():
        if _is_alive(pid):
            _signal(pid, signal.SIGKILL)
            _wait_gone(pid)
        (record.node_folder(name) / "besu.pid").unlink(missing_ok=True)
    return list(running)


def end_process(pid: int) -> None:
    """Ask a process to stop; kill it if it does not."""
    _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    if _is_alive(pid):
        _signal(pid, signal.SIGKILL)
        _wait_gone(pid)


def kill_node(record: NetworkRecord, name: str) -> None:
    """End a node as a power cut would (SIGKILL)."""
    place = record.node_folder(record.node(name).name)
    pid = running_pid(place)
    if pid is None:
        raise NodeError(f"{name} does not run.", node=name)
    _signal(pid, signal.SIGKILL)
    _wait_gone(pid)
    (place / "besu.pid").unlink(missing_ok=True)


def running_pid(place: Path) -> int | None:
    """The process of a node, None if it does not run."""
    path = place / "besu.pid"
    try:
        pid = int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    if not _is_alive(pid) or not _is_besu(pid):
        return None
    return pid


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
        if (place / "besu.pid").exists() and running_pid(place) is None:
            tail = "\n".join(log_tail(place, 8))
            raise NodeError(f"{node.name} has ended. The end of its log:\n{tail}", node=node.name)


def _is_besu(pid: int) -> bool:
    """Whether a process is a Besu; a pid may have gone to another program since.

    The command line is empty for a moment while the start script turns into the Java process.
    """
    if not Path("/proc").is_dir():
        return True  # elsewhere than on Linux the pid alone has to do
    for _ in range(20):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False
        if command:
            return b"besu" in command.lower()
        time.sleep(0.05)
    return False


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # reap it where it is our own child
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait_gone(pid: int) -> None:
    while _is_alive(pid):
        time.sleep(0.05)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
