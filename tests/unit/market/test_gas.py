"""Gas and size against a committed snapshot: growth fails unless it is declared.

TANLIAN_GAS=write writes the snapshot anew. The full-size figures (10,000 orders) come from
bench/market_gas.py; here is the same at a size for every run.
"""

import json
import os
from pathlib import Path

import pytest

from harness import market_gas

SNAPSHOT = Path(__file__).parents[2] / "gas_snapshot.json"
LIMIT = 24_576  # bytes, EIP-170


@pytest.fixture(scope="module")
def measured() -> dict[str, int]:
    """Every figure, in whole gas (and bytes)."""
    found: dict[str, float] = {}
    small = market_gas.trading(40)
    found |= {f"size.{name}": size for name, size in small.sizes.items()}
    for part, figures in {
        "relay_4_per_signature": market_gas.lives(small, 400, 4, 50),
        "own_transaction": market_gas.own_transactions(small, 200),
        "taker": market_gas.taker(small, 20),
    }.items():
        found |= {f"{part}.{name}": figure for name, figure in figures.items()}
    return {name: round(figure) for name, figure in found.items()}


def test_gas__against_the_snapshot__has_not_grown(measured):
    if os.environ.get("TANLIAN_GAS") == "write":
        SNAPSHOT.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
    known = json.loads(SNAPSHOT.read_text())
    assert measured.keys() == known.keys()
    grown = {
        name: (known[name], figure) for name, figure in measured.items() if figure > known[name]
    }
    assert not grown, f"declare growth with TANLIAN_GAS=write: {grown}"


def test_gas__measured_twice__is_exact(measured):
    known = json.loads(SNAPSHOT.read_text())
    assert measured == known, "less gas than the snapshot: write it anew with TANLIAN_GAS=write"


def test_gas__goals_that_hold_at_any_size__hold(measured):
    """DESIGN 12: taker per further maker, code size; the others need a full book (bench)."""
    assert measured["taker.marginal"] <= 9_000
    for name, figure in measured.items():
        if name.startswith("size."):
            assert figure <= LIMIT, name
