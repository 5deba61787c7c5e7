"""Merkle-sum trees: shape, sums, proofs, and every way to cheat that we know of."""

import dataclasses

import numpy as np
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import Reading, ReadingStatus
from tanlian.proofs.keccak_rows import Backend
from tanlian.proofs.merkle_sum import (
    EMPTY,
    Node,
    Nodes,
    ProofRefused,
    SumForest,
    SumTree,
    body_words,
    climb,
    document_leaf,
    parent,
    reading_leaf,
    verify_node,
    verify_reading,
)

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 32, 33]  # 2^k - 1, 2^k and 2^k + 1


def readings(count, mass=lambda i: 1000 + i):
    return [Reading(3600 * i, 1, 7, i + 1, mass(i)) for i in range(count)]


def tree_of(items, backend=None):
    return SumTree.over_readings(body_words([r.body for r in items]), backend)


def model_root(nodes):
    """The shape said otherwise: split at the largest power of two, as in RFC 6962."""
    if len(nodes) == 1:
        return nodes[0]
    half = 1 << ((len(nodes) - 1).bit_length() - 1)
    left, right = model_root(nodes[:half]), model_root(nodes[half:])
    message = b"".join(
        n.digest + n.mass_g.to_bytes(8, "big") + n.count.to_bytes(8, "big") for n in (left, right)
    )
    return Node(keccak(message + b"\x01"), left.mass_g + right.mass_g, left.count + right.count)


@pytest.mark.parametrize("backend", list(Backend))
@pytest.mark.parametrize("count", SIZES)
def test_root__any_size_and_backend__equals_the_recursive_model(count, backend):
    items = readings(count)
    leaves = [Node(keccak(r.body + b"\x00"), r.mass_g, 1) for r in items]
    assert tree_of(items, backend).root == model_root(leaves)


def test_root__no_readings__is_the_empty_root():
    empty = SumTree.over_readings(np.empty((0, 8), np.uint64))
    assert empty.root == EMPTY == Node(keccak(b"\x02"), 0, 0)


def test_root__one_reading__is_its_leaf_with_its_mass():
    (only,) = readings(1)
    assert (
        tree_of([only]).root == reading_leaf(only.body) == Node(keccak(only.body + b"\0"), 1000, 1)
    )


@pytest.mark.parametrize("count", SIZES)
def test_path__every_leaf_of_every_size__verifies_and_no_other_place_does(count):
    items = readings(count)
    tree = tree_of(items)
    for index, item in enumerate(items):
        path = tree.path(index)
        verify_reading(item.body, index, path, tree.root)
        for other in range(count):
            if other != index:
                with pytest.raises(ProofRefused):
                    verify_reading(item.body, other, path, tree.root)


@given(st.lists(st.integers(0, 2**50), min_size=1, max_size=40), st.data())
def test_path__any_masses__the_root_holds_their_sum_and_a_changed_bit_is_refused(masses, data):
    items = readings(len(masses), lambda i: masses[i])
    tree = tree_of(items)
    assert (tree.root.mass_g, tree.root.count) == (sum(masses), len(masses))
    index = data.draw(st.integers(0, len(masses) - 1))
    bit = data.draw(st.integers(0, 511))
    body = bytearray(items[index].body)
    body[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProofRefused, match=r"another root|sum on the path"):
        verify_reading(bytes(body), index, tree.path(index), tree.root)


def test_forest__ragged_groups__each_tree_equals_the_tree_built_alone():
    sizes = [3, 0, 1, 8, 5, 0, 17]
    items = readings(sum(sizes))
    forest = SumForest(Nodes.of([reading_leaf(r.body) for r in items]), sizes)
    at = 0
    for group, size in enumerate(sizes):
        alone = tree_of(items[at : at + size])
        tree = forest.tree(group)
        assert tree.root == alone.root == forest.roots()[group]
        assert [tree.path(i) for i in range(size)] == [alone.path(i) for i in range(size)]
        at += size


# Attacks


def test_second_preimage__inner_node_offered_as_a_reading__refused():
    tree = tree_of(readings(4))
    inner = [tree.node(1, 0), tree.node(1, 1)]
    forged = b"".join(
        n.digest + n.mass_g.to_bytes(8, "big") + n.count.to_bytes(8, "big") for n in inner
    )
    with pytest.raises(InvalidInput, match="64 bytes, not 96"):
        verify_reading(forged, 0, (), Node(tree.root.digest, tree.root.mass_g, 1))


def test_leaf_for_node__subtree_left_out_of_the_path__refused():
    items = readings(4)
    tree = tree_of(items)
    with pytest.raises(ProofRefused, match="path has 1 steps, but the shape asks for 2"):
        verify_reading(items[0].body, 0, tree.path(0)[:1], tree.root)
    with pytest.raises(ProofRefused, match="path has 3 steps, but the shape asks for 2"):
        verify_reading(items[0].body, 0, (*tree.path(0), tree.node(1, 0)), tree.root)


def test_node_for_leaf__two_readings_hashed_as_one_node__another_hash_than_a_leaf():
    left, right = readings(2)
    as_node = parent(reading_leaf(left.body), reading_leaf(right.body))
    for other in (left.body, right.body):
        assert as_node.digest != reading_leaf(other).digest
    assert document_leaf(left.body[:32], left.body[32:]).digest != reading_leaf(left.body).digest


def test_duplicate_leaf__last_reading_doubled__refused_and_another_root():
    items = readings(3)
    with pytest.raises(InvalidInput, match="Reading 3 has the same key as reading 2"):
        tree_of([*items, items[-1]])
    doubled = SumTree.over(Nodes.of([reading_leaf(r.body) for r in [*items, items[-1]]]))
    assert doubled.root != tree_of(items).root  # unlike trees that pad with the last leaf


