"""The same requests to the embedded chain and to a real Besu that began with the same genesis.

Both run with the same validator key. What differs by nature (times, numbers of blocks, hashes that
follow from them) is compared by form, everything else by value.
"""

import shutil
import socket
import time

import pytest

from harness import chain_probe
from tanlian_node.besu import find_besu
from tanlian_node.embedded import EmbeddedChain, initialise
from tanlian_node.errors import BesuMissing

pytestmark = pytest.mark.besu
KEY = b"\x22" * 32
ALLOC = {
    **chain_probe.ALLOC,
    "0x" + "77" * 20: {
        "balance": "0x5",
        "nonce": "0x1",
        "code": "0x6001600055",
        "storage": {"0x0": "0x7", "0x5": "0x1234"},
    },
}
FLAGS = (
    "--p2p-host=127.0.0.1",
    "--p2p-interface=127.0.0.1",
    "--min-gas-price=0",
    "--discovery-enabled=false",
    "--rpc-http-enabled",
    "--rpc-http-api=ETH,NET,WEB3,QBFT,TXPOOL,DEBUG,PERM",
    "--data-storage-format=FOREST",
    "--tx-pool-max-future-by-sender=5000",
    "--strict-tx-replay-protection-enabled",
    "--revert-reason-enabled",
)
# Where we differ from Besu 25.12 on purpose; docs/embedded-chain.md gives the reasons.
STRICTER = {
    ("eth_getBalance", "0x1234"): "a short address is refused; Besu fills it up with zeros",
    ("eth_getLogs", "address"): "a short address in a filter is refused",
    ("eth_getLogs", "topics"): "a short topic in a filter is refused",
    ("eth_sendRawTransaction", "cannot pay"): "Besu keeps what its sender cannot pay",
    ("eth_getLogs", "range"): "no limit on the range of blocks",
    ("perm_getAccountsAllowlist", ""): "Besu offers perm_* only to nodes with an allowlist",
}
OURS_ALONE = {"blockTimestamp"}  # of a transaction: in the specification since, not in Besu 25.12


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Clients of a Besu and of an embedded chain on which the same has happened."""
    try:
        besu = find_besu()
    except BesuMissing:
        pytest.skip("no Besu here: set BESU_HOME or put besu on PATH")
    folder = tmp_path_factory.mktemp("parity")
    ours = initialise(folder / "embedded", keys=[KEY], alloc=ALLOC)
    (folder / "besu").mkdir()
    (folder / "besu" / "key").write_text("0x" + KEY.hex())
    port = _free_port()
    arguments = [
        *FLAGS,
        f"--data-path={folder / 'besu'}",
        f"--genesis-file={ours.genesis_file}",
        f"--rpc-http-port={port}",
        f"--p2p-port={_free_port()}",
    ]
    process = besu.start(arguments, folder, folder / "besu.log", "")
    try:
        theirs = _wait_for_first_block(port, process, folder / "besu.log")
        with EmbeddedChain(folder / "embedded", interval=1) as chain:
            client = chain_probe.RpcClient(chain.port)
            scenes = (chain_probe.play(client), chain_probe.play(theirs))
            yield client, theirs, scenes
            client.close()
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder / "besu", ignore_errors=True)


def _wait_for_first_block(port, process, log):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()[-2000:]
        client = chain_probe.RpcClient(port)
        try:
            if int(client.call("eth_blockNumber"), 16) >= 1:
                return client
        except OSError:
            client.close()
        time.sleep(0.5)
    raise TimeoutError(log.read_text()[-2000:])


def form(value):
    """A value with everything that depends on time reduced to its kind."""
    if isinstance(value, dict):
        return {key: form(inner) for key, inner in sorted(value.items()) if key not in OURS_ALONE}
    if isinstance(value, list):
        return [form(inner) for inner in value[:3]]
    if isinstance(value, str) and value.startswith("0x"):
        return f"hex of {len(value)}" if len(value) in (42, 66, 514) else "hex"
    return type(value).__name__


def is_known_difference(method, params):
    text = str(params)
    if method == "eth_getLogs":
        return "'0x12'" in text or "0xffffff" in text
    if method == "eth_sendRawTransaction":
        return bool(params) and len(params[0]) > 10 and "d0c9f2c9cd04674edea40000000" in params[0]
    return (method == "eth_getBalance" and params[0] == "0x1234") or method.startswith("perm_")


def test_genesis__same_file__same_block_in_both(both):
    ours, theirs, _ = both
    mine = ours.call("eth_getBlockByNumber", "0x0", False)
    assert mine == theirs.call("eth_getBlockByNumber", "0x0", False)


def test_requests__whole_list__same_forms_and_same_errors(both):
    ours, theirs, (mine, yours) = both
    assert mine.contract == yours.contract
    assert mine.hashes == yours.hashes
    differences = []
    pairs = zip(chain_probe.requests(ours, mine), chain_probe.requests(theirs, yours), strict=True)
    for (method, params), (_, their_params) in pairs:
        a, b = ours.answer(method, *params), theirs.answer(method, *their_params)
        if is_known_difference(method, params):
            continue
        if "error" in a or "error" in b:
            same = a.get("error") == b.get("error")
        elif method == "eth_getBlockByNumber" and params[0] in ("latest", "pending"):
            same = a["result"].keys() == b["result"].keys()  # one head may be an empty block
        elif method.startswith("debug_trace"):
            same = _trace(a["result"]) == _trace(b["result"])
        else:
            same = form(a["result"]) == form(b["result"])
        if not same:
            differences.append((method, params, a, b))
    assert not differences


def _trace(trace):
    """What of a trace must be equal to the letter: the steps with their gas."""
    if isinstance(trace, list):
        return [_trace(item["result"]) for item in trace]
    if trace is None:
        return None
    steps = [
        (step["pc"], step["depth"], step["gas"], step.get("stack")) for step in trace["structLogs"]
    ]
    return trace["gas"], trace["failed"], steps


def test_receipts__every_transaction__same_gas_status_logs_and_reason(both):
    ours, theirs, (scene, _) = both
    for tx in scene.hashes.values():
        mine, yours = ours.receipt(tx), theirs.receipt(tx)
        for key in (
            "gasUsed",
            "status",
            "contractAddress",
            "logsBloom",
            "effectiveGasPrice",
            "type",
        ):
            assert mine[key] == yours[key], (tx, key)
        assert mine.get("revertReason") == yours.get("revertReason")
        for a, b in zip(mine["logs"], yours["logs"], strict=True):
            assert (a["address"], a["topics"], a["data"]) == (b["address"], b["topics"], b["data"])


def test_state__after_all_transactions__same_root(both):
    ours, theirs, (scene, _) = both
    last = scene.hashes["cleared"]
    roots = [
        rpc.call("eth_getBlockByNumber", rpc.receipt(last)["blockNumber"], False)["stateRoot"]
        for rpc in (ours, theirs)
    ]
    assert roots[0] == roots[1]


def test_estimates__every_call__same_number(both):
    ours, theirs, (scene, other) = both
    for (method, params), (_, theirs_params) in zip(
        chain_probe.requests(ours, scene), chain_probe.requests(theirs, other), strict=True
    ):
        if method in ("eth_estimateGas", "eth_createAccessList"):
            assert ours.answer(method, *params) == theirs.answer(method, *theirs_params)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"5",
        b"[]",
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":"x"}',
        b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}',
        b'[1,{"jsonrpc":"2.0","id":2,"method":"eth_chainId"}]',
        b'{"jsonrpc":"2.0","method":"eth_chainId"}',
        b"[" + b",".join([b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'] * 1025) + b"]",
    ],
    ids=lambda body: body[:60].decode(),
)
def test_post__not_quite_a_request__same_status_and_body(both, body):
    ours, theirs, _ = both
    assert ours.raw(body) == theirs.raw(body)
