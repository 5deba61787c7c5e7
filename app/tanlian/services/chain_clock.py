"""The clock of a chain that is there to be tried out: put forward at will.

A compliance year takes more than a year of block time, which nobody waits for. The chain's clock is
moved, its rules are not: every deadline passes because the time of the blocks passes it. A chain
that was started for development is told the time; the machines of a trial network read it from a
file (docs/network.md).
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tanlian.chain.connection import Connection, quantity
from tanlian.domain.errors import TanlianError

MOST_LATE_SECONDS = 60  # a block may come this long after the clock was set, on a busy machine


FOLLOW_SECONDS = 120.0  # the machines read the file every second, then they have to agree
PAUSE_SECONDS = 0.2


class ChainClock(Protocol):
    """The time of one chain's blocks, and a way to put it forward."""

    def now(self) -> int:
        """The time of the newest block."""

    def move_to(self, moment: int) -> None:
        """Have a block of that time, from which the chain's clock goes on."""


class ClockStands(TanlianError):
    """If the machines of a network do not follow their clock's file, this says so."""

    code = "clock_stands"


class ClockBackwards(TanlianError):
    """If a chain's clock would have to go back, this says how far it has come."""

    code = "clock_backwards"


@dataclass(frozen=True, slots=True)
class MovedClock:
    """The clock of an embedded chain that was started for development."""

    connection: Connection

    def now(self) -> int:
        """The time of the newest block; unlike `Connection.now` it may lie far from today."""
        return quantity(self.connection.block()["timestamp"])

    def move_to(self, moment: int) -> None:
        """Make a block of that time, from which the chain's clock goes on.

        Raises:
            ClockBackwards: the newest block is later than that.
            NodeRefused: the chain was not started for development.
        """
        # the clock first: a question about the newest block may make one of the time before
        self.connection.request("evm_setNextBlockTimestamp", hex(moment))
        self.connection.request("evm_mine")
        reached = self.now()
        if reached > moment + MOST_LATE_SECONDS:
            raise ClockBackwards(
                f"The chain has come to {reached} and cannot go back to {moment}; use a new chain.",
                reached=reached,
                wanted=moment,
            )


@dataclass(frozen=True, slots=True)
class FileClock:
    """The clock of a trial network: its machines add the seconds in a file to their own time.

    The file is one number with its sign, as libfaketime reads it.
    """

    connection: Connection
    path: Path

    def now(self) -> int:
        """The time of the newest block."""
        return quantity(self.connection.block()["timestamp"])

    def move_to(self, moment: int) -> None:
        """Put the machines' clocks forward and wait until a block has that time.

        Raises:
            ClockBackwards: the newest block is later than that.
            ClockStands: no block of that time comes; the machines do not read the file, or not all.
        """
        if self.now() > moment + MOST_LATE_SECONDS:
            raise ClockBackwards(
                f"The chain has come to {self.now()} and cannot go back to {moment}; use a new "
                "chain.",
                wanted=moment,
            )
        write_offset(self.path, moment - int(time.time()))
        deadline = time.monotonic() + FOLLOW_SECONDS
        while self.now() < moment:
            if time.monotonic() > deadline:
                raise ClockStands(
                    f"The network did not follow its clock's file {self.path} in "
                    f"{FOLLOW_SECONDS:.0f} s: start every node with it (docs/network.md).",
                    path=str(self.path),
                )
            time.sleep(PAUSE_SECONDS)


def write_offset(path: Path, seconds: int) -> None:
    """State by how many seconds the machines' clocks differ; a reader sees the old or the new."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(f"{seconds:+d}\n")
    draft.replace(path)
