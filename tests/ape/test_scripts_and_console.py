"""The thin layer through Ape: plugin, scripts, console, events."""

import json
import runpy
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from ape.exceptions import VirtualMachineError

import ape as framework
from tanlian.cli import main
from tanlian.commands import deployment
from tanlian.services.access import open_access

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "ethereum:embedded:tanlian"
SCRIPTS = sorted((ROOT / "scripts").glob("*/[a-z]*.py"))
VERBS = [
    "admit",
    "grant",
    "suspend",
    "replace_key",
    "deposit",
    "withdraw",
    "allocate",
    "claw_back",
    "open_session",
    "quote",
    "cancel",
    "amend",
    "clear",
    "market_order",
    "pay",
    "default",
    "close",
    "block",
    "account",
    "certificate",
    "freeze",
    "unfreeze",
    "freeze_all",
    "unfreeze_all",
    "monitoring",
    "emissions",
    "conflict",
    "gateway",
    "documents",
    "locate",
    "calibre",
    "evidence",
]

pytestmark = pytest.mark.timeout(400)


def test_plugin__installed__is_found_by_ape():
    assert distribution("ape-tanlian").read_text("top_level.txt").split() == ["ape_tanlian"], (
        "install again with `make setup`"
    )
    ethereum = framework.networks.ethereum
    for network in ("embedded", "consortium"):
        assert "tanlian" in ethereum.networks[network].providers


def test_plugin__forced_metadata__is_of_this_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    version = project["project"]["version"]
    assert included["node/ape_tanlian/top_level.txt"] == (
        f"ape_tanlian-{version}.dist-info/top_level.txt"
    )


def test_scripts__each_verb__has_one():
    names = {path.stem for path in SCRIPTS if path.parent.name == "operate"}
    assert set(VERBS) - names == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_script__loaded__is_the_same_verb_as_the_command(path):
    """A script holds no rule of its own: it is the command with Ape's network."""
    cli = runpy.run_path(str(path))["cli"]
    verb = {"protocol": "deploy"}.get(path.stem, path.stem.replace("_", "-"))
    command = main.get_command(None, verb)
    assert command is not None
    if path.parent.name == "deploy" and verb == "check":
        command = deployment.check  # the group's name alone, for which periodic checks are verbs
    if hasattr(command, "commands"):
        assert set(cli.commands) == set(command.commands)
        return
    assert cli.callback is command.callback
    added = {option.name for option in cli.params} - {option.name for option in command.params}
    assert added == {"ape_network", "ape_book"}


def test_provider__before_deployment__reads_blocks(ape):
    with framework.networks.parse_network_choice(NETWORK) as provider:
        assert provider.chain_id == 20260
        assert framework.chain.blocks.head.number == 0
        assert provider.http_uri == ape.chain.url


def test_extras__before_deployment__say_how_to_deploy(ape, capsys):
    (found,) = ape.extras()
    assert found == {}
    said = capsys.readouterr().err
    assert "No market at hand: There is no address book" in said
    assert "tanlian deploy" in said


def test_deploy_script__run_twice__changes_nothing(deployed):
    book, head = deployed.chain.target.book.read_bytes(), deployed.chain.connection().head()
    again = deployed.script("deploy/protocol")
    assert again.exit_code == 0, again.output
    assert deployed.chain.target.book.read_bytes() == book
    assert deployed.chain.connection().head() == head


def test_check_script__fresh_deployment__is_good(deployed):
    result = deployed.script("deploy/check")
    assert result.exit_code == 0, result.output
    assert "findings are good" in result.output


def test_extras__deployed__have_every_contract_by_its_name(deployed, extras):
    book = open_access(deployed.chain.target).book
    assert {name: extras[name].address for name in book.contracts} == {
        name: entry.address for name, entry in book.contracts.items()
    }
    assert {"membership", "ledger", "money", "allocation", "market"} <= extras.keys()
    assert extras["ledger"].is_sealed()
    assert extras["membership"].organisation_count() == 1


def test_extras__reads__answer_as_people_ask(extras, capsys):
    assert extras["organisation"]("ministry").id == 1
    assert extras["holding"](1) == "0.00 yuan"
    assert extras["holding"](1, "CEA24") == "0 t"
    assert extras["last_price"]() is None
    assert extras["book"](1) == []
    extras["reads"]()
    assert "last_price" in capsys.readouterr().out


def test_admit_script__then_event_through_ape__tells_who_signed(deployed, extras):
    account = deployed.chain.key("bank").address
    result = deployed.script(
        "operate/admit", "--as", "regulator", "--identity", "id:bank", "--name", "First bank",
        "--roles", "bank", "--account", account,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    logs = list(
        extras["membership"].OrganisationAdmitted.range(0, framework.chain.blocks.height + 1)
    )
    assert [log.name for log in logs][-1:] == ["First bank"]
    assert logs[-1].account == account
    assert logs[-1].signer == deployed.chain.key("regulator").address


def test_call_through_ape__refused__carries_the_reason(deployed, extras):
    stranger = framework.accounts.test_accounts[0]
    with pytest.raises(VirtualMachineError, match="membership: not an active member"):
        extras["membership"].suspend.call(1, "reason", sender=stranger)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["1", "--reason", "x", "--as", "regulator"], 1, "One regulator must stay active"),
        (["7", "--reason", "x", "--as", "regulator"], 1, "There is no organisation 7"),
        (["1", "--reason", "x", "--as", "nobody"], 1, "There is no keyfile"),
        (["1", "--reason", "x"], 2, "Missing option '--as'"),
        (["1", "--as", "regulator"], 2, "Missing option '--reason'"),
    ],
)
def test_suspend_script__wrong_input__is_named_and_nothing_happens(
    deployed, arguments, status, sentence
):
    head = deployed.chain.connection().head()
    result = deployed.script("operate/suspend", *arguments)
    assert (result.exit_code, sentence in result.output) == (status, True), result.output
    assert deployed.chain.connection().head() == head


def test_script__wrong_passphrase__is_named(deployed):
    result = deployed.script(
        "operate/suspend", "1", "--reason", "x", "--as", "regulator", TANLIAN_PASSPHRASE="guess"
    )
    assert result.exit_code == 1
    assert "The passphrase does not open" in result.output


def test_ape_run__as_people_type_it__finds_the_script(deployed):
    result = deployed.run("run", "deploy", "check", "--network", NETWORK)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "findings are good" in result.stdout


def test_ape_console__as_people_type_it__has_the_market_at_hand(deployed):
    code = "import json; print(json.dumps([ledger.is_sealed(), organisation(1).name, book()]))"
    result = deployed.run("console", "--network", NETWORK, "-c", code)
    assert result.returncode == 0, result.stdout + result.stderr
    answer = json.loads(result.stdout.strip().splitlines()[-1])
    assert answer == [True, "Demonstration ministry of ecology", []]
