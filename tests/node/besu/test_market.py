"""The whole market on four real validators: deployed with interruptions, traded, reconciled."""

import io
import time

import pytest
from rich.console import Console

from harness.besu_network import BesuNetwork, description
from tanlian.chain.book import Book
from tanlian.chain.connection import Connection
from tanlian.chain.keyfiles import QUICK, Keyfiles
from tanlian.chain.keys import Key, contract_address, keccak
from tanlian.chain.transactions import Sender
from tanlian.domain.target import Target
from tanlian.services.access import deploy_protocol
from tanlian.services.demo_run import reconcile
from tanlian.services.demonstration import run_demonstration
from tanlian.services.inspection import inspect
from tanlian.services.narration import TerminalNarrator
from tanlian.services.networks import network as network_of
from tanlian.services.protocol import PLAN, settled
from tanlian.services.run_folder import RunFolder, open_consortium

pytestmark = [pytest.mark.besu, pytest.mark.slow]

CHAIN_ID = 20_260  # the demonstration's; Besu takes any
FIRST, SECOND = "regulator-1", "exchange-1"
STEPS = len(PLAN.contracts) + len(PLAN.wiring)


class Cut(BaseException):
    """The process ends here; nothing may catch it."""


@pytest.fixture(scope="module")
def network(besu, tmp_path_factory):
    # whom the demonstration admits is drawn from its seed: the contracts are the only fence here
    table = description(chain_id=CHAIN_ID, permissioned=False)
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
    target = Target(rpc=network.record.node(FIRST).rpc, book=tmp_path / "book.json")
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


def test_demonstration__both_stages_and_margin__books_balance(network, tmp_path, figures):

    folder = RunFolder(tmp_path / "run")
    folder.prepare()
    narrator = TerminalNarrator(Console(file=io.StringIO()))
    began = time.monotonic()
    consortium = open_consortium(folder, network.record.node(FIRST).rpc, narrator)
    outcome = run_demonstration(folder, consortium, members=6, seed=7, pace=2)
    seconds = time.monotonic() - began
    books = reconcile(consortium, narrator)
    assert books.balanced, books.verdict
    assert len(outcome.sessions) == 2
    network.wait_for_growth(1, 60)
    lowest = min(network.height(name) for name in network.names)
    chains = [network.block_hashes(name, lowest) for name in network.names]
    assert all(chain == chains[0] for chain in chains)
    figures(
        f"demonstration on four validators: {len(outcome.sessions)} sessions in {seconds:.0f} s, "
        f"{books.events} events replayed, {books.compared} views compared, books balance"
    )
