"""One party's copy of a period's readings, as trees: readings, sources, batches, the period.

A batch is what a gateway anchors at once (an hour, a day). Its root is the tree over its sources,
each the tree over that source's readings; the period's root is the tree over its batches. The
levels follow the calendar and the sources, so that a reading more or less in one copy moves nothing
outside its own source and batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading
from tanlian.proofs.keccak_rows import Backend, Words
from tanlian.proofs.merkle_sum import (
    Node,
    SumForest,
    SumTree,
    check_order,
    reading_leaves,
    verify_node,
    verify_reading,
)

DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class ReadingProof:
    """The way of one reading up to its batch's anchored root."""

    body: bytes
    place: int
    path: tuple[Node, ...]
    source_root: Node
    source_place: int
    sources: int
    source_path: tuple[Node, ...]

    def verify(self, batch_root: Node) -> None:
        """Refuse unless the reading is in the batch with this root.

        Raises:
            ProofRefused: with the reason.
        """
        verify_reading(self.body, self.place, self.path, self.source_root)
        verify_node(self.source_root, self.source_place, self.sources, self.source_path, batch_root)


class PeriodCopy:
    """The readings of a period in the order of the trees, and the trees over them."""

    def __init__(
        self,
        words: Words,
        batch_hours: int | Sequence[int] = DAY_HOURS,
        backend: Backend | None = None,
    ) -> None:
        """Sort the readings into batches and build all trees.

        `batch_hours` is the length of a batch in hours, or the first hours (since 1970) of all
        batches, as the anchors state them.

        Raises:
            InvalidInput: two readings share start, source and device, or one lies before all
                batches.
        """
        starts = words[:, 0].byteswap()
        hours = (starts // np.uint64(SECONDS_PER_HOUR)).astype(np.int64)
        if isinstance(batch_hours, int):
            batches = hours - hours % batch_hours
        else:
            firsts = np.asarray(batch_hours, dtype=np.int64)
            at = np.searchsorted(firsts, hours, side="right") - 1
            if (at < 0).any():
                raise InvalidInput("A reading lies before the first batch.")
            batches = firsts[at]
        instruments = words[:, 1].byteswap()
        sources = (instruments >> np.uint64(32)).astype(np.int64)
        order = np.lexsort((instruments, starts, sources, batches))
        if (np.diff(order) != 1).any():
            words, batches, sources = words[order], batches[order], sources[order]
        self.words = words
        edge = np.flatnonzero((np.diff(batches) != 0) | (np.diff(sources) != 0)) + 1
        self._starts = np.concatenate(([0], edge, [len(words)])) if len(words) else np.zeros(1, int)
        check_order(words, self._starts)
        firsts_of_groups = self._starts[:-1]
        self._group_sources = sources[firsts_of_groups]
        group_batches = batches[firsts_of_groups]
        self.batches, at_group = np.unique(group_batches, return_index=True)
        self._group_starts = np.append(at_group, len(group_batches))
        self.readings_forest = SumForest(
            reading_leaves(words, backend), np.diff(self._starts), backend
        )
        self.sources_forest = SumForest(
            self.readings_forest.roots(), np.diff(self._group_starts), backend
        )
        self.tree = SumTree.over(self.sources_forest.roots(), backend)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def root(self) -> Node:
        return self.tree.root

    @cached_property
    def batch_roots(self) -> dict[int, Node]:
        """The root of each batch, by its first hour."""
        roots = self.sources_forest.roots()
        return {int(batch): roots[at] for at, batch in enumerate(self.batches)}

    def sources_of(self, batch_at: int) -> NDArray[np.int64]:
        """Return the sources in the batch at this place."""
        found: NDArray[np.int64] = self._group_sources[
            self._group_starts[batch_at] : self._group_starts[batch_at + 1]
        ]
        return found

    def group(self, batch_at: int, source_at: int) -> int:
        """Return the number of the tree of readings of one source in one batch."""
        return int(self._group_starts[batch_at]) + source_at

    def words_of(self, group: int) -> Words:
        """Return the readings of one source in one batch."""
        return self.words[self._starts[group] : self._starts[group + 1]]

    def reading(self, group: int, place: int) -> Reading:
        return Reading.from_body(self.words_of(group)[place].tobytes())

    def prove(self, start: int, source: int, device: int) -> tuple[int, ReadingProof]:
        """Return the batch of a reading and its way to that batch's root.

        Raises:
            InvalidInput: this copy holds no such reading.
        """
        hour = start // SECONDS_PER_HOUR
        batch_at = int(np.searchsorted(self.batches, hour, side="right")) - 1
        if batch_at >= 0:
            sources = self.sources_of(batch_at)
            source_at = int(np.searchsorted(sources, source))
            if source_at < len(sources) and sources[source_at] == source:
                group = self.group(batch_at, source_at)
                for place, row in enumerate(self.words_of(group)):
                    body = row.tobytes()
                    if Reading.from_body(body).key == (start, source, device):
                        readings = self.readings_forest.tree(group)
                        over = self.sources_forest.tree(batch_at)
                        proof = ReadingProof(
                            body, place, readings.path(place), readings.root,
                            source_at, over.width, over.path(source_at),
                        )  # fmt: skip
                        return int(self.batches[batch_at]), proof
        raise InvalidInput(f"No reading of device {device} at source {source} from {start}.")
