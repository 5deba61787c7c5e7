"""Duties, carry-over, net sales, cases, coins, checks and ratings, as people run them."""

import csv
import hashlib
import io
import json
import time

import pytest

from harness.compliance_year import (
    AFTER_CARRY_OVER,
    AFTER_DEADLINE,
    DOCUMENT,
    OTHER_DOCUMENT,
    REGULATOR,
    YEAR,
    go_to,
    open_year,
)
from harness.founded import clear_one_pair, ok, read, refused, wait
from harness.served import served
from tanlian.services.access import open_access

CEA24 = 1 << 48 | 2024
DAY = 86_400
OF_YEAR = ("--year", YEAR)
BY_DOCUMENT = ("--document", DOCUMENT)
SELLER = ("--organisation", "The seller")
BUYER = ("--organisation", "The buyer")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("duty-verbs")
    with pytest.MonkeyPatch.context() as monkeypatch, served(folder, monkeypatch) as chain:
        chain.rules = open_year(chain, folder)
        yield chain


@pytest.fixture
def chain(opened):
    """The same year for each test: what a test does is undone, and the clock set back."""
    connection = opened.connection()
    snapshot = connection.request("evm_snapshot")
    connection.request("evm_setNextBlockTimestamp", hex(int(time.time())))
    connection.request("evm_mine")
    yield opened
    connection.request("evm_revert", snapshot)


@pytest.fixture
def units(tmp_path):
    """Write a table of units to surrender."""

    def write(*rows):
        path = tmp_path / "units.csv"
        lines = [f"{instrument},{amount}" for instrument, amount in rows]
        path.write_text("\n".join(["instrument,amount", *lines]) + "\n", encoding="utf-8")
        return ("--units", path)

    return write


def finish_check(chain, number=1):
    while not read(chain, "periodic_check", "round", number).finished_at:
        ok(chain, "check", "advance", "--round", number, "--as", "bank")


# -- duties ----------------------------------------------------------------------------------------


