"""Our trie against the one of the Ethereum Foundation's `trie` package."""

from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from tanlian_node.embedded import rlp_codec, trie


class Store:
    """Nodes in memory, by hash."""

    def __init__(self):
        self.encoded = {}

    def node(self, node_hash):
        return rlp_codec.decode(self.encoded[node_hash])

    def apply(self, root, changes):
        update = trie.Update(self)
        root = update.apply(root, changes)
        self.encoded.update(update.fresh)
        return root


# few keys that share prefixes, short values (inlined nodes) and long ones, and deletions
keys = st.integers(0, 40).map(
    lambda n: keccak(bytes([n])) if n % 2 else bytes([n]) * 4 + b"\0" * 28
)
values = st.one_of(
    st.just(b""), st.binary(min_size=1, max_size=3), st.binary(min_size=40, max_size=60)
)
batches = st.lists(st.dictionaries(keys, values, min_size=1, max_size=12), min_size=1, max_size=6)


@given(batches)
def test_apply__random_batches__same_roots_and_values_as_reference(given_batches):
    store, root = Store(), trie.BLANK_ROOT
    reference = HexaryTrie({})
    expected = {}
    for batch in given_batches:
        root = store.apply(root, batch)
        for key, value in batch.items():
            reference[key] = value
            expected[key] = value
        assert root == reference.root_hash
    for key, value in expected.items():
        assert trie.get(store, root, key) == value


@given(batches, keys)
def test_prove__any_key__reference_accepts_the_proof(given_batches, absent):
    store, root = Store(), trie.BLANK_ROOT
    expected = {}
    for batch in given_batches:
        root = store.apply(root, batch)
        expected.update(batch)
    if root == trie.BLANK_ROOT:
        assert trie.prove(store, root, absent) == []
        return
    for key in {*expected, absent}:
        nodes = [rlp_codec.decode(node) for node in trie.prove(store, root, key)]
        assert HexaryTrie.get_from_proof(root, key, nodes) == expected.get(key, b"")


@given(batches)
def test_apply__old_roots__stay_readable(given_batches):
    store, root = Store(), trie.BLANK_ROOT
    history, now = [], {}
    for batch in given_batches:
        root = store.apply(root, batch)
        now = {**now, **batch}
        history.append((root, now))
    for old, then in history:
        for key, value in then.items():
            assert trie.get(store, old, key) == value


def test_build__numbered_items__root_of_reference():
    items = [
        (rlp_codec.encode(rlp_codec.encode_int(n)), bytes([n % 251]) * (n % 90 + 1))
        for n in range(300)
    ]
    reference = HexaryTrie({})
    for key, value in items:
        reference[key] = value
    assert trie.Update(Store()).build(items) == reference.root_hash


def test_apply__everything_deleted__blank_root():
    store = Store()
    root = store.apply(trie.BLANK_ROOT, {keccak(bytes([n])): b"value" for n in range(50)})
    assert store.apply(root, {keccak(bytes([n])): b"" for n in range(50)}) == trie.BLANK_ROOT
