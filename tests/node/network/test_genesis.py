"""Genesis and configuration: fixed keys give fixed files, in the form Besu 25.12 was seen to take."""

import json
import tomllib

import pytest
import rlp
from eth_utils import keccak

from harness.besu_network import address, description
from tanlian_contracts import artifact
from tanlian_node.besu_config import node_options, render_toml
from tanlian_node.errors import InvalidNetwork
from tanlian_node.genesis import (
    BEACON_ROOTS,
    VALIDATOR_SET,
    Seat,
    extra_data,
    genesis,
    set_hash,
    validator_set,
)
from tanlian_node.keys import NodeKey
from tanlian_node.network_file import parse_network

# four keys and the extension that `besu operator generate-blockchain-config` of 25.12 made of them
BESU_ADDRESSES = (
    "0x0e4b26cb684cd2a4cb2ac90cd2c13bfbba99adcb",
    "0x5eaa3449c576255166c4da54fe3a5a3aa7efd1dd",
    "0xc520e1c4c07d02fe678a7ba28229396652e3a787",
    "0xc60fcb2b71eae65864152ab338d9b7888fd79494",
)
BESU_EXTRA_DATA = (
    "0xf87aa00000000000000000000000000000000000000000000000000000000000000000f854"
    "940e4b26cb684cd2a4cb2ac90cd2c13bfbba99adcb945eaa3449c576255166c4da54fe3a5a3aa7efd1dd"
    "94c520e1c4c07d02fe678a7ba28229396652e3a78794c60fcb2b71eae65864152ab338d9b7888fd79494c080c0"
)
SLUGS = ("regulator", "exchange", "bank", "verifier")


def seats():
    return [Seat(NodeKey(keccak(text=slug)).address, i + 1) for i, slug in enumerate(SLUGS)]


def founders():
    return {address(slug): i + 1 for i, slug in enumerate(SLUGS)}


def made(**network):
    return genesis(parse_network(description(**network)), seats(), founders())


def test_extra_data__keys_of_besus_generator__same_bytes_in_any_order():
    assert extra_data(BESU_ADDRESSES) == BESU_EXTRA_DATA
    assert extra_data(reversed(BESU_ADDRESSES)) == BESU_EXTRA_DATA


def test_genesis__header_mode__names_the_validators():
    table = made(validators="header")
    fields = rlp.decode(bytes.fromhex(table["extraData"][2:]))
    assert ["0x" + one.hex() for one in fields[1]] == sorted(seat.address for seat in seats())
    assert "validatorcontractaddress" not in table["config"]["qbft"]
    assert VALIDATOR_SET[2:] not in table["alloc"]


def test_genesis__contract_mode__empty_header_and_the_contract_with_its_storage():
    table = made()
    assert rlp.decode(bytes.fromhex(table["extraData"][2:]))[1] == []
    assert table["config"]["qbft"]["validatorcontractaddress"] == VALIDATOR_SET
    account = table["alloc"][VALIDATOR_SET[2:]]
    assert account["code"] == artifact("ValidatorSet")["runtime"]
    word = f"0x{2:064x}"
    assert int(account["storage"][word], 16) == 4


def test_genesis__always__free_gas_and_a_stop_stub_for_beacon_roots():
    table = made()
    assert table["config"]["zeroBaseFee"] is True
    assert table["alloc"][BEACON_ROOTS[2:]]["code"] == "0x00"
    assert table["gasLimit"] == hex(30_000_000)
    assert "miningbeneficiary" not in table["config"]["qbft"]
    forks = {name: table["config"][name] for name in ("londonBlock", "shanghaiTime", "cancunTime")}
    assert forks == {"londonBlock": 0, "shanghaiTime": 0, "cancunTime": 0}


def test_genesis__empty_block_period__under_both_names():
    qbft = made(empty_block_period_seconds=4)["config"]["qbft"]
    assert (qbft["xemptyblockperiodseconds"], qbft["emptyblockperiodseconds"]) == (4, 4)
    assert "emptyblockperiodseconds" not in made()["config"]["qbft"]


def test_genesis__same_keys__same_file():
    assert json.dumps(made()) == json.dumps(made())


def test_genesis__golden__is_what_real_besu_accepted():
    """A changed hash means another chain: only a new network may have it."""
    table = made(validators="header")
    canonical = json.dumps(table, sort_keys=True, separators=(",", ":"))
    assert keccak(text=canonical).hex() == (
        "7693d68914d3c2c62e55767c612b8ce74cdaef033ccec43be976462fc67b3952"
    )


def test_genesis__two_nodes_with_one_key__refused():
    with pytest.raises(InvalidNetwork, match="a key of its own"):
        genesis(parse_network(description()), [seats()[0]] * 2, founders())


def test_validator_set__organisation_without_founding_account__refused():
    voices = founders()
    voices.pop(address("bank"))
    with pytest.raises(InvalidNetwork, match="Organisation 3 has a validator and no founding"):
        validator_set(seats(), voices)


def test_validator_set__33_seats__refused():
    many = [Seat(f"0x{number:040x}", 1) for number in range(1, 34)]
    with pytest.raises(InvalidNetwork, match="1 to 32"):
        validator_set(many, founders())


def test_set_hash__order_of_the_input__does_not_matter():
    addresses = [seat.address for seat in seats()]
    assert set_hash(addresses) == set_hash(reversed(addresses))


def test_node_options__loopback__no_open_door_and_bounded_pool():
    network = parse_network(description())
    options = node_options(network, network.nodes[0])
    assert options["rpc-http-host"] == "127.0.0.1"
    assert options["p2p-interface"] == "127.0.0.1"
    assert options["metrics-host"] == "127.0.0.1"
    assert options["discovery-enabled"] is False
    assert options["tx-pool-limit-by-account-percentage"] == 0.1
    assert options["target-gas-limit"] == network.gas_limit
    assert options["data-storage-format"] == "FOREST"
    assert options["strict-tx-replay-protection-enabled"] is True


def test_node_options__remote__tls_and_jwt():
    table = description()
    table["rpc"] = {"host": "10.0.0.5", "tls": True, "jwt": True}
    network = parse_network(table)
    options = node_options(network, network.nodes[0])
    assert options["rpc-http-tls-enabled"] is True
    assert options["rpc-http-authentication-enabled"] is True


def test_render_toml__any_options__reads_back_as_they_were():
    network = parse_network(description())
    options = node_options(network, network.nodes[0])
    text = render_toml({**options, "identity": 'a "quoted\\ name"'}, "heading")
    read = tomllib.loads(text)
    assert read["identity"] == 'a "quoted\\ name"'
    assert read["rpc-http-api"] == list(options["rpc-http-api"])
    assert set(options) == set(read)
