"""Gas that is free stays free: four validators, more than 1,000 blocks."""

import pytest

from harness.besu_network import SINK, BesuNetwork, address, description

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

BLOCKS = 1_000
FIRST, SECOND = "regulator-1", "exchange-1"


@pytest.fixture(scope="module")
def network(besu, tmp_path_factory):
    def hurry(genesis):
        # Besu calls this period for tests only; with a second a block, the test would take longer
        genesis["config"]["qbft"]["xblockperiodmilliseconds"] = 100

    table = description(senders=("payer-a", "penniless"))
    del table["alloc"][address("penniless")]
    made = BesuNetwork(tmp_path_factory.mktemp("free"), besu, table, hurry)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_base_fee__after_1000_blocks__zero_and_an_empty_purse_still_acts(network, figures):
    from tanlian_node.local import wait_until

    nonce = 0
    sent = []

    def grown():
        nonlocal nonce
        payments = [network.payment("payer-a", nonce + step) for step in range(20)]
        network.send(SECOND, *(raw for raw, _ in payments))
        network.settle(SECOND, payments, seconds=60)
        sent.extend(payments)
        nonce += len(payments)
        return network.height(FIRST) >= BLOCKS

    seconds = wait_until(grown, 1_500, f"{BLOCKS} blocks", network.record)
    head = network.height(FIRST)
    fees = set()
    gas_limits = set()
    for start in range(1, head, 250):  # the genesis itself shows a default, no block after it does
        numbers = range(start, min(start + 250, head))
        for block in network.rpc(FIRST).batch(
            [("eth_getBlockByNumber", (hex(number), False)) for number in numbers]
        ):
            fees.add(block["baseFeePerGas"])
            gas_limits.add(int(block["gasLimit"], 16))
    assert fees == {"0x0"}
    assert gas_limits == {30_000_000}
    assert network.rpc(FIRST).call("eth_gasPrice") == "0x0"
    raw, hashed = network.payment("penniless", 0, value=0)
    network.send(SECOND, raw)
    network.settle(SECOND, [(raw, hashed)])
    paid = int(network.rpc(FIRST).call("eth_getBalance", SINK, "latest"), 16)
    assert paid == len(sent)
    left = int(network.rpc(FIRST).call("eth_getBalance", address("payer-a"), "latest"), 16)
    assert left == 10**24 - len(sent)  # not a wei for gas
    figures(
        f"free gas: {head} blocks in {seconds:.0f} s, base fee 0 and gas limit 30,000,000 in all, "
        f"{len(sent)} payments cost nothing, an account without money still acted"
    )
