"""Joining: what an invitation proves, and what an answer must prove."""

import json

import pytest

from harness.besu_network import PASSPHRASE, address, description, secret
from harness.fake_node import Allowlists, fake_node
from tanlian_node.errors import InvalidNetwork
from tanlian_node.invitation import Place, invite, join, welcome
from tanlian_node.keys import QUICK, keyfile_address, read_node_key
from tanlian_node.network_files import read_record, write_record
from tanlian_node.peers import drop_forbidden_peers, static_peers

PLACE = Place("emitter-1", "127.0.0.1", 40_001, 40_002, 40_003)
ORGANISATION = {"id": 5, "slug": "emitter", "name": "Emitter"}


@pytest.fixture
def invitation(record):
    return invite(record, description(), ORGANISATION, secret("regulator"), accounts=[])


@pytest.fixture
def joined(invitation, tmp_path):
    folder = tmp_path / "newcomer"
    answer = join(invitation, address("regulator"), folder, PLACE, PASSPHRASE, cost=QUICK)
    return folder, answer


def test_join__invitation__same_genesis_all_peers_and_own_keys(record, joined):
    folder, answer = joined
    place = folder / "nodes" / "emitter-1"
    assert (place / "genesis.json").read_bytes() == (record.folder / "genesis.json").read_bytes()
    assert static_peers(place) == [node.enode for node in record.nodes]
    body = json.loads(answer)["body"]
    assert body["account"] == keyfile_address(folder / "organisations" / "emitter.json")
    assert body["node"]["address"] == read_node_key(place / "key").address
    assert read_record(folder).nodes[0].name == "emitter-1"
    for other in record.nodes:
        assert not (folder / "nodes" / other.name).exists()


def test_join__again__keeps_the_keys(joined, invitation):
    folder, answer = joined
    again = join(invitation, address("regulator"), folder, PLACE, PASSPHRASE, cost=QUICK)
    assert json.loads(again)["body"] == json.loads(answer)["body"]


def test_join__signed_by_somebody_else__refused_and_nothing_written(invitation, tmp_path):
    with pytest.raises(InvalidNetwork, match="Compare the address"):
        join(invitation, address("bank"), tmp_path / "x", PLACE, PASSPHRASE, cost=QUICK)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["nodes"][0].update(enode="enode://evil@10.0.0.1:30303"),
        lambda body: body.update(genesis="{}"),
        lambda body: body["organisation"].update(id=1),
        lambda body: body["table"]["network"].update(chain_id=1),
    ],
)
def test_join__changed_on_the_way__refused(invitation, tmp_path, change):
    envelope = json.loads(invitation)
    change(envelope["body"])
    with pytest.raises(InvalidNetwork, match="was signed by"):
        join(json.dumps(envelope), address("regulator"), tmp_path / "x", PLACE, PASSPHRASE)
    assert not (tmp_path / "x").exists()


def test_join__not_an_invitation__refused(tmp_path, joined):
    _, answer = joined
    with pytest.raises(InvalidNetwork, match="not a tanlian invitation"):
        join(answer, address("regulator"), tmp_path / "x", PLACE, PASSPHRASE)
    with pytest.raises(InvalidNetwork, match="This is no tanlian invitation"):
        join("{}", address("regulator"), tmp_path / "x", PLACE, PASSPHRASE)


def test_welcome__answer__node_and_account_on_every_list(record, joined):
    _, answer = joined
    lists = Allowlists()
    added = []
    methods = {**lists.methods(), "admin_addPeer": lambda enode: added.append(enode) or True}
    with fake_node(methods) as node:
        _point_at(record, node.url)
        newcomer, problems = welcome(record.folder, answer)
        assert problems == []
        welcome(record.folder, answer)  # a second time changes nothing
    assert lists.nodes == [newcomer.enode]
    assert lists.accounts == [json.loads(answer)["body"]["account"]]
    assert added == [newcomer.enode] * 2 * len(record.nodes)
    assert [n.name for n in read_record(record.folder).nodes][-1] == "emitter-1"
    for node in record.nodes:
        assert static_peers(record.node_folder(node.name))[-1] == newcomer.enode


def test_welcome__nodes_down__each_named(record, joined):
    _, answer = joined
    _, problems = welcome(record.folder, answer)
    assert [sentence.split(":")[0] for sentence in problems] == [n.name for n in record.nodes]


def test_welcome__answer_of_another_account__refused(record, joined):
    _, answer = joined
    envelope = json.loads(answer)
    envelope["body"]["account"] = address("bank")
    before = (record.folder / "network.json").read_bytes()
    with pytest.raises(InvalidNetwork, match="was signed by"):
        welcome(record.folder, json.dumps(envelope))
    assert (record.folder / "network.json").read_bytes() == before


def test_drop_forbidden_peers__taken_off_the_list__node_can_start_again(record):
    place = record.node_folder("bank-1")
    first, *others = static_peers(place)
    listed = ",".join(f'"{enode}"' for enode in others)
    (place / "permissions.toml").write_text(f"nodes-allowlist=[{listed}]\n")
    assert drop_forbidden_peers(place) == [first]
    assert static_peers(place) == others
    assert drop_forbidden_peers(place) == []


def _point_at(record, url):
    from dataclasses import replace

    write_record(replace(record, nodes=tuple(replace(node, rpc=url) for node in record.nodes)))
