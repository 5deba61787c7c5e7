"""The account allowlist: Besu's file, Besu's methods, Besu's refusals."""

import pytest

from harness import chain_probe
from harness.chain_probe import EMITTER, VERIFIER, RpcFailure, sign
from tanlian_node.embedded import EmbeddedChain
from tanlian_node.embedded.errors import ChainError

SINK = "0x" + "51" * 20


@pytest.fixture
def guarded(tmp_path):
    with EmbeddedChain(
        tmp_path, interval=0, alloc=chain_probe.ALLOC, allowlist=[EMITTER.address]
    ) as running:
        yield running


@pytest.fixture
def rpc(guarded):
    client = chain_probe.RpcClient(guarded.port)
    yield client
    client.close()


def test_send__sender_not_listed__refused_and_nothing_happens(guarded, rpc):
    with pytest.raises(RpcFailure) as refused:
        rpc.call("eth_sendRawTransaction", sign(VERIFIER, guarded.chain_id, 0, to=SINK))
    assert refused.value.error == {
        "code": -32007,
        "message": "Sender account not authorized to send transactions",
    }
    assert rpc.call("eth_blockNumber") == "0x0"
    assert rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    assert rpc.call("eth_sendRawTransaction", sign(EMITTER, guarded.chain_id, 0, to=SINK))


def test_allowlist__added_and_removed__holds_at_once_and_after_a_restart(guarded, rpc, tmp_path):
    assert rpc.call("perm_getAccountsAllowlist") == [EMITTER.address.lower()]
    assert rpc.call("perm_addAccountsToAllowlist", [VERIFIER.address]) == "Success"
    rpc.call("eth_sendRawTransaction", sign(VERIFIER, guarded.chain_id, 0, to=SINK))
    assert rpc.call("perm_removeAccountsFromAllowlist", [EMITTER.address]) == "Success"
    with pytest.raises(RpcFailure, match="-32007"):
        rpc.call("eth_sendRawTransaction", sign(EMITTER, guarded.chain_id, 0, to=SINK))
    guarded.stop()
    guarded.start_in_background()
    again = chain_probe.RpcClient(guarded.port)
    assert again.call("perm_getAccountsAllowlist") == [VERIFIER.address.lower()]
    again.close()


def test_allowlist__file_changed_and_reloaded__holds(guarded, rpc, tmp_path):
    file = tmp_path / "permissions_config.toml"
    file.write_text(f'accounts-allowlist=["{VERIFIER.address}"]\nnodes-allowlist=[]\n')
    assert rpc.call("perm_reloadPermissionsFromFile") == "Success"
    assert rpc.call("perm_getAccountsAllowlist") == [VERIFIER.address.lower()]
    rpc.call("perm_addAccountsToAllowlist", [SINK])
    assert "nodes-allowlist=[]" in file.read_text()
    file.write_text("accounts-allowlist=5")
    with pytest.raises(RpcFailure, match="Error reloading permissions file"):
        rpc.call("perm_reloadPermissionsFromFile")
    assert rpc.call("perm_getAccountsAllowlist") == [VERIFIER.address.lower(), SINK]


@pytest.mark.parametrize(
    ("method", "accounts", "message"),
    [
        ("perm_addAccountsToAllowlist", [], "Request contains an empty list of accounts"),
        ("perm_addAccountsToAllowlist", ["0x12"], "Request contains an invalid account"),
        ("perm_addAccountsToAllowlist", [SINK, SINK], "Request contains duplicate accounts"),
        (
            "perm_addAccountsToAllowlist",
            [EMITTER.address],
            "Cannot add an existing account to allowlist",
        ),
        (
            "perm_removeAccountsFromAllowlist",
            [SINK],
            "Cannot remove an absent account from allowlist",
        ),
    ],
)
def test_allowlist__bad_request__besus_words_and_nothing_changes(
    guarded, rpc, method, accounts, message
):
    with pytest.raises(RpcFailure) as refused:
        rpc.call(method, accounts)
    assert refused.value.error == {"code": -32000, "message": message}
    assert rpc.call("perm_getAccountsAllowlist") == [EMITTER.address.lower()]


def test_start__allowlist_file_malformed__refused(tmp_path):
    (tmp_path / "permissions_config.toml").write_text("accounts-allowlist=[5]")
    with pytest.raises(ChainError, match="is no list of accounts"):
        EmbeddedChain(tmp_path).start_in_background()
