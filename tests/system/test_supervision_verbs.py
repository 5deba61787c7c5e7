"""Views granted and complaints followed to their end, as people run them."""

import pytest

from harness.founded import found, ok, refused, wait
from harness.served import served

DOCUMENT = ("--document", "ab" * 32)
EVIDENCE = ("--evidence", "cd" * 32)
ABOUT = ("--organisation", "The seller", "--kind", "emissions", "--year", 2024)
FILED = ("complaint", "file", *ABOUT, *EVIDENCE, "--statement", "smoke at night")
YEARS = ("--first-year", 2023, "--last-year", 2024)
TERM = 16 * 86_400


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("supervision-verbs")
    with pytest.MonkeyPatch.context() as monkeypatch, served(folder, monkeypatch) as chain:
        found(chain, folder)
        who = ("--identity", "id:watch", "--name", "The watch", "--roles", "observer")
        account = ("--account", chain.key("watch").address, "--region", 1)
        ok(chain, "admit", *who, *account, "--as", "regulator")
        yield chain


@pytest.fixture
def chain(opened):
    """The same consortium for each test."""
    snapshot = opened.connection().request("evm_snapshot")
    yield opened
    opened.connection().request("evm_revert", snapshot)


def sees(chain, kind="holdings", subject="The seller", year=2024) -> bool:
    result = chain.run("may-view", "The watch", kind, subject, year)
    assert result.output in {"yes\n", "no\n"}, result.output
    assert (result.exit_code == 0) == (result.output == "yes\n")
    return result.exit_code == 0


def test_view__granted_and_revoked__holds_in_between(chain) -> None:
    assert not sees(chain)
    given = ("--organisation", "The watch", "--kinds", "holdings, coins", *YEARS, *DOCUMENT)
    out = ok(chain, "grant-view", *given, "--scope", "organisation", "--subject", "The seller",
             "--expires", "+2d", "--as", "regulator")  # fmt: skip
    assert "Its number is 1." in out
    assert sees(chain)
    assert sees(chain, "coins", year=2023)
    assert not sees(chain, "duties")
    assert not sees(chain, year=2025)
    assert not sees(chain, subject="The buyer")
    said = ok(chain, "grants", "The watch")
    assert "holdings, coins of organisation 4, 2023 to 2024, until" in said
    assert ok(chain, "grants", "The bank") == "no grants\n"
    ok(chain, "revoke-view", "--grant", 1, "--reason", "project over", "--as", "regulator")
    assert not sees(chain)
    assert "revoked" in ok(chain, "grants")


def test_view__expired__shows_nothing_any_more(chain) -> None:
    given = ("--organisation", "The watch", "--kinds", "holdings", *YEARS, *DOCUMENT)
    ok(chain, "grant-view", *given, "--scope", "region", "--region", 1, "--expires", "+1d",
       "--as", "regulator")  # fmt: skip
    assert sees(chain, subject="The buyer")
    wait(chain, 2 * 86_400)
    assert not sees(chain, subject="The buyer")
    assert "expired" in ok(chain, "grants")
    revoked = ("revoke-view", "--grant", 1, "--reason", "late", "--as", "regulator")
    assert refused(chain, *revoked) == "The grant has expired; there is nothing to revoke."


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--kinds", "holdings,all", "--scope", "everyone"), "'all' is none of reports,"),
        (("--kinds", "coins", "--scope", "region"), "This scope needs the region."),
        (("--kinds", "coins", "--scope", "organisation"), "This scope needs the subject."),
        (
            ("--kinds", "coins", "--scope", "everyone", "--region", 3),
            "Only scopes by region name one.",
        ),
        (
            ("--kinds", "coins", "--scope", "everyone", "--expires", "+9999d"),
            "A grant may not last that long.",
        ),
    ],
)
def test_grant__without_sense__refused_in_words(chain, given, sentence) -> None:
    whole = ("grant-view", "--organisation", "The watch", *YEARS, *DOCUMENT, *given)
    assert sentence in refused(chain, *whole, "--as", "regulator")


