"""Documents given with acts, and drafts of forms: on the pages and for programs, for whom they are."""

import hashlib
import sqlite3
from contextlib import closing

import pytest

from harness.programs import Program, issued
from harness.visitor import Visitor
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

REPORT = b"%PDF-1.7 what the seller reports"
EVIDENCE = b"\x89PNG\r\n\x1a\n smoke at night"
ORDER = "检查令：下周一".encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    with watched(tmp_path_factory.mktemp("documents")) as market:
        yield market


@pytest.fixture(scope="module")
def people(market):
    return people_of(market)


@pytest.fixture(scope="module")
def year(market, people):
    return open_last_year(market[0], people[REGULATOR])


def upload(name: str, content: bytes, field: str = "document"):
    return {f"{field}-file": (name, content)}


def content(visitor, path: str) -> bytes:
    answer = visitor.http.get(visitor.address + path.lstrip("/"), timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return answer.content


def status(visitor, path: str) -> int:
    return visitor.get(path).status


@pytest.fixture(scope="module")
def report(people, year):
    """The seller's report, whose document was given as a file; the address of its page."""
    seller = people[SELLER]
    page = seller.act("report.submit", year=year, files=upload("报告.pdf", REPORT), **LINE)
    done(page)
    assert sha256(REPORT) in page.html
    return f"reports/{SELLER}/{year}"


def test_report__its_document__opens_for_the_emitter_and_the_regulator_alone(people, report):
    for organisation in (SELLER, REGULATOR):
        page = people[organisation].get(report)
        assert content(people[organisation], page.link("报告.pdf")) == REPORT
    path = f"{report}/documents/{sha256(REPORT)}"
    assert content(people[SELLER], path) == REPORT
    for organisation in (BUYER, WATCH):
        assert status(people[organisation], path) == 404
        assert status(people[organisation], report) == 403
    assert status(people[SELLER], f"{report}/documents/{'ab' * 32}") == 404
    for organisation, opened in ((REGULATOR, True), (BUYER, False)):
        log = people[organisation].get("activity").text
        assert (sha256(REPORT) in log and "document opened" in log) is opened


def test_report__seen_by_a_granted_view__its_hash_but_not_the_document(people, report, year):
    done(people[REGULATOR].act(
        "view.grant", organisation="The watch", kinds=["reports", "documents"],
        scope="organisation", subject="The seller", first_year=year, last_year=year,
        expires="+300d", document="ab" * 32,
    ))  # fmt: skip
    page = people[WATCH].get(report)
    assert page.status == 200
    assert sha256(REPORT) in page.html
    assert "报告.pdf" not in page.html
    assert status(people[WATCH], f"{report}/documents/{sha256(REPORT)}") == 404


def test_complaint__its_evidence__opens_for_both_sides_and_the_regulator(people, year):
    watch, regulator = people[WATCH], people[REGULATOR]
    done(watch.act(
        "complaint.file", organisation="The seller", kind="emissions", year=year,
        statement="smoke at night", files=upload("night.png", EVIDENCE, "evidence"),
    ))  # fmt: skip
    path = watch.get("desk/complaints").link("Open")
    for organisation in (WATCH, SELLER, REGULATOR):
        page = people[organisation].get(path)
        assert content(people[organisation], page.link("night.png")) == EVIDENCE
    done(regulator.act(
        "complaint.take-up", complaint="1", route="inspection",
        files=upload("order.txt", ORDER),
    ))  # fmt: skip
    assert content(people[SELLER], people[SELLER].get(path).link("order.txt")) == ORDER
    assert status(people[BUYER], f"{path}/documents/{sha256(EVIDENCE)}") == 403


def test_complaint__naming_the_hash_of_anothers_document__opens_nothing(people, report, year):
    """Whoever reads a hash off the chain cannot get its document by naming it."""
    buyer = people[BUYER]
    done(buyer.act(
        "complaint.file", organisation="The seller", kind="emissions", year=year,
        statement="let me see it", evidence=sha256(REPORT),
    ))  # fmt: skip
    path = buyer.get("desk/complaints").link("Open")
    assert sha256(REPORT) in buyer.get(path).html
    assert "报告.pdf" not in buyer.get(path).html
    assert status(buyer, f"{path}/documents/{sha256(REPORT)}") == 404


def test_form__file_of_a_refused_type__said_at_the_field_and_nothing_sent(market, people, year):
    chain, watch = market[0], people[WATCH]
    before = chain.connection().head()
    page = watch.act(
        "complaint.file", organisation="The seller", kind="emissions", year=year,
        statement="a program", files=upload("run.exe", b"MZ\x90\0", "evidence"),
    )  # fmt: skip
    assert page.status == 422
    assert any("of this type are not kept" in one for one in page.alerts)
    assert "a program" in page.html
    assert chain.connection().head() == before
    assert "run" not in watch.get("documents").text


def test_form__refused_for_another_field__keeps_its_file(people, year):
    watch = people[WATCH]
    page = watch.act(
        "complaint.file", organisation="Nobody", kind="emissions", year=year, statement="x",
        files=upload("kept.txt", b"kept though", "evidence"),
    )  # fmt: skip
    assert page.status == 422
    assert content(watch, page.link("kept.txt")) == b"kept though"
    listed = watch.get("documents")
    number = listed.link("kept.txt").rsplit("/", 1)[1]
    assert "kept.txt" not in watch.send(listed, f"documents/{number}/remove").text


def test_document__named_by_an_act__cannot_be_removed(market, people, report):
    seller = people[SELLER]
    listed = seller.get("documents")
    number = listed.link("报告.pdf").rsplit("/", 1)[1]
    assert f"documents/{number}/remove" not in listed.html
    _, hidden = seller.get("acts/new/order.place").form("csrf_token")
    answer = seller.http.post(f"{seller.address}documents/{number}/remove", data=hidden, timeout=30)
    assert answer.status_code == 422
    assert "An act names this document" in answer.text
    (database,) = market[0].folder.rglob("accounts.sqlite")
    assert REPORT not in database.read_bytes()


def test_draft__of_a_report__taken_up_by_a_colleague_and_gone_once_sent(market, people, year):
    chain, address = market
    buyer, colleague = people[BUYER], Visitor(address).join(chain, BUYER, "buyer-two")
    before = chain.connection().head()
    page = buyer.act("report.submit", save="1", year=year, files=upload("r.pdf", REPORT), **LINE)
    assert page.status == 200
    assert "Saved as a draft" in page.text
    assert chain.connection().head() == before
    title = "Submit the yearly report"
    form = colleague.get(colleague.get("acts").link(title))
    assert 'value="1000"' in form.html
    assert sha256(REPORT) in form.html
    assert f'value="{year}"' in form.html
    saved = colleague.fill_in(form, save="1", **{**LINE, "lines-0-quantity": "1200"})
    assert "Saved as a draft" in saved.text
    stale = buyer.fill_in(page, save="1", **LINE)
    assert stale.status == 422
    assert any("has saved or removed this draft" in one for one in stale.alerts)
    assert 'value="1000"' in stale.html
    for version in (str(10**30), str(2**63 - 1), "-1", "x"):  # of no draft
        forged = buyer.fill_in(page, save="1", version=version, **LINE)
        assert (forged.status, len(forged.alerts)) == (422, 1), version
    assert status(people[SELLER], colleague.get("acts").link(title)) == 404
    again = buyer.get(buyer.get("desk").link(title))
    assert 'value="1200"' in again.html
    done(buyer.fill_in(again, **{**LINE, "lines-0-quantity": "1200"}))
    assert 'id="drafts"' not in buyer.get("acts").html
    assert "1200" in buyer.get(f"reports/{BUYER}/{year}").text.replace(",", "")


def test_draft__removed__gone(people):
    seller = people[SELLER]
    seller.act("order.place", save="1", session="x", price="not a price")
    page = seller.get("acts")
    assert 'id="drafts"' in page.html
    assert 'id="drafts"' not in seller.send(page, "/remove").html


def test_draft__with_a_table_as_file__keeps_its_lines(people, year):
    seller = people[SELLER]
    table = b"method,key,unit,quantity\nfuel,anthracite,t,77\n"
    page = seller.act("report.amend", save="1", year=year, files=upload("a.csv", table, "lines"))
    assert 'value="77"' in page.html
    seller.send(seller.get("acts"), "/remove")
    bad = seller.act("report.amend", save="1", year=year, files=upload("a.csv", b"\xff", "lines"))
    assert (bad.status, len(bad.alerts)) == (422, 1)
    assert 'id="drafts"' not in seller.get("acts").html


def test_program__keeps_names_and_opens_documents(market, people, year, report):
    _, address = market
    watch = Program(address, issued(people[WATCH], "watching", may_write="yes"))
    seller = Program(address, issued(people[SELLER], "selling", may_write="yes"))
    buyer = Program(address, issued(people[BUYER], "buying", may_write="yes"))

    def keep(program, name, body, kind="application/octet-stream"):
        return program.http.post(
            program.base + "/documents", params={"name": name}, data=body,
            headers={"Content-Type": kind}, timeout=30,
        )  # fmt: skip

    kept = keep(watch, "readings.csv", b"hour,t\n1,2\n")
    assert kept.status_code == 201
    told = kept.json()
    assert told["sha256"] == sha256(b"hour,t\n1,2\n")
    assert (told["name"], told["media_type"]) == ("readings.csv", "text/plain")
    assert keep(watch, "again.csv", b"hour,t\n1,2\n").json() == told
    assert watch.get(f"/documents/{told['id']}").content == b"hour,t\n1,2\n"
    assert seller.get(f"/documents/{told['id']}").status_code == 404
    assert [one["id"] for one in watch.get("/documents", limit=1).json()["items"]] == [told["id"]]
    for name, body, kind, code in (
        ("", b"x", "application/octet-stream", "invalid_input"),
        ("x.exe", b"MZ\0", "application/octet-stream", "invalid_input"),
        ("x.txt", b"x", "text/plain", "invalid_input"),
        ("x.txt", b"", "application/octet-stream", "invalid_input"),
    ):
        refused = keep(watch, name, body, kind)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    values = {"organisation": "The seller", "kind": "monitoring", "year": int(year),
              "statement": "see the readings", "evidence": told["sha256"]}  # fmt: skip
    assert watch.do("complaint.file", values, "c-1", unsigned="true").status_code == 202
    assert watch.delete(f"/documents/{told['id']}").status_code == 422
    free = keep(watch, "free.txt", b"free").json()
    assert watch.delete(f"/documents/{free['id']}").status_code == 204
    path = f"/{report}/documents/{sha256(REPORT)}"
    assert seller.get(path).content == REPORT
    assert buyer.get(path).status_code == 404
    assert buyer.get(f"/complaints/1/documents/{sha256(EVIDENCE)}").status_code == 403
    assert seller.get(f"/complaints/1/documents/{sha256(EVIDENCE)}").content == EVIDENCE
    read_only = Program(address, issued(people[WATCH], "reading"))
    assert keep(read_only, "x.txt", b"x").status_code == 401


def test_database__holds_no_document_in_clear(market, people, report) -> None:
    (database,) = market[0].folder.rglob("accounts.sqlite")
    with closing(sqlite3.connect(database)) as db:
        kept = [row[0] for row in db.execute("SELECT content FROM kept_documents")]
    assert kept
    assert not [blob for blob in kept for clear in (REPORT, EVIDENCE, ORDER) if clear in blob]
