"""Acting with a key that Web3Signer or Clef holds, and what a signer that cheats achieves: nothing."""

import pytest
from eth_account import Account
from eth_utils import to_checksum_address

from harness.fake_node import Refusal, fake_node
from harness.served import served
from tanlian.chain.keys import keccak

SECRET = keccak(b"test/regulator")


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signer")
    with pytest.MonkeyPatch.context() as context, served(folder, context) as running:
        running.deploy()
        yield running


def signing(secret=SECRET, change=lambda fields: None, wrap=lambda raw: raw):
    def sign(asked):
        fields = {
            name: int(asked[name], 16)
            for name in ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "value")
        }
        fields |= {"type": 2, "data": asked["data"], "to": to_checksum_address(asked["to"])}
        change(fields)
        return wrap("0x" + Account.sign_transaction(fields, secret).raw_transaction.hex())

    return sign


def admit(chain, name, key):
    return chain.run(
        "admit", "--identity", f"id {name}", "--name", name, "--roles", "emitter",
        "--account", "0x" + keccak(name.encode())[:20].hex(), "--as", key,
    )  # fmt: skip


def act(chain, node, kind="web3signer"):
    return admit(chain, "never admitted", f"{kind}+{node.url}/{chain.key('regulator').address}")


def state(chain):
    """What a refusal must leave as it is."""
    connection = chain.connection()
    regulator = chain.key("regulator").address
    return (
        connection.request("eth_getBlockByNumber", "latest", False)["stateRoot"],
        connection.request("eth_getTransactionCount", regulator, "pending"),
    )


@pytest.mark.parametrize(
    ("kind", "method", "wrap"),
    [
        ("web3signer", "eth_signTransaction", lambda raw: raw),
        ("clef", "account_signTransaction", lambda raw: {"raw": raw, "tx": {}}),
    ],
)
def test_act__signer_of_the_account__takes_effect(chain, kind, method, wrap):
    with fake_node({method: signing(wrap=wrap)}) as node:
        name = f"{kind}+{node.url}/{chain.key('regulator').address}"
        done = admit(chain, f"Steel {kind}", name)
        assert done.exit_code == 0, done.output
        ((_, (asked,)),) = node.calls
    assert asked["from"] == chain.key("regulator").address


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        (signing(keccak(b"somebody else")), "signed with 0x"),
        (signing(change=lambda fields: fields.update(value=1)), "changed the transaction"),
        (signing(change=lambda fields: fields.update(nonce=9)), "changed the transaction"),
        (signing(change=lambda fields: fields.update(maxPriorityFeePerGas=0, maxFeePerGas=1)),
         "changed the transaction"),
        (signing(change=lambda fields: fields.update(
            accessList=[{"address": "0x" + "1" * 40, "storageKeys": []}])), "changed"),
        (lambda asked: "0xzz", "no transaction in hex"),
        (lambda asked: "0x02", "cannot be used"),
        (lambda asked: None, "declined"),
    ],
)  # fmt: skip
def test_act__signer_cheats_or_fails__refused_and_nothing_sent(chain, signer, words):
    before = state(chain)
    with fake_node({"eth_signTransaction": signer}) as node:
        done = act(chain, node)
    assert done.exit_code == 1
    assert words in done.output
    assert state(chain) == before


def test_act__person_declines_or_signer_is_gone__said_and_nothing_sent(chain):
    def decline(asked):
        raise Refusal(-32000, "Request denied")

    before = state(chain)
    with fake_node({"account_signTransaction": decline}) as node:
        done = act(chain, node, "clef")
    assert "Request denied" in done.output
    assert "does not answer" in act(chain, node, "clef").output
    assert state(chain) == before


def test_act__signer_elsewhere_without_tls__refused_before_it_is_asked(chain):
    account = chain.key("regulator").address
    for name, words in (
        (f"web3signer+http://signer.example:9000/{account}", "use https"),
        ("web3signer+http://127.0.0.1:9000/0x12", "names no signer"),
    ):
        done = admit(chain, "never admitted", name)
        assert done.exit_code == 1
        assert words in done.output
