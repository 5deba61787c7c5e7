"""An embedded chain of one's own: the node's command run beside this process.

The application knows the node only as a command and an address (DESIGN 3: the two packages are
independent), so a chain started here is one that anybody could have started by hand.
"""

import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tanlian.domain.errors import TanlianError

START_SECONDS = 60.0
STOP_SECONDS = 30.0
BLOCK_SECONDS = "0.1"  # a block holds what came since; nobody waits long for one transaction
_READY = re.compile(r"ready: (http://\S+) chain (\d+)")


class ChainNotStarted(TanlianError, RuntimeError):
    """If the embedded chain does not come up, this carries what it said last."""

    code = "chain_not_started"


@dataclass(frozen=True, slots=True)
class RunningChain:
    """A chain that answers."""

    url: str
    chain_id: int
    process: "subprocess.Popen[str]"


def end_in_order() -> None:
    """Let SIGTERM unwind this process, so that a chain that it runs ends with it."""

    def unwind(_number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, unwind)


@contextmanager
def embedded_chain(
    folder: Path, *, port: int = 0, development: bool = False
) -> Iterator[RunningChain]:
    """Run an embedded chain in a folder, new or from what is there; end it afterwards.

    Port 0 takes a free one. The clock of a chain for development can be moved (`MovedClock`). The
    chain acknowledges a transaction before the disk confirms it (`--fast-disk-sync`): what is
    acknowledged survives this process and any kill of the chain's.

    Raises:
        ChainNotStarted: another process runs the folder's chain, or the port is taken.
    """
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tanlian_node.cli", "chain", "start",
            "--data", str(folder), "--port", str(port), "--fast-disk-sync",
            "--interval", BLOCK_SECONDS, *(["--dev"] if development else []),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Ctrl-C at the terminal reaches this process only, which then ends the chain in order
        start_new_session=True,
    )  # fmt: skip
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_pass_on, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield _ready(process, lines, folder)
    finally:
        _end(process)
        reader.join(STOP_SECONDS)


def _pass_on(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]") -> None:
    """Read what the chain prints, so that it never waits for a full pipe."""
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put(line.rstrip())
    lines.put(None)


def _ready(
    process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]", folder: Path
) -> RunningChain:
    said: list[str] = []
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = None
        if line is None:
            words = " ".join(said[-3:]) or "it said nothing"
            raise ChainNotStarted(
                f"The embedded chain in {folder} did not start: {words}",
                folder=str(folder),
            )
        if found := _READY.match(line):
            return RunningChain(found[1], int(found[2]), process)
        said.append(line)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
