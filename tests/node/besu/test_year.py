"""The compliance year of issue C on four permissioned validators, whose clocks a file puts forward.

libfaketime gives the nodes their time (package `libfaketime`, or TANLIAN_FAKETIME with its path):
Besu itself is the real one and knows nothing of it.
"""

import json
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.besu_commands import lists_following, tanlian
from harness.besu_network import BesuNetwork, description
from harness.eutl_data import write_eutl
from tanlian.services.chain_clock import write_offset

pytestmark = [pytest.mark.besu, pytest.mark.slow]

COUNT = 10
OPENING = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def faketime():
    given = os.environ.get("TANLIAN_FAKETIME")
    found = [given] if given else map(str, Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    for path in found:
        return path
    pytest.skip("no libfaketime here: install it, or name it with TANLIAN_FAKETIME")


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    path = tmp_path_factory.mktemp("clock") / "offset"
    write_offset(path, int(OPENING.timestamp() - time.time()))
    return path


@pytest.fixture(scope="module")
def network(besu, faketime, clock, tmp_path_factory):
    made = BesuNetwork(tmp_path_factory.mktemp("year"), besu, description(chain_id=20_261))
    with pytest.MonkeyPatch.context() as context:  # for the nodes, not for who watches them
        context.setenv("LD_PRELOAD", faketime)
        context.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
        context.setenv("FAKETIME_CACHE_DURATION", "1")
        context.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        try:
            made.start()
        finally:
            context.undo()
    try:
        yield made
    finally:
        made.stop()


def test_year__on_four_validators__is_the_arithmetics_and_books_balance(
    network, clock, tmp_path, figures
):
    write_eutl(tmp_path, COUNT, seed=5)
    data, output = tmp_path / "run", tmp_path / "report"
    first = int(network.block("regulator-1", 1)["timestamp"], 16)
    assert datetime.fromtimestamp(first, UTC).year == 2024
    began = time.monotonic()
    with lists_following(network, data / "book.json"):
        run = tanlian(
            network, "simulate", "year", tmp_path, "--year", 2020, "--registry", "XX",
            "--rules", "cn", "--price", "60", "--falsified", 300, "--seed", 3,
            "--data", data, "--output", output, "--clock-file", clock,
        )  # fmt: skip
    seconds = time.monotonic() - began
    assert run.returncode == 0, run.stdout + run.stderr
    verdict = run.stdout.splitlines()[-1]
    found = re.fullmatch(
        r"reconciled: carbon 0 kg, money 0 micro-yuan; (\d+) figures compared with the arithmetic, "
        r"0 differ",
        verdict,
    )
    assert found, run.stdout
    assert int(found[1]) == 17 * COUNT
    (report,) = output.glob("*.json")
    assert json.loads(report.read_text())
    last = int(network.block("regulator-1", network.height("regulator-1"))["timestamp"], 16)
    assert datetime.fromtimestamp(last, UTC) > datetime(2025, 1, 1, tzinfo=UTC)
    lowest = min(network.height(name) for name in network.names)
    chains = [network.block_hashes(name, lowest) for name in network.names]
    assert all(chain == chains[0] for chain in chains)
    figures(
        f"compliance year of {COUNT} installations on four permissioned validators: "
        f"{(last - first) // 86_400} days of chain time in {seconds:.0f} s; {verdict}"
    )
