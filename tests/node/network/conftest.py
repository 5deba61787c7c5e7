"""A made network without any process, and moments in time."""

from datetime import UTC, datetime

import pytest

from harness.besu_network import PASSPHRASE, description
from tanlian_node.network_file import parse_network
from tanlian_node.network_files import write_network

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def record(tmp_path):
    return write_network(
        parse_network(description()), tmp_path / "network", PASSPHRASE, quick_keys=True
    )
