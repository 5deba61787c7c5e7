"""The reporting year of the demonstration, from its run folder and with the commands people have."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tanlian.chain.book import open_book
from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.domain.incentives import Trigger
from tanlian.domain.profiles import parse_profile
from tanlian.proofs.evidence.checker import main as check_evidence
from tanlian.proofs.sealed_document import DocumentRefused
from tanlian.services.documents import Documents, FolderStore
from tanlian.services.embedded_process import embedded_chain
from tanlian.services.reader_keys import ReaderKeys, open_private
from tanlian.services.reporting_year.year import LIE_MONTHS
from tanlian.services.run_folder import RunFolder

LAST_LINE = "reconciled: carbon 0 kg, money 0 micro-yuan"
YEAR = 2024
REGULATOR, FALSIFIED, HONEST, REASSIGNED = 1, 6, 7, 8  # organisations, in the order of admission
LIE_HOURS = (31 + 29) * 24
DONE = 3
ACCEPTED = 8


def tanlian(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tanlian.cli", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=500, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("run") / "demo"


@pytest.fixture(scope="module")
def run(data):
    told = tanlian("demo", "--once", "--port", 0, "--data", data, "--members", 4, "--pace", 2)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.splitlines()[-1] == LAST_LINE
    return told.stdout


@pytest.fixture(scope="module")
def second_year(run, data):
    """What the next run says, in a copy of the folder, whose chain nobody serves meanwhile."""
    copied = data.parent / "again"
    shutil.copytree(data, copied)
    told = tanlian("demo", "--once", "--port", 0, "--data", copied, "--members", 4)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout, copied


@pytest.fixture(scope="module")
def chain(run, data, second_year):
    with embedded_chain(data / "chain") as running:
        yield running


@pytest.fixture(scope="module")
def contracts(chain, data):
    connection = Connection(chain.url)
    return Contracts.of(connection, open_book(data / "book.json", connection))


@pytest.fixture(scope="module")
def ask(chain, data):
    """A command of `tanlian` against the chain of the run."""
    return lambda *arguments: tanlian(
        "--rpc", chain.url, "--book", data / "book.json", *arguments, TANLIAN_DATA=str(data.parent)
    )


def site(data, organisation):
    return data / "emissions" / str(YEAR) / str(organisation)


def test_run__tells_who_lied_where_and_what_it_cost(run):
    for words in (
        "1 440 differ",
        "744 hours from 2024-01-01 00:00 UTC to 2024-01-31 23:00 UTC are not as anchored",
        "a gap beyond the tolerance",
        "probable cause for the whole: The fuel in the activity data",
        "exactly the same carbon, 0.025, in 12 months running",
        "estimates",
        "the regulator dismisses the objection",
        "credit coins",
        "is rewarded for its honest report",
        "0 differ, 1 comparisons",
    ):
        assert words in " ".join(run.split()), words


def test_locate__the_two_copies_of_the_run__name_every_altered_hour_and_no_other(data, ask):
    folder = site(data, FALSIFIED)
    files = (folder / "readings.csv", folder / "handed-over.csv")
    told = ask("locate", *files, "--devices", folder / "devices.csv",
               "--anchors", folder / "anchors.csv", "--json")  # fmt: skip
    assert told.returncode == 1
    found = json.loads(told.stdout)["differences"]
    assert len(found) == LIE_HOURS
    assert {(one["source"], one["device"]) for one in found} == {(1, 1)}
    assert {one["first_standing"] for one in found} == {"signed by the device"}
    assert {one["second_standing"] for one in found} == {"not signed by the device"}
    assert {one["anchored_copy"] for one in found} == {"first"}
    honest = site(data, HONEST)
    assert ask("locate", honest / "readings.csv", honest / "handed-over.csv").returncode == 0


@pytest.mark.parametrize(("organisation", "status"), [(FALSIFIED, 1), (HONEST, 0)])
def test_calibre__case_of_the_run__gap_of_the_falsified_only(data, ask, organisation, status):
    folder = site(data, organisation)
    told = ask("calibre", folder / "activity.csv", folder / "readings.csv",
               "--devices", folder / "devices.csv", "--case", f"{organisation}-{YEAR}", "--json")  # fmt: skip
    assert told.returncode == status, told.stderr
    facts = json.loads(told.stdout)
    over = {(row["source"], row["month"]) for row in facts["rows"] if row["exceeds"]}
    if status:
        assert {(0, 0)} | {(1, month) for month in LIE_MONTHS} <= over
        assert {one["kind"] for one in facts["suspicions"]} == {"same_carbon"}
    else:
        assert over == set()
        assert facts["suspicions"] == []


def test_gateway__of_the_run__put_every_kind_of_nonsense_aside(data, ask):
    told = ask("gateway", "quarantine", site(data, HONEST) / "gateway.toml").stdout
    for reason in ("wrong signature", "out of proportion", "future-dated", "malformed"):
        assert reason in told


def test_readings__of_the_run__outage_is_visible_as_substituted(data):
    rows = (site(data, HONEST) / "readings.csv").read_text().splitlines()
    assert sum(",substituted," in row for row in rows) == 36


@pytest.mark.parametrize("organisation", [FALSIFIED, HONEST])
def test_evidence__of_the_run__accepted_by_the_checker(run, data, organisation, capsys):
    path = data / "evidence" / f"{organisation}-{YEAR}.json"
    assert check_evidence([str(path)]) == 0
    assert "readings[4]" in capsys.readouterr().out


def test_records__of_the_run__final_by_acceptance_and_never_below_what_was_measured(contracts):
    registry = contracts["emissions"]
    for organisation in range(FALSIFIED, FALSIFIED + 4):
        record = registry.read("record_of", organisation, YEAR)
        assert record.status == ACCEPTED
        assert record.accepted_kg == record.verified_kg
    lied = registry.read("record_of", FALSIFIED, YEAR)
    assert lied.estimated
    assert lied.accepted_kg * 1_000 >= lied.measured_g > lied.declared_kg * 1_050


def test_cases__of_the_run__reward_of_the_honest_and_penalty_of_the_liar(contracts):
    incentives = contracts["incentives"]
    for trigger, organisation in ((Trigger.MISREPORT, FALSIFIED), (Trigger.HONEST_REPORT, HONEST)):
        number = incentives.read("case_of", int(trigger), organisation, YEAR, 0)
        assert number
        assert incentives.read("case", number).status == DONE
    assert incentives.read("case_of", int(Trigger.HONEST_REPORT), FALSIFIED, YEAR, 0) == 0
    coin = contracts["coin"]
    assert coin.read("coin_account", HONEST).debt == 0
    assert coin.read("coin_account", FALSIFIED).debt > 0


def test_duties__of_the_run__met_or_recorded_as_short(contracts):
    compliance = contracts["compliance"]
    duties = {n: compliance.read("duty", n, YEAR) for n in range(FALSIFIED, FALSIFIED + 4)}
    assert duties[HONEST].surrendered_kg == duties[HONEST].duty_kg > 0
    short = duties[FALSIFIED]
    assert short.recorded_shortfall_kg == short.duty_kg - short.in_time_kg > 0


def test_rules__of_the_run__file_is_the_one_that_the_chain_names(data, contracts):
    found = parse_profile((data / "rules" / f"cn_{YEAR}.toml").read_text(encoding="utf-8"))
    on_chain = contracts["compliance"].read("rules", YEAR)
    assert bytes(on_chain.rules_hash) == found.rules_hash
    assert tuple(found.compliance_rules())[1:] == tuple(on_chain)[1:]


def test_documents__of_the_run__readable_for_the_named_and_closed_to_the_replaced(data, contracts):
    folder, passphrase = data / "documents", RunFolder(data).passphrase
    documents = Documents(FolderStore(folder / "blobs"), folder / "grants.log", lambda: 0)
    keys = ReaderKeys(data / "readers")

    def opened(address, organisation):
        key = open_private(keys.private_file(f"organisation-{organisation}"), passphrase)
        return json.loads(documents.open(address, key).content)

    record = contracts["emissions"].read("record_of", FALSIFIED, YEAR)
    for reader in (REGULATOR, FALSIFIED, 4 if record.verifier_id == 4 else 5):
        report = opened(bytes(record.document), reader)
        assert (report["organisation"], report["reported_kg"]) == (FALSIFIED, record.reported_kg)
    with pytest.raises(DocumentRefused):
        opened(bytes(record.document), HONEST)
    reported = bytes(contracts["emissions"].read("record_of", REASSIGNED, YEAR).document)
    with pytest.raises(DocumentRefused):
        opened(reported, REGULATOR)  # sealed anew; the old access ended
    ended = [g for g in documents.grants(reported) if not g.wrapped]
    assert "verifier replaced" in ended[0].reason
    again = next(
        g.document for g in documents.grants() if g.reason == ended[0].reason and g.wrapped
    )
    new = documents.sealed(bytes.fromhex(again))
    assert new.content_hash == documents.sealed(reported).content_hash
    assert opened(new.address, REGULATOR)["organisation"] == REASSIGNED


def test_check__network_of_the_run__every_finding_is_good(ask):
    told = ask("--network", "demonstration", "check")
    assert told.returncode == 0, told.stdout + told.stderr


def test_demo__again__the_next_year_with_the_same_sources(second_year):
    told, data = second_year
    assert told.splitlines()[-1] == LAST_LINE
    assert "2025-01-31 23:00 UTC are not as anchored" in " ".join(told.split())
    first, second = (
        (data / "emissions" / str(year) / str(HONEST) / "devices.csv").read_text()
        for year in (YEAR, YEAR + 1)
    )
    assert first == second
