"""docs/network.md from nothing to a market and a life with it, by its commands on real Besu."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness.besu_network import PASSPHRASE, free_ports
from tanlian_node.access import open_rpc
from tanlian_node.local import wait_until
from tanlian_node.network_files import read_record

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

EXAMPLE = Path(__file__).parents[3] / "deployments" / "consortium" / "network.toml"
MEMBERS = ("exchange", "bank", "verifier")  # in the order of their numbers, 2 to 4


class Operator:
    """One person at a terminal; every command is a process of its own."""

    def __init__(self, place, besu):
        self.folder = place / "network"
        self.book = place / "book.json"
        self.place = place
        self.besu = besu
        self.environment = {
            "TANLIAN_PASSPHRASE": PASSPHRASE,
            "TANLIAN_DATA": str(place / "data"),
            "TANLIAN_NETWORK_FOLDER": str(self.folder),
            "TANLIAN_NETWORK": "consortium",
            "TANLIAN_BOOK": str(self.book),
        }

    def __call__(self, program, *arguments, fails=False):
        module = {"tanlian": "tanlian.cli", "tanlian-node": "tanlian_node.cli"}[program]
        run = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            capture_output=True, text=True, check=False, timeout=900,
            env={**os.environ, **self.environment},
        )  # fmt: skip
        assert (run.returncode != 0) is fails, run.stdout + run.stderr
        return run.stdout + run.stderr

    def node(self, *arguments, fails=False):
        return self("tanlian-node", *arguments, fails=fails)

    def app(self, *arguments, fails=False):
        return self("tanlian", *arguments, fails=fails)

    @property
    def record(self):
        return read_record(self.folder)

    def keyfile(self, slug):
        return self.folder / "organisations" / f"{slug}.json"

    def rpc(self, name):
        return open_rpc(self.record, name)

    def settle(self, *names):
        """Wait until the nodes are level and the chain grows: what `status` calls well."""
        chosen = names or [node.name for node in self.record.nodes]

        def level():
            heights = [self.rpc(name).height() for name in chosen]
            return max(heights) - min(heights) <= 1

        wait_until(level, 300, "level nodes")


@pytest.fixture(scope="module")
def operator(besu, tmp_path_factory):
    made = Operator(tmp_path_factory.mktemp("walk"), besu)
    try:
        yield made
    finally:
        if made.folder.exists():
            made.node("down")


def description(operator, accounts):
    """The example file with the two accounts filled in, and ports that are free here."""
    text = EXAMPLE.read_text()
    text = text.replace("accounts = []", f"accounts = {json.dumps(accounts)}")
    regulator = 'slug = "regulator"'
    text = text.replace(regulator, f'{regulator}\naccount = "{accounts[1]}"', 1)
    ports = iter(free_ports(12))
    lines = []
    for line in text.splitlines():
        name = line.partition(" = ")[0]
        if name in PORTS:
            line = f"{name} = {next(ports)}"  # noqa: PLW2901
        elif name == "request_timeout_seconds":
            line = "request_timeout_seconds = 20"  # noqa: PLW2901 - nothing here is about time
        lines.append(line)
    path = operator.place / "network.toml"
    path.write_text("\n".join(lines) + "\n")
    assert tomllib.loads(path.read_text())["accounts"] == accounts
    return path


PORTS = ("p2p_port", "rpc_port", "metrics_port")


def test_from_nothing_to_a_market__documented_commands(operator, figures):
    accounts = [
        re.search(r"0x[0-9a-fA-F]{40}", operator.app("key", "new", alias, "--quick"))[0]
        for alias in ("deployer", "regulator")
    ]
    path = description(operator, accounts)
    operator.node("create", path, "--quick-keys")
    operator.node("up")
    operator.environment["TANLIAN_RPC"] = operator.record.nodes[0].rpc
    operator.settle()
    operator.node("status")
    operator.app("deploy")
    operator.app("check")
    book = json.loads(operator.book.read_text())
    membership = book["contracts"]["membership"]["address"]
    operator.environment["TANLIAN_MEMBERSHIP"] = membership
    for slug in MEMBERS:
        address = "0x" + json.loads(operator.keyfile(slug).read_text())["address"].removeprefix(
            "0x"
        )
        operator.app(
            "admit", "--identity", f"walk:{slug}", "--name", slug, "--roles", f"{slug},operator",
            "--account", address, "--as", "regulator",
        )  # fmt: skip
    operator.app("grant", 1, "--roles", "operator", "--document", path, "--as", "regulator")
    operator.node("permissions", "--fix")
    operator.node("permissions")
    exchange = "0x" + json.loads(operator.keyfile("exchange").read_text())["address"].lower()
    operator.rpc("bank-1").call("perm_removeAccountsFromAllowlist", [exchange])  # by somebody
    drifted = operator.node("permissions", fails=True)
    assert f"bank-1: lacks the account {exchange}" in drifted
    operator.node("permissions", "--fix")
    operator.node("permissions")
    key = operator.place / "data" / "consortium" / "keys" / "regulator.json"
    bound = operator.node("validators", "bind", membership, "--keyfile", key)
    assert "change 1 is proposed" in bound
    operator.node("validators", "approve", 1, "--keyfile", operator.keyfile("exchange"))
    enacted = operator.node("validators", "approve", 1, "--keyfile", operator.keyfile("bank"))
    assert "enacted" in enacted
    assert "change 1" not in operator.node("validators", "list")
    # from now on the register says who votes
    operator.node("permissions")
    operator.node("status")
    figures("docs/network.md from nothing to a market: every command as documented")


def test_certificates__made_published_and_checked(operator):
    operator.node("ca", "init")
    said = operator.node("ca", "check", "--organisation", "exchange", "--name", "exchange-1")
    assert "is valid" in said
    operator.node(
        "ca", "publish", "--organisation", "exchange", "--id", 2, "--keyfile",
        operator.keyfile("exchange"),
    )  # fmt: skip
    membership = operator.environment["TANLIAN_MEMBERSHIP"]
    checked = ("ca", "check", "--name", "exchange-1", "--membership", membership)
    said = operator.node(*checked, "--organisation", "exchange")
    assert "Membership names the authority of exchange for organisation 2" in said
    operator.node("ca", "revoke", "--organisation", "exchange", "--name", "exchange-1")
    assert "was revoked" in operator.node(
        "ca", "check", "--organisation", "exchange", "--name", "exchange-1", fails=True
    )


def test_machine_lost__backup_restored__node_is_back_and_level(operator, figures):
    archive = operator.place / "verifier-1.tgz"
    operator.settle()
    operator.node("backup", "verifier-1", "--to", archive)
    operator.settle()
    operator.node("down", "verifier-1")
    shutil.rmtree(operator.folder / "nodes" / "verifier-1")
    operator.node("restore", archive, "--to", operator.folder / "nodes" / "verifier-1")
    operator.node("up", "verifier-1")
    operator.settle()
    height = operator.rpc("verifier-1").height()
    hashes = {
        operator.rpc(node.name).call("eth_getBlockByNumber", hex(height - 1), False)["hash"]
        for node in operator.record.nodes
    }
    assert len(hashes) == 1
    figures("a node's folder lost and restored from its backup: level with the others again")


def seated(operator) -> set[str]:
    """Who seals; the list names those in open changes too, behind the word change."""
    lines = operator.node("validators", "list").lower().splitlines()
    return {line.split()[0] for line in lines if line.startswith("0x")}


def test_new_member__invited_joined_seated_and_removed(operator, figures):
    invitation, own = operator.place / "invitation.json", operator.place / "own"
    operator.node(
        "invite", "--id", 5, "--slug", "emitter", "--name", "Emitter", "--keyfile",
        operator.keyfile("exchange"), "--to", invitation,
    )  # fmt: skip
    inviter = json.loads(invitation.read_text())["author"]
    ports = free_ports(3)
    operator.node(
        "join", invitation, "--inviter", inviter, "--node", "emitter-1", "--folder", own,
        "--p2p-port", ports[0], "--rpc-port", ports[1], "--metrics-port", ports[2],
    )  # fmt: skip
    operator.node("welcome", own / "answer.json")
    account = json.loads((own / "answer.json").read_text())["body"]["account"]
    try:
        operator.node("up", "emitter-1", "--folder", own)
        operator.app(
            "admit", "--identity", "walk:emitter", "--name", "emitter",
            "--roles", "emitter,operator", "--account", account, "--as", "regulator",
        )  # fmt: skip
        newcomer = read_record(own).node("emitter-1")
        wait_until(
            lambda: (
                open_rpc(read_record(own), "emitter-1").height()
                >= operator.rpc("exchange-1").height() - 1
            ),
            300,
            "a synced newcomer",
        )
        seat = operator.place / "seat.json"
        operator.node(
            "validators", "accept", "emitter-1", "--organisation", 5, "--to", seat, "--folder", own
        )
        url = newcomer.rpc
        operator.node("validators", "add", seat, "--newcomer", url, "--keyfile",
                      operator.keyfile("exchange"))  # fmt: skip
        operator.node("validators", "approve", 2, "--keyfile", operator.keyfile("bank"))
        refused = operator.node(
            "validators", "approve", 2, "--keyfile", operator.keyfile("verifier"), fails=True
        )
        assert "name its RPC with --newcomer" in refused
        assert newcomer.address.lower() not in seated(operator)
        operator.node("validators", "approve", 2, "--newcomer", url, "--keyfile",
                      operator.keyfile("verifier"))  # fmt: skip
        assert newcomer.address.lower() in seated(operator)
        height = operator.rpc("exchange-1").height()
        wait_until(
            lambda: operator.rpc("exchange-1").height() >= height + 6, 300, "six blocks of five"
        )
        operator.node("validators", "remove", newcomer.address, "--keyfile",
                      operator.keyfile("exchange"))  # fmt: skip
        for slug in ("bank", "verifier"):
            operator.node("validators", "approve", 3, "--keyfile", operator.keyfile(slug))
        operator.node(
            "validators", "approve", 3, "--keyfile", own / "organisations" / "emitter.json"
        )
        assert newcomer.address.lower() not in seated(operator)
    finally:
        operator.node("down", "--folder", own)
    figures("a new member invited, joined, seated and unseated by commands alone")


def test_restart__node_by_node__chain_goes_on(operator):
    # the newcomer is in the record and does not run: taking another node down is refused
    refused = operator.node("restart", "bank-1", fails=True)
    assert "emitter-1" in refused
