"""The life of a network on real Besu: votes, permissions, joining, restarts, backup."""

import json
import time
from datetime import UTC, datetime

import pytest
from eth_abi import encode
from eth_utils import keccak

from harness.besu_network import (
    PASSPHRASE,
    SLUGS,
    BesuNetwork,
    address,
    description,
    free_ports,
    secret,
)
from tanlian_contracts import artifact
from tanlian_node.backup import backup_node, drill, read_head
from tanlian_node.ca_folder import CaFolder
from tanlian_node.errors import BadCertificate, NodeUnreachable, RpcRefused, UnsafeChange
from tanlian_node.genesis import set_hash
from tanlian_node.invitation import Place, invite, join, welcome
from tanlian_node.keys import QUICK, read_node_key
from tanlian_node.local import wait_until
from tanlian_node.member_keys import (
    approve_replacement,
    check_published,
    propose_replacement,
    publish_certificate,
    rotate,
)
from tanlian_node.network_files import read_record
from tanlian_node.permissions import drift_of, reconcile, wanted_lists
from tanlian_node.registers import Register
from tanlian_node.rolling import rolling_restart
from tanlian_node.rpc import Rpc
from tanlian_node.signer import LocalSigner
from tanlian_node.transactions import Contract, Reverted, send, wait_for_receipt
from tanlian_node.validators import (
    CONTRACT,
    accept_seat,
    approve,
    latest_change,
    propose_addition,
    propose_membership,
    propose_removal,
    validators,
)

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

FIRST, SECOND, THIRD, FOURTH = "regulator-1", "exchange-1", "bank-1", "verifier-1"
REASON = keccak(text="minutes of the meeting")
EMITTER, EXCHANGE, OPERATOR = 2, 8, 128
ROLES = {"emitter": EMITTER, "exchange": EXCHANGE | OPERATOR}
NEWCOMER = "emitter-1"


def signer(name):
    return LocalSigner(secret(name))


@pytest.fixture(scope="module")
def network(besu, tmp_path_factory):
    made = BesuNetwork(tmp_path_factory.mktemp("life"), besu, description())
    try:
        made.start()
        yield made
    finally:
        made.record = read_record(made.record.folder)
        made.stop()


@pytest.fixture(scope="module")
def membership(network):
    """The real register on the chain, with the four founding organisations as operators."""
    rpc = network.rpc(FIRST)
    compiled = artifact("Membership")
    arguments = encode(
        ["bytes32", "string", "uint256", "uint256", "bytes32", "address"],
        [
            keccak(text="regulator"),
            "regulator",
            0,
            0,
            keccak(text="certificate of regulator"),
            address("regulator"),
        ],
    )
    deployed = send(rpc, signer("regulator"), None, compiled["bytecode"] + arguments.hex())
    register = Contract("Membership", deployed["contractAddress"])
    regulator = signer("regulator")
    register.send(rpc, regulator, "grant_roles", 1, OPERATOR, REASON)
    for slug in (*SLUGS[1:4], "emitter"):
        register.send(
            rpc,
            regulator,
            "admit",
            keccak(text=slug),
            slug,
            ROLES.get(slug, OPERATOR),
            0,
            0,
            keccak(text=f"certificate of {slug}"),
            address(slug),
        )
    return register


def sealers(network, blocks):
    head = network.height(FIRST)
    return {network.block(FIRST, number)["miner"] for number in range(head - blocks + 1, head + 1)}


def test_propose_membership__three_founders__binds_the_register(network, membership):
    rpc = network.rpc(FIRST)
    number = propose_membership(rpc, signer("regulator"), membership.address, REASON)
    for slug in ("exchange", "bank"):
        change = approve(network.rpc(SECOND), signer(slug), number)
    assert change.enacted
    assert CONTRACT.read(rpc, "membership") == membership.address.lower()


