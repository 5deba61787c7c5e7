"""500 real installations of one year through the market, and how long each part takes.

    python bench/import_eutl.py ../shared/data [--limit 500] [--registry DE]

Runs `tanlian import eutl` on an embedded chain of its own and prints its table of seconds and
counts. The stages' clock is part of them: auction and session end at announced times.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Run the import once; the exit status is the import's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--registry", default="DE")
    parser.add_argument("--year", type=int, default=2020)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        since = time.monotonic()
        done = subprocess.run(
            [
                sys.executable, "-m", "tanlian.cli", "import", "eutl", str(options.data),
                "--year", str(options.year), "--registry", options.registry,
                "--limit", str(options.limit), "--prices", str(options.data / "eua_daily.csv"),
                "--data", str(Path(folder) / "run"),
            ],
            check=False,
        )  # fmt: skip
        print(f"whole command: {time.monotonic() - since:.1f} s")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
