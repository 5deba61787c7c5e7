"""The main job once, as a person runs it; then the audit of what it left, whole and corrupted."""

import copy
import json
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tanlian.chain.book import open_book
from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.chain.receipts import ReceiptsForged, receipts_root, sealed_logs, unsealed
from tanlian.cli import main
from tanlian.domain.audit.findings import Findings
from tanlian.services.auditing import audit, audited, block_times, rebuild
from tanlian.services.embedded_process import embedded_chain
from tanlian.services.report.figures import price, thousands
from tanlian_node.embedded.folder import Folder

LAST_LINE = "reconciled: carbon 0 kg, money 0 micro-yuan"
# what a signer states and no rule can check: such a field is confirmed by the block's receipts alone
STATEMENTS = {
    ("ledger", "TransferSingle", "_operator"),
    ("ledger", "UnitsIssued", "basis"),
    ("ledger", "UnitsIssued", "issuer"),
    ("ledger", "UnitsRetired", "reference"),
    ("ledger", "UnitsRetired", "signer"),
    ("money", "MoneyIssued", "payment_reference"),
    ("money", "MoneyIssued", "signer"),
    ("market", "MoneyDeposited", "deposited_by"),
    ("market", "MoneyWithdrawn", "withdrawn_by"),
    ("market", "UnitsWithdrawn", "withdrawn_by"),
    ("sessions", "SessionAnnounced", "announced_by"),
    ("settlement", "ObligationPaid", "paid_by"),
    ("settlement", "BuyerDefaulted", "called_by"),
    ("block_trades", "BlockProposed", "proposed_by"),
    ("block_trades", "BlockTraded", "buyer_signer"),
    ("block_trades", "BlockTraded", "seller_signer"),
}
# what contracts say of themselves at their deployment; it moves nothing
FOUNDING = {"OwnershipTransferred", "RoleMinterChanged", "Wired", "Sealed", "EIP712DomainChanged"}
# rights given and instruments listed: they move nothing either, what they allow does
RIGHTS = {"Approval", "ApprovalForAll", "InstrumentListed"}
MUST_BE_NOTICED = {"OrdersPlaced", "Traded", "OrderCancelled", "SessionCleared", "SessionClosed"}