def test_join__invited_member__syncs_votes_in_seals_and_leaves(
    network, membership, tmp_path, figures
):
    record = network.record
    text = invite(
        record,
        network.table,
        {"id": 5, "slug": "emitter", "name": "Emitter"},
        secret("regulator"),
        accounts=[],
    )
    ports = free_ports(3)
    folder = record.folder  # one machine: the newcomer's files lie beside the others
    joined = tmp_path / "newcomer"
    answer = join(
        text,
        address("regulator"),
        joined,
        Place(NEWCOMER, "127.0.0.1", *ports),
        PASSPHRASE,
        cost=QUICK,
    )
    assert (joined / "genesis.json").read_text() == (folder / "genesis.json").read_text()
    newcomer_rpc = Rpc(f"http://127.0.0.1:{ports[1]}")
    key = read_node_key(joined / "nodes" / NEWCOMER / "key")
    acceptance = accept_seat(key, record.chain_id, 5)
    member = network.rpc(FIRST)
    before = latest_change(member)
    with pytest.raises(NodeUnreachable):
        propose_addition(member, newcomer_rpc, signer("regulator"), acceptance, REASON)
    assert latest_change(member) == before

    from tanlian_node.local import start_nodes, stop_nodes

    own = read_record(joined)
    began = time.monotonic()
    start_nodes(own, network.besu, "")
    try:
        wait_until(lambda: newcomer_rpc.height() >= 0, 60, "an answer of the newcomer")
        with pytest.raises(UnsafeChange, match="peers"):
            propose_addition(member, newcomer_rpc, signer("regulator"), acceptance, REASON)
        node, problems = welcome(folder, answer)
        assert problems == []
        wait_until(
            lambda: (
                newcomer_rpc.peers() >= 3 and newcomer_rpc.height() >= network.height(FIRST) - 1
            ),
            120,
            "a synced newcomer",
        )
        synced = time.monotonic() - began

        membership.send(member, signer("regulator"), "grant_roles", 5, OPERATOR, REASON)
        number = propose_addition(member, newcomer_rpc, signer("regulator"), acceptance, REASON)
        approve(network.rpc(SECOND), signer("exchange"), number)
        with pytest.raises(UnsafeChange, match="--newcomer"):
            approve(network.rpc(THIRD), signer("bank"), number)
        voted = time.monotonic()
        change = approve(network.rpc(THIRD), signer("bank"), number, newcomer_rpc)
        assert change.enacted
        listed = validators(member)
        assert len(listed) == 5
        assert node.address.lower() in listed
        wait_until(
            lambda: node.address.lower() in sealers(network, 5), 60, "a block of the newcomer"
        )
        sealed = time.monotonic() - voted
        assert CONTRACT.read(member, "set_hash") == set_hash(listed)
        assert sorted(member.call("qbft_getValidatorsByBlockNumber", "latest")) == listed

        removal = propose_removal(
            member, signer("exchange"), node.address, REASON, below_safe_size=False
        )
        for slug in ("bank", "verifier", "regulator"):
            change = approve(member, signer(slug), removal)
        assert change.enacted
        assert len(validators(member)) == 4
        network.wait_for_growth(5, 60, FIRST)
        assert node.address.lower() not in sealers(network, 4)
        with pytest.raises(UnsafeChange, match="cannot go on"):
            propose_removal(
                member,
                signer("bank"),
                network.record.node(FOURTH).address,
                REASON,
                below_safe_size=False,
            )
        with pytest.raises(Reverted, match="validator_set: below the safe size"):
            CONTRACT.send(
                member,
                signer("bank"),
                "propose_removal",
                network.record.node(FOURTH).address,
                REASON,
                False,
            )
    finally:
        stop_nodes(own)
    figures(
        f"newcomer: synced {synced:.1f} s after its start, sealed a block {sealed:.1f} s after the "
        "deciding vote; 4 -> 5 -> 4 validators without a stop"
    )


