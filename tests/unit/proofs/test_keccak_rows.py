"""The three ways to hash many rows agree with eth_utils, bit for bit."""

import numpy as np
import pytest
from eth_utils import keccak

from tanlian.proofs.keccak_rows import MOST_WORDS, Backend, keccak_rows


@pytest.mark.parametrize("backend", list(Backend))
@pytest.mark.parametrize("words", [1, 2, 8, 12, MOST_WORDS])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 33])
def test_keccak_rows__any_backend_length_and_number__equals_eth_utils(backend, words, count):
    rows = np.random.default_rng(words * count).integers(0, 2**64, (count, words), dtype=np.uint64)
    digests = keccak_rows(rows, 0xA7, backend)
    assert [d.tobytes() for d in digests] == [keccak(r.tobytes() + b"\xa7") for r in rows]


@pytest.mark.parametrize("backend", list(Backend))
def test_keccak_rows__no_rows__no_digests(backend):
    assert keccak_rows(np.empty((0, 8), np.uint64), 0, backend).shape == (0, 4)


@pytest.mark.parametrize(("words", "tag"), [(0, 0), (MOST_WORDS + 1, 0), (8, 256), (8, -1)])
def test_keccak_rows__row_too_long_or_tag_no_byte__refused(words, tag):
    with pytest.raises(ValueError, match="rows of 1 to 15 words and a tag byte"):
        keccak_rows(np.zeros((3, words), np.uint64), tag)
