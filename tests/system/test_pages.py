"""The pages of everybody over a real chain: what they show, and that they follow it."""

import csv
import io
import json
import re
import threading
import time
import urllib.error
import urllib.request

import pytest

from harness.founded import clear_one_pair, found, ok
from harness.served import served
from tanlian.bootstrap import serving


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """A session whose auction was cleared, with one order left, and the pages served."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        clear_one_pair(chain)
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


def page(address: str, path: str, language: str = "en") -> str:
    request = urllib.request.Request(address + path, headers={"Accept-Language": language})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def rows(html: str, table: str) -> list[list[str]]:
    body = (
        html.split(f'<table id="{table}">')[1].split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    )
    return [
        [re.sub("<[^>]+>", "", cell).strip() for cell in re.findall("<td.*?</td>", row, re.DOTALL)]
        for row in body.split("</tr>")
        if "<td" in row
    ]


def test_session__after_clearing__shows_book_pair_and_trade(market) -> None:
    html = page(market[1], "sessions/1")
    assert ["69.50", "sell", "50", "1"] in rows(html, "book")
    (trade,) = rows(html, "trades")
    assert trade[1:] == ["Double auction", "The buyer", "The seller", "250", "70.00"]
    assert html.count("<svg") == 6
    assert "Up to block" in html


def test_session__chinese__same_figures(market) -> None:
    html = page(market[1], "sessions/1", "zh")
    assert ["69.50", "卖", "50", "1"] in rows(html, "book")
    assert "第一阶段配对" in html


def test_trades_csv__session__whole_and_exact(market) -> None:
    with urllib.request.urlopen(market[1] + "sessions/1/trades.csv", timeout=20) as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        (trade,) = csv.DictReader(io.StringIO(answer.read().decode()))
    assert (trade["kind"], trade["lots"], trade["half_ticks"]) == ("AUCTION", "250", "14000")


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240])
def test_candles__span_that_is_asked_for__page_and_files_agree(market, minutes) -> None:
    html = page(market[1], f"sessions/1?minutes={minutes}")
    (span,) = rows(html, "spans")
    assert span[1:] == ["70.00"] * 4 + ["250", "1"]
    path = f"sessions/1/candles/{minutes}"
    assert [f"/{path}.{form}" in html for form in ("csv", "json")] == [True, True]
    (in_csv,) = csv.DictReader(io.StringIO(page(market[1], f"{path}.csv")))
    told = json.loads(page(market[1], f"{path}.json"))
    (in_json,) = told["rows"]
    assert {name: str(value) for name, value in in_json.items()} == in_csv
    assert [in_json[name] for name in ("first_half_ticks", "last_half_ticks")] == [14_000, 14_000]
    assert (in_json["volume_t"], in_json["trades"]) == (250, 1)
    (trade,) = csv.DictReader(io.StringIO(page(market[1], "sessions/1/trades.csv")))
    assert 0 <= int(trade["time"]) - in_json["starts_at"] < minutes * 60
    assert told["block"] > 0


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("sessions/1?minutes=7", 422, "Candles are of 1, 5, 15, 60 or 240 minutes."),
        ("sessions/1?minutes=%D9%A5", 422, "Candles are of 1, 5, 15, 60 or 240 minutes."),
        ("sessions/1/candles/7.csv", 422, "Candles are of 1, 5, 15, 60 or 240 minutes."),
        ("sessions/1/candles/5.xml", 404, "Candles are there as CSV and JSON, not as xml."),
        ("sessions/9/candles/5.json", 404, "There is no session 9."),
    ],
)
def test_candles__what_is_not_there__says_so(market, path, status, sentence) -> None:
    with pytest.raises(urllib.error.HTTPError) as answer:
        page(market[1], path)
    assert answer.value.code == status
    assert sentence in answer.value.read().decode()


@pytest.mark.parametrize("until", ["0", "-1", "x", "9" * 30])
def test_candles__moment_beyond_the_trades__the_nearest_are_shown(market, until) -> None:
    (span,) = rows(page(market[1], f"sessions/1?minutes=1&until={until}"), "spans")
    assert span[1] == "70.00"


@pytest.mark.parametrize("path", ["", "sessions", "members", "supervision", "certificates"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_page__everybody__answers_with_one_heading(market, path, language) -> None:
    html = page(market[1], path, language)
    assert html.count("<h1>") == 1
    assert f'<html lang="{language}">' in html


def test_prices__session_that_traded__first_highest_lowest_last(market) -> None:
    (row,) = rows(page(market[1], "prices"), "prices")
    assert row[3:7] == ["70.00"] * 4
    assert row[8:] == ["250", "1"]
    assert page(market[1], "prices?units=CEA24").count("<svg") == 1


def test_statistics__market__adds_up(market) -> None:
    (row,) = rows(page(market[1], "statistics"), "units")
    assert [cell.replace("\u202f", "") for cell in row] == [
        "CEA24",
        "30000",
        "30000",
        "0",
        "0",
        "0",
    ]


def wait_for(address: str, path: str, words: str) -> str:
    """Pages that tell what the chain was asked beside them need a moment at first."""
    for _ in range(50):
        html = page(address, path)
        if words in html:
            return html
        time.sleep(0.2)
    raise AssertionError(f"{path} never said {words!r}")


def test_rules__hashes_on_the_chain__are_those_of_shipped_books(market) -> None:
    html = wait_for(market[1], "rules", "Rewards and penalties")
    assert 'href="/rules/incentives_2024">incentives_2024' in html
    assert 'href="/rules/credit_rating_2024">credit_rating_2024' in html
    assert "not one of those below" not in html


def test_validators__embedded_chain__its_one_sealer(market) -> None:
    html = wait_for(market[1], "validators", "Sealed that block")
    assert html.count("<td>yes</td>") == 1


def test_supervision__plan__beside_what_was_allocated(market) -> None:
    html = page(market[1], "supervision")
    assert "1 000 000" in html.replace("\u202f", " ").replace("\u2009", " ")
    assert "30 000" in html.replace("\u202f", " ").replace("\u2009", " ")


@pytest.mark.parametrize(
    "path",
    ["sessions/9", "sessions/9/trades.csv", "certificates/9", "certificates/18446744073709551616"],
)
def test_page__unknown_number__404_with_a_sentence(market, path) -> None:
    with pytest.raises(urllib.error.HTTPError) as answer:
        page(market[1], path)
    assert answer.value.code == 404
    assert "There is no" in answer.value.read().decode()


@pytest.mark.parametrize("serial", ["x", "-1", "1"])
def test_certificates__serial_that_is_none__says_why(market, serial) -> None:
    html = page(market[1], f"certificates?instrument=281474976712680&serial={serial}")
    assert 'role="alert"' in html


def test_live__new_block__told_within_two_seconds(market) -> None:
    chain, address = market
    told = threading.Event()
    head = chain.connection().head()

    def listen() -> None:
        with urllib.request.urlopen(address + "live", timeout=20) as stream:
            for line in stream:
                if line.startswith(b"data: ") and int(line[6:]) > head:
                    told.set()
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    time.sleep(1)
    ok(chain, "quote", 1, "buy", "68.00", 7, "--as", "other")
    assert told.wait(2)
    listener.join(5)
    assert ["68.00", "buy", "7", "1"] in rows(page(address, "sessions/1"), "book")
