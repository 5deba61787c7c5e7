"""The clock of an embedded chain that was started for development: put forward at will.

A compliance year takes more than a year of block time, which nobody waits for. The chain's clock is
moved, its rules are not: every deadline passes because the time of the blocks passes it.
"""

from dataclasses import dataclass

from tanlian.chain.connection import Connection, quantity
from tanlian.domain.errors import TanlianError

MOST_LATE_SECONDS = 60  # a block may come this long after the clock was set, on a busy machine


class ClockBackwards(TanlianError):
    """If a chain's clock would have to go back, this says how far it has come."""

    code = "clock_backwards"


@dataclass(frozen=True, slots=True)
class MovedClock:
    """The time of one chain's blocks."""

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