def test_reconcile__suspended_member__is_off_every_list_and_cannot_act(
    network, membership, figures
):
    rpc = network.rpc(FIRST)
    enodes = [node.enode for node in network.record.nodes]
    wanted = wanted_lists(rpc, [Register(membership.address)], enodes)
    for name in network.names:
        reconcile(name, network.rpc(name), wanted)
        assert drift_of(name, network.rpc(name), wanted).is_clean
    membership.send(rpc, signer("regulator"), "suspend", 4, "case 7")
    wanted = wanted_lists(rpc, [Register(membership.address)], enodes)
    assert address("verifier") not in wanted.accounts
    for name in network.names:
        drift = drift_of(name, network.rpc(name), wanted)
        assert drift.surplus_accounts == (address("verifier"),)
    for name in network.names[:-1]:  # the last node's operator does not follow
        reconcile(name, network.rpc(name), wanted)
    (behind,) = [
        name for name in network.names if not drift_of(name, network.rpc(name), wanted).is_clean
    ]
    assert behind == FOURTH

    nonce = int(rpc.call("eth_getTransactionCount", address("verifier"), "latest"), 16)
    acts = [
        (membership, membership.calldata("rotate_certificate", 4, keccak(text="forged"))),
        (CONTRACT, CONTRACT.calldata("approve", 1)),
    ]
    sent = []
    for step, (contract, data) in enumerate(acts):
        raw, hashed = network.payment(
            "verifier", nonce + step, value=0, gas=300_000, data=data, to=contract.address
        )
        (refusal,) = network.send(FIRST, raw)
        assert isinstance(refusal, RpcRefused)
        assert refusal.fields["code"] == -32007
        assert network.send(FOURTH, raw) == [hashed]
        sent.append(hashed)
    certificate = membership.read(rpc, "organisation", 4)
    for hashed in sent:
        with pytest.raises(Reverted, match="failed in its block"):
            wait_for_receipt(network.rpc(FIRST), hashed)
        receipt = network.rpc(FIRST).call("eth_getTransactionReceipt", hashed)
        assert receipt["status"] == "0x0"
    assert membership.read(rpc, "organisation", 4) == certificate
    reasons = [
        bytes.fromhex(
            network.rpc(FIRST).call("eth_getTransactionReceipt", hashed)["revertReason"][2:]
        )
        for hashed in sent
    ]
    assert b"membership: not an active member" in reasons[0]
    assert b"validator_set: not an active operator" in reasons[1]
    reconcile(FOURTH, network.rpc(FOURTH), wanted)
    assert drift_of(FOURTH, network.rpc(FOURTH), wanted).is_clean
    membership.send(rpc, signer("regulator"), "reinstate", 4, "case 7 closed")
    for name in network.names:
        reconcile(
            name, network.rpc(name), wanted_lists(rpc, [Register(membership.address)], enodes)
        )
    figures(
        "permissions: a suspended account was refused at three reconciled nodes (-32007), sealed "
        "through the fourth, imported by all, and both contracts refused it"
    )


def test_publish__organisations_authority__register_and_certificate_name_one_another(
    network, membership, tmp_path
):
    rpc = network.rpc(FIRST)
    place = CaFolder(tmp_path, PASSPHRASE, network.record.chain_id)
    now = datetime.now(UTC)
    place.create_root("trial", now)
    place.create_authority("exchange", secret("exchange"), now)
    fingerprint = place.fingerprint("exchange")
    with pytest.raises(BadCertificate, match="as that of nobody"):
        check_published(rpc, membership.address, fingerprint, address("exchange"))
    with pytest.raises(Reverted, match="membership: "):
        publish_certificate(rpc, membership.address, signer("bank"), 2, fingerprint)
    publish_certificate(rpc, membership.address, signer("exchange"), 2, fingerprint)
    assert check_published(rpc, membership.address, fingerprint, address("exchange")) == 2
    with pytest.raises(BadCertificate, match="as that of organisation 2"):
        check_published(rpc, membership.address, fingerprint, address("bank"))


def test_rotate__member_key__new_account_votes_and_old_one_cannot(network, membership):
    rpc = network.rpc(FIRST)
    new = secret("bank, new key")
    assert (
        rotate(rpc, membership.address, signer("bank"), new, "yearly") == LocalSigner(new).address
    )
    assert membership.read(rpc, "organisation_of", LocalSigner(new).address) == 3
    assert membership.read(rpc, "standing", address("bank")) == 0
    target = network.record.node(FOURTH).address
    with pytest.raises(Reverted, match="validator_set: not an active operator"):
        CONTRACT.send(rpc, signer("bank"), "propose_removal", target, REASON, True)
    number = propose_removal(rpc, LocalSigner(new), target, REASON, below_safe_size=True)
    CONTRACT.send(rpc, LocalSigner(new), "withdraw_approval", number)
    assert len(validators(rpc)) == 4


