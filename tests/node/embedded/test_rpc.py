"""Every answer against the form that the JSON-RPC specification prescribes, and its refusals."""

import json
from pathlib import Path

import jsonschema
import pytest

from harness import chain_probe
from harness.chain_probe import EMITTER, OUTSIDER, VERIFIER, selector, sign
from tanlian_node.embedded import EmbeddedChain

SCHEMAS = json.loads(Path(__file__).with_name("json_rpc_schemas.json").read_text())
BESU_ONLY = {"revertReason"}  # of a receipt: Besu's, with --revert-reason-enabled
NOWHERE = "0x" + "12" * 20


def conform(method, result):
    """Hold a result against the specification; Besu's own additions may stay."""
    if method in ("eth_getTransactionReceipt", "eth_getBlockReceipts") and result is not None:
        receipts = result if isinstance(result, list) else [result]
        for receipt in receipts:
            for key in BESU_ONLY & receipt.keys():
                del receipt[key]
    schema = {**SCHEMAS["results"][method], "definitions": SCHEMAS["definitions"]}
    jsonschema.Draft202012Validator(schema).validate(result)


def test_answers__whole_request_list__have_the_specified_form(rpc, played):
    answered = refused = 0
    for method, params in chain_probe.requests(rpc, played.scene):
        answer = rpc.answer(method, *params)
        assert answer["jsonrpc"] == "2.0"
        assert answer["id"] == 1
        if "error" in answer:
            assert set(answer["error"]) <= {"code", "message", "data"}
            assert isinstance(answer["error"]["code"], int)
            refused += 1
        else:
            conform(method, answer["result"])
            answered += 1
    assert answered > 90
    assert refused > 30


def test_table__methods_offered__all_have_a_schema_or_are_known_extras():
    from tanlian_node.embedded.rpc import table

    extras = {
        "debug_traceBlockByHash",
        "debug_traceCall",
        "eth_coinbase",
        "eth_getUncleByBlockHashAndIndex",
        "eth_getWork",
        "eth_hashrate",
        "eth_mining",
        "eth_sendTransaction",
        "qbft_getValidatorsByBlockHash",
        "rpc_modules",
    }
    offered = {name for name in table(development=False).names() if not name.startswith("perm_")}
    assert offered - extras == set(SCHEMAS["results"])
    assert not any(name.startswith("evm_") for name in offered)


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"nonce": 0}, -32001, "Nonce too low"),
        ({"chain_id": 1}, -32000, "Wrong chainId"),
        ({"chain_id": None, "gasPrice": 0}, -32000, "ChainId is required"),
        ({"gas": 60_000_001}, -32005, "Transaction gas limit exceeds block gas limit"),
        ({"gas": 20_999}, -32003, "Intrinsic gas exceeds gas limit"),
        ({"nonce": 5_005}, -32000, "Transaction nonce is too distant from current sender nonce"),
        ({"value": 10**30}, -32004, "Upfront cost exceeds account balance"),
    ],
)
def test_send__refused_transaction__besus_error_and_nothing_kept(
    rpc, played, fields, code, message
):
    fields = dict(fields)
    chain_id = fields.pop("chain_id", played.chain_id)
    nonce = fields.pop("nonce", 4)
    head = rpc.call("eth_blockNumber")
    raw = sign(EMITTER, chain_id, nonce, to=NOWHERE, **fields)
    answer = rpc.answer("eth_sendRawTransaction", raw)
    assert answer["error"] == {"code": code, "message": message}
    assert rpc.call("eth_blockNumber") == head
    assert rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_send__gas_at_the_bounds__accepted(chain, rpc):
    for nonce, gas in enumerate((21_000, 60_000_000)):
        raw = sign(VERIFIER, chain.chain_id, nonce, to=NOWHERE, gas=gas)
        assert rpc.receipt(rpc.call("eth_sendRawTransaction", raw))["status"] == "0x1"


