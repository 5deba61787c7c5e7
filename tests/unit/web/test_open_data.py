"""Lists to take away: whole, exact, safe to open, and the same as the pages."""

import csv
import io
import json
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from tanlian.domain.instrument import allowance
from tanlian.readmodel.tables import certificates, issue_blocks, organisations
from tanlian.services.chain_watch import Sealing
from tanlian.web.app import create_app
from tanlian.web.config import WebConfig
from tanlian.web.datasets import DATASETS, FORMS

from .conftest import EMITTER

TOKEN = allowance(2024).token_id


@pytest.fixture
def filled(site):
    """Two certificates over a block of 10 t, 60 further members, a checkpoint."""
    for number in range(3, 63):
        site.admit(number, 2)
    site.stand(block=9, time=1_000)
    with site.tables.begin() as db:
        db.execute(
            insert(issue_blocks).values(
                id=TOKEN << 40 | 1, token_id=TOKEN, organisation=EMITTER, first_serial=1,
                amount_kg=10_000, basis="0xab", time=900, tx_hash="0xcd",
            )
        )  # fmt: skip
        for number in range(1, 61):
            db.execute(
                insert(certificates).values(
                    id=TOKEN << 40 | number, token_id=TOKEN, organisation=EMITTER,
                    first_serial=number, amount_kg=1, purpose=1 + number % 3, reference="0xef",
                    time=900 + number // 2, tx_hash="0x01",
                )
            )  # fmt: skip
    return site


def rows_of(site, name: str, form: str) -> list[dict]:
    answer = site.app.test_client().get(f"/data/{name}.{form}")
    assert answer.status_code == 200
    assert f"{name}.{form}" in answer.headers["Content-Disposition"]
    if form == "csv":
        return list(csv.DictReader(io.StringIO(answer.text)))
    return json.loads(answer.text)["rows"]


@pytest.mark.parametrize("name", DATASETS)
def test_data_file__both_forms__same_rows_and_declared_columns(filled, name) -> None:
    as_csv, as_json = rows_of(filled, name, "csv"), rows_of(filled, name, "json")
    assert len(as_csv) == len(as_json)
    for told, other in zip(as_csv, as_json, strict=True):
        assert tuple(told) == tuple(other) == DATASETS[name].columns
        for column, value in other.items():
            shown = "" if value is None else str(value)
            assert told[column].removeprefix("'") == shown


def test_data_file__members__all_of_them(filled) -> None:
    assert [row["number"] for row in rows_of(filled, "members", "json")] == list(range(1, 63))


def test_data_file__certificates__ids_are_exact(filled) -> None:
    rows = rows_of(filled, "certificates", "json")
    assert [int(row["certificate"]) for row in rows] == [
        TOKEN << 40 | number for number in range(1, 61)
    ]


def test_data_file__json__says_up_to_which_block(filled) -> None:
    told = json.loads(filled.app.test_client().get("/data/units.json").text)
    assert (told["block"], told["block_hash"], told["time"]) == (9, "0x34", 1_000)
    (row,) = told["rows"]
    assert (row["issued_kg"], row["held_kg"]) == (10_000, 9_940)
    assert row["surrendered_kg"] + row["cancelled_kg"] + row["clawed_back_kg"] == 60


def test_data_file__name_like_a_formula__is_text_for_a_spreadsheet(filled) -> None:
    with filled.tables.begin() as db:
        evil = update(organisations).where(organisations.c.id == EMITTER)
        db.execute(evil.values(name='=HYPERLINK("https://evil.example")'))
    assert rows_of(filled, "members", "csv")[EMITTER - 1]["name"].startswith("'=HYPER")
    assert rows_of(filled, "members", "json")[EMITTER - 1]["name"].startswith("=HYPER")


@pytest.mark.parametrize(
    "path", ["/data/nothing.csv", "/data/members.xml", "/data/registry/x.json"]
)
def test_data_file__no_such_list__404(filled, path) -> None:
    assert filled.app.test_client().get(path).status_code == 404


def test_data__page__links_every_list_in_every_form(filled) -> None:
    page = filled.browser().get("data").text
    for name in DATASETS:
        for form in FORMS:
            assert f"/data/{name}.{form}" in page


def test_certificates__page_by_page__every_one_once(filled) -> None:
    browser, seen, path = filled.browser(), [], filled.url("certificates")
    import re

    while path:
        page = browser.client.get(path, headers=browser.headers).text
        seen += [int(number) for number in re.findall(r'/certificates/(\d+)">\d', page)]
        older = re.search(r'href="([^"]*before=\d+)"', page)
        path = older[1] if older else None
    assert sorted(seen) == [TOKEN << 40 | number for number in range(1, 61)]


@pytest.mark.parametrize("shape", ["cadt-2", "cdop-2"])
def test_registry__shape__made_of_the_tables(filled, shape) -> None:
    told = filled.app.test_client().get(f"/data/registry/{shape}.json").json
    assert (told["block"], told["status"]) == (9, "S")
    units = told["units"] if shape == "cadt-2" else told["documents"][0]["units"]
    assert len(units) == 61  # 60 certificates, and what is held
    described = filled.app.test_client().get(f"/data/registry/{shape}.schema.json").json
    assert described["$id"] == told["format"]


def test_validators__sealing_known__each_with_its_seal(filled) -> None:
    seals = Sealing(9, "0x34", 1_000, ("0xaa", "0xbb", "0xcc", "0xdd"), frozenset({"0xaa", "0xcc"}))
    office = replace(filled.office, sealing=lambda: seals)
    client = create_app(WebConfig(secret=b"s" * 32), office).test_client()
    page = client.get("/validators", headers={"Accept-Language": "en"}).text
    assert "<dt>Needed for a block</dt><dd>3</dd>" in page
    told = json.loads(client.get("/data/validators.json").text)["rows"]
    assert [row["sealed"] for row in told] == [True, False, True, False]


@pytest.mark.parametrize("endpoint", ["rules", "statistics", "validators", "prices", "data"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_page__empty_tables__still_reads(site, endpoint, language) -> None:
    page = site.browser(language).get(endpoint)
    assert page.status_code == 200
    assert page.text.count("<h1>") == 1


def test_rule_book__every_one__opens(site) -> None:
    from tanlian.domain.published_rules import all_rules

    for book in all_rules():
        page = site.browser().get("rule_book", name=book.name)
        assert (page.status_code, book.rules_hash.hex() in page.text) == (200, True)
    assert site.browser().get("rule_book", name="nothing").status_code == 404