def tanlian(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tanlian.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def run(data):
    return tanlian("demo", "--once", "--port", 0, "--data", data, "--members", 12, "--pace", 2)


@pytest.fixture(scope="module")
def chain(run, data):
    assert run.returncode == 0, run.stdout + run.stderr
    with embedded_chain(data / "chain") as running:
        yield running


@pytest.fixture(scope="module")
def contracts(chain, data):
    connection = Connection(chain.url)
    return Contracts.of(connection, open_book(data / "book.json", connection))


@pytest.fixture(scope="module")
def books(contracts):
    return audit(contracts)


@pytest.fixture(scope="module")
def events(contracts):
    return list(contracts.events().read(contracts=audited(contracts)))


def test_demo__once__ends_reconciled(run):
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == LAST_LINE


def test_demo__once__tells_every_stage(run):
    for words in (
        "Stage one of session 1",
        "Stage two of session 1",
        "outside the session's band",
        "accepts it",
        "obligation 1 is paid",
        "obligation 2 defaults",
    ):
        assert words in run.stdout


def test_demo__once__every_kind_of_trade_took_place(books):
    first, second = books.session(1), books.session(2)
    assert {trade.fill.kind for trade in first.trades} == {1, 2, 3, 4}
    assert first.cancelled == 4  # a withdrawal, two amendments, a cancellation
    assert {how for _, how in books.market.accounts.settled.values()} == {"paid", "defaulted"}
    assert second.terms.margin_bps == 2_000
    assert second.terms.reference_tick == first.closing_tick


def test_demo__once__everything_went_home(books):
    assert books.market.accounts.money_inside() == 0
    for account in books.market.accounts.by_holder.values():
        assert (account.money_free, account.lots_free, account.money_locked) == (0, 0, 0)


def test_demo__report__holds_the_sessions_figures(run, data, books):
    page = (data / "reports" / "2024.html").read_text(encoding="utf-8")
    assert LAST_LINE in page
    for number in (1, 2):
        session = books.session(number)
        assert f"<strong>{price(books.session(2).closing_tick)}</strong>" in page
        pairs = [t for t in session.trades if t.fill.kind == 1]
        total = thousands(sum(t.fill.lots for t in pairs))
        assert f"{len(pairs)} pairs trade {total} t" in page
        assert page.count(f'id="pairs-{number}-title"') == 1
    drawn = 6 + sum(1 for number in (1, 2) if books.session(number).after_auction)
    assert page.count("<svg") == page.count('<svg role="img"') == drawn
    assert re.search(r"https?://(?!www\.w3\.org)", page) is None


def test_demo__secrets__readable_for_the_owner_only(run, data):
    for name in ("passphrase", "secret"):
        assert (data / name).stat().st_mode & 0o077 == 0


def test_audit_session__good_chain__equal(chain, data):
    audited_session = tanlian(
        "--rpc", chain.url, "--book", data / "book.json", "audit", "session", 1
    )
    assert audited_session.returncode == 0, audited_session.stderr
    assert audited_session.stdout.strip().endswith("equal.")


def test_audit_session__json__for_programs(chain, data):
    told = tanlian(
        "--rpc", chain.url, "--book", data / "book.json", "audit", "session", 2, "--json"
    )
    facts = json.loads(told.stdout)
    assert facts["equal"] is True
    assert facts["first"] is None
    assert facts["trades"] == 2


def test_audit_session__unknown__says_which_there_are(chain, data):
    told = tanlian("--rpc", chain.url, "--book", data / "book.json", "audit", "session", 99)
    assert told.returncode == 1
    assert "There is no session 99; there are 1, 2." in told.stderr


def test_audit_holdings__good_chain__ends_reconciled(chain, data):
    told = tanlian("--rpc", chain.url, "--book", data / "book.json", "audit", "holdings")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[-1] == LAST_LINE


# -- corrupted events ------------------------------------------------------------------------------


def state(books):
    """Everything of the books that the audit compares with a view of a contract."""
    market = books.market
    return copy.deepcopy(
        (
            {k: v for k, v in books.units.balances_kg.items() if v},
            books.units.kinds,
            {k: v for k, v in books.units.frozen_kg.items() if v},
            {k: v for k, v in books.money.balances.items() if v},
            books.money.banks,
            market.accounts.by_holder,
            market.accounts.owed,
            market.accounts.settled,
            market.closing_ticks,
            market.proposals,
            market.open_proposals,
            market.accounts.money_inside(),
            {
                number: (
                    tuple(s.terms), s.low_tick, s.high_tick, s.paused, s.volume_lots,
                    s.turnover_half_ticks,
                )
                for number, s in market.sessions.items()
            },
        )
    )  # fmt: skip


def corruptions(value):
    """Other values of one field, each wrong in one place."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
        if value:
            yield value - 1
    elif isinstance(value, bytes):
        yield bytes([value[0] ^ 1]) + value[1:]
    elif isinstance(value, str):
        last = "1" if value[-1] != "1" else "2"
        yield value[:-1] + last
    elif hasattr(value, "_fields"):
        for name in value._fields:
            for other in corruptions(getattr(value, name)):
                yield value._replace(**{name: other})
    elif isinstance(value, tuple):
        yield value[:-1]
        yield (*value, value[0])
        if len(value) > 1 and value[0] != value[1]:
            yield (value[1], value[0], *value[2:])
        for bit in (0, 30, 52, 70, 73, 95, 115, 140, 161, 181, 190):
            yield (value[0] ^ 1 << bit, *value[1:])
    else:
        raise AssertionError(f"no corruption known for {type(value)}")


def corrupted_lists(events):
    """Each list of events that is wrong in one field of one event, of every kind and field."""
    seen = set()
    for place, event in enumerate(events):
        for field, value in event.arguments.items():
            key = (event.contract, event.name, field)
            if key in seen:
                continue
            seen.add(key)
            for other in corruptions(value):
                wrong = replace(event, arguments={**event.arguments, field: other})
                yield key, wrong, [*events[:place], wrong, *events[place + 1 :]]


def test_audit__any_field_corrupted__noticed(contracts, events):
    times = block_times(contracts.connection, events)
    money = contracts.money.address
    honest = rebuild(events, times, money, 0)
    assert honest.findings.differences == []
    expected = state(honest)
    reader = contracts.events()
    logs = sealed_logs(contracts.connection, {event.block for event in events})
    silent = set()
    tried = 0
    for key, wrong, changed in corrupted_lists(events):
        tried += 1
        found = rebuild(changed, times, money, 0)
        if not found.findings.differences and state(found) == expected:
            if key[1] not in FOUNDING | RIGHTS:
                silent.add(key)
            assert unsealed(reader, logs, [wrong]) == wrong, key
    assert silent <= STATEMENTS, silent - STATEMENTS
    assert tried > 150


def test_audit__event_left_out_or_doubled__noticed(contracts, events):
    times = block_times(contracts.connection, events)
    money = contracts.money.address
    expected = state(rebuild(events, times, money, 0))
    names = set()
    for place, event in enumerate(events):
        if event.name in names | FOUNDING | RIGHTS:
            continue
        names.add(event.name)
        for changed in (
            [*events[:place], *events[place + 1 :]],
            [*events[:place], event, *events[place:]],
        ):
            found = rebuild(changed, times, money, 0)
            assert found.findings.differences or state(found) != expected, event.name
    assert names >= MUST_BE_NOTICED


@pytest.mark.parametrize(
    ("contract", "view", "verdict"),
    [
        ("ledger", "balanceOf", "reconciled: carbon 7 kg, money 0 micro-yuan"),
        ("money", "balanceOf", "reconciled: carbon 0 kg, money 7 micro-yuan"),
        ("market", "closing_tick", "reconciled: carbon 0 kg, money 0 micro-yuan"),
    ],
)
def test_audit__a_view_that_differs__named_and_weighed(
    contracts, monkeypatch, contract, view, verdict
):
    genuine = Contracts.read_many

    def lying(self, readings, *, block="latest"):
        asked = list(readings)
        answers = genuine(self, asked, block=block)
        for place, reading in enumerate(asked):
            if reading.contract == self[contract] and reading.function == view:
                answers[place] += 7
                break
        return answers

    monkeypatch.setattr(Contracts, "read_many", lying)
    found = audit(contracts)
    assert found.verdict == verdict
    assert not found.balanced
    assert len(found.findings.differences) == 1


def test_demo__ended_by_the_system__takes_its_chain_along(tmp_path):
    demo = subprocess.Popen(
        [sys.executable, "-m", "tanlian.cli", "demo", "--port", "0", "--data", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    folder = Folder(tmp_path / "chain")
    end = time.monotonic() + 60
    while time.monotonic() < end and not (folder.path.exists() and folder.owner()):
        time.sleep(0.05)
    assert folder.owner() is not None
    demo.terminate()
    assert demo.wait(60) == 143
    assert folder.owner() is None


@pytest.mark.parametrize(("balanced", "status"), [(True, 0), (False, 1)])
def test_demo__books_balance_or_not__exit_status_says_so(monkeypatch, balanced, status):
    monkeypatch.setattr("tanlian.services.demo_run.run_demo", lambda *_, **__: balanced)
    assert CliRunner().invoke(main, ["demo", "--once"]).exit_code == status


def test_sealed_logs__forged_receipt__named(contracts, events, monkeypatch):
    block = events[-1].block
    genuine = contracts.connection.batch

    def forging(requests):
        answers = genuine(requests)
        for (method, _), answer in zip(requests, answers, strict=True):
            if method == "eth_getBlockReceipts":
                log = answer["result"][0]["logs"][0]
                log["data"] = log["data"][:-1] + ("0" if log["data"][-1] != "0" else "1")
        return answers

    monkeypatch.setattr(contracts.connection, "batch", forging)
    with pytest.raises(ReceiptsForged, match=f"block {block}"):
        sealed_logs(contracts.connection, [block])


def test_receipts_root__every_block_of_the_run__is_the_headers(contracts):
    connection = contracts.connection
    for number in range(1, connection.head() + 1):
        receipts = connection.request("eth_getBlockReceipts", hex(number))
        assert receipts_root(receipts) == connection.block(number)["receiptsRoot"]


def test_findings__difference__says_what_and_where():
    findings = Findings()
    assert findings.compare("price", 1, 1, "here")
    assert not findings.compare("price", 1, 2, "block 3")
    assert str(findings.differences[0]) == "price: expected 1, found 2 (block 3)"
