"""Runs on a chain whose blocks are as small as a network may make them (16 million gas).

A node refuses a transaction that asks for more gas than a block holds: what works on the embedded
chain with its larger blocks has to work there as well.
"""

import subprocess
import sys

import pytest

from harness.eutl_data import write_eutl
from tanlian_node.embedded import EmbeddedChain
from tanlian_node.network import MIN_GAS_LIMIT

COUNT = 80  # more than two calls hold grants or quotes of
LAST_LINE = "reconciled: carbon 0 kg, money 0 micro-yuan"


@pytest.fixture(scope="module")
def chain():
    with EmbeddedChain(interval=0.2, chain_id=20_260, gas_limit=MIN_GAS_LIMIT) as running:
        yield running


def tanlian(chain, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "tanlian.cli", "--rpc", chain.url, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def test_demo__smallest_blocks_and_a_chain_that_is_named__reconciled(chain, tmp_path):
    data = tmp_path / "run"
    run = tanlian(chain, "demo", "--once", "--members", 6, "--data", data, "--pace", 3)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == LAST_LINE
    assert not (data / "chain").exists()


def test_import__smallest_blocks__every_batch_fits(chain, tmp_path):
    write_eutl(tmp_path, COUNT)
    run = tanlian(
        chain, "import", "eutl", tmp_path, "--year", 2020, "--registry", "XX", "--price", "60",
        "--parts", 8, "--pace", 3, "--data", tmp_path / "run",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == LAST_LINE
