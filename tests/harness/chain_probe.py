"""A contract and a list of requests that reach every corner of the JSON-RPC, for any Ethereum node.

The same requests go to the embedded chain, to the specification's schemas and to a real Besu, so
what is compared is always the same.
"""

import http.client
import json
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_account import Account
from eth_utils import keccak

SOURCE = """
# pragma version 0.4.3

event Noted:
    who: indexed(address)
    tag: indexed(uint256)
    amount: indexed(uint256)
    text: String[32]

event Counted:
    value: uint256

count: public(uint256)
amounts: public(HashMap[address, uint256])

interface Probe:
    def add(amount: uint256): nonpayable

@external
def add(amount: uint256):
    assert amount < 1000, "probe: amount too large"
    self.count += 1
    self.amounts[msg.sender] += amount
    log Noted(who=msg.sender, tag=self.count, amount=amount, text="noted")
    log Counted(value=self.count)

@external
def refuse(amount: uint256):
    assert amount == 0

@external
def halt():
    assert self.count > 1000, UNREACHABLE

@external
def burn() -> uint256:
    x: uint256 = 0
    for i: uint256 in range(1000000):
        x = unsafe_add(x, i)
    return x

@external
def clear():
    self.amounts[msg.sender] = 0

@external
def relay(amount: uint256):
    extcall Probe(self).add(amount)

@external
@view
def environment() -> (uint256, uint256, address, uint256, uint256, bytes32, uint256):
    return (block.number, block.timestamp, block.coinbase, block.gaslimit, block.basefee,
        block.prevrandao, chain.id)

@external
@payable
def __default__():
    pass
"""
GAS = 300_000
KEYS = {name: keccak(text=f"probe {name}") for name in ("emitter", "verifier", "outsider")}
EMITTER, VERIFIER, OUTSIDER = (Account.from_key(key) for key in KEYS.values())
ALLOC = {account.address: {"balance": hex(10**24)} for account in (EMITTER, VERIFIER)}


@cache
def compiled() -> bytes:
    import vyper

    output = vyper.compile_code(SOURCE, output_formats=["bytecode"])
    return bytes.fromhex(output["bytecode"].removeprefix("0x"))


def selector(signature: str, *arguments: int | str) -> str:
    """Encode a call whose arguments are numbers or addresses."""
    words = b"".join(
        (bytes.fromhex(a[2:]).rjust(32, b"\0") if isinstance(a, str) else a.to_bytes(32, "big"))
        for a in arguments
    )
    return "0x" + (keccak(text=signature)[:4] + words).hex()


