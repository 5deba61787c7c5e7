"""Anchor a year of hourly readings of many sources, beside a plain keccak pass over the same bytes.

    python bench/anchored_year.py [sources] [days]

A gateway of so many sources closes a batch a day: leaves, trees over each source, the tree over the
sources, the batch's commitment in the logbook. Prints the time as a ratio to one keccak a reading
over the same bytes, day by day in turns so that other work on the machine weighs on both alike, and
the gas of anchoring, which does not depend on the number of readings.
"""

import sys
import time

import numpy as np
from sha3 import keccak_256

from tanlian.proofs.logbook import Batch, Logbook
from tanlian.proofs.period_copy import DAY_HOURS, PeriodCopy

GAS_OF_A_BATCH = 38_600  # contracts/README.md; tests/unit/emissions/test_monitoring_registry.py


def day_of(sources: int, day: int, random: np.random.Generator) -> np.ndarray:
    """The readings of a day, as they lie in a gateway's store: by hour, then by source."""
    rows = np.zeros((DAY_HOURS * sources, 8), np.uint64)
    hours = np.repeat(np.arange(DAY_HOURS, dtype=np.uint64), sources) + np.uint64(day * DAY_HOURS)
    numbers = np.tile(np.arange(1, sources + 1, dtype=np.uint64), DAY_HOURS)
    rows[:, 0] = (hours * np.uint64(3600)).byteswap()
    rows[:, 1] = (numbers << np.uint64(32) | numbers).byteswap()
    rows[:, 3] = random.integers(0, 10**9, len(rows)).astype(np.uint64).byteswap()
    return rows


def main(sources: int, days: int) -> None:
    random = np.random.default_rng(1)
    PeriodCopy(day_of(2, 0, random))  # compile once
    logbook = Logbook(bytes(32))
    plain = trees = 0.0
    count = 0
    for day in range(days):
        rows = day_of(sources, day, random)
        data = rows.tobytes()
        begin = time.perf_counter()
        for at in range(0, len(data), 64):
            keccak_256(data[at : at + 64]).digest()
        middle = time.perf_counter()
        copy = PeriodCopy(rows, [day * DAY_HOURS])
        logbook.add(Batch(day * DAY_HOURS, DAY_HOURS, copy.batch_roots[day * DAY_HOURS]))
        plain += middle - begin
        trees += time.perf_counter() - middle
        count += len(rows)
    assert logbook.count == count
    print(f"{sources} sources, {days} days, {count} readings in {days} batches")
    print(f"plain keccak pass   {plain:8.2f} s  {plain / count * 1e6:6.2f} us a reading")
    print(f"trees and logbook   {trees:8.2f} s  {trees / count * 1e6:6.2f} us a reading")
    print(f"ratio to the plain pass   {trees / plain:.2f}")
    print(f"gas of anchoring    {days * GAS_OF_A_BATCH:,} for the whole, whatever the sources")


if __name__ == "__main__":
    main(*(int(one) for one in (*sys.argv[1:], *("1000", "366")[len(sys.argv) - 1 :])))
