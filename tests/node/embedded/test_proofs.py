"""eth_getProof, verified against the state root by the `trie` package."""

import pytest
import rlp
from eth_utils import keccak
from trie import HexaryTrie
from trie.constants import BLANK_NODE_HASH

from harness.chain_probe import EMITTER, OUTSIDER, VERIFIER


def _nodes(proof):
    return [rlp.decode(bytes.fromhex(node[2:])) for node in proof]


def _verify(rpc, proof, block):
    """Check a whole answer against the block's state root; give the account's four fields."""
    root = bytes.fromhex(rpc.call("eth_getBlockByNumber", block, False)["stateRoot"][2:])
    key = keccak(hexstr=proof["address"])
    account = HexaryTrie.get_from_proof(root, key, _nodes(proof["accountProof"]))
    fields = rlp.decode(account) if account else [b"", b"", BLANK_NODE_HASH, keccak(b"")]
    assert int(proof["nonce"], 16) == int.from_bytes(fields[0], "big")
    assert int(proof["balance"], 16) == int.from_bytes(fields[1], "big")
    assert proof["storageHash"] == "0x" + fields[2].hex()
    assert proof["codeHash"] == "0x" + fields[3].hex()
    for slot in proof["storageProof"]:
        slot_key = keccak(int(slot["key"], 16).to_bytes(32, "big"))
        if not slot["proof"]:
            assert fields[2] == BLANK_NODE_HASH
            assert slot["value"] == "0x0"
            continue
        found = HexaryTrie.get_from_proof(fields[2], slot_key, _nodes(slot["proof"]))
        assert int(slot["value"], 16) == (int.from_bytes(rlp.decode(found), "big") if found else 0)
    return fields


@pytest.mark.parametrize("block", ["latest", "0x1", "0x4", "0x9"])
def test_get_proof__contract_slots__verify_against_the_state_root(rpc, played, block):
    contract = played.scene.contract
    mapping = [
        hex(
            int.from_bytes(
                keccak((1).to_bytes(32, "big") + bytes(12) + bytes.fromhex(a.address[2:])), "big"
            )
        )
        for a in (EMITTER, VERIFIER, OUTSIDER)
    ]
    proof = rpc.call("eth_getProof", contract, ["0x0", "0x5", *mapping], block)
    fields = _verify(rpc, proof, block)
    assert fields[3] == keccak(hexstr=rpc.call("eth_getCode", contract, block))
    keys = [int(slot["key"], 16) for slot in proof["storageProof"]]
    assert keys == sorted(keys)
    for slot in proof["storageProof"]:
        stored = rpc.call("eth_getStorageAt", contract, slot["key"], block)
        assert int(stored, 16) == int(slot["value"], 16)
    if block == "0x9":
        assert sum(slot["value"] != "0x0" for slot in proof["storageProof"]) >= 3


def test_get_proof__plain_account__proves_balance_and_nonce(rpc, played):
    proof = rpc.call("eth_getProof", VERIFIER.address, ["0x0"], "latest")
    _verify(rpc, proof, "latest")
    assert proof["nonce"] == "0x6"


def test_get_proof__missing_account__proves_its_absence(rpc, played):
    for address in ("0x" + "12" * 20, "0x" + "ff" * 20):
        proof = rpc.call("eth_getProof", address, ["0x0"], "latest")
        _verify(rpc, proof, "latest")
        assert proof["accountProof"]
        assert proof["storageProof"] == []
        assert proof["balance"] == "0x0"


def test_get_proof__node_changed__verification_fails(rpc, played):
    proof = rpc.call("eth_getProof", played.scene.contract, [], "latest")
    last = bytearray.fromhex(proof["accountProof"][-1][2:])
    last[-1] ^= 1
    proof["accountProof"][-1] = "0x" + last.hex()
    with pytest.raises(Exception, match=r"."):
        _verify(rpc, proof, "latest")
