"""The whole market on four real validators: deployed with interruptions, traded, reconciled."""

import json
import time

import pytest

from harness.besu_commands import lists_following, tanlian
from harness.besu_network import BesuNetwork, description
from tanlian.chain.book import Book
from tanlian.chain.connection import Connection
from tanlian.chain.errors import SenderNotAllowed
from tanlian.chain.keyfiles import QUICK, Keyfiles
from tanlian.chain.keys import Key, contract_address, keccak
from tanlian.chain.transactions import Sender
from tanlian.domain.demonstration import institutions
from tanlian.domain.target import Target
from tanlian.services import run_folder
from tanlian.services.access import deploy_protocol
from tanlian.services.inspection import inspect
from tanlian.services.narration import SilentNarrator
from tanlian.services.networks import network as network_of
from tanlian.services.protocol import PLAN, settled
from tanlian.services.run_folder import RunFolder, open_consortium
from tanlian_node.permissions import node_lists, wanted_lists
from tanlian_node.registers import followed

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

CHAIN_ID = 20_261  # of deployments/consortium
FIRST, SECOND = "regulator-1", "exchange-1"
STEPS = len(PLAN.contracts) + len(PLAN.wiring)


class Cut(BaseException):
    """The process ends here; nothing may catch it."""


@pytest.fixture(scope="module")
def network(besu, tmp_path_factory):
    table = description(chain_id=CHAIN_ID, request_timeout_seconds=20)
    table["accounts"] = [Key(keccak(b"besu/deployer")).address]
    made = BesuNetwork(tmp_path_factory.mktemp("market"), besu, table)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def cut_after_send(context, number):
    count = iter(range(1000))
    original = Connection.request

    def request(self, method, *params):
        answer = original(self, method, *params)
        if method == "eth_sendRawTransaction" and next(count) == number:
            raise Cut
        return answer

    context.setattr(Connection, "request", request)


def cut_before_record(context, number):
    count = iter(range(1000))
    original = Book.write

    def write(self, path):
        if next(count) == number:
            raise Cut
        original(self, path)

    context.setattr(Book, "write", write)


def test_deploy__interrupted_at_every_step__gives_one_book(network, tmp_path, monkeypatch, figures):
    monkeypatch.setenv("TANLIAN_DATA", str(tmp_path))
    target = Target(
        network="consortium", rpc=network.record.node(FIRST).rpc, book=tmp_path / "book.json"
    )
    found = network_of(target)
    keyfiles = Keyfiles(found.keys)
    for alias in ("deployer", "regulator"):
        keyfiles.keep(alias, keccak(f"besu/{alias}".encode()), "open sesame", cost=QUICK)
    deployer = Key(keccak(b"besu/deployer"))
    interruptions = 0
    began = time.monotonic()
    for turn in range(2 * STEPS):
        with monkeypatch.context() as context:
            (cut_after_send if turn % 2 else cut_before_record)(context, 0 if turn % 2 else 1)
            try:
                deploy_protocol(found, Sender(Connection(target.rpc, CHAIN_ID), deployer))
            except Cut:
                interruptions += 1
    access = deploy_protocol(found, Sender(Connection(target.rpc, CHAIN_ID), deployer))
    seconds = time.monotonic() - began
    assert access.book.complete
    assert interruptions >= STEPS - 1
    assert list(access.book.contracts) == [new.name for new in PLAN.contracts]
    sent = int(network.rpc(SECOND).call("eth_getTransactionCount", deployer.address, "latest"), 16)
    assert sent == STEPS  # nothing was deployed twice
    findings = inspect(access.contracts, PLAN, settled(access.network))
    assert [one for one in findings if not one.good] == []
    addresses = {name: entry.address for name, entry in access.book.contracts.items()}
    expected = {
        new.name: contract_address(deployer.address, number)
        for number, new in enumerate(PLAN.contracts)
    }
    assert addresses == expected  # what an uninterrupted deployment of this key gives
    figures(
        f"deployment: {STEPS} steps, interrupted {interruptions} times, {sent} transactions, "
        f"one complete book after {seconds:.0f} s, {len(findings)} findings all good"
    )


def test_demonstration__on_a_permissioned_network__every_stage_and_books_balance(
    network, tmp_path, figures
):
    data = tmp_path / "run"
    began = time.monotonic()
    with lists_following(network, data / "book.json"):
        run = tanlian(network, "demo", "--once", "--data", data, "--members", 8, "--seed", 7)
    seconds = time.monotonic() - began
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "reconciled: carbon 0 kg, money 0 micro-yuan"
    for words in (
        "Stage one of session 1",
        "Stage two of session 1",
        "outside the session's band",
        "accepts it",
        "obligation 1 is paid",
        "obligation 2 defaults",
    ):
        assert words in run.stdout
    book = json.loads((data / "book.json").read_text())
    whom = followed([], [data / "book.json"])
    wanted = wanted_lists(network.rpc(FIRST), whom.registers, [], [])
    assert len(wanted.accounts) == 8 + len(institutions()) + 1  # the observer
    for name in network.names:
        lists = node_lists(network.rpc(name))
        assert wanted.accounts <= lists.accounts
        assert book["deployer"].lower() in lists.accounts
    network.wait_for_growth(1, 60)
    lowest = min(network.height(name) for name in network.names)
    chains = [network.block_hashes(name, lowest) for name in network.names]
    assert all(chain == chains[0] for chain in chains)
    (told,) = [line for line in run.stdout.splitlines() if "events confirmed" in line]
    figures(
        f"`tanlian --network consortium demo` on four permissioned validators: {seconds:.0f} s "
        f"with the deployment; {told.strip()}"
    )


def test_demonstration__lists_follow_nothing__told_what_to_do_and_nothing_deployed(
    network, tmp_path, monkeypatch
):
    monkeypatch.setattr(run_folder, "ALLOWLIST_SECONDS", 3.0)
    folder = RunFolder(tmp_path / "run")
    folder.prepare()
    target = Target(network="consortium", rpc=network.record.node(FIRST).rpc)
    with pytest.raises(SenderNotAllowed, match="permissions --fix"):
        open_consortium(folder, target, SilentNarrator())
    assert json.loads((folder.path / "book.json").read_text())["contracts"] == {}
    sent = network.rpc(FIRST).call(
        "eth_getTransactionCount", folder.key("deployer").address, "latest"
    )
    assert sent == "0x0"