def test_replacement__stolen_key__two_organisations_give_the_vote_to_a_new_one(
    network, membership, figures
):
    rpc = network.rpc(FIRST)
    stolen, fresh = address("verifier"), LocalSigner(secret("verifier, new key"))
    number = propose_replacement(
        rpc,
        membership.address,
        signer("regulator"),
        stolen,
        fresh.address,
        stolen=True,
        reason="police report 12",
    )
    assert membership.read(rpc, "organisation_of", stolen) == 4
    with pytest.raises(Reverted, match="second organisation must approve"):
        approve_replacement(rpc, membership.address, signer("regulator"), number)
    approve_replacement(rpc, membership.address, signer("exchange"), number)
    assert membership.read(rpc, "standing", stolen) == 0
    assert membership.read(rpc, "organisation_of", fresh.address) == 4
    enodes = [node.enode for node in network.record.nodes]
    wanted = wanted_lists(rpc, [Register(membership.address)], enodes)
    for name in network.names:
        reconcile(name, network.rpc(name), wanted)
    raw, _ = network.payment("verifier", 0, value=0)
    (refusal,) = network.send(FOURTH, raw)
    assert refusal.fields["code"] == -32007
    target = network.record.node(THIRD).address
    change = propose_removal(rpc, fresh, target, REASON, below_safe_size=True)
    CONTRACT.send(rpc, fresh, "withdraw_approval", change)
    figures("keys: rotated one, replaced a stolen one under two approvals; both votes went on")


def test_rolling_restart__health_gate__chain_goes_on(network, figures):
    began_at = network.height(FIRST)
    began = time.monotonic()
    done = list(rolling_restart(network.record, network.besu, "", network.names))
    assert [one.name for one in done] == network.names
    assert network.height(FIRST) > began_at
    lines = ", ".join(f"{one.name} {one.seconds:.0f} s" for one in done)
    figures(
        f"rolling restart: {time.monotonic() - began:.0f} s in all ({lines}), "
        f"{network.height(FIRST) - began_at} blocks meanwhile"
    )


def test_rolling_restart__one_node_down__refuses_to_take_another(network):
    network.stop(FOURTH)
    try:
        with pytest.raises(UnsafeChange, match="verifier-1 not running"):
            next(rolling_restart(network.record, network.besu, "", [FIRST]))
        assert network.is_running(FIRST)
    finally:
        network.start(FOURTH)


def test_backup__drill__opens_the_same_head(network, tmp_path, figures):
    with pytest.raises(UnsafeChange, match="runs; stop it first"):
        backup_node(network.record, FOURTH, read_head(network.record, FOURTH), tmp_path / "x.tgz")
    assert not (tmp_path / "x.tgz").exists()
    head = read_head(network.record, FOURTH)
    network.stop(FOURTH)
    archive = tmp_path / "verifier-1.tgz"
    began = time.monotonic()
    manifest = backup_node(network.record, FOURTH, head, archive)
    made = time.monotonic() - began
    network.start(FOURTH)
    (port,) = free_ports(1)
    began = time.monotonic()
    assert drill(archive, tmp_path / "drill", network.besu, port, "") == head
    assert archive.stat().st_mode & 0o077 == 0
    figures(
        f"backup of {len(manifest.files)} files ({archive.stat().st_size // 1_000_000} MB) in "
        f"{made:.1f} s; restored and opened at block {head.number} in "
        f"{time.monotonic() - began:.1f} s"
    )


def test_generate__same_keys__equals_besus_own_generator(besu, tmp_path):
    table = description(validators="header")
    made = BesuNetwork(tmp_path / "made", besu, table)
    ours = json.loads((tmp_path / "made" / "genesis.json").read_text())
    keys = sorted(
        (read_node_key(made.record.node_folder(name) / "key") for name in made.names),
        key=lambda key: key.address,
    )
    request = {
        "genesis": {name: value for name, value in ours.items() if name != "extraData"},
        "blockchain": {"nodes": {"keys": ["0x" + key.public_key for key in keys]}},
    }
    (tmp_path / "request.json").write_text(json.dumps(request))
    run = besu.run(
        "operator",
        "generate-blockchain-config",
        f"--config-file={tmp_path / 'request.json'}",
        f"--to={tmp_path / 'theirs'}",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads((tmp_path / "theirs" / "genesis.json").read_text()) == ours