class RpcFailure(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.error = error


class RpcClient:
    """One keep-alive connection; gives raw answers as well as results."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=60)

    def raw(self, body: bytes, **headers: str) -> tuple[int, Any]:
        self._connection.request("POST", "/", body, {"Content-Type": "application/json", **headers})
        response = self._connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None

    def post(self, request: Any) -> Any:
        return self.raw(json.dumps(request).encode())[1]

    def answer(self, method: str, *params: Any) -> dict[str, Any]:
        return self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})

    def call(self, method: str, *params: Any) -> Any:
        answer = self.answer(method, *params)
        if "error" in answer:
            raise RpcFailure(answer["error"])
        return answer["result"]

    def receipt(self, tx_hash: str, seconds: float = 30) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while (found := self.call("eth_getTransactionReceipt", tx_hash)) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"no receipt of {tx_hash}")
            time.sleep(0.02)
        return found

    def close(self) -> None:
        self._connection.close()


def sign(account: Any, chain_id: int | None, nonce: int, **fields: Any) -> str:
    """Sign a transaction at no fee; type 2 unless `gasPrice` makes it 0 or `accessList` 1."""
    base = {"nonce": nonce, "gas": GAS, "value": 0, "data": "0x"}
    if chain_id is not None:
        base["chainId"] = chain_id
    if "gasPrice" not in fields:
        base |= {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "type": 2}
    raw = account.sign_transaction({**base, **fields}).raw_transaction
    return "0x" + raw.hex()


@dataclass(frozen=True)
class Scene:
    """What `play` has put on a chain."""

    chain_id: int
    contract: str
    hashes: dict[str, str]


def play(rpc: RpcClient) -> Scene:
    """Deploy the probe and send transactions of every type and outcome."""
    chain_id = int(rpc.call("eth_chainId"), 16)
    hashes = {}

    def send(name: str, account: Any, nonce: int, **fields: Any) -> dict[str, Any]:
        hashes[name] = rpc.call("eth_sendRawTransaction", sign(account, chain_id, nonce, **fields))
        return rpc.receipt(hashes[name])

    contract = send("deploy", EMITTER, 0, data=compiled(), gas=2_000_000)["contractAddress"]
    target = _checksummed(contract)
    send("legacy", EMITTER, 1, to=target, data=selector("add(uint256)", 5), gasPrice=0)
    send(
        "access list",
        EMITTER,
        2,
        to=target,
        data=selector("add(uint256)", 6),
        gasPrice=0,
        accessList=[{"address": target, "storageKeys": ["0x" + "00" * 32]}],
        type=1,
    )
    send("dynamic fee", EMITTER, 3, to=target, data=selector("relay(uint256)", 7))
    send("reverted", VERIFIER, 0, to=target, data=selector("add(uint256)", 5000))
    send("reverted bare", VERIFIER, 1, to=target, data=selector("refuse(uint256)", 1))
    send("transfer", VERIFIER, 2, to=OUTSIDER.address, value=10**18)
    send("priced", VERIFIER, 3, to=target, value=7, gasPrice=10**9)
    send("verifier", VERIFIER, 4, to=target, data=selector("add(uint256)", 8))
    send("cleared", VERIFIER, 5, to=target, data=selector("clear()"))
    return Scene(chain_id, contract, hashes)


def _checksummed(address: str) -> str:
    from eth_utils import to_checksum_address

    return to_checksum_address(address)


def requests(rpc: RpcClient, scene: Scene) -> list[tuple[str, list[Any]]]:
    """Well-formed and malformed requests about what `play` has done."""
    c, h = scene.contract, scene.hashes
    block = rpc.receipt(h["dynamic fee"])["blockNumber"]
    block_hash = rpc.receipt(h["dynamic fee"])["blockHash"]
    add = {"from": EMITTER.address, "to": c, "data": selector("add(uint256)", 9)}
    over = {"from": EMITTER.address, "to": c, "data": selector("add(uint256)", 5000)}
    bare = {"from": EMITTER.address, "to": c, "data": selector("refuse(uint256)", 1)}
    halting = {"from": EMITTER.address, "to": c, "data": selector("halt()")}
    burning = {"from": EMITTER.address, "to": c, "data": selector("burn()"), "gas": "0x186a0"}
    nowhere = "0x" + "12" * 20
    unknown = "0x" + "00" * 32
    future = "0xffffff"
    topic = "0x" + keccak(text="Noted(address,uint256,uint256,string)").hex()
    return [
        ("eth_chainId", []),
        ("eth_blockNumber", []),
        ("eth_syncing", []),
        ("eth_accounts", []),
        ("eth_gasPrice", []),
        ("eth_maxPriorityFeePerGas", []),
        ("eth_blobBaseFee", []),
        ("eth_coinbase", []),
        ("net_version", []),
        ("net_listening", []),
        ("net_peerCount", []),
        ("web3_clientVersion", []),
        ("web3_sha3", ["0x68656c6c6f"]),
        ("eth_feeHistory", ["0x3", "latest", [10, 50]]),
        ("eth_feeHistory", ["0x400", block, []]),
        ("eth_feeHistory", ["0x0", "latest", []]),
        ("eth_feeHistory", ["0x2", future, []]),
        ("eth_getBalance", [VERIFIER.address, "latest"]),
        ("eth_getBalance", [OUTSIDER.address, block]),
        ("eth_getBalance", [OUTSIDER.address, {"blockHash": block_hash}]),
        ("eth_getBalance", [nowhere, "latest"]),
        ("eth_getBalance", [EMITTER.address, future]),
        ("eth_getBalance", ["0x1234", "latest"]),
        ("eth_getTransactionCount", [EMITTER.address, "latest"]),
        ("eth_getTransactionCount", [EMITTER.address, "pending"]),
        ("eth_getTransactionCount", [EMITTER.address, block]),
        ("eth_getCode", [c, "latest"]),
        ("eth_getCode", [nowhere, "latest"]),
        ("eth_getCode", [c, "0x0"]),
        ("eth_getStorageAt", [c, "0x0", "latest"]),
        ("eth_getStorageAt", [c, "0x0", block]),
        ("eth_getStorageAt", [nowhere, "0x0", "latest"]),
        ("eth_getProof", [c, ["0x0", "0x5", "0x1"], "latest"]),
        ("eth_getProof", [nowhere, ["0x0"], "latest"]),
        ("eth_getProof", [EMITTER.address, [], block]),
        ("eth_getProof", [c, ["0x0"], future]),
        ("eth_getBlockByNumber", ["latest", False]),
        ("eth_getBlockByNumber", [block, True]),
        ("eth_getBlockByNumber", ["0x0", True]),
        ("eth_getBlockByNumber", ["earliest", False]),
        ("eth_getBlockByNumber", ["pending", False]),
        ("eth_getBlockByNumber", ["finalized", False]),
        ("eth_getBlockByNumber", ["safe", False]),
        ("eth_getBlockByNumber", [future, False]),
        ("eth_getBlockByHash", [block_hash, False]),
        ("eth_getBlockByHash", [unknown, False]),
        ("eth_getBlockByHash", ["0x12", False]),
        ("eth_getBlockTransactionCountByNumber", [block]),
        ("eth_getBlockTransactionCountByHash", [block_hash]),
        ("eth_getBlockTransactionCountByHash", [unknown]),
        ("eth_getUncleCountByBlockNumber", [block]),
        ("eth_getUncleCountByBlockHash", [block_hash]),
        ("eth_getUncleByBlockNumberAndIndex", [block, "0x0"]),
        *[("eth_getTransactionByHash", [tx]) for tx in h.values()],
        ("eth_getTransactionByHash", [unknown]),
        ("eth_getTransactionByHash", ["0x12"]),
        ("eth_getTransactionByBlockNumberAndIndex", [block, "0x0"]),
        ("eth_getTransactionByBlockNumberAndIndex", [block, "0x7"]),
        ("eth_getTransactionByBlockHashAndIndex", [block_hash, "0x0"]),
        *[("eth_getTransactionReceipt", [tx]) for tx in h.values()],
        ("eth_getTransactionReceipt", [unknown]),
        ("eth_getBlockReceipts", [block]),
        ("eth_getBlockReceipts", [future]),
        ("eth_getLogs", [{"fromBlock": "earliest", "toBlock": "latest", "address": c}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "topics": [topic]}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "topics": [None, _word(VERIFIER.address)]}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "topics": [[topic, unknown], None]}]),
        ("eth_getLogs", [{"blockHash": block_hash}]),
        ("eth_getLogs", [{"blockHash": unknown}]),
        ("eth_getLogs", [{"blockHash": block_hash, "fromBlock": "0x0"}]),
        ("eth_getLogs", [{"fromBlock": "0x5", "toBlock": "0x1"}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": future}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "address": "0x12"}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "topics": ["0x12"]}]),
        ("eth_call", [{"to": c, "data": selector("count()")}, "latest"]),
        ("eth_call", [{"to": c, "input": selector("count()")}, block]),
        ("eth_call", [{"to": c, "data": selector("count()")}, {"blockHash": block_hash}]),
        ("eth_call", [{"to": c, "data": selector("environment()")}, block]),
        ("eth_call", [{"to": c, "data": selector("count()")}, "earliest"]),
        ("eth_call", [{"to": c, "data": selector("count()")}, future]),
        ("eth_call", [{"to": c, "data": selector("count()")}, {"blockHash": unknown}]),
        ("eth_call", [add, "latest"]),
        ("eth_call", [over, "latest"]),
        ("eth_call", [bare, "latest"]),
        ("eth_call", [halting, "latest"]),
        ("eth_call", [burning, "latest"]),
        ("eth_call", [{**add, "gas": "0x5208"}, "latest"]),
        ("eth_call", [{**add, "from": OUTSIDER.address, "value": hex(10**30)}, "latest"]),
        ("eth_call", [{**add, "gasPrice": hex(10**20)}, "latest"]),
        ("eth_call", ["nonsense", "latest"]),
        ("eth_estimateGas", [add]),
        ("eth_estimateGas", [add, "latest"]),
        ("eth_estimateGas", [{"from": EMITTER.address, "to": OUTSIDER.address, "value": "0x1"}]),
        ("eth_estimateGas", [{"from": EMITTER.address, "data": "0x" + compiled().hex()}]),
        ("eth_estimateGas", [over]),
        ("eth_estimateGas", [bare]),
        ("eth_estimateGas", [halting]),
        ("eth_estimateGas", [add, future]),
        ("eth_createAccessList", [add]),
        ("eth_createAccessList", [add, "latest"]),
        ("txpool_besuStatistics", []),
        ("txpool_besuTransactions", []),
        ("txpool_besuPendingTransactions", []),
        ("debug_getRawHeader", [block]),
        ("debug_getRawBlock", [block]),
        ("debug_getRawTransaction", [h["dynamic fee"]]),
        ("debug_getRawReceipts", [block]),
        ("debug_traceTransaction", [h["dynamic fee"]]),
        ("debug_traceTransaction", [h["reverted"], {"disableMemory": True}]),
        ("debug_traceTransaction", [h["reverted"], {"disableStorage": True, "disableStack": True}]),
        ("debug_traceTransaction", [unknown]),
        ("debug_traceBlockByNumber", [block]),
        ("qbft_getValidatorsByBlockNumber", ["latest"]),
        ("qbft_getPendingVotes", []),
        ("eth_sendRawTransaction", ["0x1234"]),
        ("eth_sendRawTransaction", ["0x"]),
        ("eth_sendRawTransaction", ["zz"]),
        ("eth_sendRawTransaction", []),
        ("eth_sendRawTransaction", [sign(EMITTER, scene.chain_id, 0, to=nowhere)]),
        ("eth_sendRawTransaction", [sign(EMITTER, scene.chain_id + 1, 4, to=nowhere)]),
        ("eth_sendRawTransaction", [sign(EMITTER, scene.chain_id, 4, to=nowhere, gas=2**40)]),
        ("eth_sendRawTransaction", [sign(EMITTER, scene.chain_id, 4, to=nowhere, gas=20_000)]),
        ("eth_sendRawTransaction", [sign(EMITTER, scene.chain_id, 90_000, to=nowhere)]),
        ("eth_sendRawTransaction", [sign(OUTSIDER, scene.chain_id, 0, to=nowhere, value=10**30)]),
        ("eth_sendRawTransaction", [_unprotected()]),
        ("eth_sendTransaction", [add]),
        ("eth_getFilterChanges", ["0x99"]),
        ("eth_getFilterLogs", ["0x99"]),
        ("eth_uninstallFilter", ["0x99"]),
        ("eth_noSuchMethod", []),
        ("perm_getAccountsAllowlist", []),
    ]


def _word(address: str) -> str:
    return "0x" + "00" * 12 + address[2:].lower()


def _unprotected() -> str:
    """A legacy transaction of before EIP-155: valid on every chain, hence refused."""
    return sign(EMITTER, None, 4, to="0x" + "12" * 20, gasPrice=0)
