"""Installations of one year through the import: traded, settled, replayed equal, once only."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.eutl_data import append, write_eutl
from tanlian.chain.book import open_book
from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.domain.instrument import allowance
from tanlian.services.auditing import audit
from tanlian.services.embedded_process import embedded_chain
from tanlian.services.eutl_files import select_members

LAST_LINE = "reconciled: carbon 0 kg, money 0 micro-yuan"
REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
COUNT = int(os.environ.get("TANLIAN_IMPORT_COUNT", "60"))


def tanlian(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tanlian.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The real data where it lies beside the project, else as many generated installations."""
    if REAL_DATA.is_dir():
        return REAL_DATA, "FR", ("--prices", REAL_DATA / "eua_daily.csv")
    folder = tmp_path_factory.mktemp("eutl")
    write_eutl(folder, COUNT)
    return folder, "XX", ("--price", "32.94")


@pytest.fixture(scope="module")
def arguments(source, tmp_path_factory):
    folder, registry, prices = source
    data = tmp_path_factory.mktemp("import") / "data"
    return [
        "import", "eutl", folder, "--year", 2020, "--registry", registry, "--limit", COUNT,
        "--seed", 7, *prices, "--data", data,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def run(arguments):
    return tanlian(*arguments)


@pytest.fixture(scope="module")
def data(arguments):
    return arguments[arguments.index("--data") + 1]


@pytest.fixture(scope="module")
def chain(run, data):
    assert run.returncode == 0, run.stdout + run.stderr
    with embedded_chain(data / "chain") as running:
        yield running


@pytest.fixture(scope="module")
def contracts(chain, data):
    connection = Connection(chain.url)
    return Contracts.of(connection, open_book(data / "book.json", connection))


def test_import_eutl__installations__end_reconciled(run):
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == LAST_LINE


def test_import_eutl__allocations__are_the_files_to_the_kilogram(contracts, source):
    folder, registry, _ = source
    selection = select_members(folder, registry=registry, year=2020, limit=COUNT)
    total_t = sum(member.year.allocation_t for member in selection.members)
    supply = contracts.ledger.read("supply", allowance(2020).token_id)
    assert supply.issued_kg == total_t * 1_000
    assert supply.held_kg == supply.issued_kg


def test_import_eutl__trades__move_surplus_to_shortfall(contracts, source):
    folder, registry, _ = source
    selection = select_members(folder, registry=registry, year=2020, limit=COUNT)
    books = audit(contracts)
    session = books.session(1)
    assert {trade.fill.kind for trade in session.trades} >= {1, 3}
    names = {
        event["organisation"]: event["name"].split(" ")[0]
        for event in contracts.events().read(contracts=["membership"])
        if event.name == "OrganisationAdmitted"
    }
    left = {
        m.installation.installation_id: m.year.allocation_t - m.year.verified_t
        for m in selection.members
    }
    for trade in session.trades:
        assert left[names[trade.fill.buyer]] < 0 < left[names[trade.fill.seller]]
    sold = {}
    for trade in session.trades:
        sold[trade.fill.seller] = sold.get(trade.fill.seller, 0) + trade.fill.lots
    assert all(lots <= left[names[seller]] for seller, lots in sold.items())
    assert books.balanced
    assert books.market.accounts.money_inside() == 0


def test_import_eutl__report__exists_and_says_the_seed(run, data):
    (page,) = (data / "reports").glob("eutl-*-2020.html")
    text = page.read_text(encoding="utf-8")
    assert LAST_LINE in text
    assert "seed 7" in text


def test_audit_session__imported__equal(chain, data):
    told = tanlian(
        "--rpc", chain.url, "--book", data / "book.json", "audit", "session", 1, "--json"
    )
    assert told.returncode == 0, told.stdout + told.stderr
    facts = json.loads(told.stdout)
    assert facts["equal"] is True
    assert facts["auction_fills"] > 0


def test_import_eutl__same_year_again__refused_and_nothing_changed(chain, contracts, arguments):
    before = contracts.connection.request("eth_getTransactionCount", exchange_of(contracts))
    again = tanlian("--rpc", chain.url, *arguments)
    assert again.returncode == 1
    assert "CEA20 was traded on this chain already" in again.stderr
    after = contracts.connection.request("eth_getTransactionCount", exchange_of(contracts))
    assert before == after
    assert contracts["market"].read("session_count") == 1


def exchange_of(contracts):
    return next(
        event["signer"] if event["roles"] == 1 else event["account"]
        for event in contracts.events().read(contracts=["membership"])
        if event.name == "OrganisationAdmitted" and event["roles"] == 8
    )


# -- what never reaches a chain --------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    write_eutl(tmp_path, 6)
    return tmp_path


def imported(files, *more):
    return tanlian(
        "import", "eutl", files, "--year", 2020, "--registry", "XX", "--data", files / "data", *more
    )


def test_import_eutl__malformed_row_and_atomic__refused_before_any_chain(files):
    line = append(files / "eutl_compliance_2018_2020.csv", "XX_7,2020,1.5,2,2,1,1,A")
    told = imported(files, "--price", "33.25", "--atomic")
    assert told.returncode == 1
    assert f"eutl_compliance_2018_2020.csv:{line}: not_a_whole_number in allocation" in told.stderr
    assert "nothing was imported" in told.stderr
    assert not (files / "data").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "either --price or --prices"),
        (("--price", "33,25"), "'33,25' is no price"),
        (("--price", "0"), "less than one tick"),
    ],
)
def test_import_eutl__no_usable_price__refused_before_any_chain(files, options, words):
    told = imported(files, *options)
    assert told.returncode != 0
    assert words in told.stderr
    assert not (files / "data").exists()


def test_import_eutl__missing_columns__refused_before_any_chain(files):
    (files / "eutl_installations.csv").write_text("installation_id,name\nXX_1,Werk\n")
    told = imported(files, "--price", "33.25")
    assert told.returncode == 1
    assert "lacks the columns country, operator" in told.stderr
    assert not (files / "data").exists()
