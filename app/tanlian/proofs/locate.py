"""Locate the lie: every item in which two copies differ, found from the roots down.

Two trees of one shape are compared from the top. Where hashes agree nothing below is looked at;
where they differ the left child is compared, and the right one only if the left differs, because
otherwise it must. That is at most 1 + 2 d ceil(log2 n) comparisons for d differing leaves of n.
Where the two copies do not hold the same keys (a source or a reading is there in one only), the few
keys of that one place are walked side by side, one comparison a key that both have.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from tanlian.domain.reading import Reading
from tanlian.proofs.merkle_sum import Node, Nodes, SumForest, SumTree, document_leaf
from tanlian.proofs.period_copy import PeriodCopy

_DOCUMENTS_A_BUCKET = 8


class Side(StrEnum):
    """In which copies an item occurs."""

    BOTH = "changed"
    FIRST = "only in the first copy"
    SECOND = "only in the second copy"


@dataclass(frozen=True, slots=True)
class Difference:
    """A reading in which two copies differ."""

    batch: int  # first hour, since 1970
    side: Side
    first: Reading | None
    second: Reading | None

    @property
    def reading(self) -> Reading:
        """The reading of the first copy that has one; start, source and device are the same."""
        found = self.first or self.second
        assert found is not None
        return found


@dataclass(slots=True)
class Tally:
    """How many pairs of hashes were compared."""

    comparisons: int = 0

    def differ(self, first: bytes, second: bytes) -> bool:
        self.comparisons += 1
        return first != second


@dataclass(frozen=True, slots=True)
class Located:
    """What was found, and what it cost."""

    differences: tuple[Difference, ...]
    comparisons: int
    batches: tuple[int, ...]  # first hours of the batches that differ


@dataclass(frozen=True, slots=True)
class LocatedDocuments:
    """The keys of documents that differ, and in which copies each occurs."""

    keys: Mapping[bytes, Side] = field(default_factory=dict)
    comparisons: int = 0


def differing_leaves(
    first: SumTree, second: SumTree, tally: Tally, *, known: bool = False
) -> Iterator[int]:
    """Yield the leaves in which two trees of one width differ, in ascending order.

    With `known`, the caller has compared the roots already and found them different.
    """
    if first.width == 0:
        return
    top = first.height
    if not known and not tally.differ(first.digest(top, 0), second.digest(top, 0)):
        return
    open_nodes = [(top, 0)]
    while open_nodes:
        level, index = open_nodes.pop()
        if level == 0:
            yield index
            continue
        below, left, right = level - 1, 2 * index, 2 * index + 1
        if right >= first.width_at(below):  # the node had no neighbour and rose unchanged
            open_nodes.append((below, left))
            continue
        left_differs = tally.differ(first.digest(below, left), second.digest(below, left))
        if not left_differs or tally.differ(
            first.digest(below, right), second.digest(below, right)
        ):
            open_nodes.append((below, right))
        if left_differs:
            open_nodes.append((below, left))


Aligned = tuple[int | None, int | None]  # the place of a key in the first and the second copy


def _aligned(
    first: SumTree,
    second: SumTree,
    first_keys: Sequence[bytes],
    second_keys: Sequence[bytes],
    tally: Tally,
    *,
    known: bool,
) -> Iterator[Aligned]:
    """Yield the places of the leaves that differ, the keys of the leaves being known."""
    if first_keys == second_keys:
        for place in differing_leaves(first, second, tally, known=known):
            yield place, place
        return
    places = [dict(zip(keys, range(len(keys)), strict=True)) for keys in (first_keys, second_keys)]
    for key in sorted(places[0].keys() | places[1].keys()):
        here, there = places[0].get(key), places[1].get(key)
        if (
            here is None
            or there is None
            or tally.differ(first.digest(0, here), second.digest(0, there))
        ):
            yield here, there


def locate_readings(first: PeriodCopy, second: PeriodCopy) -> Located:
    """Return every reading in which two copies of a period differ."""
    tally = Tally()
    differences: list[Difference] = []
    batches: list[int] = []
    for at, other in _aligned(
        first.tree, second.tree, _keys(first.batches), _keys(second.batches), tally, known=False
    ):
        copy, place = (first, at) if at is not None else (second, other)
        assert place is not None
        batches.append(int(copy.batches[place]))
        differences += _in_batch(first, second, (at, other), batches[-1], tally)
    return Located(tuple(differences), tally.comparisons, tuple(batches))


def _in_batch(
    first: PeriodCopy, second: PeriodCopy, at: Aligned, batch: int, tally: Tally
) -> Iterator[Difference]:
    here, there = at
    if here is None or there is None:
        lone, place = (first, here) if here is not None else (second, there)
        assert place is not None
        for alone_at in range(len(lone.sources_of(place))):
            yield from _lone(
                lone, place, alone_at, batch, Side.FIRST if here is not None else Side.SECOND
            )
        return
    for source_at, other_at in _aligned(
        first.sources_forest.tree(here),
        second.sources_forest.tree(there),
        _keys(first.sources_of(here)),
        _keys(second.sources_of(there)),
        tally,
        known=True,
    ):
        if source_at is None:
            assert other_at is not None
            yield from _lone(second, there, other_at, batch, Side.SECOND)
        elif other_at is None:
            yield from _lone(first, here, source_at, batch, Side.FIRST)
        else:
            yield from _in_source(
                first,
                second,
                (first.group(here, source_at), second.group(there, other_at)),
                batch,
                tally,
            )


def _in_source(
    first: PeriodCopy, second: PeriodCopy, groups: tuple[int, int], batch: int, tally: Tally
) -> Iterator[Difference]:
    group, other = groups
    for at, place in _aligned(
        first.readings_forest.tree(group),
        second.readings_forest.tree(other),
        [row.tobytes()[:16] for row in first.words_of(group)],
        [row.tobytes()[:16] for row in second.words_of(other)],
        tally,
        known=True,
    ):
        here = first.reading(group, at) if at is not None else None
        there = second.reading(other, place) if place is not None else None
        side = Side.BOTH if here and there else Side.FIRST if here else Side.SECOND
        yield Difference(batch, side, here, there)


def _lone(
    copy: PeriodCopy, batch_at: int, source_at: int, batch: int, side: Side
) -> Iterator[Difference]:
    group = copy.group(batch_at, source_at)
    for place in range(len(copy.words_of(group))):
        reading = copy.reading(group, place)
        if side is Side.FIRST:
            yield Difference(batch, side, reading, None)
        else:
            yield Difference(batch, side, None, reading)


def locate_batches(copy: PeriodCopy, anchored: Mapping[int, Node]) -> tuple[tuple[int, ...], int]:
    """Return the batches of a copy that are not what was anchored, and the comparisons made.

    `anchored` holds the roots on the chain by first hour. A batch that is on one side only differs.
    """
    hours = sorted(anchored)
    chain = SumTree.over(Nodes.of([anchored[hour] for hour in hours])) if hours else None
    tally = Tally()
    found: list[int] = []
    if chain is None:
        return tuple(int(b) for b in copy.batches), 0
    keys = _keys(np.asarray(hours, dtype=np.int64))
    for here, there in _aligned(copy.tree, chain, _keys(copy.batches), keys, tally, known=False):
        found.append(int(copy.batches[here]) if here is not None else hours[there or 0])
    return tuple(found), tally.comparisons


def locate_documents(
    first: Mapping[bytes, bytes], second: Mapping[bytes, bytes]
) -> LocatedDocuments:
    """Return every document in which two collections differ; both map a 32-byte key to a hash.

    Keys are hashes, hence evenly spread: trees over buckets by the key's first bits keep their
    shape when a document comes or goes.
    """
    most = max(len(first), len(second))
    bits = max((most // _DOCUMENTS_A_BUCKET).bit_length(), 0)
    tally = Tally()
    keys: dict[bytes, Side] = {}
    sides = [_bucketed(documents, bits) for documents in (first, second)]
    (buckets, forest), (other_buckets, other_forest) = sides
    over, other_over = SumTree.over(forest.roots()), SumTree.over(other_forest.roots())
    for bucket in differing_leaves(over, other_over, tally):
        for here, there in _aligned(
            forest.tree(bucket),
            other_forest.tree(bucket),
            buckets[bucket],
            other_buckets[bucket],
            tally,
            known=True,
        ):
            if here is None:
                assert there is not None
                keys[other_buckets[bucket][there]] = Side.SECOND
            else:
                keys[buckets[bucket][here]] = Side.BOTH if there is not None else Side.FIRST
    return LocatedDocuments(keys, tally.comparisons)


def _bucketed(documents: Mapping[bytes, bytes], bits: int) -> tuple[list[list[bytes]], SumForest]:
    buckets: list[list[bytes]] = [[] for _ in range(1 << bits)]
    for key in sorted(documents):
        buckets[int.from_bytes(key[:8], "big") >> (64 - bits)].append(key)
    leaves = [document_leaf(key, documents[key]) for bucket in buckets for key in bucket]
    return buckets, SumForest(Nodes.of(leaves), [len(bucket) for bucket in buckets])


def _keys(numbers: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> list[bytes]:
    """Return numbers as keys that sort as the numbers do."""
    return [int(number).to_bytes(8, "big") for number in numbers]
