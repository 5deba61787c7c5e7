"""The Besu processes of this machine: which one runs a node, and how one is ended.

A process belongs to a node if it was started with that node's configuration file. A number in a
file alone says nothing: since then it may have gone to any other program.
"""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

STOP_SECONDS = 40
PID_FILE = "besu.pid"
PROCESSES = Path("/proc")  # elsewhere than on Linux the number in the file has to do


def configuration_argument(place: Path) -> str:
    """What starts the node of a folder, and by which its process is known again."""
    return f"--config-file={place.resolve() / 'config.toml'}"


def running_pid(place: Path) -> int | None:
    """The process of a node, None if it does not run.

    It is found without its pid file too: who started it may have been killed before writing one.
    """
    noted = _noted_pid(place)
    if not PROCESSES.is_dir():
        return noted if noted is not None and is_alive(noted) else None
    wanted = configuration_argument(place)
    if noted is not None and is_alive(noted) and wanted in _arguments(noted, patience=True):
        return noted
    for path in PROCESSES.iterdir():
        if path.name.isdigit() and wanted in _arguments(int(path.name)):
            pid = int(path.name)
            with contextlib.suppress(ProcessLookupError):
                if os.getpgid(pid) == pid:  # the node itself, not a child of its start script
                    return pid
    return None


@contextlib.contextmanager
def sole_operator(folder: Path) -> Iterator[None]:
    """Wait until no other command starts or stops nodes of this network, then keep it so."""
    with (folder / ".operating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def end_processes(pids: list[int]) -> None:
    """Ask processes to stop, all at once; kill those that do not."""
    for pid in pids:
        send_signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in pids:
        if is_alive(pid):
            kill_process(pid)


def kill_process(pid: int) -> None:
    """End a process as a power cut would, and wait until it is gone."""
    send_signal(pid, signal.SIGKILL)
    while is_alive(pid):
        time.sleep(0.05)


def send_signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # reap it where it is our own child
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _noted_pid(place: Path) -> int | None:
    try:
        pid = int((place / PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if pid > 0 else None  # 0 and below would name whole groups of processes


def _arguments(pid: int, *, patience: bool = False) -> list[str]:
    """The command line of a process; empty for one that has ended.

    It is empty for a moment, too, while the start script turns into the Java process.
    """
    for _ in range(20 if patience else 1):
        try:
            command = (PROCESSES / str(pid) / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return []
        if command:
            return [os.fsdecode(one) for one in command.split(b"\0")]
        time.sleep(0.05 if patience else 0)
    return []
