"""Signing in this process and by an external signer (Web3Signer, Clef)."""

import pytest
from eth_account import Account
from eth_utils import to_checksum_address

from harness.besu_network import address, secret
from harness.fake_node import Refusal, fake_node
from tanlian_node.errors import BadKey, RpcRefused
from tanlian_node.rpc import Rpc
from tanlian_node.signer import LocalSigner, RemoteSigner, SignerKind
from tanlian_node.transactions import Contract, Reverted, send

FIELDS = {
    "type": 2,
    "chainId": 20_261,
    "nonce": 7,
    "maxPriorityFeePerGas": 0,
    "maxFeePerGas": 0,
    "gas": 90_000,
    "value": 0,
    "data": "0x1234",
    "to": "0x" + "5" * 40,
}


def signing_service(who, change=lambda fields: None):
    """`eth_signTransaction` as Web3Signer answers it, or as one that cheats."""

    def sign(asked):
        fields = {
            name: int(asked[name], 16)
            for name in ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "value")
        }
        fields |= {"type": 2, "data": asked["data"]}
        if "to" in asked:
            fields["to"] = to_checksum_address(asked["to"])
        change(fields)
        return "0x" + Account.sign_transaction(fields, secret(who)).raw_transaction.hex()

    return sign


def remote(node, kind=SignerKind.WEB3SIGNER):
    return RemoteSigner(address("bank"), Rpc(node.url), kind)


@pytest.mark.parametrize("to", [FIELDS["to"], None])
def test_sign__web3signer__same_bytes_as_a_local_key(to):
    fields = {name: value for name, value in {**FIELDS, "to": to}.items() if value is not None}
    with fake_node({"eth_signTransaction": signing_service("bank")}) as node:
        assert remote(node).sign(fields) == LocalSigner(secret("bank")).sign(fields)
        ((_, (asked,)),) = node.calls
    assert asked["from"] == address("bank")
    assert asked["gas"] == hex(90_000)


def test_sign__clef__answers_an_object():
    sign = signing_service("bank")
    with fake_node({"account_signTransaction": lambda asked: {"raw": sign(asked)}}) as node:
        signed = remote(node, SignerKind.CLEF).sign(FIELDS)
    assert signed == LocalSigner(secret("bank")).sign(FIELDS)


def test_sign__other_account_signed__refused():
    with (
        fake_node({"eth_signTransaction": signing_service("emitter")}) as node,
        pytest.raises(BadKey, match="signed with"),
    ):
        remote(node).sign(FIELDS)


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.update(value=1),
        lambda fields: fields.update(nonce=8),
        lambda fields: fields.update(data="0x1235"),
        lambda fields: fields.update(to=to_checksum_address("0x" + "6" * 40)),
        lambda fields: fields.update(chainId=1),
        lambda fields: fields.update(gas=90_001),
    ],
)
def test_sign__signer_changed_the_transaction__refused(change):
    with (
        fake_node({"eth_signTransaction": signing_service("bank", change)}) as node,
        pytest.raises(BadKey, match="changed the transaction"),
    ):
        remote(node).sign(FIELDS)


def test_sign__person_at_clef_says_no__refusal_reaches_the_operator():
    def deny(asked):
        raise Refusal(-32000, "request denied")

    with (
        fake_node({"account_signTransaction": deny}) as node,
        pytest.raises(RpcRefused, match="request denied"),
    ):
        remote(node, SignerKind.CLEF).sign(FIELDS)


def test_repr__local_signer__hides_the_key():
    assert secret("bank").hex() not in repr(LocalSigner(secret("bank")))


def chain(estimate):
    sent = []
    methods = {
        "eth_estimateGas": estimate,
        "eth_chainId": lambda: hex(20_261),
        "eth_getTransactionCount": lambda account, block: "0x7",
        "eth_sendRawTransaction": lambda raw: sent.append(raw) or "0xhash",
        "eth_getTransactionReceipt": lambda hashed: {"status": "0x1", "transactionHash": hashed},
    }
    return methods, sent


def test_send__accepted__free_signed_and_waited_for():
    methods, sent = chain(lambda request: hex(50_000))
    with fake_node(methods) as node:
        receipt = send(Rpc(node.url), LocalSigner(secret("bank")), FIELDS["to"], "0x12")
    assert receipt["transactionHash"] == "0xhash"
    assert Account.recover_transaction(sent[0]).lower() == address("bank")


def test_send__contract_would_refuse__reason_and_nothing_sent():
    def refuse(request):
        raise Refusal(3, "Execution reverted (validator_set: not seated)")

    methods, sent = chain(refuse)
    with fake_node(methods) as node, pytest.raises(Reverted) as refusal:
        send(Rpc(node.url), LocalSigner(secret("bank")), FIELDS["to"], "0x12")
    assert refusal.value.reason == "validator_set: not seated"
    assert sent == []


def test_read__view__decodes_structs():
    from eth_abi import encode

    words = encode(
        ["(uint256,address,uint256,bytes32,bool,uint256,bool)"],
        [(1, "0x" + "7" * 40, 5, b"\1" * 32, True, 99, False)],
    )
    with fake_node({"eth_call": lambda request, block: "0x" + words.hex()}) as node:
        change = Contract("ValidatorSet", "0x" + "1" * 40).read(Rpc(node.url), "change", 4)
    assert change == (1, "0x" + "7" * 40, 5, b"\1" * 32, True, 99, False)
