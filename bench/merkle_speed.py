"""Build the same Merkle-sum tree with each backend and with eth_utils, in one process.

    python bench/merkle_speed.py [readings]

Prints microseconds a reading, the ratio to eth_utils, and the ratio to a plain keccak pass over the
same bytes (one hash a reading, one by one with pysha3).
"""

import sys
import time

import numpy as np
from eth_utils import keccak

from tanlian.proofs.keccak_rows import Backend, Words
from tanlian.proofs.merkle_sum import TAG_NODE, TAG_READING, Node, SumTree


def sample(count: int) -> Words:
    """A year-like column of readings: ascending starts, random masses."""
    rows = np.zeros((count, 8), np.uint64)
    rows[:, 0] = (np.arange(count, dtype=np.uint64) * np.uint64(3600)).byteswap()
    rows[:, 3] = np.random.default_rng(1).integers(0, 10**9, count).astype(np.uint64).byteswap()
    return rows


def eth_utils_root(rows: Words) -> Node:
    """The tree as one writes it with eth_utils: a hash at a time."""
    data = rows.tobytes()
    level = [
        (
            keccak(data[at : at + 64] + bytes([TAG_READING]))
            + data[at + 24 : at + 32]
            + bytes(7)
            + b"\1"
        )
        for at in range(0, len(data), 64)
    ]
    while len(level) > 1:
        above = []
        for left, right in zip(level[::2], level[1::2], strict=False):
            sums = (
                int.from_bytes(left[a : a + 8], "big") + int.from_bytes(right[a : a + 8], "big")
                for a in (32, 40)
            )
            above.append(
                keccak(left + right + bytes([TAG_NODE]))
                + b"".join(s.to_bytes(8, "big") for s in sums)
            )
        if len(level) % 2:
            above.append(level[-1])
        level = above
    only = level[0]
    return Node(only[:32], int.from_bytes(only[32:40], "big"), int.from_bytes(only[40:], "big"))


def timed(work):
    begin = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin


def main(count: int) -> None:
    from sha3 import keccak_256

    rows = sample(count)
    data = rows.tobytes()
    _, plain = timed(
        lambda: [keccak_256(data[at : at + 64]).digest() for at in range(0, len(data), 64)]
    )
    SumTree.over_readings(rows[:9], Backend.NUMBA)  # compile once
    peer, peer_time = timed(lambda: eth_utils_root(rows))
    print(f"{count} readings")
    print(f"{'plain keccak pass':<20}{plain / count * 1e6:8.2f} us a reading")
    print(f"{'eth_utils':<20}{peer_time / count * 1e6:8.2f} us a reading")
    for backend in Backend:
        root, seconds = timed(lambda b=backend: SumTree.over_readings(rows, b).root)
        assert root == peer, f"{backend} found another root"
        print(
            f"{backend:<20}{seconds / count * 1e6:8.2f} us a reading, "
            f"{peer_time / seconds:6.1f} x eth_utils, {seconds / plain:5.2f} of the plain pass"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
