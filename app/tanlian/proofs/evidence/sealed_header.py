"""Headers of a QBFT chain: their hash, and who of the validators sealed them.

Read off real Besu blocks: `extraData` is rlp([vanity, validators, vote, round, seals]). What the
validators sign is the header with the seals emptied; the block's hash is that with round 0 besides.
A block is final with the seals of ceil(2n/3) of n validators.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from rlp.codec import decode, encode
from rlp.exceptions import DecodingError

from tanlian.domain.errors import TanlianError
from tanlian.proofs.merkle_sum import keccak
from tanlian.proofs.reading_signature import SignatureRefused, signer_of_digest

QBFT_MARK = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
_RECEIPTS_ROOT, _NUMBER, _TIMESTAMP, _EXTRA, _MIX = 5, 8, 11, 12, 13
_LEAST_FIELDS = 15


class HeaderRefused(TanlianError):
    """A header is no QBFT header, or too few validators sealed it."""

    code = "header_refused"


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """A header as it stands on the chain."""

    number: int
    timestamp: int
    receipts_root: bytes
    block_hash: bytes
    sealers: tuple[str, ...]


def read_header(raw: bytes) -> SealedHeader:
    """Read a header in RLP and recover who sealed it.

    Raises:
        HeaderRefused: it is no QBFT header, or a seal is malformed.
    """
    try:
        fields: list[Any] = list(decode(raw))  # type: ignore[no-untyped-call]
        if len(fields) < _LEAST_FIELDS or fields[_MIX] != QBFT_MARK:
            raise HeaderRefused("This is no header of a QBFT chain.")
        vanity, validators, vote, turn, seals = decode(fields[_EXTRA])  # type: ignore[no-untyped-call]
        signed = _encoded(fields, [vanity, validators, vote, turn, []])
        final = _encoded(fields, [vanity, validators, vote, b"", []])
        sealers = tuple(signer_of_digest(keccak(signed), bytes(seal)) for seal in seals)
    except (DecodingError, ValueError, TypeError) as error:
        raise HeaderRefused(f"The header cannot be read: {error}.") from error
    except SignatureRefused as error:
        raise HeaderRefused(f"A seal of the header is malformed: {error.user_message}") from error
    return SealedHeader(
        int.from_bytes(fields[_NUMBER], "big"),
        int.from_bytes(fields[_TIMESTAMP], "big"),
        bytes(fields[_RECEIPTS_ROOT]),
        keccak(final),
        sealers,
    )


def quorum(validators: int) -> int:
    """Return how many seals make a block final."""
    return -(-2 * validators // 3)


def check_seals(header: SealedHeader, validators: Collection[str]) -> None:
    """Refuse unless a quorum of these validators sealed the header.

    Raises:
        HeaderRefused: names how many did.
    """
    known = {validator.lower() for validator in validators}
    good = known & set(header.sealers)
    if not known or len(good) < quorum(len(known)):
        raise HeaderRefused(
            f"{len(good)} of {len(known)} validators sealed block {header.number}, "
            f"{quorum(len(known))} are needed."
        )


def _encoded(fields: list[Any], extra: list[Any]) -> bytes:
    changed = [*fields]
    changed[_EXTRA] = bytes(encode(extra))  # type: ignore[no-untyped-call]
    return bytes(encode(changed))  # type: ignore[no-untyped-call]
