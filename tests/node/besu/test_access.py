"""RPC for other machines on real Besu: TLS by the consortium's CA, tokens with permissions."""

import time
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest

from harness.besu_network import PASSPHRASE, BesuNetwork, address, description, secret
from tanlian_node.ca import create_root, pem
from tanlian_node.ca_folder import CaFolder
from tanlian_node.ca_network import issue_for_network, write_jwt
from tanlian_node.errors import NodeUnreachable, RpcRefused
from tanlian_node.jwt import issue_token, new_jwt_key
from tanlian_node.rpc import Rpc

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

NAME = "regulator-1"


@pytest.fixture(scope="module")
def network(besu, tmp_path_factory):
    table = description(1)
    table["rpc"] = {"host": "127.0.0.1", "tls": True, "jwt": True}
    made = BesuNetwork(tmp_path_factory.mktemp("tls"), besu, table)
    now = datetime.now(UTC)
    authority = CaFolder(made.record.folder / "ca", PASSPHRASE, made.record.chain_id)
    authority.create_root("trial", now)
    authority.create_authority("regulator", secret("regulator"), now)
    issue_for_network(made.record, PASSPHRASE, now)
    write_jwt(made.record)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def with_token(network, permissions, seconds=60, key=None):
    opened = network.rpc(NAME)
    private = key or (network.record.folder / "jwt" / "operator.pem").read_bytes()
    token = issue_token(private, permissions, now=int(time.time()), seconds=seconds)
    return Rpc(opened.url, opened.authority, token)


def test_rpc__operators_token_over_tls__works(network, figures):
    assert network.rpc(NAME).url.startswith("https://")
    assert network.height(NAME) >= 1
    assert network.rpc(NAME).call("perm_getAccountsAllowlist") == [address("regulator")]
    figures("RPC over TLS with the consortium's CA and a token: answers; without either: refused")


def test_rpc__no_token__refused(network):
    opened = network.rpc(NAME)
    with pytest.raises(RpcRefused) as refusal:
        Rpc(opened.url, opened.authority).height()
    assert refusal.value.fields["code"] == 401


def test_rpc__expired_or_foreign_token__refused(network):
    with pytest.raises(RpcRefused):
        with_token(network, ["*:*"], seconds=-10).height()
    foreign, _ = new_jwt_key()
    with pytest.raises(RpcRefused):
        with_token(network, ["*:*"], key=foreign).height()


def test_rpc__token_for_eth_only__cannot_change_the_allowlist(network):
    limited = with_token(network, ["eth:*"])
    assert limited.height() >= 1
    with pytest.raises(RpcRefused):
        limited.call("perm_addAccountsToAllowlist", ["0x" + "1" * 40])
    assert network.rpc(NAME).call("perm_getAccountsAllowlist") == [address("regulator")]


def test_rpc__authority_of_another_consortium__certificate_not_trusted(network, tmp_path):
    foreign = create_root("trial", datetime.now(UTC))
    (tmp_path / "root.pem").write_bytes(pem(foreign.certificate))
    opened = network.rpc(NAME)
    with pytest.raises(NodeUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        Rpc(opened.url, tmp_path / "root.pem", opened.token).height()


def test_rpc__plain_http__no_answer(network):
    plain = network.rpc(NAME).url.replace("https", "http")
    with pytest.raises((NodeUnreachable, RpcRefused)):
        Rpc(plain).height()


def test_metrics__prometheus_endpoint__serves_what_rules_and_dashboard_watch(network):
    with urlopen(network.record.node(NAME).metrics, timeout=10) as answer:
        text = answer.read().decode()
    served = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[:1] != "#"}
    from re import findall

    for name in ("alerts.yaml", "dashboard.json"):
        rules = (network.record.folder / "monitoring" / name).read_text()
        used = set(findall(r"\b(?:besu|ethereum|jvm|process)_\w+", rules))
        assert used <= served, f"{name} watches {used - served}"
