"""Merkle proofs of accounts and storage (eth_getProof)."""

from eth_hash.auto import keccak

from tanlian_node.embedded import rlp_codec, trie
from tanlian_node.embedded.views import Json, data
from tanlian_node.embedded.world import NO_ACCOUNT, Account, Layer


def account_proof(layer: Layer, address: bytes, slots: list[int]) -> Json:
    """Prove an account and some of its slots; absence is proved too.

    Like Besu: slots come back sorted, and none of an account that does not exist.
    """
    key = keccak(address)
    encoded = trie.get(layer.nodes, layer.root, key)
    account = Account.decode(encoded) if encoded else NO_ACCOUNT
    return {
        "address": data(address),
        "accountProof": [data(node) for node in trie.prove(layer.nodes, layer.root, key)],
        "balance": hex(account.balance),
        "codeHash": data(account.code_hash),
        "nonce": hex(account.nonce),
        "storageHash": data(account.storage_root),
        "storageProof": [_slot_proof(layer, account, slot) for slot in sorted(set(slots))]
        if encoded
        else [],
    }


def _slot_proof(layer: Layer, account: Account, slot: int) -> Json:
    key = keccak(slot.to_bytes(32, "big"))
    encoded = trie.get(layer.nodes, account.storage_root, key)
    return {
        "key": hex(slot),
        "value": hex(int.from_bytes(rlp_codec.decode(encoded), "big") if encoded else 0),
        "proof": [data(node) for node in trie.prove(layer.nodes, account.storage_root, key)],
    }
