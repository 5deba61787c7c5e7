"""Keccak-256 of many short messages of one length: one answer, three ways to it.

A message is a row of little-endian 64-bit words and a closing tag byte, together less than the
136-byte rate of Keccak, hence one permutation each. numba is fastest, `safe-pysha3` goes one by
one and needs no compiler, numpy needs nothing else. A test holds them equal to `eth_utils`.
"""

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tanlian.proofs.round_constants import ROUND_CONSTANTS

MOST_WORDS = 15  # 120 bytes; with tag and padding still below the rate of 136
_TURNS = (
    (0, 36, 3, 41, 18),
    (1, 44, 10, 45, 2),
    (62, 6, 43, 15, 61),
    (28, 55, 25, 21, 56),
    (27, 20, 39, 8, 14),
)  # the rotation of lane (x, y), from the specification of Keccak-f[1600]

Words = NDArray[np.uint64]


class Backend(StrEnum):
    """How the permutation is computed."""

    NUMBA = "numba"
    PYSHA3 = "pysha3"
    NUMPY = "numpy"


@cache
def fastest_backend() -> Backend:
    """Return the fastest way that is installed here."""
    for backend, module in ((Backend.NUMBA, "numba"), (Backend.PYSHA3, "sha3")):
        try:
            __import__(module)
        except ImportError:
            continue
        return backend
    return Backend.NUMPY


def keccak_rows(rows: Words, tag: int, backend: Backend | None = None) -> Words:
    """Return the digest of each row and tag, as rows of four little-endian words."""
    if rows.ndim != 2 or not 1 <= rows.shape[1] <= MOST_WORDS or not 0 <= tag <= 255:
        raise ValueError(f"rows of 1 to {MOST_WORDS} words and a tag byte, not {rows.shape}, {tag}")
    rows = np.ascontiguousarray(rows, dtype="<u8")
    match backend or fastest_backend():
        case Backend.NUMBA:
            from tanlian.proofs.keccak_kernel import hash_rows

            return hash_rows(rows, tag)
        case Backend.PYSHA3:
            return _one_by_one(rows, tag)
        case Backend.NUMPY:
            return _abreast(rows, tag)


def _one_by_one(rows: Words, tag: int) -> Words:
    from sha3 import keccak_256

    size = rows.shape[1] * 8
    data, closing = rows.tobytes(), bytes([tag])
    digests = b"".join(
        keccak_256(data[at : at + size] + closing).digest() for at in range(0, len(data), size)
    )
    return np.frombuffer(digests, dtype="<u8").reshape(-1, 4).astype(np.uint64, copy=False)


def _abreast(rows: Words, tag: int) -> Words:
    """Permute all rows at once, each word of the state being an array."""
    count, words = rows.shape
    lanes = [np.zeros(count, np.uint64) for _ in range(25)]
    for word in range(words):
        lanes[word] = rows[:, word].copy()
    lanes[words] ^= np.uint64(tag | 0x100)
    lanes[16] ^= np.uint64(1 << 63)
    for constant in ROUND_CONSTANTS:
        columns = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        parity = [columns[(x + 4) % 5] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = lanes[:]
        for x in range(5):
            for y in range(5):
                moved[y + 5 * ((2 * x + 3 * y) % 5)] = _turned(
                    lanes[x + 5 * y] ^ parity[x], _TURNS[x][y]
                )
        lanes = [
            moved[x + 5 * y] ^ (~moved[(x + 1) % 5 + 5 * y] & moved[(x + 2) % 5 + 5 * y])
            for y in range(5)
            for x in range(5)
        ]
        lanes[0] ^= np.uint64(constant)
    return np.stack(lanes[:4], axis=1)


def _turned(words: Words, by: int) -> Words:
    if by == 0:
        return words
    return (words << np.uint64(by)) | (words >> np.uint64(64 - by))
