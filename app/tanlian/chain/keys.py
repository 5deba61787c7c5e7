"""A key that signs for an account: transactions and typed data, locally, never shown."""

from dataclasses import dataclass
from typing import Any, Final

import sha3
from coincurve import PrivateKey
from eth_account import Account
from rlp.codec import encode as rlp_encode

TYPE_2: Final = b"\x02"  # a transaction of EIP-1559


def keccak(data: bytes) -> bytes:
    return bytes(sha3.keccak_256(data).digest())


def checksum(address: str | bytes) -> str:
    """The address with the capitals of EIP-55, from bytes or hex digits."""
    digits = address.hex() if isinstance(address, bytes) else address.lower().removeprefix("0x")
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(mark, 16) > 7 else digit
        for digit, mark in zip(digits, marks, strict=False)
    )


def _rlp(fields: list[object]) -> bytes:
    return bytes(rlp_encode(fields))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Call:
    """What one transaction asks for; `to` is None for a new contract."""

    to: str | None
    data: bytes
    gas: int
    value: int = 0


@dataclass(frozen=True, slots=True)
class Fees:
    """The price of gas in wei; nothing on a chain of free gas."""

    max_fee: int = 0
    priority: int = 0


class Key:
    """One secp256k1 key. Its secret appears in no representation of it."""

    __slots__ = ("_secret", "address")

    def __init__(self, secret: bytes) -> None:
        self._secret = PrivateKey(secret)
        public = self._secret.public_key.format(compressed=False)[1:]
        self.address = checksum(keccak(public)[12:])

    @classmethod
    def derived(cls, *parts: str) -> "Key":
        """A key made from words, the same from the same words: only for throw-away chains."""
        return cls(keccak("/".join(parts).encode()))

    def __repr__(self) -> str:
        return f"Key({self.address})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not copied out of its process")

    def keyfile(self, passphrase: str, *, cost: int) -> dict[str, Any]:
        """The key as an Ethereum V3 keyfile, encrypted; `cost` is scrypt's N."""
        sealed = Account.encrypt(self._secret.secret, passphrase, kdf="scrypt", iterations=cost)
        return dict(sealed)

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest: r, s and the recovery bit, 65 bytes."""
        return bytes(self._secret.sign_recoverable(digest, hasher=None))

    def sign_message_digest(self, digest: bytes) -> bytes:
        """Sign as contracts expect it: r, s and v of 27 or 28."""
        signature = self.sign(digest)
        return signature[:64] + bytes([signature[64] + 27])

    def sign_transaction(self, call: Call, *, nonce: int, chain_id: int, fees: Fees) -> bytes:
        """The signed bytes of a transaction; the same arguments give the same bytes."""
        to = b"" if call.to is None else bytes.fromhex(call.to[2:])
        fields: list[object] = [
            chain_id, nonce, fees.priority, fees.max_fee, call.gas, to, call.value, call.data, [],
        ]  # fmt: skip
        signature = self.sign(keccak(TYPE_2 + _rlp(fields)))
        fields += [
            signature[64],
            int.from_bytes(signature[:32], "big"),
            int.from_bytes(signature[32:64], "big"),
        ]
        return TYPE_2 + _rlp(fields)


def contract_address(creator: str, nonce: int) -> str:
    """The address of the contract that `creator` makes with its transaction number `nonce`."""
    return checksum(keccak(_rlp([bytes.fromhex(creator[2:]), nonce]))[12:])
