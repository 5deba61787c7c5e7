"""Granted views and complaints on the pages: exactly what was granted, until it ends."""

import re

import pytest

from harness.founded import wait
from harness.watched import (
    BUYER,
    LINE,
    REGULATOR,
    SELLER,
    WATCH,
    done,
    open_last_year,
    people_of,
    watched,
)

HASH = "ab" * 32
KINDS = ("reports", "readings", "holdings", "trades", "duties", "coins", "documents")
EVERYTHING = ",".join(KINDS)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    with watched(tmp_path_factory.mktemp("granted")) as market:
        yield market


@pytest.fixture(scope="module")
def people(market):
    return people_of(market)


@pytest.fixture(scope="module")
def year(market, people):
    """The year before this one, open, with a report of seller and buyer each."""
    number = open_last_year(market[0], people[REGULATOR])
    for organisation in (SELLER, BUYER):
        done(people[organisation].act("report.submit", year=number, document=HASH, **LINE))
    return number


def granted(people, year, subject="The seller", kinds=EVERYTHING) -> str:
    """Let the regulator grant the observer a view of one organisation; return the grant's number."""
    page = people[REGULATOR].act(
        "view.grant", organisation="The watch", kinds=kinds.split(","), scope="organisation",
        subject=subject, first_year="2024", last_year=year, expires="+300d", document=HASH,
    )  # fmt: skip
    done(page)
    return re.search(r"grant=(\d+)", people[REGULATOR].get("desk/grants").html)[1]


def revoked(people, number) -> None:
    done(people[REGULATOR].act("view.revoke", grant=number, reason="the project is over"))


def test_observer__nothing_granted__sees_nothing_of_anybody(market, people, year) -> None:
    watch = people[WATCH]
    assert "No view is granted to your organisation now." in watch.get("desk/granted").text
    for kind in KINDS:
        page = watch.get(f"desk/seen-{kind}")
        assert (page.status, "Your grants show nothing of this kind." in page.text) == (200, True)
        assert watch.get(f"desk/seen-{kind}.csv").html.count("\n") == 1, "only the heads"
    for organisation in (SELLER, BUYER):
        for path in (f"reports/{organisation}/{year}", f"plants/{organisation}/{year}",
                     f"organisations/{organisation}"):  # fmt: skip
            assert watch.get(path).status == 403, path


def test_grant__of_one_organisation__shows_it_and_no_other(market, people, year) -> None:
    watch = people[WATCH]
    number = granted(people, year)
    page = watch.get("desk/granted")
    assert page.text.count("The seller") == len(KINDS)
    assert f"seen-{KINDS[0]}" in page.link("Look")
    reports = watch.get("desk/seen-reports")
    assert "The seller" in reports.text
    assert "The buyer" not in reports.text
    assert watch.get(reports.link("Open")).status == 200
    assert "anthracite" in watch.get(f"reports/{SELLER}/{year}").text
    holdings = watch.get("desk/seen-holdings")
    assert "10000" in re.sub(r"[\s,]", "", holdings.text)
    csv = watch.get("desk/seen-holdings.csv").html
    assert str(SELLER) in csv
    assert "The watch" not in csv
    assert HASH[:8] in watch.get("desk/seen-documents").html
    for path in (f"reports/{BUYER}/{year}", f"plants/{BUYER}/{year}", f"organisations/{SELLER}"):
        assert watch.get(path).status == 403, path
    assert watch.get("desk/grants").status == 404
    assert watch.get("desk/complaint-queue").status == 404
    seen_by = people[SELLER].get("desk/seen-by")
    assert "The watch" in seen_by.text
    assert "The watch" not in people[BUYER].get("desk/seen-by").text
    revoked(people, number)
    assert watch.get(f"reports/{SELLER}/{year}").status == 403
    assert "The seller" not in watch.get("desk/seen-reports").text
    assert "The watch" not in people[SELLER].get("desk/seen-by").text


def test_grant__of_reports_alone__shows_no_readings_nor_evidence(market, people, year) -> None:
    watch = people[WATCH]
    number = granted(people, year, kinds="reports")
    page = watch.get(f"reports/{SELLER}/{year}")
    assert page.status == 200
    assert "What was anchored" not in page.text
    for path in ("", "/figure", "/figure.csv", "/calibre", "/locate", "/evidence.json"):
        assert watch.get(f"plants/{SELLER}/{year}{path}").status == 403, path
    for kind in KINDS[1:]:
        assert "The seller" not in watch.get(f"desk/seen-{kind}").text, kind
    revoked(people, number)


def test_grant__by_the_form__refused_in_words_and_nothing_granted(market, people, year) -> None:
    before = people[REGULATOR].get("desk/grants").text.count("The watch")
    page = people[REGULATOR].act(
        "view.grant", organisation="The watch", kinds=["coins"], scope="region",
        first_year="2024", last_year=year, expires="+300d", document=HASH,
    )  # fmt: skip
    assert page.status == 422
    assert page.alerts == ["This scope needs the region."]
    assert re.search(r'value="coins"\s+checked', page.html)
    assert people[SELLER].get("acts/new/view.grant").status == 403
    assert people[REGULATOR].get("desk/grants").text.count("The watch") == before


def test_complaint__from_the_observer_to_its_end__both_sides_follow(market, people, year) -> None:
    chain, _ = market
    watch, seller, regulator = (people[n] for n in (WATCH, SELLER, REGULATOR))
    done(watch.act("complaint.file", organisation="The seller", kind="emissions", year=year,
                   evidence=HASH, statement="smoke at night"))  # fmt: skip
    assert "smoke at night" in watch.get("desk/complaints").text
    assert "smoke at night" in seller.get("desk/complaints").text
    assert "Complaints to decide" in regulator.get("desk").text
    queue = regulator.get("desk/complaint-queue")
    path = queue.link("Open")
    assert [p.get(path).status for p in (watch, seller, regulator, people[BUYER])] == [
        200, 200, 200, 403,
    ]  # fmt: skip
    form = regulator.get(regulator.get(path).link("Take up"))
    assert 'name="complaint" value="1"' in form.html
    done(regulator.act("complaint.take-up", complaint="1", route="examination",
                       reference="The seller", document=HASH))  # fmt: skip
    early = regulator.act("complaint.resolve", complaint="1", outcome="upheld",
                          reason="found so", document=HASH)  # fmt: skip
    assert early.alerts == [
        "What was opened for the complaint is not over yet. Bring it to its end first."
    ]
    wait(chain, 61 * 86_400)
    done(watch.act("complaint.escalate", complaint="1"))
    page = watch.get(path)
    assert "escalated" in page.text
    assert "overdue" in page.text
    page = seller.get(path)
    words = ["Complaint filed", "Taken up", "examination of a figure", "Missed deadline"]
    assert sorted(words, key=page.text.rindex) == words
    done(watch.act("complaint.withdraw", complaint="1", reason="settled"))
    assert "withdrawn" in watch.get(path).text
    assert "Take up" not in regulator.get(path).text


def test_complaint__in_chinese__says_the_same(market, people) -> None:
    watch = people[WATCH]
    watch.http.cookies.set("tanlian_language", "zh")
    try:
        for path in ("complaints/1", "desk/complaints", "desk/granted", "acts/new/complaint.file"):
            page = watch.get(path)
            assert page.status == 200
            assert re.search("投诉|授权|授予", page.text), path
            assert "Complaint" not in page.text, path
    finally:
        watch.http.cookies.set("tanlian_language", "en")
