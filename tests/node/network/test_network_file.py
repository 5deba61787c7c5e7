"""`network.toml`: what is read, and what is refused before anything is made."""

import copy
import tomllib
from pathlib import Path

import pytest

from harness.besu_network import description
from tanlian_node.besu_config import node_options
from tanlian_node.besu_options import removed_options
from tanlian_node.errors import InvalidNetwork, RemovedOption
from tanlian_node.network import ValidatorMode, size_warning
from tanlian_node.network_file import load_network, parse_network

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "deployments" / "consortium" / "network.toml"


@pytest.fixture
def table():
    return description()


def test_load_network__example__is_four_validators_by_contract():
    network = load_network(EXAMPLE)
    assert len(network.validator_nodes) == 4
    assert network.validators is ValidatorMode.CONTRACT
    assert size_warning(network) is None


def test_load_network__example__shares_the_chain_id_of_the_deployment():
    params = tomllib.loads((EXAMPLE.parent / "params.toml").read_text())
    assert load_network(EXAMPLE).chain_id == params["chain"]["id"]


def test_load_network__missing_file__says_what_to_copy(tmp_path):
    with pytest.raises(InvalidNetwork, match="copy deployments/consortium/network"):
        load_network(tmp_path / "none.toml")


def test_load_network__broken_file__names_it(tmp_path):
    path = tmp_path / "network.toml"
    path.write_text("[network")
    with pytest.raises(InvalidNetwork, match="not valid TOML"):
        load_network(path)


def test_size_warning__three_validators__says_that_one_down_stops_the_chain():
    assert "one of them down stops the chain" in size_warning(parse_network(description(3)))


def broken(table, change):
    changed = copy.deepcopy(table)
    change(changed)
    return changed


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.pop("network"), r"needs a table \[network\]"),
        (lambda t: t.update(nodez=[]), "unknown entry 'nodez'"),
        (lambda t: t["network"].update(gaslimit=1), "unknown entry 'gaslimit'"),
        (lambda t: t["network"].update(chain_id="x"), "chain_id must be a whole number"),
        (lambda t: t["network"].update(chain_id=True), "chain_id must be a whole number"),
        (lambda t: t["network"].update(gas_limit=15_999_999), "gas_limit must be"),
        (lambda t: t["network"].update(gas_limit=2**53), "gas_limit must be"),
        (lambda t: t["network"].update(validators="votes"), "validators must be one of"),
        (lambda t: t["network"].update(besu_version=24), "besu_version must be"),
        (
            lambda t: t["network"].update(block_period_seconds=4),
            "request_timeout_seconds must be longer",
        ),
        (lambda t: t["network"].update(name="Big Network"), "small letters"),
        (lambda t: t["nodes"][1].update(name="regulator-1"), "node name regulator-1 occurs twice"),
        (lambda t: t["organisations"][1].update(id=1), "organisation id 1 occurs twice"),
        (lambda t: t["organisations"][1].update(id=2**24), "id must be a whole number"),
        (lambda t: t["nodes"][0].update(organisation="nobody"), "no organisation 'nobody'"),
        (lambda t: t["nodes"][0].update(rpc_port=70_000), "rpc_port must be"),
        (lambda t: t["nodes"][0].update(storage="ARCHIVE"), "FOREST or BONSAI"),
        (lambda t: t["nodes"][0].update(public_key="0x12"), "not 64 bytes"),
        (lambda t: t["nodes"][0].update(role="king"), "role must be one of"),
        (lambda t: t.update(nodes=[]), "1 to 32 validators, not 0"),
        (lambda t: t.update(alloc={"0x12": 1}), "'0x12' is not an address"),
        (lambda t: t.update(alloc={"0x" + "1" * 40: -1}), "not a balance"),
        (lambda t: t.update(accounts=["me"]), "'me' is not an address"),
        (lambda t: t.update(rpc={"host": "0.0.0.0"}), "set tls = true and jwt = true"),
        (lambda t: t.update(rpc={"host": "10.0.0.1", "tls": True}), "set tls = true and jwt"),
        (lambda t: t["network"].update(besu_options={"x": [1]}), "must be a table of texts"),
    ],
)
def test_parse_network__unusable__refused_with_the_reason(table, change, sentence):
    with pytest.raises(InvalidNetwork, match=sentence):
        parse_network(broken(table, change))


def test_parse_network__one_port_twice__refused(table):
    table["nodes"][0]["rpc_port"] = table["nodes"][0]["p2p_port"]
    with pytest.raises(InvalidNetwork, match="uses one port for two purposes"):
        parse_network(table)


def test_parse_network__remote_rpc_with_tls_and_jwt__accepted(table):
    table["rpc"] = {"host": "0.0.0.0", "tls": True, "jwt": True}
    assert parse_network(table).rpc.is_loopback is False


def test_parse_network__33_validators__refused(table):
    node = table["nodes"][0]
    table["nodes"] = [
        {
            **node,
            "name": f"node-{number}",
            "p2p_port": 20_000 + number,
            "rpc_port": 21_000 + number,
            "metrics_port": 22_000 + number,
        }
        for number in range(33)
    ]
    with pytest.raises(InvalidNetwork, match="1 to 32 validators, not 33"):
        parse_network(table)


@pytest.mark.parametrize("removed", [o for o in removed_options() if o.where == "command"])
def test_node_options__removed_option__refused_with_release_and_remedy(table, removed):
    option = removed.name.replace("*", "enabled")
    table["network"]["besu_version"] = 26
    table["nodes"][0]["besu_options"] = {option: True}
    network = parse_network(table)
    with pytest.raises(RemovedOption) as refusal:
        node_options(network, network.nodes[0])
    assert removed.removed_in in refusal.value.user_message
    assert removed.reason in refusal.value.user_message
    assert removed.instead in refusal.value.user_message


def test_node_options__removed_only_in_26__accepted_for_25(table):
    table["nodes"][0]["besu_options"] = {"--min-block-occupancy-ratio": "0.8"}
    network = parse_network(table)
    assert node_options(network, network.nodes[0])["min-block-occupancy-ratio"] == "0.8"


def test_removed_options__both_majors__are_covered():
    majors = {option.removed_in.split(".")[0] for option in removed_options()}
    assert majors == {"25", "26"}