def test_send__signature_with_high_s__refused(chain, rpc):
    import rlp
    from eth_keys.constants import SECPK1_N

    raw = bytes.fromhex(sign(EMITTER, chain.chain_id, 0, to=NOWHERE)[2:])
    fields = rlp.decode(raw[1:])
    fields[-3] = b"" if fields[-3] else b"\x01"
    fields[-1] = (SECPK1_N - int.from_bytes(fields[-1], "big")).to_bytes(32, "big")
    answer = rpc.answer("eth_sendRawTransaction", "0x" + (raw[:1] + rlp.encode(fields)).hex())
    assert answer["error"] == {"code": -32002, "message": "Invalid signature"}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"{", 400, {"code": -32700, "message": "Parse error"}),
        (b"", 400, {"code": -32700, "message": "Parse error"}),
        (b"5", 400, {"code": -32700, "message": "Parse error"}),
        (b"[]", 400, {"code": -32600, "message": "Invalid Request"}),
        (b'{"jsonrpc":"2.0","id":1}', 400, {"code": -32600, "message": "Invalid Request"}),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":"x"}',
            400,
            {"code": -32600, "message": "Invalid Request"},
        ),
        (
            json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}] * 1025).encode(),
            200,
            {"code": -32005, "message": "Number of requests exceeds max batch size"},
        ),
    ],
)
def test_post__not_a_request__besus_status_and_error(rpc, played, body, status, error):
    found_status, answer = rpc.raw(body)
    assert found_status == status
    assert answer["error"] == error


def test_post__largest_batch__answered_in_order(rpc, played):
    batch = [{"jsonrpc": "2.0", "id": n, "method": "eth_chainId"} for n in range(1024)]
    answers = rpc.post(batch)
    assert [answer["id"] for answer in answers] == list(range(1024))
    assert {answer["result"] for answer in answers} == {hex(played.chain_id)}


def test_post__batch_with_a_bad_item__others_answered(rpc, played):
    answers = rpc.post([1, {"jsonrpc": "2.0", "id": 2, "method": "eth_chainId"}])
    assert answers[0]["error"] == {"code": -32600, "message": "Invalid Request"}
    assert answers[1]["result"] == hex(played.chain_id)


def test_post__notification__no_answer(rpc, played):
    assert rpc.raw(b'{"jsonrpc":"2.0","method":"eth_chainId"}') == (200, None)


def test_post__foreign_host_name__refused(rpc, played):
    status, answer = rpc.raw(
        b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}', Host="evil.example"
    )
    assert status == 403
    assert answer == {"message": "Host not authorized."}


def test_batch__sends_then_read__read_sees_them(chain, rpc):
    batch = [
        {
            "jsonrpc": "2.0",
            "id": nonce,
            "method": "eth_sendRawTransaction",
            "params": [sign(VERIFIER, chain.chain_id, nonce, to=NOWHERE, value=2)],
        }
        for nonce in range(20)
    ]
    batch.insert(
        5, {"jsonrpc": "2.0", "id": 99, "method": "eth_sendRawTransaction", "params": ["0x00"]}
    )
    batch.append(
        {"jsonrpc": "2.0", "id": 100, "method": "eth_getBalance", "params": [NOWHERE, "latest"]}
    )
    answers = rpc.post(batch)
    assert [answer["id"] for answer in answers] == [item["id"] for item in batch]
    assert answers[5]["error"]["code"] == -32602
    assert answers[-1]["result"] == hex(40)
    assert int(rpc.call("eth_blockNumber"), 16) == 1


def test_send__out_of_order__waits_for_the_gap_then_all_run(chain, rpc):
    hashes = {}
    for nonce in (2, 1):
        raw = sign(VERIFIER, chain.chain_id, nonce, to=NOWHERE, value=1)
        hashes[nonce] = rpc.call("eth_sendRawTransaction", raw)
    assert rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x2"}
    conform("txpool_content", rpc.call("txpool_content"))
    waiting = rpc.call("eth_getTransactionByHash", hashes[2])
    conform("eth_getTransactionByHash", waiting)
    assert waiting["blockHash"] is None
    assert rpc.call("eth_getTransactionCount", VERIFIER.address, "pending") == "0x0"
    rpc.call("eth_sendRawTransaction", sign(VERIFIER, chain.chain_id, 0, to=NOWHERE, value=1))
    assert rpc.call("eth_getTransactionCount", VERIFIER.address, "latest") == "0x3"
    assert rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    block = rpc.receipt(hashes[1])["blockNumber"]
    assert rpc.receipt(hashes[2])["blockNumber"] == block


