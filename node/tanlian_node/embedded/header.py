"""Block headers in QBFT's form: what is hashed, what validators sign, and how seals are checked.

CROSSCHAIN.md 1 has the rules, read off real Besu blocks: sixteen fields; `extraData` is
rlp([vanity, validators, vote, round, seals]); the block hash leaves out seals and round, the
digest that validators sign leaves out the seals only.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import coincurve
from eth_hash.auto import keccak

from tanlian_node.embedded import rlp_codec

MIX_HASH = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
EMPTY_OMMERS_HASH = keccak(rlp_codec.encode([]))
VANITY = b"tanlian embedded".ljust(32, b"\0")
EMPTY_BLOOM = bytes(256)


@dataclass(frozen=True, slots=True)
class Extra:
    """The parts of a QBFT header's extraData."""

    vanity: bytes
    validators: tuple[bytes, ...]
    vote: Any
    round: bytes
    seals: tuple[bytes, ...]

    @classmethod
    def decode(cls, data: bytes) -> "Extra":
        vanity, validators, vote, turn, seals = rlp_codec.decode(data)
        return cls(vanity, tuple(validators), vote, turn, tuple(seals))

    def encode(self) -> bytes:
        return rlp_codec.encode(
            [self.vanity, list(self.validators), self.vote, self.round, list(self.seals)]
        )


@dataclass(frozen=True)
class Header:
    parent_hash: bytes
    coinbase: bytes
    state_root: bytes
    transactions_root: bytes
    receipts_root: bytes
    bloom: bytes
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    mix_hash: bytes
    nonce: bytes
    base_fee: int
    later_fields: tuple[bytes, ...] = ()  # of Shanghai and Cancun; only a genesis block has them
    ommers_hash: bytes = EMPTY_OMMERS_HASH

    def fields(self, extra_data: bytes) -> list[bytes]:
        integer = rlp_codec.encode_int
        return [
            self.parent_hash,
            self.ommers_hash,
            self.coinbase,
            self.state_root,
            self.transactions_root,
            self.receipts_root,
            self.bloom,
            integer(self.difficulty),
            integer(self.number),
            integer(self.gas_limit),
            integer(self.gas_used),
            integer(self.timestamp),
            extra_data,
            self.mix_hash,
            self.nonce,
            integer(self.base_fee),
            *self.later_fields,
        ]

    def encode(self) -> bytes:
        return rlp_codec.encode(self.fields(self.extra_data))

    @classmethod
    def decode(cls, data: bytes) -> "Header":
        f = rlp_codec.decode(data)
        integer = rlp_codec.decode_int
        return cls(
            parent_hash=f[0],
            ommers_hash=f[1],
            coinbase=f[2],
            state_root=f[3],
            transactions_root=f[4],
            receipts_root=f[5],
            bloom=f[6],
            difficulty=integer(f[7]),
            number=integer(f[8]),
            gas_limit=integer(f[9]),
            gas_used=integer(f[10]),
            timestamp=integer(f[11]),
            extra_data=f[12],
            mix_hash=f[13],
            nonce=f[14],
            base_fee=integer(f[15]),
            later_fields=tuple(f[16:]),
        )

    @cached_property
    def hash(self) -> bytes:
        if self.number == 0:  # Besu hashes the genesis header as it is
            return bytes(keccak(self.encode()))
        bare = replace(Extra.decode(self.extra_data), round=b"", seals=())
        return bytes(keccak(rlp_codec.encode(self.fields(bare.encode()))))

    @property
    def seal_digest(self) -> bytes:
        """What the validators sign: the header with its round, without seals."""
        unsealed = replace(Extra.decode(self.extra_data), seals=())
        return bytes(keccak(rlp_codec.encode(self.fields(unsealed.encode()))))

    def sealed_by(self, keys: list[coincurve.PrivateKey]) -> "Header":
        """Give this header with one commit seal of each key."""
        digest = self.seal_digest
        seals = tuple(key.sign_recoverable(digest, hasher=None) for key in keys)
        return replace(
            self, extra_data=replace(Extra.decode(self.extra_data), seals=seals).encode()
        )

    def sealers(self) -> list[bytes]:
        """The addresses whose commit seals the header carries."""
        digest = self.seal_digest
        return [recover(digest, seal) for seal in Extra.decode(self.extra_data).seals]


def recover(digest: bytes, signature: bytes) -> bytes:
    """Find the address that made a 65-byte signature (r, s, y parity).

    Raises:
        ValueError: no key can have made this signature.
    """
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception as error:  # coincurve raises bare Exception and ValueError alike
        raise ValueError("the signature is not valid") from error
    return address_of(key)


def address_of(key: coincurve.PublicKey) -> bytes:
    return bytes(keccak(key.format(compressed=False)[1:])[12:])


def quorum(validators: int) -> int:
    """How many commit seals make a block final: ceil(2n/3)."""
    return -(-2 * validators // 3)
