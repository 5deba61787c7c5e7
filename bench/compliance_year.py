"""The gas of a compliance year per member, at several numbers of members; exact, from the blocks.

    python bench/compliance_year.py ../shared/data [--members 50 200] [--registry DE] [--rules cn]

Runs `tanlian simulate year` on an embedded chain of its own for each number and prints the gas of
each stage a member, and how much the greatest number costs more than the smallest.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

OPENING = "deployment and opening"


def gas_of(options: argparse.Namespace, members: int) -> tuple[dict[str, float], float]:
    """Return gas a member by stage, and of the whole year."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable, "-m", "tanlian.cli", "simulate", "year", str(options.data),
                "--year", str(options.year), "--registry", options.registry,
                "--limit", str(members), "--price", "32.00", "--rules", options.rules,
                "--output", folder,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        written = next(Path(folder).glob("year-*.json"))
        chain = json.loads(written.read_text(encoding="utf-8"))["chain"]
    stages = {s["stage"]: s["gas"] / members for s in chain["stages"] if s["stage"] != OPENING}
    return stages, sum(stages.values())


def main() -> None:
    """Print one row a number of members."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--members", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--registry", default="DE")
    parser.add_argument("--year", type=int, default=2020)
    parser.add_argument("--rules", default="cn")
    options = parser.parse_args()
    totals = []
    for members in sorted(options.members):
        stages, total = gas_of(options, members)
        totals.append(total)
        each = ", ".join(f"{name} {gas:,.0f}" for name, gas in stages.items())
        print(f"{members} members: {total:,.0f} gas a member ({each})", flush=True)
    print(f"greatest to smallest: {totals[-1] / totals[0] - 1:+.1%}")


if __name__ == "__main__":
    main()
