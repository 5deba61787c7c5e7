"""Kill the embedded chain with SIGKILL under load, many times, and count what it lost.

    python bench/kill_embedded.py --kills 1000 [--interval 0.2]

Four clients send as fast as they are answered, two of them in batches; the process is killed at a
random moment and started again, `--kills` times over one folder. Then every acknowledged
transaction must lie in exactly one block, and every block is executed again.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from harness.killing import kill_repeatedly


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--interval", type=float, default=0.2, help="0 seals at once")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    begin = time.monotonic()

    def progress(kills: int, acknowledged: int) -> None:
        if kills % 10 == 0:
            print(f"{kills} kills, {acknowledged} acknowledged, {time.monotonic() - begin:.0f} s")

    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_repeatedly(
            folder,
            kills=wanted.kills,
            interval=wanted.interval,
            seed=wanted.seed,
            progress=progress,
        )
    mean = sum(outcome.starts) / len(outcome.starts)
    print(
        f"{outcome.kills} kills, {outcome.acknowledged} acknowledged, {len(outcome.lost)} lost, "
        f"{len(outcome.twice)} twice, {outcome.head} blocks; start {mean:.2f} s on average, "
        f"{max(outcome.starts):.2f} s at most; {outcome.check}"
    )
    found_all = outcome.acknowledged and not outcome.lost and not outcome.twice
    return 0 if found_all and outcome.check.startswith("sound") else 1


if __name__ == "__main__":
    sys.exit(main())