def test_send__same_again__known_transaction(chain, rpc):
    raw = sign(VERIFIER, chain.chain_id, 3, to=NOWHERE)
    rpc.call("eth_sendRawTransaction", raw)
    answer = rpc.answer("eth_sendRawTransaction", raw)
    assert answer["error"] == {"code": -32000, "message": "Known transaction"}


def test_send__second_for_a_nonce__replaces_unless_it_pays_less(chain, rpc):
    first = rpc.call(
        "eth_sendRawTransaction", sign(VERIFIER, chain.chain_id, 1, to=NOWHERE, gasPrice=5)
    )
    lower = sign(VERIFIER, chain.chain_id, 1, to=NOWHERE, value=1)
    answer = rpc.answer("eth_sendRawTransaction", lower)
    assert answer["error"] == {"code": -32000, "message": "Replacement transaction underpriced"}
    assert rpc.call("eth_getTransactionByHash", first) is not None
    second = rpc.call(
        "eth_sendRawTransaction", sign(VERIFIER, chain.chain_id, 1, to=NOWHERE, value=1, gasPrice=5)
    )
    assert rpc.call("eth_getTransactionByHash", first) is None
    rpc.call("eth_sendRawTransaction", sign(VERIFIER, chain.chain_id, 0, to=NOWHERE))
    assert rpc.receipt(second)["status"] == "0x1"


def test_call__historical_block__state_of_that_time(rpc, played):
    contract = played.scene.contract
    counts = []
    for number in range(int(rpc.call("eth_blockNumber"), 16) + 1):
        found = rpc.call("eth_call", {"to": contract, "data": selector("count()")}, hex(number))
        counts.append(int(found, 16) if found != "0x" else None)
    assert counts == [None, 0, 1, 2, 3, 3, 3, 3, 3, 4, 4]
    assert rpc.call("eth_getBalance", OUTSIDER.address, "0x6") == "0x0"
    assert rpc.call("eth_getBalance", OUTSIDER.address, "0x7") == hex(10**18)


def test_call__changes_state__is_forgotten(rpc, played):
    contract = played.scene.contract
    before = rpc.call("eth_call", {"to": contract, "data": selector("count()")}, "latest")
    add = {"from": EMITTER.address, "to": contract, "data": selector("add(uint256)", 1)}
    assert rpc.call("eth_call", add, "latest") == "0x"
    assert rpc.call("eth_call", {"to": contract, "data": selector("count()")}, "latest") == before


def test_estimate__result_as_gas_limit__suffices_and_one_percent_less_may_not(chain, rpc):
    scene = chain_probe.play(rpc)
    from eth_utils import to_checksum_address

    target = to_checksum_address(scene.contract)
    data = selector("relay(uint256)", 3)
    gas = int(
        rpc.call("eth_estimateGas", {"from": EMITTER.address, "to": target, "data": data}), 16
    )
    raw = sign(EMITTER, chain.chain_id, 4, to=target, data=data, gas=gas)
    assert rpc.receipt(rpc.call("eth_sendRawTransaction", raw))["status"] == "0x1"
    used = int(
        rpc.receipt(
            rpc.call(
                "eth_sendRawTransaction", sign(EMITTER, chain.chain_id, 5, to=target, data=data)
            )
        )["gasUsed"],
        16,
    )
    raw = sign(EMITTER, chain.chain_id, 6, to=target, data=data, gas=used - 1)
    failed = rpc.receipt(rpc.call("eth_sendRawTransaction", raw))
    assert failed["status"] == "0x0"
    assert failed["logs"] == []


