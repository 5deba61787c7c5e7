# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Merkle-sum trees over readings
@license AGPL-3.0-or-later
@notice Verifies that a reading, with the CO2 mass written in it, is under a root that states the
        mass and number of all readings. The same messages and shape as tanlian.proofs.merkle_sum,
        checked against the same vectors: a reading is 64 bytes and a closing 0x00, a node is two
        neighbours of 48 bytes each and a closing 0x01, and a node without a neighbour rises
        unchanged. Sums beyond 64 bits are refused.
"""


struct SumNode:
    digest: bytes32
    mass_g: uint256  # grams of CO2 below this node
    count: uint256  # readings below this node


MAX_HEIGHT: constant(uint256) = 40  # a tree of 2^40 readings, more than the count field is used for
_SUM_LIMIT: constant(uint256) = 2**64
_TAG_READING: constant(bytes1) = 0x00
_TAG_NODE: constant(bytes1) = 0x01


@internal
@pure
def _reading_leaf(body: bytes32[2]) -> SumNode:
    """
    @dev The mass is the last 8 bytes of the first word, by the layout of a reading.
    """
    return SumNode(
        digest=keccak256(concat(body[0], body[1], _TAG_READING)),
        mass_g=convert(body[0], uint256) & (_SUM_LIMIT - 1),
        count=1,
    )


@internal
@pure
def _parent(left: SumNode, right: SumNode) -> SumNode:
    assert left.mass_g < _SUM_LIMIT, "merkle_sum: mass out of range"
    assert right.mass_g < _SUM_LIMIT, "merkle_sum: mass out of range"
    assert left.count != 0 and left.count < _SUM_LIMIT, "merkle_sum: count out of range"
    assert right.count != 0 and right.count < _SUM_LIMIT, "merkle_sum: count out of range"
    mass_g: uint256 = left.mass_g + right.mass_g
    count: uint256 = left.count + right.count
    assert mass_g < _SUM_LIMIT, "merkle_sum: mass out of range"
    assert count < _SUM_LIMIT, "merkle_sum: count out of range"
    digest: bytes32 = keccak256(
        concat(
            left.digest,
            convert(convert((left.mass_g << 64) | left.count, uint128), bytes16),
            right.digest,
            convert(convert((right.mass_g << 64) | right.count, uint128), bytes16),
            _TAG_NODE,
        )
    )
    return SumNode(digest=digest, mass_g=mass_g, count=count)


@internal
@pure
def _verify_reading(
    body: bytes32[2], index: uint256, path: DynArray[SumNode, MAX_HEIGHT], root: SumNode
):
    """
    @notice Reverts unless the reading is leaf `index` of the tree of readings with this root.
    @dev The width of the tree is the root's count, so the count of every neighbour is known.
    """
    assert root.count < _SUM_LIMIT, "merkle_sum: count out of range"
    self._verify(self._reading_leaf(body), index, root.count, path, root, True)


@internal
@pure
def _verify_node(
    leaf: SumNode,
    index: uint256,
    width: uint256,
    path: DynArray[SumNode, MAX_HEIGHT],
    root: SumNode,
):
    """
    @notice Reverts unless the node is leaf `index` of a tree of `width` nodes with this root.
    """
    self._verify(leaf, index, width, path, root, False)


@internal
@pure
def _verify(
    leaf: SumNode,
    index: uint256,
    leaves: uint256,
    path: DynArray[SumNode, MAX_HEIGHT],
    root: SumNode,
    counted: bool,
):
    assert index < leaves, "merkle_sum: no such leaf"
    node: SumNode = leaf
    place: uint256 = index
    width: uint256 = leaves
    level: uint256 = 0
    used: uint256 = 0
    for _: uint256 in range(MAX_HEIGHT):
        if width == 1:
            break
        neighbour: uint256 = place ^ 1
        if neighbour < width:
            assert used < len(path), "merkle_sum: wrong path length"
            sibling: SumNode = path[used]
            if counted:
                first: uint256 = neighbour << level
                beyond: uint256 = min((neighbour + 1) << level, leaves)
                assert sibling.count == beyond - first, "merkle_sum: wrong count on path"
            if neighbour > place:
                node = self._parent(node, sibling)
            else:
                node = self._parent(sibling, node)
            used += 1
        place = place >> 1
        width = (width + 1) >> 1
        level += 1
    assert width == 1, "merkle_sum: tree too high"
    assert used == len(path), "merkle_sum: wrong path length"
    assert node.digest == root.digest, "merkle_sum: another root"
    assert node.mass_g == root.mass_g, "merkle_sum: another mass"
    assert node.count == root.count, "merkle_sum: another count"
