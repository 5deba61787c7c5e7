"""The commands as an operator types them, where no Besu is needed."""

import json

import pytest
from click.testing import CliRunner

from harness.besu_network import PASSPHRASE
from tanlian_node.besu import find_besu
from tanlian_node.cli import main
from tanlian_node.errors import BesuMissing

from .test_network_file import EXAMPLE


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("TANLIAN_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("TANLIAN_NETWORK_FOLDER", str(tmp_path / "net"))

    def invoke(*arguments):
        return CliRunner().invoke(main, [str(one) for one in arguments])

    return invoke


@pytest.fixture
def created(run, tmp_path):
    done = run("create", EXAMPLE, "--quick-keys")
    assert done.exit_code == 0, done.output
    return tmp_path / "net"


def test_create__example__four_nodes_and_the_next_step(created, run):
    again = run("create", EXAMPLE, "--quick-keys")
    assert "tanlian-node up" in again.output
    assert len(list((created / "nodes").iterdir())) == 4


def test_up__no_besu__one_sentence_with_how_to_get_it(created, run, monkeypatch):
    monkeypatch.delenv("BESU_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    done = run("up")
    assert done.exit_code == 1
    assert "There is no Besu on this machine" in done.output
    assert "releases" in done.output
    assert not list(created.glob("nodes/*/besu.pid"))


def test_find_besu__home_without_program__says_what_is_missing(tmp_path):
    with pytest.raises(BesuMissing, match="there is no bin/besu"):
        find_besu({"BESU_HOME": str(tmp_path)})


def test_find_besu__home_before_path(tmp_path):
    program = tmp_path / "bin" / "besu"
    program.parent.mkdir()
    program.touch(mode=0o755)
    assert find_besu({"BESU_HOME": str(tmp_path), "PATH": ""}).program == program
    assert find_besu({"PATH": str(program.parent)}).program == program


def test_version__no_java__says_what_is_needed(tmp_path):
    program = tmp_path / "bin" / "besu"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'java: not found' >&2\nexit 127\n")
    program.chmod(0o755)
    with pytest.raises(BesuMissing, match="Java 21 or later"):
        find_besu({"BESU_HOME": str(tmp_path)}).version()


def test_status__nothing_runs__each_node_named_and_exit_1(created, run):
    done = run("status", "--json")
    assert done.exit_code == 1
    table = json.loads(done.output)
    assert [node["problem"] for node in table["nodes"]] == ["not running"] * 4
    assert run("status").exit_code == 1


def test_down_and_logs__nothing_ran__said(created, run):
    assert "none ran" in run("down").output
    assert "it was never started" in run("logs", "bank-1").output
    assert "There is no node 'bank-9'" in run("logs", "bank-9").output


def test_jwt__network_without_tokens__refused(created, run):
    done = run("jwt")
    assert done.exit_code == 1
    assert "jwt = true" in done.output


def test_ca__init_check_revoke__one_life(created, run):
    done = run("ca", "init")
    assert done.exit_code == 0, done.output
    checked = run("ca", "check", "--organisation", "bank", "--name", "bank-1")
    assert "is valid and speaks for 0x" in checked.output
    assert run("ca", "revoke", "--organisation", "bank", "--name", "bank-1").exit_code == 0
    refused = run("ca", "check", "--organisation", "bank", "--name", "bank-1")
    assert refused.exit_code == 1
    assert "was revoked" in refused.output


def test_validators__accept__file_of_the_nodes_own_signature(created, run, tmp_path):
    target = tmp_path / "acceptance.json"
    done = run("validators", "accept", "bank-1", "--organisation", 3, "--to", target)
    assert done.exit_code == 0, done.output
    record = json.loads((created / "network.json").read_text())
    (bank,) = [node for node in record["nodes"] if node["name"] == "bank-1"]
    assert json.loads(target.read_text())["validator"] == bank["address"]


def test_validators__nobody_to_sign__says_which_options(created, run, tmp_path):
    done = run("validators", "remove", "0x" + "1" * 40)
    assert done.exit_code == 1
    assert "Name who signs" in done.output


@pytest.mark.parametrize(
    ("url", "words"), [("http://signer.example:9000", "use https"), ("signer:9000", "use https")]
)
def test_validators__signer_elsewhere_without_tls__refused(created, run, url, words):
    done = run(
        "validators", "remove", "0x" + "1" * 40, "--signer-url", url, "--account", "0x" + "2" * 40
    )
    assert done.exit_code == 1
    assert words in done.output


def test_permissions__alarm_file__one_line_of_json_a_difference(created, run, tmp_path):
    book, alarms = tmp_path / "book.json", tmp_path / "alarms"
    book.write_text(json.dumps({"deployer": "0x" + "3" * 40, "contracts": {}}))
    done = run("permissions", "--book", book, "--alarm-file", alarms)
    assert done.exit_code == 1  # nobody answers
    (line,) = alarms.read_text().splitlines()
    assert json.loads(line)["node"] == "regulator-1"
    assert "cannot be read" in json.loads(line)["alarm"][0]
    assert "Name whom the lists follow" in run("permissions").output


def test_keys__new__prints_the_address(run, tmp_path):
    done = run("keys", "new", tmp_path / "k.json")
    assert done.output.strip() == "0x" + json.loads((tmp_path / "k.json").read_text())[
        "address"
    ].lower().removeprefix("0x")