def test_order__readings_swapped__refused():
    first, second = readings(2)
    with pytest.raises(InvalidInput, match="Reading 1 must stand before reading 0"):
        tree_of([second, first])


def test_wrong_sum__root_with_more_or_less_mass__refused():
    items = readings(5)
    tree = tree_of(items)
    for mass in (tree.root.mass_g - 1, tree.root.mass_g + 1, 0):
        lied = dataclasses.replace(tree.root, mass_g=mass)
        with pytest.raises(ProofRefused, match="not to its mass and count"):
            verify_reading(items[2].body, 2, tree.path(2), lied)


def test_wrong_sum__mass_moved_between_neighbours__another_root():
    items = readings(2)
    tree = tree_of(items)
    (sibling,) = tree.path(0)
    with pytest.raises(ProofRefused, match="another root"):
        verify_reading(
            dataclasses.replace(items[0], mass_g=items[0].mass_g + 1).body,
            0,
            [dataclasses.replace(sibling, mass_g=sibling.mass_g - 1)],
            tree.root,
        )


def test_hidden_readings__builder_counts_two_as_one__neither_can_be_proved():
    items = readings(3)
    leaves = [reading_leaf(r.body) for r in items]
    pair = dataclasses.replace(parent(leaves[0], leaves[1]), count=1)
    root = parent(pair, leaves[2])  # states two readings; the builder shows only the last
    verify_reading(items[2].body, 1, [pair], root)
    for item, path in ((items[0], [leaves[1], leaves[2]]), (items[1], [leaves[0], leaves[2]])):
        for index in range(2):
            with pytest.raises(ProofRefused, match="path has 2 steps, but the shape asks for 1"):
                verify_reading(item.body, index, path, root)
            with pytest.raises(ProofRefused, match="another root"):
                verify_reading(item.body, index, path[1:], root)
    inflated = parent(dataclasses.replace(pair, count=3), leaves[2])
    with pytest.raises(ProofRefused, match="path has 1 steps, but the shape asks for 2"):
        verify_reading(items[2].body, 3, [pair], inflated)


def test_inflated_count__neighbour_states_other_count_than_the_shape__refused():
    items = readings(4)
    leaves = [reading_leaf(r.body) for r in items]
    left = dataclasses.replace(parent(leaves[0], leaves[1]), count=1)
    right = dataclasses.replace(parent(leaves[2], leaves[3]), count=3)
    lying = parent(left, right)
    assert lying.count == 4
    with pytest.raises(ProofRefused, match=r"not to its mass and count|another root"):
        verify_reading(items[0].body, 0, [leaves[1], right], lying)


@pytest.mark.parametrize("mass", [-1, -(2**63), 2**64])
def test_negative_or_oversized_mass__on_the_path__refused(mass):
    items = readings(2)
    tree = tree_of(items)
    bad = dataclasses.replace(tree.path(0)[0], mass_g=mass)
    with pytest.raises(ProofRefused, match="out of range"):
        verify_reading(items[0].body, 0, [bad], tree.root)


def test_overflow__sum_beyond_64_bits__refused_where_it_is_built_and_where_it_is_checked():
    items = readings(2, lambda _: 2**63)
    with pytest.raises(InvalidInput, match="sum leaves 64 bits"):
        tree_of(items)
    with pytest.raises(ProofRefused, match="sum on the path leaves 64 bits"):
        climb(reading_leaf(items[0].body), 0, 2, [reading_leaf(items[1].body)])
    just = readings(2, lambda i: 2**63 - i)
    assert tree_of(just).root.mass_g == 2**64 - 1


def test_empty_tree__any_proof_against_it__refused():
    with pytest.raises(ProofRefused, match="no leaf 0 in a tree of 0"):
        verify_reading(readings(1)[0].body, 0, (), EMPTY)


def test_empty_node__used_as_a_neighbour__refused():
    items = readings(1)
    with pytest.raises(ProofRefused, match="out of range"):
        verify_node(reading_leaf(items[0].body), 0, 2, [EMPTY], Node(b"\0" * 32, 1000, 1))


def test_path__of_a_leaf_that_is_not_there__refused():
    with pytest.raises(InvalidInput, match="no leaf 3 in a tree of 3"):
        tree_of(readings(3)).path(3)


# Readings


def test_reading__body__reads_back_and_sorts_as_the_reading_does():
    items = [
        Reading(7200, 2, 9, 5, 12, 3, 4, 6, 1800, ReadingStatus.SUBSTITUTED, 17),
        Reading(3600, 2**32 - 1, 0, 2**64 - 1, 2**64 - 1),
        Reading(3600, 1, 2, 3, 0, status=ReadingStatus.MISSING),
    ]
    assert [Reading.from_body(r.body) for r in items] == items
    assert sorted(items) == [Reading.from_body(b) for b in sorted(r.body for r in items)]


@pytest.mark.parametrize(
    ("field", "value"), [("mass_g", -1), ("mass_g", 2**64), ("device", 2**32), ("rule", 2**16)]
)
def test_reading__figure_out_of_range__refused(field, value):
    with pytest.raises(InvalidInput, match=f"{field} {value} is outside"):
        dataclasses.replace(readings(1)[0], **{field: value})


def test_reading__unknown_status_or_length__refused():
    body = bytearray(readings(1)[0].body)
    body[61] = 9
    with pytest.raises(InvalidInput, match="no reading status 9"):
        Reading.from_body(bytes(body))
    with pytest.raises(InvalidInput, match="64 bytes, not 63"):
        Reading.from_body(bytes(body[:-1]))