def test_grant__by_another_than_the_regulator__refused(chain) -> None:
    whole = ("grant-view", "--organisation", "The watch", "--kinds", "coins", "--scope", "everyone")
    said = refused(chain, *whole, *YEARS, *DOCUMENT, "--as", "bank")
    assert said.startswith("Your organisation lacks the role for this act.")


def test_complaint__filed_inspected_then_a_case__followed_to_its_end(chain) -> None:
    assert "Its number is 1." in ok(chain, *FILED, "--as", "watch")
    again = refused(chain, *FILED, "--as", "watch")
    assert again.startswith("Your organisation has an open complaint about this organisation")
    by = ("--complaint", 1, *DOCUMENT, "--as", "regulator")
    ok(chain, "complaint", "take-up", "--route", "inspection", *by)
    money = ("--decision", "penalty", "--organisation", "The seller", "--year", 2024)
    ok(chain, "case", "decide", *money, "--amount", 1, *DOCUMENT, "--as", "regulator")
    ok(chain, "complaint", "pursue", "--route", "case", "--reference", 1, *by)
    outcome = ("--outcome", "upheld", "--reason", "found so")
    early = refused(chain, "complaint", "resolve", *outcome, *by)
    assert early == "What was opened for the complaint is not over yet. Bring it to its end first."
    wait(chain, 100 * 86_400)
    ok(chain, "case", "settle", "--case", 1, "--as", "other")
    assert "OVERDUE" in ok(chain, "complaint", "list", "--open")
    ok(chain, "complaint", "escalate", "--complaint", 1, "--as", "bank")
    ok(chain, "complaint", "resolve", *outcome, *by)
    said = ok(chain, "complaint", "show", 1)
    steps = ["Filed", "TakenUp", "Pursued", "Escalated", "Resolved (upheld)"]
    assert [word for word in steps if f" {word} by 0x" in said] == steps
    assert "emissions 2024: upheld" in said
    assert "smoke at night" in said
    assert ok(chain, "complaint", "list", "--open") == "no complaints\n"
    assert ok(chain, "complaint", "list", "The seller").startswith("complaint 1: ")
    assert ok(chain, "complaint", "list", "The bank") == "no complaints\n"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--route", "check"), "Name what was opened: its number, or the emitter."),
        (("--route", "check", "--reference", "x"), "'x' is no number of a check or case."),
        (("--route", "check", "--reference", 9), "There is no check of this number."),
        (("--route", "examination", "--reference", "Nobody"), "No organisation is called 'Nobody'"),
        (
            ("--route", "examination", "--reference", "The seller"),
            "There is no report of this emitter for the year.",
        ),
        (
            ("--route", "inspection", "--reference", 1),
            "An inspection has no number; its order is the document.",
        ),
    ],
)
def test_take_up__nothing_that_was_opened__refused_in_words(chain, given, sentence) -> None:
    ok(chain, *FILED, "--as", "watch")
    taken = ("complaint", "take-up", "--complaint", 1, *DOCUMENT, *given, "--as", "regulator")
    assert refused(chain, *taken).startswith(sentence)


def test_complaint__withdrawn__only_by_who_filed_it(chain) -> None:
    ok(chain, *FILED, "--as", "watch")
    withdrawn = ("complaint", "withdraw", "--complaint", 1, "--reason", "mistaken")
    said = refused(chain, *withdrawn, "--as", "seller")
    assert said == "Only the organisation that filed a complaint withdraws it."
    ok(chain, *withdrawn, "--as", "watch")
    assert "withdrawn" in ok(chain, "complaint", "show", 1)
    assert "closed" in refused(chain, *withdrawn, "--as", "watch")
    assert refused(chain, "complaint", "show", 2).startswith("There is no complaint of this number")


def test_escalate__in_time__refused(chain) -> None:
    ok(chain, *FILED, "--as", "watch")
    escalated = ("complaint", "escalate", "--complaint", 1, "--as", "bank")
    assert refused(chain, *escalated).startswith("The deadline has not passed yet.")
    wait(chain, TERM)
    ok(chain, *escalated)
