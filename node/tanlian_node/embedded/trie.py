"""Merkle-Patricia trie over hashed keys: read, prove, and apply a whole block's changes at once.

Paths are hex strings, one character a nibble. A node is what RLP decodes to: b"" (blank), two items
(leaf or extension) or seventeen (branch); a child shorter than 32 bytes lies inside its parent.
Nodes are never changed in place, because the cache shares them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from eth_hash.auto import keccak

from tanlian_node.embedded import rlp_codec

BLANK = b""
BLANK_ROOT = keccak(rlp_codec.encode(b""))
Node = Any  # bytes (blank) or a list
Path = str
HEX = "0123456789abcdef"


class NodeReader(Protocol):
    def node(self, node_hash: bytes) -> list[Any]:
        """Give the decoded node of this hash."""
        ...


def get(nodes: NodeReader, root: bytes, key: bytes) -> bytes:
    """Read the value at a key; empty if there is none."""
    if root == BLANK_ROOT:
        return BLANK
    node: Node = nodes.node(root)
    path = key.hex()
    at = 0
    while True:
        if len(node) == 17:
            if at == len(path):
                return bytes(node[16])
            child = node[int(path[at], 16)]
            at += 1
        elif not node:
            return BLANK
        else:
            own, is_leaf = _unpack(node[0])
            if is_leaf:
                return node[1] if own == path[at:] else BLANK
            if not path.startswith(own, at):
                return BLANK
            child = node[1]
            at += len(own)
        node = nodes.node(child) if isinstance(child, bytes) and len(child) == 32 else child


def prove(nodes: NodeReader, root: bytes, key: bytes) -> list[bytes]:
    """List the encoded nodes from the root towards a key, which prove its value or its absence."""
    if root == BLANK_ROOT:
        return []
    path = key.hex()
    at = 0
    node: Node = nodes.node(root)
    proof = [rlp_codec.encode(node)]
    while node:
        if len(node) == 17:
            child = node[int(path[at], 16)]
            at += 1
        else:
            own, is_leaf = _unpack(node[0])
            if is_leaf or not path.startswith(own, at):
                return proof
            child = node[1]
            at += len(own)
        if isinstance(child, bytes) and len(child) == 32:
            node = nodes.node(child)
            proof.append(rlp_codec.encode(node))
        else:
            node = child
    return proof


class Update:
    """New nodes of one or more tries; `fresh` maps hash to encoding until somebody stores them."""

    def __init__(self, nodes: NodeReader) -> None:
        self._nodes = nodes
        self.fresh: dict[bytes, bytes] = {}
        self.decoded: dict[bytes, list[Any]] = {}

    def apply(self, root: bytes, changes: Mapping[bytes, bytes]) -> bytes:
        """Set or (with an empty value) delete all keys of `changes`; give the new root."""
        items = sorted((key.hex(), value) for key, value in changes.items())
        node = BLANK if root == BLANK_ROOT else self._resolve(root)
        return self.root_of(self._merge(node, items))

    def root_of(self, node: Node) -> bytes:
        if not node:
            return BLANK_ROOT
        return self._store(node, rlp_codec.encode(node))

    def build(self, items: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Make a trie from nothing; no key may be the beginning of another."""
        return self.root_of(self._grow(sorted((key.hex(), value) for key, value in items)))

    def _store(self, node: list[Any], encoded: bytes) -> bytes:
        node_hash: bytes = keccak(encoded)
        self.fresh[node_hash] = encoded
        self.decoded[node_hash] = node
        return node_hash

    def _reference(self, node: Node) -> Any:
        if not node:
            return BLANK
        encoded = rlp_codec.encode(node)
        return node if len(encoded) < 32 else self._store(node, encoded)

    def _resolve(self, reference: Any) -> Node:
        if isinstance(reference, bytes) and len(reference) == 32:
            known = self.decoded.get(reference)
            return self._nodes.node(reference) if known is None else known
        return reference

    def _grow(self, items: list[tuple[Path, bytes]]) -> Node:
        if not items:
            return BLANK
        if len(items) == 1:
            return [_pack(items[0][0], is_leaf=True), items[0][1]]
        shared = _shared(items[0][0], items[-1][0])  # sorted: first and last differ most
        branch: list[Any] = [BLANK] * 17
        for nibble, group in _by_first_nibble(items, len(shared)):
            branch[nibble] = self._reference(self._grow(group))
        return self._join(shared, branch)

    def _merge(self, node: Node, items: list[tuple[Path, bytes]]) -> Node:
        if not node:
            return self._grow([item for item in items if item[1]])
        if len(node) == 17:
            return self._merge_branch(node, items, 0)
        own, is_leaf = _unpack(node[0])
        if is_leaf:
            values = {own: node[1], **dict(items)}
            return self._grow(sorted((path, value) for path, value in values.items() if value))
        shared = _shared(own, _shared(items[0][0], items[-1][0]))
        if shared == own:
            rest = [(path[len(own) :], value) for path, value in items]
            return self._join(own, self._merge(self._resolve(node[1]), rest))
        branch: list[Any] = [BLANK] * 17
        tail = own[len(shared) + 1 :]
        branch[int(own[len(shared)], 16)] = (
            self._reference([_pack(tail, is_leaf=False), node[1]]) if tail else node[1]
        )
        return self._join(shared, self._merge_branch(branch, items, len(shared)))

    def _merge_branch(self, node: list[Any], items: list[tuple[Path, bytes]], skip: int) -> Node:
        branch = list(node)
        touched = []
        for nibble, group in _by_first_nibble(items, skip):
            branch[nibble] = self._merge(self._resolve(branch[nibble]), group)
            touched.append(nibble)
        left = [nibble for nibble in range(16) if branch[nibble]]
        if not left:
            return BLANK
        if len(left) == 1:
            return self._join(HEX[left[0]], self._resolve(branch[left[0]]))
        for nibble in touched:
            branch[nibble] = self._reference(branch[nibble])
        return branch

    def _join(self, path: Path, child: Node) -> Node:
        """Put a path in front of a node, merging it with the node's own path."""
        if not child or not path:
            return child
        if len(child) == 17:
            return [_pack(path, is_leaf=False), self._reference(child)]
        own, is_leaf = _unpack(child[0])
        return [_pack(path + own, is_leaf=is_leaf), child[1]]


def _shared(one: Path, other: Path) -> Path:
    """What two paths begin with."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return one[:at]
    return min(one, other, key=len)


def _by_first_nibble(
    items: list[tuple[Path, bytes]], skip: int
) -> Iterable[tuple[int, list[tuple[Path, bytes]]]]:
    """Group sorted items by the nibble after `skip` shared ones, both cut off."""
    group: list[tuple[Path, bytes]] = []
    current = items[0][0][skip]
    for path, value in items:
        if path[skip] != current:
            yield int(current, 16), group
            group = []
            current = path[skip]
        group.append((path[skip + 1 :], value))
    yield int(current, 16), group


def _pack(path: Path, *, is_leaf: bool) -> bytes:
    flag = 2 if is_leaf else 0
    return bytes.fromhex(f"{flag + 1}{path}" if len(path) % 2 else f"{flag}0{path}")


def _unpack(packed: bytes) -> tuple[Path, bool]:
    text = packed.hex()
    flag = int(text[0], 16)
    return text[1:] if flag & 1 else text[2:], flag >= 2
