"""Transactions per second of the embedded chain against in-memory eth-tester, in one run.

    python bench/embedded_speed.py [--count 1000]

The same pre-signed token transfers go (1) to eth-tester with py-evm in memory and the signature
code of a plain install (no coincurve), one block each; (2) to the embedded chain over HTTP, one
request and one block each; (3) to it in batches of 100, sealed every second. (2) and (3) write
to disk, with the disk's confirmation before each answer. The ratios count, not the figures.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eth_account import Account
from eth_utils import keccak
from rlp import encode

from tanlian_node.embedded import initialise

CHAIN_ID = 131277322940537  # eth-tester's own, so that both sides run the same bytes
KEYS = [bytes([at + 1]) * 32 for at in range(20)]
GAS = 100_000
# a bare ERC-20: two balances written, one event; Vyper 0.4.3
TOKEN = bytes.fromhex(
    "3461002d5769d3c21bcecceda10000005f336020525f5260405f205561015861003161000039610158610000"
    "f35b5f80fd5f3560e01c63a9059cbb811861011657604436103417610154576004358060a01c610154576040"
    "5260405161009f5760208060c05260126060527f746f6b656e3a206e6f207265636569766572000000000000"
    "000000000000000060805260608160c001603282825e8051806020830101601f825f03163682375050601f19"
    "601f8251602001011690509050810190506308c379a060a0528060040160bcfd5b6024355f336020525f5260"
    "405f2054035f336020525f5260405f20556024355f6040516020525f5260405f2054015f6040516020525f52"
    "60405f2055604051337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef6024"
    "3560605260206060a3600160605260206060f35b6370a0823181186101505760243610341761015457600435"
    "8060a01c610154576040525f6040516020525f5260405f205460605260206060f35b5f5ffd5b5f80fd855820"
    "16e6aa94591968c86de0d1933c3d8b5c64d577aa0b6083750a78d03e811f308f1901588000a1657679706572"
    "830004030035"
)
RICH = {"balance": hex(10**24)}


def signed(count: int) -> list[str]:
    """A deployment and `count` transfers, senders taking turns, all at no fee."""
    senders = [Account.from_key(key) for key in KEYS]
    token = keccak(encode([bytes.fromhex(senders[0].address[2:]), 0]))[12:]
    deployment = senders[0].sign_transaction(_fields(0, TOKEN, gas=1_000_000))
    raws = [deployment.raw_transaction]
    nonces = [1] + [0] * (len(senders) - 1)
    for at in range(count):
        turn = at % len(senders)
        receiver = bytes.fromhex(senders[(at + 1) % len(senders)].address[2:])
        data = (
            keccak(text="transfer(address,uint256)")[:4]
            + receiver.rjust(32, b"\0")
            + bytes(31)
            + b"\1"
        )
        fields = _fields(nonces[turn], data, to=token)
        raws.append(senders[turn].sign_transaction(fields).raw_transaction)
        nonces[turn] += 1
    return ["0x" + raw.hex() for raw in raws]


def _fields(nonce: int, data: bytes, *, gas: int = GAS, to: bytes | None = None) -> dict:
    fields = {
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": gas,
        "maxFeePerGas": 10**9,
        "maxPriorityFeePerGas": 0,
        "value": 0,
        "data": data,
        "type": 2,
    }
    return fields if to is None else {**fields, "to": to}


def run_eth_tester(raws: list[str]) -> float:
    """Time in a process of its own, which reads the transactions from its input."""
    environment = {**os.environ, "ECC_BACKEND_CLASS": "eth_keys.backends.NativeECCBackend"}
    done = subprocess.run(
        [sys.executable, __file__, "--as-eth-tester"],
        input=json.dumps(raws),
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return float(done.stdout)


def as_eth_tester() -> None:
    from eth_tester import EthereumTester, PyEVMBackend

    raws = json.load(sys.stdin)
    state = {
        bytes.fromhex(Account.from_key(key).address[2:]): {
            "balance": 10**24,
            "nonce": 0,
            "code": b"",
            "storage": {},
        }
        for key in KEYS
    }
    tester = EthereumTester(PyEVMBackend(genesis_state=state))
    tester.send_raw_transaction(raws[0])
    begin = time.perf_counter()
    hashes = [tester.send_raw_transaction(raw) for raw in raws[1:]]
    elapsed = time.perf_counter() - begin
    assert all(tester.get_transaction_receipt(h)["status"] == 1 for h in hashes[::97])
    print(elapsed)


class Client:
    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()

    def post(self, request: object) -> object:
        body = json.dumps(request)
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        return json.loads(self._connection.getresponse().read())

    def call(self, method: str, *params: object) -> object:
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return answer["result"]


def run_embedded(raws: list[str], interval: int, batch: int) -> float:
    """Time against a chain in another process, as clients meet it."""
    rich = {Account.from_key(key).address: RICH for key in KEYS}
    with tempfile.TemporaryDirectory() as folder:
        initialise(Path(folder) / "chain", chain_id=CHAIN_ID, alloc=rich)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tanlian_node.cli", "chain", "start"),
                *("--data", f"{folder}/chain", "--port", "0", "--interval", str(interval)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = process.stdout.readline()  # "ready: http://127.0.0.1:PORT chain ..."
        client = Client(int(ready.split()[1].rsplit(":", 1)[1]))
        try:
            return time_transactions(client, raws, batch)
        finally:
            process.terminate()
            process.wait(30)


def time_transactions(client: Client, raws: list[str], batch: int) -> float:
    """Seconds from the first transfer sent to the last one's receipt."""
    client.call("eth_sendRawTransaction", raws[0])
    while client.call("eth_getTransactionCount", Account.from_key(KEYS[0]).address) == "0x0":
        time.sleep(0.05)
    begin = time.perf_counter()
    hashes = []
    for at in range(1, len(raws), batch):
        requests = [
            {"jsonrpc": "2.0", "id": n, "method": "eth_sendRawTransaction", "params": [raw]}
            for n, raw in enumerate(raws[at : at + batch])
        ]
        answers = client.post(requests) if batch > 1 else [client.post(requests[0])]
        hashes += [answer["result"] for answer in answers]
    while client.call("eth_getTransactionReceipt", hashes[-1]) is None:
        time.sleep(0.01)
    elapsed = time.perf_counter() - begin
    assert all(client.call("eth_getTransactionReceipt", h)["status"] == "0x1" for h in hashes[::97])
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--as-eth-tester", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.as_eth_tester:
        as_eth_tester()
        return
    raws = signed(wanted.count)
    few = raws[: 1 + wanted.count // 4]
    base = (len(few) - 1) / run_eth_tester(few)
    single = wanted.count / run_embedded(raws, 0, 1)
    batched = wanted.count / run_embedded(raws, 1, 100)
    print(f"eth-tester in memory, no coincurve   {base:7.1f} tx/s   1.0")
    print(f"embedded, one request and block each {single:7.1f} tx/s   {single / base:.1f}")
    print(f"embedded, batches of 100, 1 s blocks {batched:7.1f} tx/s   {batched / base:.1f}")


if __name__ == "__main__":
    main()
