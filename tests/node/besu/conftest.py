"""Tests on real Besu processes; skipped with one line where there is none."""

import pytest

from harness.besu_network import BesuNetwork, description
from tanlian_node.besu import find_besu
from tanlian_node.errors import BesuMissing

FIGURES: list[str] = []
SENDERS = ("payer-a", "payer-b", "payer-c", "payer-d", "flooder")


@pytest.fixture(scope="session")
def besu():
    try:
        found = find_besu()
    except BesuMissing:
        pytest.skip("no Besu here: set BESU_HOME or put besu on PATH")
    return found


@pytest.fixture(scope="module")
def network(besu, tmp_path_factory):
    """Four validators of four organisations, running."""
    made = BesuNetwork(tmp_path_factory.mktemp("network"), besu, description(senders=SENDERS))
    try:
        seconds = made.start()
        FIGURES.append(f"four validators: first block after {seconds:.1f} s")
        yield made
    finally:
        made.stop()


@pytest.fixture
def figures():
    """Add a line to what is printed at the end of the run."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures from real Besu")
        for line in FIGURES:
            terminalreporter.write_line(line)
