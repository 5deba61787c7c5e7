"""Measure the market's gas at full size: 10,000 orders of 2,000 participants, all rules checked.

Usage: python bench/market_gas.py [lives|own|taker|all]; prints one JSON line per measurement.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from harness import market_gas  # noqa: E402  (the scenarios are the tests' own)


def main(what: str) -> None:
    it = market_gas.trading(2_000)
    if what in {"lives", "all"}:
        for per_message in (4, 16):
            figures = market_gas.lives(it, 10_000, per_message, 2_000 // per_message)
            print(json.dumps({"lives, orders a signature": per_message, **figures}), flush=True)
    if what in {"own", "all"}:
        for orders in (100, 1_000, 10_000):
            figures = market_gas.own_transactions(it, orders)
            print(json.dumps({"own transactions, orders": orders, **figures}), flush=True)
    if what in {"taker", "all"}:
        print(json.dumps({"taker, makers": 100, **market_gas.taker(it, 100)}), flush=True)
    print(json.dumps({"sizes": it.sizes}))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
