"""The module merkle_sum.vy decides as tanlian.proofs.merkle_sum does, on the same vectors."""

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanlian.domain.reading import Reading
from tanlian.proofs.merkle_sum import EMPTY, SumTree, body_words, reading_leaf


@pytest.fixture(scope="module")
def mock():
    return boa.load("tests/mocks/MerkleSumMock.vy")


def readings(count):
    return [Reading(3600 * i, 1, 7, i + 1, 1000 + i) for i in range(count)]


def tree_of(items):
    return SumTree.over_readings(body_words([r.body for r in items]))


def words(body):
    return [body[:32], body[32:]]


def abi(node):
    return (node.digest, node.mass_g, node.count)


def test_reading_leaf__any_reading__same_leaf_as_python(mock):
    body = Reading(2**40, 3, 4, 5, 2**64 - 1, 6, 7, 8).body
    assert tuple(mock.reading_leaf(words(body))) == abi(reading_leaf(body))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 16, 17])
def test_verify_reading__every_leaf__passes_here_as_there(mock, count):
    items = readings(count)
    tree = tree_of(items)
    for index, item in enumerate(items):
        mock.verify_reading(
            words(item.body), index, [abi(n) for n in tree.path(index)], abi(tree.root)
        )


@settings(max_examples=25)
@given(st.integers(2, 40), st.data())
def test_verify_reading__anything_changed__reverts(mock, count, data):
    items = readings(count)
    tree = tree_of(items)
    index = data.draw(st.integers(0, count - 1))
    path = [abi(n) for n in tree.path(index)]
    root = abi(tree.root)
    body = items[index].body
    what = data.draw(st.sampled_from(["body", "index", "path", "digest", "mass", "count", "cut"]))
    reason = None
    if what == "body":
        body = bytes([*body[:31], body[31] ^ 1, *body[32:]])
        reason = "merkle_sum: another root"
    elif what == "index":
        index = (index + data.draw(st.integers(1, count - 1))) % count
    elif what == "path":
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = (path[at][0], path[at][1] + 1, path[at][2])
        reason = "merkle_sum: another root"
    elif what == "digest":
        root = (bytes(32), *root[1:])
        reason = "merkle_sum: another root"
    elif what == "mass":
        root = (root[0], root[1] + 1, root[2])
        reason = "merkle_sum: another mass"
    elif what == "count":
        root = (*root[:2], root[2] + data.draw(st.integers(1, 5)))
    else:
        path = path[:-1]
        reason = "merkle_sum: wrong path length"
    with boa.reverts(reason) if reason else boa.reverts():
        mock.verify_reading(words(body), index, path, root)


def test_verify_reading__no_such_leaf__reverts(mock):
    (item,) = readings(1)
    for index, root in ((0, abi(EMPTY)), (1, abi(reading_leaf(item.body)))):
        with boa.reverts("merkle_sum: no such leaf"):
            mock.verify_reading(words(item.body), index, [], root)


@pytest.mark.parametrize(
    ("sibling", "reason"),
    [
        ((b"\1" * 32, 2**64 - 1000, 1), "merkle_sum: mass out of range"),
        ((b"\1" * 32, 2**64, 1), "merkle_sum: mass out of range"),
        ((b"\1" * 32, 5, 0), "merkle_sum: wrong count on path"),
        ((b"\1" * 32, 5, 2), "merkle_sum: wrong count on path"),
    ],
)
def test_verify_reading__sum_or_count_out_of_range__reverts(mock, sibling, reason):
    (item,) = readings(1)
    with boa.reverts(reason):
        mock.verify_reading(words(item.body), 0, [sibling], (b"\2" * 32, 2000, 2))


def test_verify_reading__root_counts_more_than_64_bits__reverts(mock):
    (item,) = readings(1)
    with boa.reverts("merkle_sum: count out of range"):
        mock.verify_reading(words(item.body), 0, [], (b"\2" * 32, 2000, 2**64))
    with boa.reverts("merkle_sum: wrong path length"):
        mock.verify_reading(words(item.body), 0, [], (b"\2" * 32, 2000, 2**64 - 1))
