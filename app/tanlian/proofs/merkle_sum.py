"""Merkle-sum trees: a root that commits to every leaf, to the mass they add up to, and to how many.

Every node is a hash, a mass in grams and a count of leaves. Messages under the hash have one length
and one closing tag byte for each kind, so that a leaf can never be taken for a node:

    reading   keccak256(body[64] | 0x00)                                          mass from the body
    node      keccak256(left hash[32] mass[8] count[8] | right ... | 0x01)        sums of the two
    empty     keccak256(0x02)                                                     mass 0, count 0
    document  keccak256(key[32] | content hash[32] | 0x03)                        mass 0

The shape for n leaves is fixed: neighbours pair up level by level, a last node without a neighbour
rises unchanged. Nothing is ever doubled, so two different sequences never share a root. Masses and
counts are 64-bit; a sum beyond that is refused where it would arise, on chain as here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.reading import BODY_BYTES
from tanlian.proofs.keccak_rows import Backend, Words, keccak_rows

TAG_READING = 0x00
TAG_NODE = 0x01
TAG_EMPTY = 0x02
TAG_DOCUMENT = 0x03
SUM_LIMIT = 1 << 64
_MASS_WORD = 3  # of a reading's body
_KEY_BYTES = 16  # start, source and device


class ProofRefused(TanlianError):
    """A Merkle path does not lead from this leaf to this root."""

    code = "proof_refused"


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a tree, or its root: what lies below it in one hash, its mass and its count."""

    digest: bytes
    mass_g: int
    count: int

    def __str__(self) -> str:
        return f"0x{self.digest.hex()} ({self.mass_g} g, {self.count} readings)"


def keccak(message: bytes) -> bytes:
    """Return keccak-256 of one message."""
    from sha3 import keccak_256

    digest: bytes = keccak_256(message).digest()
    return digest


EMPTY = Node(keccak(bytes([TAG_EMPTY])), 0, 0)


def reading_leaf(body: bytes) -> Node:
    """Return the leaf of one reading's 64 bytes; its mass is read from them, never told."""
    if len(body) != BODY_BYTES:
        raise InvalidInput(f"A reading has {BODY_BYTES} bytes, not {len(body)}.")
    mass = int.from_bytes(body[8 * _MASS_WORD : 8 * _MASS_WORD + 8], "big")
    return Node(keccak(body + bytes([TAG_READING])), mass, 1)


def document_leaf(key: bytes, content_hash: bytes) -> Node:
    """Return the leaf of a document: what it is filed under, and the hash of its content."""
    if len(key) != 32 or len(content_hash) != 32:
        raise InvalidInput("A document's key and content hash have 32 bytes each.")
    return Node(keccak(key + content_hash + bytes([TAG_DOCUMENT])), 0, 1)


def parent(left: Node, right: Node) -> Node:
    """Return the node above two neighbours.

    Raises:
        ProofRefused: a sum is negative or leaves 64 bits.
    """
    for node in (left, right):
        if not (0 <= node.mass_g < SUM_LIMIT and 0 < node.count < SUM_LIMIT):
            raise ProofRefused("A mass or count on the path is out of range.")
    mass, count = left.mass_g + right.mass_g, left.count + right.count
    if mass >= SUM_LIMIT or count >= SUM_LIMIT:
        raise ProofRefused("The sum on the path leaves 64 bits.")
    message = b"".join(
        node.digest + node.mass_g.to_bytes(8, "big") + node.count.to_bytes(8, "big")
        for node in (left, right)
    )
    return Node(keccak(message + bytes([TAG_NODE])), mass, count)


@dataclass(frozen=True, slots=True)
class Nodes:
    """Many nodes, column by column."""

    digests: Words  # (n, 4), little-endian words
    masses: NDArray[np.uint64]
    counts: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.masses)

    def __getitem__(self, at: int) -> Node:
        return Node(self.digests[at].tobytes(), int(self.masses[at]), int(self.counts[at]))

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> Self:
        digests = np.frombuffer(b"".join(node.digest for node in nodes), dtype="<u8")
        return cls(
            digests.reshape(-1, 4).astype(np.uint64),
            np.array([node.mass_g for node in nodes], dtype=np.uint64),
            np.array([node.count for node in nodes], dtype=np.uint64),
        )


