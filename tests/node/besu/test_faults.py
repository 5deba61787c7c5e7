"""What four real validators survive: a flood, one, two and all of them killed with SIGKILL."""

import statistics
import time

import pytest

from harness.besu_network import SINK, patience
from tanlian_node.local import round_of, wait_until

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

PAYERS = ("payer-a", "payer-b", "payer-c", "payer-d")
FIRST, SECOND, THIRD, FOURTH = "regulator-1", "exchange-1", "bank-1", "verifier-1"


def nonce_of(network, payer, name=FIRST):
    return int(network.rpc(name).call("eth_getTransactionCount", address_of(payer), "latest"), 16)


def address_of(payer):
    from harness.besu_network import address

    return address(payer)


def balance(network, name):
    return int(network.rpc(name).call("eth_getBalance", SINK, "latest"), 16)


def assert_one_chain(network, names):
    """Every height that two nodes share holds the same block."""
    lowest = min(network.height(name) for name in names)
    chains = [network.block_hashes(name, lowest) for name in names]
    assert all(chain == chains[0] for chain in chains), "the chain has forked"
    return lowest


def test_flood__one_account_fills_its_share__others_go_on(network, figures):
    flood = [network.payment("flooder", nonce, value=0) for nonce in range(6_000)]
    accepted = 0
    quiet = [single_payment(network, payer) for payer in PAYERS]
    began = time.monotonic()
    for start in range(0, len(flood), 500):
        answers = network.send(FIRST, *(raw for raw, _ in flood[start : start + 500]))
        accepted += sum(isinstance(answer, str) for answer in answers)
    waits = [single_payment(network, payer) for payer in PAYERS for _ in range(2)]
    figures(
        f"flood: {len(flood)} sent by one account in {time.monotonic() - began:.1f} s, "
        f"{accepted} accepted; others' wait before {statistics.median(quiet):.2f} s (median), "
        f"during {statistics.median(waits):.2f} s (median), {max(waits):.2f} s (longest)"
    )
    assert accepted < len(flood), "one account could fill the pool"
    assert max(waits) < 20 * patience()


def single_payment(network, payer):
    """Seconds from sending a payment to its receipt."""
    raw, hashed = network.payment(payer, nonce_of(network, payer))
    began = time.monotonic()
    (answer,) = network.send(SECOND, raw)
    assert answer == hashed
    return wait_until(
        lambda: network.rpc(SECOND).call("eth_getTransactionReceipt", hashed) is not None,
        60,
        "the payment",
    ) or (time.monotonic() - began)


def test_kill__one_of_four__blocks_go_on_and_every_payment_is_once(network, figures):
    before = balance(network, FIRST)
    starts = {payer: nonce_of(network, payer) for payer in PAYERS}
    payments = [
        network.payment(payer, starts[payer] + number) for number in range(100) for payer in PAYERS
    ]
    half = len(payments) // 2
    answers = network.send(FOURTH, *(raw for raw, _ in payments[:half]))
    assert all(isinstance(answer, str) for answer in answers)
    height = network.height(FIRST)
    network.kill(FOURTH)  # at once: some payments may have reached no other node
    network.send(SECOND, *(raw for raw, _ in payments[half:]))
    began = time.monotonic()
    resent = network.settle(FIRST, payments, seconds=90, through=SECOND)
    seconds = time.monotonic() - began
    grown = network.wait_for_growth(8, 60, FIRST, SECOND, THIRD)
    rounds = [
        round_of(network.block(FIRST, number)["extraData"])
        for number in range(height, network.height(FIRST) + 1)
    ]
    counted = network.occurrences(FIRST)
    assert all(counted[hashed] == 1 for _, hashed in payments)
    assert balance(network, FIRST) == before + len(payments)
    assert_one_chain(network, (FIRST, SECOND, THIRD))
    back = network.start(FOURTH)
    wait_until(lambda: network.height(FOURTH) >= network.height(FIRST) - 1, 90, "a caught-up node")
    assert balance(network, FOURTH) == before + len(payments)
    figures(
        f"one killed: {len(payments)} payments, all once, settled in {seconds:.1f} s, "
        f"{resent} sent again; then 8 blocks in {grown:.1f} s; blocks sealed in round > 0: "
        f"{sum(r > 0 for r in rounds)} of {len(rounds)}; back in {back:.1f} s"
    )


def test_kill__two_of_four__halts_without_fork_and_resumes_with_one_back(network, figures):
    network.wait_for_growth(2, 60)
    network.kill(THIRD, FOURTH)
    time.sleep(2)  # what was already sealed may still arrive
    halted = network.height(FIRST)
    time.sleep(15)
    assert network.height(FIRST) == halted
    assert network.height(SECOND) == halted
    down = time.monotonic()
    network.start(THIRD, wait=False)
    answered = wait_until(lambda: network.answers(THIRD), 60, "an answer of the returned node")
    resumed = answered + wait_until(
        lambda: network.height(FIRST) > halted, 240, "a new block", network.record
    )
    number = network.height(FIRST)
    sealed = round_of(network.block(FIRST, halted + 1)["extraData"])
    network.start(FOURTH)
    wait_until(lambda: network.height(FOURTH) >= number, 120, "the last node to catch up")
    network.wait_for_growth(3, 60)
    common = assert_one_chain(network, network.names)
    back_off = ", ".join(str(4 * 2**step) for step in range(sealed + 1))
    figures(
        f"two killed: halted at {halted} for {time.monotonic() - down + 17:.0f} s in all; "
        f"answering {answered:.1f} s and sealing {resumed:.1f} s after the restart of one, in "
        f"round {sealed} (Besu's time-outs up to there: {back_off} s); no fork up to {common}"
    )


def test_kill__all_four__same_head_after_restart_and_service_resumes(network, figures):
    network.wait_for_growth(1, 60)
    raw, hashed = network.payment("payer-a", nonce_of(network, "payer-a"))
    network.send(FIRST, raw)
    network.settle(FIRST, [(raw, hashed)])
    network.wait_for_growth(1, 60)
    network.kill(*network.names)
    assert not any(network.is_running(name) for name in network.names)
    began = time.monotonic()
    network.start(wait=False)
    wait_until(lambda: all(map(network.answers, network.names)), 90, "four nodes that answer")
    up = time.monotonic() - began
    restored = min(network.height(name) for name in network.names)
    receipt = network.rpc(SECOND).call("eth_getTransactionReceipt", hashed)
    assert receipt is not None, "a settled payment was lost"
    assert int(receipt["blockNumber"], 16) <= restored
    wait_until(lambda: network.height(FIRST) > restored, 120, "a new block", network.record)
    resumed = time.monotonic() - began
    single_payment(network, "payer-b")
    network.wait_for_growth(1, 60)
    common = assert_one_chain(network, network.names)
    figures(
        f"all killed: four nodes answer after {up:.1f} s at height {restored}, next block after "
        f"{resumed:.1f} s; one chain up to {common}, payments go on"
    )
