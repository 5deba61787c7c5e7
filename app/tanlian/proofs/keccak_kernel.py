"""Keccak-256 of many short rows, compiled by numba.

Eight permutations run abreast: the state is stored word by word, lane by lane, so that the inner
loop is straight-line code over neighbouring words and LLVM turns it into vector instructions.
The indices must be unsigned: for signed ones numba emits the wrap-around of negative indices,
which keeps the loop scalar and five times slower.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tanlian.proofs.round_constants import ROUND_CONSTANTS

_CONSTANTS = np.array(ROUND_CONSTANTS, dtype=np.uint64)

_ABREAST = np.uint64(8)
_FIRST_PADDING = np.uint64(0x100)  # the byte after the tag
_LAST_PADDING = np.uint64(0x8000000000000000)  # the last byte of the 136-byte rate


@njit(inline="always")
def _turned(word, by):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


@njit(inline="always")
def _at(word, lane):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return np.uint64(word) * _ABREAST + lane


@njit(cache=True)
def _permute(s, constants):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0915
    """Apply Keccak-f[1600] to eight states; names follow the specification: theta's c and d, b."""
    for constant in constants:
        for j in range(_ABREAST):
            a0, a1, a2, a3, a4 = (
                s[_at(0, j)],
                s[_at(1, j)],
                s[_at(2, j)],
                s[_at(3, j)],
                s[_at(4, j)],
            )
            a5, a6, a7, a8, a9 = (
                s[_at(5, j)],
                s[_at(6, j)],
                s[_at(7, j)],
                s[_at(8, j)],
                s[_at(9, j)],
            )
            a10, a11, a12 = s[_at(10, j)], s[_at(11, j)], s[_at(12, j)]
            a13, a14 = s[_at(13, j)], s[_at(14, j)]
            a15, a16, a17 = s[_at(15, j)], s[_at(16, j)], s[_at(17, j)]
            a18, a19 = s[_at(18, j)], s[_at(19, j)]
            a20, a21, a22 = s[_at(20, j)], s[_at(21, j)], s[_at(22, j)]
            a23, a24 = s[_at(23, j)], s[_at(24, j)]

            c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
            c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
            c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
            c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
            c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
            d0 = c4 ^ _turned(c1, 1)
            d1 = c0 ^ _turned(c2, 1)
            d2 = c1 ^ _turned(c3, 1)
            d3 = c2 ^ _turned(c4, 1)
            d4 = c3 ^ _turned(c0, 1)

            b0, b1, b2 = a0 ^ d0, _turned(a6 ^ d1, 44), _turned(a12 ^ d2, 43)
            b3, b4 = _turned(a18 ^ d3, 21), _turned(a24 ^ d4, 14)
            s[_at(0, j)] = b0 ^ (~b1 & b2) ^ constant
            s[_at(1, j)] = b1 ^ (~b2 & b3)
            s[_at(2, j)] = b2 ^ (~b3 & b4)
            s[_at(3, j)] = b3 ^ (~b4 & b0)
            s[_at(4, j)] = b4 ^ (~b0 & b1)

            b0, b1, b2 = _turned(a3 ^ d3, 28), _turned(a9 ^ d4, 20), _turned(a10 ^ d0, 3)
            b3, b4 = _turned(a16 ^ d1, 45), _turned(a22 ^ d2, 61)
            s[_at(5, j)] = b0 ^ (~b1 & b2)
            s[_at(6, j)] = b1 ^ (~b2 & b3)
            s[_at(7, j)] = b2 ^ (~b3 & b4)
            s[_at(8, j)] = b3 ^ (~b4 & b0)
            s[_at(9, j)] = b4 ^ (~b0 & b1)

            b0, b1, b2 = _turned(a1 ^ d1, 1), _turned(a7 ^ d2, 6), _turned(a13 ^ d3, 25)
            b3, b4 = _turned(a19 ^ d4, 8), _turned(a20 ^ d0, 18)
            s[_at(10, j)] = b0 ^ (~b1 & b2)
            s[_at(11, j)] = b1 ^ (~b2 & b3)
            s[_at(12, j)] = b2 ^ (~b3 & b4)
            s[_at(13, j)] = b3 ^ (~b4 & b0)
            s[_at(14, j)] = b4 ^ (~b0 & b1)

            b0, b1, b2 = _turned(a4 ^ d4, 27), _turned(a5 ^ d0, 36), _turned(a11 ^ d1, 10)
            b3, b4 = _turned(a17 ^ d2, 15), _turned(a23 ^ d3, 56)
            s[_at(15, j)] = b0 ^ (~b1 & b2)
            s[_at(16, j)] = b1 ^ (~b2 & b3)
            s[_at(17, j)] = b2 ^ (~b3 & b4)
            s[_at(18, j)] = b3 ^ (~b4 & b0)
            s[_at(19, j)] = b4 ^ (~b0 & b1)

            b0, b1, b2 = _turned(a2 ^ d2, 62), _turned(a8 ^ d3, 55), _turned(a14 ^ d4, 39)
            b3, b4 = _turned(a15 ^ d0, 41), _turned(a21 ^ d1, 2)
            s[_at(20, j)] = b0 ^ (~b1 & b2)
            s[_at(21, j)] = b1 ^ (~b2 & b3)
            s[_at(22, j)] = b2 ^ (~b3 & b4)
            s[_at(23, j)] = b3 ^ (~b4 & b0)
            s[_at(24, j)] = b4 ^ (~b0 & b1)


@njit(cache=True)
def _hash_rows(rows, tag, constants):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    count, words = rows.shape
    digests = np.empty((count, 4), np.uint64)
    state = np.empty(25 * _ABREAST, np.uint64)
    for start in range(np.uint64(0), np.uint64(count), _ABREAST):
        taken = min(_ABREAST, np.uint64(count) - start)
        state[:] = 0
        for j in range(taken):
            for word in range(np.uint64(words)):
                state[_at(word, j)] = rows[start + j, word]
            state[_at(words, j)] = tag | _FIRST_PADDING
            state[_at(16, j)] = _LAST_PADDING
        _permute(state, constants)
        for j in range(taken):
            for word in range(np.uint64(4)):
                digests[start + j, word] = state[_at(word, j)]
    return digests


def hash_rows(rows: NDArray[np.uint64], tag: int) -> NDArray[np.uint64]:
    """Return keccak-256 of each row's bytes followed by the tag byte; rows of at most 15 words."""
    digests: NDArray[np.uint64] = _hash_rows(rows, np.uint64(tag), _CONSTANTS)
    return digests