def body_words(bodies: bytes | Sequence[bytes]) -> Words:
    """Return readings' bodies as rows of eight little-endian words, the form of batch work."""
    data = bodies if isinstance(bodies, bytes) else b"".join(bodies)
    if len(data) % BODY_BYTES:
        raise InvalidInput(f"Readings have {BODY_BYTES} bytes each; {len(data)} is no multiple.")
    return np.frombuffer(data, dtype="<u8").reshape(-1, BODY_BYTES // 8)


def reading_leaves(words: Words, backend: Backend | None = None) -> Nodes:
    """Return the leaves of many readings, in the order given."""
    masses = words[:, _MASS_WORD].byteswap()
    ones = np.ones(len(words), np.uint64)
    return Nodes(keccak_rows(words, TAG_READING, backend), masses, ones)


def check_order(words: Words, starts: NDArray[np.int64] | None = None) -> None:
    """Refuse readings that are not strictly ascending by start, source and device.

    `starts` are the positions where a group begins; order is asked within groups only.

    Raises:
        InvalidInput: a reading occurs twice or stands in the wrong place.
    """
    if len(words) < 2:
        return
    high, low = words[:, 0].byteswap(), words[:, 1].byteswap()
    ascending = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
    if starts is not None:
        inner = starts[(starts > 0) & (starts < len(words))]
        ascending[inner - 1] = True
    if not ascending.all():
        at = int(np.argmin(ascending)) + 1
        same = words[at].tobytes()[:_KEY_BYTES] == words[at - 1].tobytes()[:_KEY_BYTES]
        fault = "has the same key as" if same else "must stand before"
        raise InvalidInput(f"Reading {at} {fault} reading {at - 1}.", position=at)


class SumForest:
    """Many trees side by side, built level by level so that each level is one batch of hashes."""

    def __init__(
        self,
        leaves: Nodes,
        sizes: Sequence[int] | NDArray[np.int64],
        backend: Backend | None = None,
    ) -> None:
        widths = np.asarray(sizes, dtype=np.int64)
        if (widths < 0).any() or int(widths.sum()) != len(leaves):
            raise InvalidInput(f"Trees of {int(widths.sum())} leaves, but there are {len(leaves)}.")
        for column in (leaves.masses, leaves.counts):
            if _exact_sum(column) >= SUM_LIMIT:
                raise InvalidInput("The readings' sum leaves 64 bits.")
        self.levels: list[Nodes] = [leaves]
        self.widths: list[NDArray[np.int64]] = [widths]
        while self.widths[-1].max(initial=0) > 1:
            nodes, above = _level_above(self.levels[-1], self.widths[-1], backend)
            self.levels.append(nodes)
            self.widths.append(above)
        self.starts = [np.concatenate(([0], np.cumsum(width))) for width in self.widths]

    def __len__(self) -> int:
        return len(self.widths[0])

    def tree(self, group: int) -> "SumTree":
        """Return one of the trees."""
        return SumTree(self, group)

    def roots(self) -> Nodes:
        """Return the root of every tree, the empty ones included."""
        top, widths = self.levels[-1], self.widths[-1]
        if (widths == 1).all():
            return top
        filled = widths == 1
        empty = Nodes.of([EMPTY] * len(widths))
        empty.digests[filled] = top.digests
        empty.masses[filled] = top.masses
        empty.counts[filled] = top.counts
        return empty


@dataclass(frozen=True, slots=True)
class SumTree:
    """One tree of a forest."""

    forest: SumForest
    group: int
    NO_PATH: ClassVar[str] = "There is no leaf {} in a tree of {}."

    @classmethod
    def over(cls, leaves: Nodes, backend: Backend | None = None) -> Self:
        """Build a tree over given leaves, which may be roots of other trees."""
        return cls(SumForest(leaves, [len(leaves)], backend), 0)

    @classmethod
    def over_readings(cls, words: Words, backend: Backend | None = None) -> Self:
        """Build a tree over readings' bodies, which must be in order."""
        check_order(words)
        return cls.over(reading_leaves(words, backend), backend)

    @property
    def width(self) -> int:
        return int(self.forest.widths[0][self.group])

    @property
    def height(self) -> int:
        """The number of levels above the leaves."""
        return (self.width - 1).bit_length() if self.width else 0

    @property
    def root(self) -> Node:
        return self.node(self.height, 0) if self.width else EMPTY

    def width_at(self, level: int) -> int:
        return int(self.forest.widths[level][self.group])

    def node(self, level: int, index: int) -> Node:
        return self.forest.levels[level][self._position(level, index)]

    def digest(self, level: int, index: int) -> bytes:
        """Return only the hash of a node, which is what comparing needs."""
        found: bytes = self.forest.levels[level].digests[self._position(level, index)].tobytes()
        return found

    def path(self, index: int) -> tuple[Node, ...]:
        """Return the neighbours from a leaf up to the root; a node that just rises has none."""
        if not 0 <= index < self.width:
            raise InvalidInput(self.NO_PATH.format(index, self.width))
        return tuple(
            self.node(level, neighbour) for level, neighbour in _neighbours(index, self.width)
        )

    def _position(self, level: int, index: int) -> int:
        return int(self.forest.starts[level][self.group]) + index


def climb(leaf: Node, index: int, width: int, path: Sequence[Node]) -> Node:
    """Return the root to which a path leads from a leaf at this place in a tree of this width.

    Raises:
        ProofRefused: the place does not exist, the path has another length than the shape
            demands, or a sum on it is out of range.
    """
    if not 0 <= index < width:
        raise ProofRefused(f"There is no leaf {index} in a tree of {width}.", index=index)
    steps = list(_neighbours(index, width))
    if len(steps) != len(path):
        raise ProofRefused(f"The path has {len(path)} steps, but the shape asks for {len(steps)}.")
    node = leaf
    for (level, neighbour), sibling in zip(steps, path, strict=True):
        right_one = neighbour > (index >> level)
        node = parent(node, sibling) if right_one else parent(sibling, node)
    return node


def verify_node(leaf: Node, index: int, width: int, path: Sequence[Node], root: Node) -> None:
    """Refuse unless the path leads from the leaf to exactly this root, mass and count included.

    `width` is what the checker knows of the tree, for instance the number of batches of a year.

    Raises:
        ProofRefused: with the reason.
    """
    found = climb(leaf, index, width, path)
    if found.digest != root.digest:
        raise ProofRefused("The path leads to another root.", found=found.digest.hex())
    if (found.mass_g, found.count) != (root.mass_g, root.count):
        raise ProofRefused("The path leads to the root's hash, but not to its mass and count.")


def verify_reading(body: bytes, index: int, path: Sequence[Node], root: Node) -> None:
    """Refuse unless the reading is leaf `index` of a tree of readings.

    The width is the root's count, and so the count of every neighbour is known beforehand.

    Raises:
        ProofRefused: with the reason.
    """
    verify_node(reading_leaf(body), index, root.count, path, root)
    for (level, neighbour), sibling in zip(_neighbours(index, root.count), path, strict=True):
        first = neighbour << level
        if sibling.count != min(first + (1 << level), root.count) - first:
            raise ProofRefused("A neighbour on the path counts more or fewer leaves than it has.")


def _neighbours(index: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield level and index of each neighbour on the way up."""
    level = 0
    while width > 1:
        neighbour = index ^ 1
        if neighbour < width:
            yield level, neighbour
        index, width, level = index >> 1, (width + 1) >> 1, level + 1


def _level_above(
    nodes: Nodes, widths: NDArray[np.int64], backend: Backend | None
) -> tuple[Nodes, NDArray[np.int64]]:
    above = (widths + 1) // 2
    if not (widths % 2).any():
        return _paired(nodes, slice(0, None, 2), slice(1, None, 2), backend), above
    starts = np.cumsum(widths) - widths
    local = np.arange(int(above.sum())) - np.repeat(np.cumsum(above) - above, above)
    left = np.repeat(starts, above) + 2 * local
    has_right = 2 * local + 1 < np.repeat(widths, above)
    result = Nodes(nodes.digests[left], nodes.masses[left], nodes.counts[left])
    pairs = left[has_right]
    joined = _paired(nodes, pairs, pairs + 1, backend)
    result.digests[has_right] = joined.digests
    result.masses[has_right] = joined.masses
    result.counts[has_right] = joined.counts
    return result, above


def _paired(
    nodes: Nodes,
    left: slice | NDArray[np.int64],
    right: slice | NDArray[np.int64],
    backend: Backend | None,
) -> Nodes:
    masses = nodes.masses[left] + nodes.masses[right]
    counts = nodes.counts[left] + nodes.counts[right]
    rows = np.empty((len(masses), 12), np.uint64)
    for at, side in ((0, left), (6, right)):
        rows[:, at : at + 4] = nodes.digests[side]
        rows[:, at + 4] = nodes.masses[side].byteswap()
        rows[:, at + 5] = nodes.counts[side].byteswap()
    return Nodes(keccak_rows(rows, TAG_NODE, backend), masses, counts)


def _exact_sum(column: NDArray[np.uint64]) -> int:
    """Add up without wrapping at 64 bits."""
    low = int((column & np.uint64(0xFFFFFFFF)).sum())
    return (int((column >> np.uint64(32)).sum()) << 32) + low
