"""A block is stored a moment before it becomes the head; no answer may tell of it in between.

The moment is stretched, so that whoever answers too early is caught every time.
"""

import threading
import time

import pytest
from eth_account import Account
from eth_utils import keccak, to_checksum_address

from harness import chain_probe
from harness.chain_probe import RpcClient, selector, sign
from tanlian_node.embedded import EmbeddedChain
from tanlian_node.embedded.chain import Chain

SECONDS = 2.5
STRETCHED = 0.01
WRITERS = [Account.from_key(keccak(text=f"hasty writer {n}")) for n in range(3)]
ALLOC = {account.address: {"balance": hex(10**20)} for account in WRITERS}
FAR = hex(2**40)


@pytest.fixture
def slow_to_adopt(monkeypatch):
    """Let every block lie stored for a while before it is the head."""
    adopt = Chain.adopt

    def adopt_late(chain, draft):
        time.sleep(STRETCHED)
        adopt(chain, draft)

    monkeypatch.setattr(Chain, "adopt", adopt_late)


class Reader:
    """Compares what one client is told about a block with what it is told next."""

    def __init__(self, port, contract, faults, stop):
        self.rpc = RpcClient(port)
        self.contract = contract
        self.faults = faults
        self.stop = stop
        self.seen = 0

    def head(self):
        return int(self.rpc.call("eth_blockNumber"), 16)

    def expect(self, fact, *context):
        if not fact:
            self.faults.append(context)

    def not_ahead(self, source, number):
        """A block that somebody was told of is not above the head."""
        self.seen += 1
        head = self.head()
        self.expect(head >= number, source, number, head)

    def number(self, signature, *arguments):
        call = {"to": self.contract, "data": selector(signature, *arguments)}
        return int(self.rpc.call("eth_call", call, "latest"), 16)


def write(reader, account, chain_id, sent):
    """Send one transaction after the other, and at its receipt ask for all it must have caused."""
    total = nonce = 0
    while not reader.stop.is_set():
        amount = 1 + nonce % 9
        raw = sign(
            account, chain_id, nonce, to=reader.contract, data=selector("add(uint256)", amount)
        )
        tx = reader.rpc.call("eth_sendRawTransaction", raw)
        sent.append(tx)
        while True:
            found = reader.rpc.call("eth_getTransactionByHash", tx)
            reader.expect(found is not None, "a transaction vanished", tx)
            if found and found["blockNumber"]:
                reader.not_ahead("eth_getTransactionByHash", int(found["blockNumber"], 16))
                break
        receipt = reader.rpc.call("eth_getTransactionReceipt", tx)
        reader.expect(receipt is not None, "a block's transaction without receipt", tx)
        check_effects(reader, account, receipt, total := total + amount)
        nonce += 1


def write_by_receipt(reader, account, chain_id, sent):
    """The same, polling the receipt first, as every client library does."""
    total = nonce = 0
    while not reader.stop.is_set():
        amount = 1 + nonce % 9
        raw = sign(
            account, chain_id, nonce, to=reader.contract, data=selector("add(uint256)", amount)
        )
        tx = reader.rpc.call("eth_sendRawTransaction", raw)
        sent.append(tx)
        while (receipt := reader.rpc.call("eth_getTransactionReceipt", tx)) is None:
            pass
        reader.not_ahead("eth_getTransactionReceipt", int(receipt["blockNumber"], 16))
        check_effects(reader, account, receipt, total := total + amount)
        nonce += 1


def check_effects(reader, account, receipt, total):
    """The newest state, the transaction, the block and the logs tell what the receipt tells."""
    if receipt is None:
        return
    at, tx = receipt["blockHash"], receipt["transactionHash"]
    noted = int(receipt["logs"][0]["topics"][2], 16)  # the value of `count` then
    reader.expect(reader.number("count()") >= noted, "count", noted)
    reader.expect(reader.number("amounts(address)", account.address) == total, "amounts", total)
    found = reader.rpc.call("eth_getTransactionByHash", tx)
    reader.expect(found["blockHash"] == at, "eth_getTransactionByHash", found)
    logs = reader.rpc.call("eth_getLogs", {"blockHash": at, "address": reader.contract})
    own = [log for log in logs if log["transactionHash"] == tx]
    reader.expect(own == receipt["logs"], "eth_getLogs by hash", own)
    logs = reader.rpc.call("eth_getLogs", {"fromBlock": receipt["blockNumber"], "toBlock": FAR})
    own = [log for log in logs if log["transactionHash"] == tx]
    reader.expect(own == receipt["logs"], "eth_getLogs by number", own)


def watch_logs(reader, first):
    """Logs up to a block in the future are logs up to the head."""
    while not reader.stop.is_set():
        found = reader.rpc.call("eth_getLogs", {"fromBlock": hex(first), "toBlock": FAR})
        if found:
            first = int(found[-1]["blockNumber"], 16)
            reader.not_ahead("eth_getLogs", first)


def watch_blocks(reader, first):
    """The block after the head does not exist."""
    following = first
    while not reader.stop.is_set():
        found = reader.rpc.call("eth_getBlockByNumber", hex(following))
        if found:
            reader.not_ahead("eth_getBlockByNumber", following)
            following += 1


def test_answers__block_stored_and_not_yet_the_head__tell_nothing_of_it(tmp_path, slow_to_adopt):
    with EmbeddedChain(
        tmp_path, interval=0.05, durable=False, alloc={**chain_probe.ALLOC, **ALLOC}
    ) as running:
        client = RpcClient(running.port)
        contract = to_checksum_address(chain_probe.play(client).contract)
        first = int(client.call("eth_blockNumber"), 16)
        stop, faults, sent, readers, threads = threading.Event(), [], [], [], []
        acts = [
            *((write, account, running.chain_id, sent) for account in WRITERS[:1]),
            *((write_by_receipt, account, running.chain_id, sent) for account in WRITERS[1:]),
            (watch_logs, first + 1),
            (watch_blocks, first + 1),
        ]
        for act, *arguments in acts:
            reader = Reader(running.port, contract, faults, stop)
            readers.append(reader)
            threads.append(threading.Thread(target=guarded(act, reader, faults), args=arguments))
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        stop.set()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(sent) > 10
        assert all(reader.seen for reader in readers)
        assert int(client.call("eth_blockNumber"), 16) > first + 5
        for reader in readers:
            reader.rpc.close()
        client.close()


def guarded(act, reader, faults):
    def run(*arguments):
        try:
            act(reader, *arguments)
        except Exception as error:
            faults.append((act.__name__, repr(error)))

    return run
