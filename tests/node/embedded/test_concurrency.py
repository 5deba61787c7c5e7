"""Many clients at once: what was acknowledged happens once, and no reader ever sees time go back."""

import threading
import time

import pytest
from eth_account import Account
from eth_utils import keccak, to_checksum_address

from harness import chain_probe
from harness.chain_probe import selector, sign
from tanlian_node.embedded import EmbeddedChain, audit

SECONDS = 2.5
WRITERS = [Account.from_key(keccak(text=f"writer {n}")) for n in range(4)]
ALLOC = {account.address: {"balance": hex(10**20)} for account in WRITERS}


@pytest.mark.parametrize("interval", [0.2, 0])
def test_chain__readers_and_writers_together__consistent(tmp_path, interval):
    with EmbeddedChain(
        tmp_path, interval=interval, durable=False, alloc={**chain_probe.ALLOC, **ALLOC}
    ) as running:
        client = chain_probe.RpcClient(running.port)
        contract = to_checksum_address(chain_probe.play(client).contract)
        count = {"to": contract, "data": selector("count()")}
        stop = threading.Event()
        faults, sent, reads = [], [], []

        def write(account):
            rpc = chain_probe.RpcClient(running.port)
            nonce = 0
            while not stop.is_set():
                raw = sign(
                    account,
                    running.chain_id,
                    nonce,
                    to=contract,
                    data=selector("add(uint256)", nonce % 9),
                )
                sent.append(rpc.call("eth_sendRawTransaction", raw))
                nonce += 1
            rpc.close()

        def read(method, params, measure):
            rpc = chain_probe.RpcClient(running.port)
            last = 0
            while not stop.is_set():
                found = measure(rpc.call(method, *params))
                if found < last:
                    faults.append((method, last, found))
                last = found
                reads.append(method)
            rpc.close()

        def guarded(function, *arguments):
            def run():
                try:
                    function(*arguments)
                except Exception as error:
                    faults.append(repr(error))

            return threading.Thread(target=run)

        every_log = {"fromBlock": "0x0", "address": contract}
        threads = [guarded(write, account) for account in WRITERS] + [
            guarded(read, "eth_call", [count, "latest"], lambda found: int(found, 16)),
            guarded(read, "eth_getLogs", [every_log], len),
            guarded(read, "eth_blockNumber", [], lambda found: int(found, 16)),
        ]
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        stop.set()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(sent) > 20
        assert set(reads) == {"eth_call", "eth_getLogs", "eth_blockNumber"}
        assert {client.receipt(tx)["status"] for tx in sent} == {"0x1"}
        assert int(client.call("eth_call", count, "latest"), 16) == 4 + len(sent)
        client.close()
        head = running.node.chain.head.number
        assert audit.check(running.node.chain, replay=True) >= head
