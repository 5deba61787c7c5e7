"""The consent (EIP-712) by which a new key says that it wants to belong to an organisation."""

from eth_abi.abi import encode

from tanlian.chain.keys import Key, keccak

_DOMAIN = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_CONSENT = keccak(b"AccountConsent(address account,uint256 organisation)")
_NAME = keccak(b"Tanlian Membership")
_VERSION = keccak(b"1")


def sign_consent(key: Key, organisation: int, *, chain_id: int, membership: str) -> bytes:
    """Sign that the key's account joins an organisation of this register on this chain."""
    domain = keccak(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [_DOMAIN, _NAME, _VERSION, chain_id, membership],
        )
    )
    content = keccak(
        encode(["bytes32", "address", "uint256"], [_CONSENT, key.address, organisation])
    )
    return key.sign_message_digest(keccak(b"\x19\x01" + domain + content))