def test_surrender__in_two_parts__certificates_and_the_letter(chain, units) -> None:
    out = ok(chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", 400)), "--as", "seller")
    assert "Its number is 1." in out
    shown = ok(chain, "duty", "show", "The seller", YEAR)
    assert "- the deadline has not passed" in shown
    assert "still due                   600 t" in shown
    ok(chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", "600")), "--as", "seller")
    shown = ok(chain, "duty", "show", "The seller", YEAR)
    assert "A surrendered what was due" in shown
    assert f"0x{read(chain, 'compliance', 'certificate_identity', 2).hex()}" in shown
    assert read(chain, "ledger", "supply", CEA24).surrendered_kg == 1_000_000


def test_surrender__more_than_the_duty_or_another_vintage__refused_in_words(chain, units) -> None:
    by = ("--as", "seller")
    assert refused(chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", 1_001)), *by) == (
        "That is more than the duty. Surrender at most what is outstanding."
    )
    assert "vintage" in refused(chain, "duty", "surrender", *OF_YEAR, *units(("CEA25", 1)), *by)
    assert "'x' is no number of tonnes" in refused(
        chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", "x")), *by
    )


def test_open_year__again_or_another_years_rules__refused(chain) -> None:
    given = ("--rules", chain.rules, *REGULATOR)
    assert refused(chain, "duty", "open-year", *OF_YEAR, *given) == (
        "The period has its rules already; they stay."
    )
    assert refused(chain, "duty", "open-year", "--year", 2025, *given) == (
        "These are the rules of 2024, not of 2025."
    )
    assert "names no rules" in refused(
        chain, "duty", "open-year", "--year", 2025, "--rules", "whatever", *REGULATOR
    )


def test_shortfall__recorded_by_anyone_after_the_deadline__cuts(chain, units) -> None:
    ok(chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", 10_000)), "--as", "buyer")
    record = ("duty", "record-shortfall", *BUYER, *OF_YEAR, "--as", "bank")
    assert "deadline" in refused(chain, *record)
    go_to(chain, AFTER_DEADLINE)
    ok(chain, *record)
    shown = ok(chain, "duty", "show", "The buyer", YEAR)
    assert "B surrendered less than was due" in shown
    assert "shortfall recorded          2,000 t" in shown
    assert "cut of the next allocation  2,000 t" in shown
    assert "correct" in refused(
        chain, "duty", "correct-shortfall", *BUYER, *OF_YEAR, "--as", "bank"
    )


def test_carry_over_and_lapse__by_the_base_alone__rest_is_gone(chain, units) -> None:
    ok(chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", 1_000)), "--as", "seller")
    go_to(chain, AFTER_DEADLINE)
    carry = ("duty", "carry-over", *OF_YEAR, "--instrument", "CEA24", "--as", "seller")
    assert "carr" in refused(chain, *carry, "--amount", "1000.001")
    ok(chain, *carry, "--amount", "1000")
    lapse = ("duty", "lapse", *SELLER, *OF_YEAR, "--instrument", "CEA24", "--as", "bank")
    assert "carry" in refused(chain, *lapse).lower()
    go_to(chain, AFTER_CARRY_OVER)
    ok(chain, *lapse)
    assert read(chain, "ledger", "holding", 4, CEA24) == 0
    assert read(chain, "ledger", "holding", 4, CEA24 + 1) == 1_000_000


# -- net sales -------------------------------------------------------------------------------------


def test_net_sales__computed_recorded_compared__then_carried_over(chain, tmp_path, units) -> None:
    clear_one_pair(chain)  # 250 t from the seller to the buyer
    rules = ("--rules", chain.rules)
    record = ("net-sales", "record", *SELLER, *OF_YEAR, *rules, *REGULATOR)
    assert "Record them afterwards." in refused(chain, *record)
    go_to(chain, AFTER_DEADLINE)
    statement = tmp_path / "trades.csv"
    show = ("net-sales", "show", "The seller", YEAR, *rules, "--statement", statement)
    assert "net sales  250 t in 1 trades" in ok(chain, *show)
    assert "regulator" in refused(chain, *record[:-2], "--as", "seller")
    assert "not recorded" in ok(chain, "net-sales", "check", YEAR, *rules)
    ok(chain, *record)
    assert read(chain, "compliance", "net_sold_kg", 4, YEAR) == 250_000
    document = open_access(chain.target).contracts.events().read(names=["NetSalesRecorded"])
    said = next(iter(document))
    assert bytes(said["document"]) == hashlib.sha256(statement.read_bytes()).digest()
    assert "0 recorded figures not borne out" in ok(chain, "net-sales", "check", YEAR, *rules)
    ok(chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", 1_000)), "--as", "seller")
    carry = ("duty", "carry-over", *OF_YEAR, "--instrument", "CEA24", "--as", "seller")
    limit_kg = 1_000_000 + 250_000 * 3 // 2
    assert read(chain, "compliance", "carry_over_limit", 4, YEAR) == limit_kg
    refused(chain, *carry, "--amount", "1375.001")
    ok(chain, *carry, "--amount", "1375")


def test_net_sales__buyer__net_purchases_count_as_nothing(chain) -> None:
    clear_one_pair(chain)
    shown = ok(chain, "net-sales", "show", "The buyer", YEAR, "--rules", chain.rules)
    assert "bought     250 t" in shown
    assert "net sales  0 t in 1 trades" in shown


@pytest.mark.parametrize(
    ("figure_kg", "document", "verdict"),
    [(251_000, DOCUMENT, "differs"), (250_000, DOCUMENT, "other document")],
)
def test_net_sales__recorded_past_the_trades__found_by_anyone(
    chain, figure_kg, document, verdict
) -> None:
    clear_one_pair(chain)
    access = open_access(chain.target)
    arguments = (4, YEAR, figure_kg, bytes.fromhex(document))
    access.act(chain.sender("regulator"), "compliance", "record_net_sales", *arguments)
    result = chain.run("net-sales", "check", YEAR, "--rules", chain.rules)
    assert result.exit_code == 1
    assert f"organisation 4: {verdict};" in result.output
    assert "1 recorded figures not borne out" in result.output


def test_net_sales__other_rules_than_the_years__refused(chain, tmp_path) -> None:
    assert "not shipped" in refused(chain, "net-sales", "show", "The seller", YEAR)
    other = tmp_path / "other.toml"
    text = chain.rules.read_text(encoding="utf-8").replace('"1.5"', '"9"')
    other.write_text(text, encoding="utf-8")
    sentence = refused(chain, "net-sales", "show", "The seller", YEAR, "--rules", other)
    assert "was opened under" in sentence


# -- cases, coins, checks, ratings -----------------------------------------------------------------


def test_case__decided_appealed_dismissed__coins_and_debt(chain) -> None:
    decide = ("case", "decide", "--decision", "penalty", *SELLER, *OF_YEAR, "--amount", 7)
    ok(chain, *decide, *BY_DOCUMENT, *REGULATOR)
    assert "decision, organisation 4, 2024: -7.00 coins, open" in ok(chain, "case", "list")
    assert "locked     7.00 coins by open cases" in ok(chain, "coin", "show", "The seller")
    ok(chain, "case", "appeal", "--case", 1, *BY_DOCUMENT, "--as", "seller")
    refused(chain, "case", "settle", "--case", 1, "--as", "bank")
    outcome = ("--case", 1, "--outcome", "dismissed", *BY_DOCUMENT)
    refused(chain, "case", "decide-appeal", *outcome, "--as", "seller")
    ok(chain, "case", "decide-appeal", *outcome, *REGULATOR)
    assert "debt       7.00 coins" in ok(chain, "coin", "show", "The seller")
    pay = ("coin", "pay-debt", "--as", "seller", "--amount")
    money = read(chain, "money", "balanceOf", chain.key("seller").address)
    assert "debt" in chain.run(*pay, 8).output
    assert read(chain, "coin", "coin_account", 4).debt == 7_000_000
    assert read(chain, "money", "balanceOf", chain.key("seller").address) == money
    ok(chain, *pay, 7)
    assert "debt       0.00 coins" in ok(chain, "coin", "show", "The seller")
    assert read(chain, "coin", "treasury") == 70_000_000
    assert refused(chain, *decide, *BY_DOCUMENT, *REGULATOR) == (
        "This case was opened already; it counts once."
    )


def test_coin__rewarded_announced_redeemed__from_the_treasury(chain) -> None:
    decide = ("case", "decide", "--decision", "reward", *SELLER, *OF_YEAR, "--amount", "12.5")
    ok(chain, *decide, "--document", OTHER_DOCUMENT, *REGULATOR)
    ok(chain, "coin", "fund", "--amount", 100, "--as", "buyer")
    redeem = ("coin", "redeem", "--amount", 10, "--as", "seller")
    assert "nnounce" in refused(chain, *redeem)
    ok(chain, "coin", "announce", "--amount", "12.5", "--as", "seller")
    refused(chain, *redeem)
    wait(chain, 7 * DAY + 1)
    before = read(chain, "money", "balanceOf", chain.key("seller").address)
    ok(chain, *redeem)
    assert read(chain, "money", "balanceOf", chain.key("seller").address) - before == 100_000_000
    move = ("coin", "transfer", "--amount", "2.5", "--as", "seller")
    refused(chain, *move, "--to", "The bank")
    ok(chain, *move, "--to", "The buyer")
    assert "balance    2.50 coins" in ok(chain, "coin", "show", "The buyer")
    assert "treasury   0.00 yuan, 10.00 yuan for a coin" in ok(chain, "coin", "show", "The buyer")


def test_check_of_a_year__cases_report_signature_rating__contested_and_reviewed(
    chain, units, tmp_path
) -> None:
    clear_one_pair(chain)  # 250 t from the seller to the buyer
    ok(chain, "withdraw", "units", "CEA24", "250", "--as", "buyer")
    ok(chain, "duty", "surrender", *OF_YEAR, *units(("CEA24", 1_000)), "--as", "seller")
    ok(chain, "units", "transfer", "--to", "The buyer", "--instrument", "CEA24", "--amount", 7,
       "--as", "other")  # fmt: skip
    open_check = ("check", "open", "--kind", "year", *OF_YEAR, "--as", "bank")
    refused(chain, *open_check)
    go_to(chain, AFTER_DEADLINE)
    assert "Its number is 1." in ok(chain, *open_check)
    ok(chain, "check", "advance", "--round", 1, "--members", 1, "--as", "bank")
    report = ("check", "report", 1, "--output", tmp_path, *REGULATOR)
    assert "push it on" in refused(chain, *report)
    finish_check(chain)
    assert "year 1 of 2024, finished" in ok(chain, "check", "show", 1)
    cases = ok(chain, "case", "list", "The buyer")
    assert "shortfall, organisation 5, 2024: -2,500.00 coins, open" in cases
    assert "digest recomputed, equal" in ok(chain, *report)
    files = {path.name for path in tmp_path.iterdir()} - {"units.csv"}
    assert files == {f"check-1.{s}" for s in ("json", "csv", "html", "signature.json")}
    told = (tmp_path / "check-1.json", tmp_path / "check-1.signature.json")
    verified = ok(chain, "check", "verify", *told)
    assert "organisation 1 (regulator)" in verified
    assert "Reproduced" in verified
    rows = list(csv.DictReader(io.StringIO((tmp_path / "check-1.csv").read_text())))
    short = next(row for row in rows if row["organisation"] == "5")
    assert short["shortfall_kg"] == "12000000"
    assert (short["bought_kg"], short["sold_kg"]) == ("250000", "0")
    assert short["other_sources_kg"] == "7000"  # neither allocated nor bought
    long = next(row for row in rows if row["organisation"] == "4")
    assert (long["bought_kg"], long["sold_kg"]) == ("0", "250000")
    assert long["other_sources_kg"] == "0"
    clear = ("--as", "seller")  # trading goes on; the report stays that of the check
    ok(chain, "units", "cancel", "--instrument", "CEA24", "--amount", 1, "--reference", "x", *clear)
    # an appeal that is granted counts when the rating is looked at again
    penalty = next(c for c in cases.splitlines() if "shortfall" in c)
    number = penalty.split(":")[0].removeprefix("case ")
    ok(chain, "case", "appeal", "--case", number, *BY_DOCUMENT, "--as", "buyer")
    outcome = ("--case", number, "--outcome", "granted", *BY_DOCUMENT)
    ok(chain, "case", "decide-appeal", *outcome, *REGULATOR)
    contest = ("rating", "contest", "--round", 1, *BY_DOCUMENT)
    refused(chain, *contest, "--as", "bank")
    review = ("rating", "review", "--round", 1, *BUYER, *BY_DOCUMENT)
    refused(chain, *review, *REGULATOR)
    ok(chain, *contest, "--as", "buyer")
    refused(chain, *review, "--as", "buyer")
    ok(chain, *review, *REGULATOR)
    shown = ok(chain, "rating", "show", "The buyer")
    assert shown.splitlines()[0] == "organisation 5: 620, B"
    assert "published, 600 to 500 (honest_report +20, shortfall -120)" in shown
    assert "contested" in shown
    assert "reviewed, 500 to 620 (honest_report +20)" in shown
    # what was signed stays the check as it was finished
    assert "Reproduced" in ok(chain, "check", "verify", *told)


def test_check_verify__report_signature_or_chain_is_another__refused(
    chain, units, tmp_path
) -> None:
    go_to(chain, AFTER_DEADLINE)
    ok(chain, "check", "open", "--kind", "year", *OF_YEAR, "--as", "bank")
    finish_check(chain)
    ok(chain, "check", "report", 1, "--output", tmp_path, *REGULATOR)
    text, proof = tmp_path / "check-1.json", tmp_path / "check-1.signature.json"
    forged = tmp_path / "forged.json"
    forged.write_text(text.read_text().replace('"cases":', '"cases": '), encoding="utf-8")
    assert "was changed" in refused(chain, "check", "verify", forged, proof)
    signed = json.loads(proof.read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(signed | {"signer": chain.key("bank").address}), encoding="utf-8")
    assert "was changed" in refused(chain, "check", "verify", text, other)
    for wrong in ("{}", "[]", "nothing", json.dumps(signed | {"signature": "0x12"})):
        other.write_text(wrong, encoding="utf-8")
        assert "Error" in chain.run("check", "verify", text, other).output
        refused(chain, "check", "verify", text, other)


def test_check_verify__signed_by_nobody_who_matters__says_so(chain, tmp_path) -> None:
    go_to(chain, AFTER_DEADLINE)
    ok(chain, "check", "open", "--kind", "year", *OF_YEAR, "--as", "bank")
    finish_check(chain)
    chain.key("stranger")
    ok(chain, "check", "report", 1, "--output", tmp_path, "--as", "stranger")
    told = (tmp_path / "check-1.json", tmp_path / "check-1.signature.json")
    assert "no member's key" in ok(chain, "check", "verify", *told)


def test_check_defaults__nothing_owed__refused(chain) -> None:
    refused(chain, "check", "defaults", "--as", "bank")


# -- rules -----------------------------------------------------------------------------------------


def test_rules__proposed_voted_enacted__count_from_their_year(chain) -> None:
    propose = ("rules", "propose", "--year", 2098, "--rules", "incentives_2024")
    refused(chain, *propose, "--as", "seller")
    assert "Its number is 1." in ok(chain, *propose, *REGULATOR)
    vote = ("rules", "vote", "--amendment", 1, "--vote", "yes", "--as")
    for alias in ("seller", "buyer", "bank"):
        ok(chain, *vote, alias)
    refused(chain, *vote, "seller")
    enact = ("rules", "enact", "--amendment", 1, "--as", "bank")
    refused(chain, *enact)
    wait(chain, 45 * DAY)
    ok(chain, *enact)
    assert read(chain, "incentives", "version_of", 2098) == 1
    assert read(chain, "incentives", "version_of", 2097) == 0


# -- offsets ---------------------------------------------------------------------------------------


def test_offsets__from_the_project_to_surrender_and_reversal(chain, units) -> None:
    day = ("--starts", "2024-01-01", "--ends", "2024-06-30")
    register = ("offset", "register", "--name", "Wind", "--methodology", DOCUMENT, *BY_DOCUMENT)
    ok(chain, *register, "--starts", "2023-01-01", "--ends", "2033-01-01", "--as", "other")
    project = ("--project", 1)
    attest = ("offset", "attest", *project, *day, "--amount", 90, *BY_DOCUMENT)
    refused(chain, *attest, "--as", "verifier")
    ok(chain, "offset", "review", *project, *REGULATOR)
    reasons = ("--reason", "sound", *BY_DOCUMENT, *REGULATOR)
    ok(chain, "offset", "reject", *project, *reasons)
    again = ("offset", "resubmit", *project, "--as", "other", "--document")
    refused(chain, *again, DOCUMENT)
    ok(chain, *again, OTHER_DOCUMENT)
    ok(chain, "offset", "review", *project, *REGULATOR)
    ok(chain, "offset", "approve", *project, *reasons)
    assert "Its number is 1." in ok(chain, *attest, "--as", "verifier")
    refused(chain, *attest, "--as", "verifier")
    issue = ("offset", "issue", "--attestation", 1, *REGULATOR)
    ok(chain, *issue)
    refused(chain, *issue)
    send = ("units", "transfer", "--to", "The seller", "--instrument", "CCER1-24")
    ok(chain, *send, "--amount", 60, "--as", "other")
    surrender = ("duty", "surrender", *OF_YEAR, "--as", "seller")
    assert "share" in refused(chain, *surrender, *units(("CCER1-24", 51)))
    ok(chain, *surrender, *units(("CEA24", 10), ("CCER1-24", 40)))
    revoke = ("offset", "revoke", "--attestation", 1, "--reason", "leak", *BY_DOCUMENT)
    ok(chain, *revoke, *REGULATOR)
    assert "offset" in refused(chain, *surrender, *units(("CCER1-24", 1))).lower()
    ok(chain, "offset", "close-reversal", "--attestation", 1, *BY_DOCUMENT, *REGULATOR)
    ok(chain, *surrender, *units(("CCER1-24", 1)))
    ok(chain, "offset", "withdraw", *project, *reasons)
    refused(chain, *surrender, *units(("CCER1-24", 1)))


def test_offsets__import__same_serials_in_another_spelling_never_twice(chain) -> None:
    register = ("offset", "register", "--name", "Wind", "--methodology", DOCUMENT, *BY_DOCUMENT)
    ok(chain, *register, "--starts", "2023-01-01", "--ends", "2033-01-01", "--as", "other")
    ok(chain, "offset", "review", "--project", 1, *REGULATOR)
    ok(chain, "offset", "approve", "--project", 1, "--reason", "x", *BY_DOCUMENT, *REGULATOR)
    bring = ("offset", "import", "--project", 1, "--vintage", YEAR, *REGULATOR)
    first = (*bring, "--registry", "VCS", "--first", "VCS-0100", "--last", "199", *BY_DOCUMENT)
    assert "registry" in refused(chain, *first).lower()
    ok(chain, "offset", "name-registry", "--registry", "vcs", *BY_DOCUMENT, *REGULATOR)
    ok(chain, *first)
    other = ("--document", OTHER_DOCUMENT)
    for registry, low, high in (("v c s", "vcs 150", "150"), ("Vcs", "1", "00100")):
        again = (*bring, "--registry", registry, "--first", low, "--last", high, *other)
        assert refused(chain, *again) == (
            "Some of these serial numbers were brought in already. Check the interval."
        )
    ok(chain, *bring, "--registry", "ＶＣＳ", "--first", "1", "--last", "99", *other)
    token = 2 << 48 | 1 << 16 | YEAR
    assert read(chain, "ledger", "supply", token).issued_kg == 199_000
