"""Signatures of devices over their readings: secp256k1, low s, bound to this one use."""

from functools import cache
from typing import Any

from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.proofs.merkle_sum import keccak

PREFIX = b"tanlian reading 1\n"  # nothing else that a key signs starts so
SIGNATURE_BYTES = 65
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class SignatureRefused(TanlianError):
    """A signature is malformed, malleable, or of another key."""

    code = "signature_refused"


def address_of(private_key: bytes) -> str:
    """Return the address, in lower case, of a private key."""
    return _address(_key(private_key).public_key)


def sign_reading(private_key: bytes, body: bytes) -> bytes:
    """Return the 65-byte signature r | s | v of a reading's 64 bytes."""
    return sign_digest(private_key, keccak(PREFIX + body))


def signer_of(body: bytes, signature: bytes) -> str:
    """Return the address whose key signed the reading.

    Raises:
        SignatureRefused: the signature is none, or its s is not the lower one.
    """
    return signer_of_digest(keccak(PREFIX + body), signature)


def sign_digest(private_key: bytes, digest: bytes) -> bytes:
    """Return the signature of a digest, which the caller has bound to one use."""
    signature: bytes = _key(private_key).sign_recoverable(digest, hasher=None)
    return signature


def signer_of_digest(digest: bytes, signature: bytes) -> str:
    """Return the address whose key signed a digest.

    Raises:
        SignatureRefused: the signature is none, or its s is not the lower one.
    """
    from coincurve import PublicKey

    if len(signature) != SIGNATURE_BYTES:
        raise SignatureRefused(f"A signature has {SIGNATURE_BYTES} bytes, not {len(signature)}.")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise SignatureRefused("The signature's s is in the upper half.")
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as error:
        raise SignatureRefused("The signature belongs to no key.") from error
    return _address(key)


@cache
def _key(private_key: bytes) -> Any:
    from coincurve import PrivateKey

    if len(private_key) != 32:
        raise InvalidInput("A private key has 32 bytes.")
    return PrivateKey(private_key)


def _address(public_key: Any) -> str:
    point: bytes = public_key.format(compressed=False)
    return "0x" + keccak(point[1:])[12:].hex()
