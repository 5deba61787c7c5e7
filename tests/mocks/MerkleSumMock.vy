# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The module merkle_sum behind external functions, for its own tests
@license AGPL-3.0-or-later
"""
from ...contracts.modules import merkle_sum


@external
@pure
def reading_leaf(body: bytes32[2]) -> merkle_sum.SumNode:
    return merkle_sum._reading_leaf(body)


@external
@pure
def verify_reading(
    body: bytes32[2],
    index: uint256,
    path: DynArray[merkle_sum.SumNode, merkle_sum.MAX_HEIGHT],
    root: merkle_sum.SumNode,
):
    merkle_sum._verify_reading(body, index, path, root)