def test_receipts__priced_transaction__validator_is_paid(rpc, played):
    receipt = rpc.receipt(played.scene.hashes["priced"])
    number = int(receipt["blockNumber"], 16)
    miner = rpc.call("eth_getBlockByNumber", hex(number), False)["miner"]
    earned = int(rpc.call("eth_getBalance", miner, hex(number)), 16) - int(
        rpc.call("eth_getBalance", miner, hex(number - 1)), 16
    )
    assert earned == int(receipt["gasUsed"], 16) * 10**9
    history = rpc.call("eth_feeHistory", "0x1", hex(number), [50])
    assert history["reward"] == [[hex(10**9)]]


def test_trace__reverted_call__ends_with_revert_and_its_data(rpc, played):
    trace = rpc.call("debug_traceTransaction", played.scene.hashes["reverted"], {})
    assert trace["failed"] is True
    assert trace["structLogs"][-1]["op"] == "REVERT"
    assert bytes.fromhex(trace["returnValue"])[68:].rstrip(b"\0") == b"probe: amount too large"
    assert trace["gas"] == int(rpc.receipt(played.scene.hashes["reverted"])["gasUsed"], 16)


def test_trace__nested_call__depths_and_tree(rpc, played):
    tx = played.scene.hashes["dynamic fee"]
    steps = rpc.call("debug_traceTransaction", tx)["structLogs"]
    assert {step["depth"] for step in steps} == {1, 2}
    tree = rpc.call("debug_traceTransaction", tx, {"tracer": "callTracer"})
    assert tree["type"] == "CALL"
    assert [inner["to"] for inner in tree["calls"]] == [played.scene.contract]
    assert tree["gasUsed"] == rpc.receipt(tx)["gasUsed"]


def test_interval__no_request__no_empty_blocks_but_time_moves_when_looked_at(tmp_path):
    clock = iter(range(10**9, 2 * 10**9, 10))
    with EmbeddedChain(tmp_path, interval=1) as running:
        running.node.sealer.stop()
        running.node.sealer._stop.clear()
        running.node.sealer._clock = lambda: next(clock)
        client = chain_probe.RpcClient(running.port)
        first = client.call("eth_getBlockByNumber", "latest", False)
        second = client.call("eth_getBlockByNumber", "latest", False)
        client.close()
    assert int(second["number"], 16) == int(first["number"], 16) + 1
    assert int(second["timestamp"], 16) > int(first["timestamp"], 16)


def test_call__imagined_state__used_for_this_call_only(rpc, played):
    contract = played.scene.contract
    count = {"to": contract, "data": selector("count()")}
    real = rpc.call("eth_call", count, "latest")
    imagined = {contract: {"stateDiff": {"0x0": "0x" + (77).to_bytes(32, "big").hex()}}}
    assert int(rpc.call("eth_call", count, "latest", imagined), 16) == 77
    assert int(rpc.call("eth_call", count, "latest", {contract: {"state": {}}}), 16) == 0
    assert rpc.call("eth_call", count, "latest", {contract: {"code": "0x"}}) == "0x"
    assert rpc.call("eth_call", count, "latest") == real
    rich = {"from": OUTSIDER.address, "to": NOWHERE, "value": hex(10**30)}
    assert rpc.answer("eth_call", rich, "latest")["error"]["code"] == -32004
    assert (
        rpc.call("eth_call", rich, "latest", {OUTSIDER.address: {"balance": hex(10**31)}}) == "0x"
    )
    gas = rpc.call("eth_estimateGas", rich, "latest", {OUTSIDER.address: {"balance": hex(10**31)}})
    assert gas == hex(21_000)


@pytest.mark.parametrize(
    "imagined",
    ["0x", {"0x12": {}}, {NOWHERE: {"colour": "0x1"}}, {NOWHERE: {"state": {}, "stateDiff": {}}}],
)
def test_call__malformed_imagined_state__refused(rpc, played, imagined):
    answer = rpc.answer("eth_call", {"to": NOWHERE}, "latest", imagined)
    assert answer["error"] == {"code": -32602, "message": "Invalid call params"}
