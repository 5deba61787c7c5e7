"""Headers against the rules that were read off real Besu blocks (CROSSCHAIN 1)."""

import rlp
from eth_keys import keys
from eth_utils import keccak

from tanlian_node.embedded import EmbeddedChain
from tanlian_node.embedded.header import MIX_HASH, Header, quorum


def _fields(rpc, number):
    return rlp.decode(bytes.fromhex(rpc.call("debug_getRawHeader", hex(number))[2:]))


def _with_extra(fields, *changes):
    parts = rlp.decode(fields[12])
    for at, value in changes:
        parts[at] = value
    return keccak(rlp.encode([*fields[:12], rlp.encode(parts), *fields[13:]]))


def test_header__every_block__has_qbft_form_and_hash(rpc, played):
    for number in range(1, int(rpc.call("eth_blockNumber"), 16) + 1):
        fields = _fields(rpc, number)
        assert len(fields) == 16
        assert fields[7] == b"\x01"
        assert fields[13] == MIX_HASH
        shown = rpc.call("eth_getBlockByNumber", hex(number), False)["hash"]
        assert shown == "0x" + _with_extra(fields, (3, b""), (4, [])).hex()


def test_header__every_block__seal_is_the_listed_validators(rpc, played):
    for number in range(1, int(rpc.call("eth_blockNumber"), 16) + 1):
        fields = _fields(rpc, number)
        _, validators, vote, _, seals = rlp.decode(fields[12])
        digest = _with_extra(fields, (4, []))
        found = [
            keys.Signature(seal).recover_public_key_from_msg_hash(digest).to_canonical_address()
            for seal in seals
        ]
        assert found == validators == [fields[2]]
        assert vote == []


def test_header__four_keys__sealed_by_a_quorum_of_sorted_validators(tmp_path):
    private = [bytes([n]) * 32 for n in (9, 3, 7, 5)]
    addresses = sorted(keys.PrivateKey(k).public_key.to_canonical_address() for k in private)
    with EmbeddedChain(tmp_path, interval=0, keys=private, development=True) as chain:
        proposers = {chain.node.sealer.mine().coinbase for _ in range(4)}
        header = chain.node.chain.head
    assert proposers == set(addresses)
    assert rlp.decode(header.extra_data)[1] == addresses
    sealers = header.sealers()
    assert len(set(sealers)) == 3 == quorum(4)
    assert set(sealers) <= set(addresses)


def test_decode__encoded_header__is_the_same(played):
    for number in (0, 1, 5):
        header = played.node.chain.header(number)
        assert Header.decode(header.encode()) == header
        assert Header.decode(header.encode()).hash == header.hash


def test_quorum__sizes__two_thirds_rounded_up():
    assert [quorum(n) for n in range(1, 8)] == [1, 2, 2, 3, 4, 4, 5]
