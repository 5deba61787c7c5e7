"""Logs and filters against a brute-force search through all receipts."""

import random

import pytest
from eth_utils import to_checksum_address

from harness import chain_probe
from harness.chain_probe import EMITTER, VERIFIER, RpcFailure, selector, sign
from tanlian_node.embedded import EmbeddedChain


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """Two probes, many events of many kinds, several in a block."""
    folder = tmp_path_factory.mktemp("busy") / "chain"
    with EmbeddedChain(folder, interval=0, alloc=chain_probe.ALLOC) as chain:
        rpc = chain_probe.RpcClient(chain.port)
        contracts = []
        for account in (EMITTER, VERIFIER):
            raw = sign(account, chain.chain_id, 0, data=chain_probe.compiled(), gas=2_000_000)
            made = rpc.receipt(rpc.call("eth_sendRawTransaction", raw))
            contracts.append(to_checksum_address(made["contractAddress"]))
        random_ = random.Random(3)
        nonces = {EMITTER: 1, VERIFIER: 1}
        for _ in range(12):
            batch = []
            for _ in range(random_.randint(1, 5)):
                account = random_.choice([EMITTER, VERIFIER])
                verb = random_.choice(["add(uint256)", "relay(uint256)"])
                data = selector(verb, random_.choice([1, 2, 3, 5000]))
                raw = sign(
                    account,
                    chain.chain_id,
                    nonces[account],
                    to=random_.choice(contracts),
                    data=data,
                )
                nonces[account] += 1
                batch.append(raw)
            rpc.post(
                [
                    {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}
                    for raw in batch
                ]
            )
        yield rpc, [contract.lower() for contract in contracts]
        rpc.close()


def _everything(rpc):
    head = int(rpc.call("eth_blockNumber"), 16)
    return [
        log
        for number in range(head + 1)
        for receipt in rpc.call("eth_getBlockReceipts", hex(number))
        for log in receipt["logs"]
    ]


def _matches(log, wanted, head):
    def number(tag, default):
        return (
            {"earliest": 0, "latest": head}.get(tag)
            if tag in ("earliest", "latest")
            else int(tag, 16)
        )

    first = number(wanted.get("fromBlock", "latest"), 0)
    last = number(wanted.get("toBlock", "latest"), head)
    if not first <= int(log["blockNumber"], 16) <= last:
        return False
    address = wanted.get("address")
    if address is not None and log["address"] not in (
        address if isinstance(address, list) else [address]
    ):
        return False
    for at, choice in enumerate(wanted.get("topics", [])):
        if choice is None or choice == []:
            continue
        options = choice if isinstance(choice, list) else [choice]
        if len(log["topics"]) <= at or log["topics"][at] not in options:
            return False
    return True


def test_get_logs__random_filters__same_as_brute_force(busy):
    rpc, contracts = busy
    every = _everything(rpc)
    head = int(rpc.call("eth_blockNumber"), 16)
    topics = [
        sorted({log["topics"][n] for log in every if len(log["topics"]) > n}) for n in range(4)
    ]
    random_ = random.Random(11)
    sizes = set()
    for _ in range(120):
        wanted = {}
        if random_.random() < 0.9:
            wanted["fromBlock"] = random_.choice(
                ["earliest", "latest", hex(random_.randint(0, head))]
            )
        if random_.random() < 0.7:
            wanted["toBlock"] = random_.choice(["latest", hex(random_.randint(0, head + 3))])
        if random_.random() < 0.5:
            wanted["address"] = random_.choice(
                [contracts[0], contracts, ["0x" + "99" * 20], contracts[1]]
            )
        if random_.random() < 0.8:
            wanted["topics"] = [
                random_.choice(
                    [None, [], random_.choice(found), random_.sample(found, min(2, len(found)))]
                )
                for found in topics[: random_.randint(0, 4)]
            ]
        found = rpc.call("eth_getLogs", wanted)
        assert found == [log for log in every if _matches(log, wanted, head)]
        sizes.add(len(found))
    assert len(sizes) > 5


def test_get_logs__by_block_hash__that_block_only(busy):
    rpc, _ = busy
    every = _everything(rpc)
    for block in {log["blockHash"] for log in every}:
        found = rpc.call("eth_getLogs", {"blockHash": block})
        assert found == [log for log in every if log["blockHash"] == block]


def test_get_logs__positions__count_through_the_block(busy):
    rpc, _ = busy
    by_block = {}
    for log in _everything(rpc):
        by_block.setdefault(log["blockNumber"], []).append(int(log["logIndex"], 16))
    assert any(len(positions) > 3 for positions in by_block.values())
    for positions in by_block.values():
        assert positions == list(range(len(positions)))


def test_filter_changes__several_polls__each_event_exactly_once(chain, rpc):
    scene = chain_probe.play(rpc)
    target = to_checksum_address(scene.contract)
    logs = rpc.call("eth_newFilter", {"address": scene.contract})
    blocks = rpc.call("eth_newBlockFilter")
    pending = rpc.call("eth_newPendingTransactionFilter")
    assert rpc.call("eth_getFilterChanges", logs) == []
    seen = {logs: [], blocks: [], pending: []}
    sent = []
    for nonce in range(4, 9):
        raw = sign(EMITTER, chain.chain_id, nonce, to=target, data=selector("add(uint256)", 1))
        sent.append(rpc.call("eth_sendRawTransaction", raw))
        if nonce % 2:
            for name in seen:
                seen[name] += rpc.call("eth_getFilterChanges", name)
    for name in seen:
        seen[name] += rpc.call("eth_getFilterChanges", name)
    assert seen[pending] == sent
    assert [log["transactionHash"] for log in seen[logs]] == [tx for tx in sent for _ in range(2)]
    assert seen[blocks] == [rpc.receipt(tx)["blockHash"] for tx in sent]
    newest = rpc.call("eth_getFilterLogs", logs)  # its range is whichever block is the newest
    assert [log["transactionHash"] for log in newest] == [sent[-1], sent[-1]]
    assert rpc.call("eth_uninstallFilter", logs) is True
    assert rpc.call("eth_uninstallFilter", logs) is False
    with pytest.raises(RpcFailure, match="-32000: Filter not found"):
        rpc.call("eth_getFilterChanges", logs)


def test_filter_logs__range_from_the_beginning__all_of_it(chain, rpc):
    scene = chain_probe.play(rpc)
    name = rpc.call("eth_newFilter", {"fromBlock": "0x0", "address": scene.contract})
    assert rpc.call("eth_getFilterLogs", name) == rpc.call(
        "eth_getLogs", {"fromBlock": "0x0", "address": scene.contract}
    )
    with pytest.raises(RpcFailure, match="-32000: Logs filter not found"):
        rpc.call("eth_getFilterLogs", rpc.call("eth_newBlockFilter"))


def test_filter__not_polled_for_ten_minutes__forgotten(chain, rpc):
    filters = chain.node.filters
    now = [0.0]
    filters._clock = lambda: now[0]
    old = rpc.call("eth_newBlockFilter")
    now[0] = 601.0
    rpc.call("eth_newBlockFilter")
    with pytest.raises(RpcFailure, match="Filter not found"):
        rpc.call("eth_getFilterChanges", old)
