"""The chain of batches that a gateway anchored, as MonitoringRegistry keeps it.

The head of a logbook is a hash over the head before and the batch's commitment, so that one slot on
the chain stands for every batch ever anchored, in their order.
"""

from dataclasses import dataclass, field
from typing import Self

from tanlian.domain.errors import NotFound
from tanlian.proofs.merkle_sum import Node, keccak


@dataclass(frozen=True, slots=True)
class Batch:
    """What one anchoring transaction says."""

    first_hour: int  # since 1970
    hours: int
    root: Node

    @classmethod
    def of(cls, first_hour: int, hours: int, digest: bytes, mass_g: int, count: int) -> Self:
        return cls(first_hour, hours, Node(digest, mass_g, count))

    @property
    def commitment(self) -> bytes:
        """What the batch adds to the head: the hash of its five words."""
        numbers = (self.root.mass_g, self.root.count, self.first_hour, self.hours)
        return keccak(self.root.digest + b"".join(n.to_bytes(32, "big") for n in numbers))


@dataclass(slots=True)
class Logbook:
    """A gateway's batches of one year, in order."""

    head: bytes
    batches: list[Batch] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)  # before each batch

    @property
    def mass_g(self) -> int:
        return sum(batch.root.mass_g for batch in self.batches)

    @property
    def count(self) -> int:
        return sum(batch.root.count for batch in self.batches)

    def add(self, batch: Batch) -> None:
        """Take in the next batch."""
        self.heads.append(self.head)
        self.batches.append(batch)
        self.head = keccak(self.head + batch.commitment)

    def opening(self, first_hour: int) -> tuple[bytes, Batch, list[bytes]]:
        """Return what proves a batch: the head before it, itself, the commitments after it.

        Raises:
            NotFound: no batch begins at this hour.
        """
        for place, batch in enumerate(self.batches):
            if batch.first_hour == first_hour:
                later = [after.commitment for after in self.batches[place + 1 :]]
                return self.heads[place], batch, later
        raise NotFound(f"No batch begins at hour {first_hour}.")


def leads_to(head: bytes, batch: Batch, later: list[bytes], final: bytes) -> bool:
    """Say whether a batch and those after it lead from one head to another."""
    head = keccak(head + batch.commitment)
    for commitment in later:
        head = keccak(head + commitment)
    return head == final
