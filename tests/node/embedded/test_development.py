"""evm_*: offered with the flag only."""

import pytest

from harness import chain_probe
from harness.chain_probe import OUTSIDER, VERIFIER, RpcFailure, sign
from tanlian_node.embedded import EmbeddedChain, audit

METHODS = ("evm_snapshot", "evm_revert", "evm_increaseTime", "evm_mine", "evm_setAutomine")


@pytest.fixture
def lab(tmp_path):
    with EmbeddedChain(tmp_path, interval=0, alloc=chain_probe.ALLOC, development=True) as running:
        running.rpc = chain_probe.RpcClient(running.port)
        yield running
        running.rpc.close()


@pytest.mark.parametrize("method", METHODS)
def test_evm__without_the_flag__method_not_found(rpc, played, method):
    with pytest.raises(RpcFailure, match="-32601: Method not found"):
        rpc.call(method)


def test_evm_revert__after_blocks__state_blocks_logs_and_receipts_gone(lab):
    scene = chain_probe.play(lab.rpc)
    name = lab.rpc.call("evm_snapshot")
    balance = lab.rpc.call("eth_getBalance", OUTSIDER.address, "latest")
    raw = sign(VERIFIER, lab.chain_id, 6, to=OUTSIDER.address, value=5)
    tx = lab.rpc.call("eth_sendRawTransaction", raw)
    assert lab.rpc.call("eth_getBalance", OUTSIDER.address, "latest") != balance
    assert lab.rpc.call("evm_revert", name) is True
    assert lab.rpc.call("eth_getBalance", OUTSIDER.address, "latest") == balance
    assert lab.rpc.call("eth_getTransactionReceipt", tx) is None
    assert lab.rpc.call("eth_blockNumber") == name
    assert lab.rpc.call("eth_sendRawTransaction", raw) == tx
    assert lab.rpc.receipt(tx)["status"] == "0x1"
    assert lab.rpc.call("evm_revert", hex(10**6)) is False
    assert scene.contract
    assert audit.check(lab.node.chain, replay=True) == 11


def test_evm_increase_time__then_mine__block_carries_it(lab):
    lab.rpc.call("evm_mine")
    before = int(lab.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    lab.rpc.call("evm_increaseTime", 86_400)
    lab.rpc.call("evm_mine")
    after = int(lab.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert 86_400 <= after - before < 86_500
    lab.rpc.call("evm_setNextBlockTimestamp", after + 1000)
    lab.rpc.call("evm_mine")
    latest = int(lab.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert 1000 <= latest - after < 1010


def test_evm_set_automine__off__transactions_wait_for_mine(lab):
    lab.rpc.call("evm_setAutomine", False)
    raws = [sign(VERIFIER, lab.chain_id, nonce, to=OUTSIDER.address, value=1) for nonce in (0, 1)]
    hashes = [lab.rpc.call("eth_sendRawTransaction", raw) for raw in raws]
    assert lab.rpc.call("eth_blockNumber") == "0x0"
    lab.rpc.call("evm_mine")
    assert [lab.rpc.receipt(tx)["blockNumber"] for tx in hashes] == ["0x1", "0x1"]
