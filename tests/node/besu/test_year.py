"""The compliance year of issue C on four permissioned validators, whose clocks a file puts forward.

libfaketime gives the nodes their time (package `libfaketime`, or TANLIAN_FAKETIME with its path):
Besu itself is the real one and knows nothing of it.
"""

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.besu_commands import lists_following, tanlian
from harness.besu_network import BesuNetwork, description
from harness.eutl_data import write_eutl
from tanlian.chain.connection import Connection
from tanlian.chain.keys import Key, keccak
from tanlian.services.chain_clock import FileClock, write_offset
from tanlian.services.run_folder import RunFolder
from tanlian_node.local import wait_for_height
from tanlian_node.transactions import Contract

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

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
    made = BesuNetwork(
        tmp_path_factory.mktemp("year"),
        besu,
        description(chain_id=20_261, request_timeout_seconds=20),
    )
    try:
        with pytest.MonkeyPatch.context() as context:  # for the nodes, not for who watches them
            context.setenv("LD_PRELOAD", faketime)
            context.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
            context.setenv("FAKETIME_CACHE_DURATION", "1")
            context.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            # its mend for old C libraries makes every waiting thread of a node spin
            context.setenv("FAKETIME_FORCE_MONOTONIC_FIX", "0")
            made.start(wait=False)
        wait_for_height(made.record, 1)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def ran(network, clock, tmp_path_factory):
    """The year as a person runs it: the process, its folder, its report, its seconds."""
    place = tmp_path_factory.mktemp("installations")
    write_eutl(place, COUNT, seed=5)
    data, output = place / "run", place / "report"
    began = time.monotonic()
    with lists_following(network, data / "book.json"):
        run = tanlian(
            network, "simulate", "year", place, "--year", 2020, "--registry", "XX",
            "--rules", "cn", "--price", "60", "--falsified", 300, "--seed", 3,
            "--data", data, "--output", output, "--clock-file", clock, seconds=3_000,
        )  # fmt: skip
    return run, data, output, time.monotonic() - began


def test_year__on_four_validators__is_the_arithmetics_and_books_balance(network, ran, figures):
    run, _, output, seconds = ran
    assert run.returncode == 0, run.stdout + run.stderr
    found = re.fullmatch(
        r"reconciled: carbon 0 kg, money 0 micro-yuan; (\d+) figures compared with the arithmetic, "
        r"0 differ",
        run.stdout.splitlines()[-1],
    )
    assert found, run.stdout
    assert int(found[1]) == 17 * COUNT
    (report,) = output.glob("*.json")
    assert json.loads(report.read_text())
    first, last = (moment(network, number) for number in (1, network.height("regulator-1")))
    assert first.year == 2024
    assert last > datetime(2025, 1, 1, tzinfo=UTC)
    lowest = min(network.height(name) for name in network.names)
    chains = [network.block_hashes(name, lowest) for name in network.names]
    assert all(chain == chains[0] for chain in chains)
    figures(
        f"compliance year of {COUNT} installations on four permissioned validators: "
        f"{(last - first).days} days of chain time in {seconds:.0f} s; {found[0]}"
    )


def moment(network, number):
    """The time of a block."""
    block = network.block("regulator-1", number)
    return datetime.fromtimestamp(int(block["timestamp"], 16), UTC)


def keys(network, data, *arguments, fails=False):
    """`tanlian-node keys …` with the year's own market."""
    book = json.loads((data / "book.json").read_text())
    run = subprocess.run(
        [
            sys.executable, "-m", "tanlian_node.cli", "keys", *map(str, arguments),
            "--folder", str(network.record.folder),
            "--membership", book["contracts"]["membership"]["address"],
            "--passphrase-file", str(data / "passphrase"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )  # fmt: skip
    assert (run.returncode != 0) is fails, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_replacement__lost_key__two_approvals_then_two_days_then_the_new_one_acts(
    network, ran, clock, figures
):
    data = ran[1]
    folder = RunFolder(data)
    lost, fresh = folder.key("bank").address, Key(keccak(b"the bank's new key")).address
    register = Contract(
        "Membership",
        json.loads((data / "book.json").read_text())["contracts"]["membership"]["address"],
    )
    rpc = network.rpc("regulator-1")
    number = register.read(rpc, "organisation_of", lost)
    by = {
        alias: ("--keyfile", data / "keys" / f"{alias}.json") for alias in ("regulator", "exchange")
    }
    keys(network, data, "replace", lost, fresh, "--reason", "fell into the lake", *by["regulator"])
    refused = keys(network, data, "approve", 1, *by["regulator"], fails=True)
    assert "second organisation must approve" in refused
    keys(network, data, "approve", 1, *by["exchange"])
    early = keys(network, data, "complete", 1, *by["regulator"], fails=True)
    assert "veto" in early
    assert register.read(rpc, "organisation_of", lost) == number
    assert register.read(rpc, "standing", fresh) == 0
    FileClock(Connection(rpc.url), clock).move_to(
        int(moment(network, network.height("regulator-1")).timestamp()) + 2 * 86_400 + 60
    )
    keys(network, data, "complete", 1, *by["regulator"])
    assert register.read(rpc, "organisation_of", fresh) == number
    assert register.read(rpc, "standing", lost) == 0
    assert register.read(rpc, "standing", fresh) != 0
    figures("keys: a lost one replaced under two approvals, after the two days for a veto")
