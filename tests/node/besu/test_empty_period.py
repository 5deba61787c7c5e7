"""Empty blocks at their own, longer period: both names of the setting, as this Besu reads them."""

from itertools import pairwise

import pytest

from harness.besu_network import BesuNetwork, description
from tanlian_node.local import wait_until

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

EMPTY_SECONDS = 5
NAME = "regulator-1"


@pytest.fixture(scope="module")
def network(besu, tmp_path_factory):
    table = description(
        1, senders=("payer-a",), empty_block_period_seconds=EMPTY_SECONDS,
        request_timeout_seconds=20,
    )  # fmt: skip
    made = BesuNetwork(tmp_path_factory.mktemp("empty"), besu, table)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_empty_period__nobody_sends__blocks_are_that_far_apart(network, figures):
    start = network.height(NAME)
    wait_until(lambda: network.height(NAME) >= start + 4, 120, "four empty blocks")
    blocks = [network.block(NAME, number) for number in range(start + 1, start + 5)]
    times = [int(block["timestamp"], 16) for block in blocks]
    assert all(block["transactions"] == [] for block in blocks)
    assert all(later - earlier >= EMPTY_SECONDS for earlier, later in pairwise(times))
    raw, hashed = network.payment("payer-a", 0)
    network.send(NAME, raw)
    network.settle(NAME, [(raw, hashed)])
    figures(
        f"empty blocks every {EMPTY_SECONDS} s where nobody sends: "
        f"{[later - earlier for earlier, later in pairwise(times)]} s apart; payments are sealed"
    )
