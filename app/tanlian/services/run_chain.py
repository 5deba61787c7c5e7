"""The chain of a run: an embedded one of its own, or the network that the command names."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from tanlian.chain.connection import Connection, quantity
from tanlian.domain.target import DEFAULT_NETWORK, Target
from tanlian.services.embedded_process import embedded_chain
from tanlian.services.narration import Narrator
from tanlian.services.run_folder import RunFolder

BLOCKS_SEEN = 10
ROOM_FOR_SLOW_BLOCKS = 2  # a stage of the demonstration counts on several blocks


def is_own_chain(target: Target) -> bool:
    """Whether a run starts an embedded chain for itself: nobody named another one."""
    return target.network == DEFAULT_NETWORK and target.rpc is None


def data_of(target: Target, name: str) -> Path:
    """The folder of a run, by its name and by the network where that is another one."""
    suffix = "" if target.network == DEFAULT_NETWORK else f"-{target.network}"
    return Path("var") / f"{name}{suffix}"


@contextmanager
def chain_of(
    folder: RunFolder,
    target: Target,
    narrator: Narrator,
    *,
    port: int = 0,
    development: bool = False,
) -> Iterator[Target]:
    """Have the run's chain there while the block runs; yields it with the folder's book.

    `development` lets an own chain be told the time.
    """
    if not is_own_chain(target):
        found = folder.network(target)
        narrator.say(f"The chain is {found.name} at {found.rpc}; this run's market is its own.")
        yield folder.market(target)
        return
    with embedded_chain(
        folder.chain, port=free_port(port, narrator), development=development
    ) as chain:
        yield folder.market(Target(rpc=chain.url))


def pace_for(connection: Connection) -> int:
    """How many times longer a run's stages have to be than on a chain that seals ten a second.

    The shortest distance of recent blocks tells: an idle chain or a missed turn makes others long.
    """
    head = connection.head()
    numbers = range(max(1, head - BLOCKS_SEEN), head + 1)
    times = [quantity(connection.block(number)["timestamp"]) for number in numbers]
    seconds = min((later - earlier for earlier, later in pairwise(times)), default=0)
    return max(1, ROOM_FOR_SLOW_BLOCKS * seconds)


def free_port(wanted: int, narrator: Narrator) -> int:
    """Return the wanted port, or 0 for any free one where somebody else has it."""
    if wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                narrator.say(f"Port {wanted} is taken; the chain takes a free one.")
                return 0
    return wanted
