"""The folder of a network: complete, private where it must be, never overwritten."""

import json
import re

import pytest
import yaml

from harness.besu_network import PASSPHRASE, description
from tanlian_node.errors import BadKey, InvalidNetwork
from tanlian_node.keys import keyfile_address, read_node_key
from tanlian_node.network_file import parse_network
from tanlian_node.network_files import read_record, write_network

NODE_FILES = {
    "key",
    "genesis.json",
    "config.toml",
    "static-nodes.json",
    "permissions.toml",
}


def test_write_network__every_node__has_all_that_one_machine_needs(record):
    for node in record.nodes:
        place = record.node_folder(node.name)
        assert {path.name for path in place.iterdir()} == NODE_FILES | {f"besu-{node.name}.service"}
        assert (place / "key").stat().st_mode & 0o077 == 0
        peers = json.loads((place / "static-nodes.json").read_text())
        assert peers == [one.enode for one in record.nodes if one.name != node.name]


def test_write_network__unit_and_compose__run_the_node_from_its_own_folder(record):
    unit = (record.node_folder("bank-1") / "besu-bank-1.service").read_text()
    assert "ExecStart=/opt/besu/bin/besu --config-file=/var/lib/tanlian/bank-1/config.toml" in unit
    assert "WorkingDirectory=/var/lib/tanlian/bank-1" in unit
    assert "TimeoutStopSec=60" in unit
    compose = json.loads((record.folder / "compose.yaml").read_text())
    assert set(compose["services"]) == {node.name for node in record.nodes}
    assert compose["services"]["bank-1"]["volumes"] == ["./nodes/bank-1:/node"]


def test_write_network__again__keeps_every_key_and_genesis(record):
    before = {
        node.name: read_node_key(record.node_folder(node.name) / "key") for node in record.nodes
    }
    genesis = (record.folder / "genesis.json").read_bytes()
    table = description()
    for node, former in zip(table["nodes"], record.nodes, strict=True):
        node["p2p_port"] = int(former.enode.rsplit(":", 1)[1])
    again = write_network(parse_network(table), record.folder, PASSPHRASE, quick_keys=True)
    assert (record.folder / "genesis.json").read_bytes() == genesis
    for node in again.nodes:
        assert read_node_key(record.node_folder(node.name) / "key") == before[node.name]


def test_write_network__other_chain_in_the_folder__refused_and_unchanged(record):
    genesis = (record.folder / "genesis.json").read_bytes()
    config = (record.node_folder("bank-1") / "config.toml").read_bytes()
    with pytest.raises(InvalidNetwork, match="belongs to another chain"):
        write_network(parse_network(description(gas_limit=40_000_000)), record.folder, PASSPHRASE)
    assert (record.folder / "genesis.json").read_bytes() == genesis
    assert (record.node_folder("bank-1") / "config.toml").read_bytes() == config


def test_write_network__rewritten__keeps_the_allowlist_that_perm_methods_wrote(record):
    path = record.node_folder("bank-1") / "permissions.toml"
    path.write_text('accounts-allowlist=["0x' + "1" * 40 + '"]\n')
    write_network(parse_network(description()), record.folder, PASSPHRASE, quick_keys=True)
    assert "1" * 40 in path.read_text()


def test_write_network__account_to_make_and_no_passphrase__refused(tmp_path):
    table = description()
    del table["organisations"][0]["account"]
    with pytest.raises(BadKey, match="needs a passphrase"):
        write_network(parse_network(table), tmp_path, None)


def test_write_network__accounts_made__are_keyfiles_nobody_else_reads(tmp_path):
    table = description()
    for organisation in table["organisations"]:
        del organisation["account"]
    record = write_network(parse_network(table), tmp_path, PASSPHRASE, quick_keys=True)
    for path in (tmp_path / "organisations").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert keyfile_address(path) in record.founders


def test_write_network__public_key_given__makes_no_private_key(tmp_path):
    from tanlian_node.keys import new_node_key

    key = new_node_key()
    table = description()
    table["nodes"][2]["public_key"] = key.public_key
    record = write_network(parse_network(table), tmp_path, PASSPHRASE, quick_keys=True)
    assert record.node("bank-1").address == key.address
    assert not (record.node_folder("bank-1") / "key").exists()


def test_write_network__two_organisations_with_one_account__refused(tmp_path):
    table = description()
    table["organisations"][1]["account"] = table["organisations"][0]["account"]
    with pytest.raises(InvalidNetwork, match="share a founding account"):
        write_network(parse_network(table), tmp_path, PASSPHRASE)


def test_read_record__what_was_written__comes_back(record):
    assert read_record(record.folder) == record


def test_read_record__empty_folder__says_what_to_do(tmp_path):
    with pytest.raises(InvalidNetwork, match="tanlian-node create"):
        read_record(tmp_path)


def test_monitoring__rules_and_dashboard__name_metrics_that_besu_has(record):
    """The names were read from a running Besu 25.12; Prometheus would stay silent on a typo."""
    known = {
        "ethereum_blockchain_height",
        "ethereum_peer_count",
        "besu_blockchain_chain_head_timestamp",
        "besu_blockchain_chain_head_gas_used",
        "besu_blockchain_chain_head_gas_limit",
        "besu_blockchain_chain_head_transaction_count",
        "besu_transaction_pool_transactions",
        "besu_rpc_request_time_count",
        "besu_synchronizer_in_sync",
        "jvm_memory_used_bytes",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
    }
    folder = record.folder / "monitoring"
    for name in ("alerts.yaml", "dashboard.json"):
        text = (folder / name).read_text()
        used = set(re.findall(r"\b(?:besu|ethereum|jvm|process)_\w+", text))
        assert used, f"{name} watches nothing"
        assert used <= known
    targets = json.loads((folder / "prometheus.yaml").read_text())["scrape_configs"][0]
    labels = [one["labels"]["node"] for one in targets["static_configs"]]
    assert labels == [node.name for node in record.nodes]


@pytest.mark.parametrize(("period", "empty", "stale"), [(1, 0, 30), (5, 0, 30), (1, 60, 300)])
def test_monitoring__any_period__rules_parse_and_thresholds_fit(tmp_path, period, empty, stale):
    promql_parser = pytest.importorskip("promql_parser")
    table = description(4, block_period_seconds=period, empty_block_period_seconds=empty)
    table["network"]["request_timeout_seconds"] = 10
    made = write_network(parse_network(table), tmp_path, PASSPHRASE, quick_keys=True)
    rules = yaml.safe_load((made.folder / "monitoring" / "alerts.yaml").read_text())
    (group,) = rules["groups"]
    by_name = {rule["alert"]: rule["expr"] for rule in group["rules"]}
    for expression in by_name.values():
        promql_parser.parse(expression)
    assert by_name["ChainHalted"].endswith(f"> {stale}")
    assert f"< {0.7 / max(period, empty):.4f} and" in by_name["RoundChanges"]
    dashboard = json.loads((made.folder / "monitoring" / "dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(asked) > 5
    for expression in asked:
        promql_parser.parse(expression)
    with pytest.raises(ValueError, match="unclosed"):
        promql_parser.parse("rate(up[5m]")
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
