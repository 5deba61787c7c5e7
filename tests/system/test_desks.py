"""Workbenches over a real chain: what waits for whom, and a year's report from desk to desk."""

import re
import time

import pytest

from harness.founded import found, ok
from harness.served import served
from harness.visitor import joined
from tanlian.bootstrap import serving
from tanlian.services.access import open_access
from tanlian.services.activity_files import activity_of, call_lines

REGULATOR, EXCHANGE, BANK, SELLER, BUYER, OTHER, VERIFIER = range(1, 8)
HASH = "ab" * 32
ANTHRACITE = {"method": "fuel", "key": "anthracite", "unit": "t", "quantity": "1000"}
ALIASES = {REGULATOR: "regulator", EXCHANGE: "exchange", BANK: "bank", SELLER: "seller",
           BUYER: "buyer", VERIFIER: "verifier"}  # fmt: skip


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desks")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        ok(chain, "admit", "--as", "regulator", "--identity", "id:verifier", "--name", "The verifier",
           "--account", chain.key("verifier").address, "--roles", "verifier", "--region", 2)  # fmt: skip
        for name in ("ipcc-2006", "gwp-ar5"):
            ok(chain, "emissions", "load-factors", name, "--as", "regulator")
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


@pytest.fixture(scope="module")
def people(market):
    return joined(*market, ALIASES)


def year_before(chain) -> str:
    from datetime import UTC, datetime

    return str(datetime.fromtimestamp(chain.connection().now(), UTC).year - 1)


def wait_for(holds, seconds=10) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.1)


def done(page):
    assert page.status == 200, page.alerts
    assert page.state == "done", page.text
    return page


def test_report__from_desk_to_desk__accepted_figure_and_history(market, people) -> None:
    chain, _ = market
    year = year_before(chain)
    regulator, seller, verifier = (people[n] for n in (REGULATOR, SELLER, VERIFIER))
    done(regulator.act("monitoring.open-year", year=year))
    done(regulator.act("emissions.open-year", year=year, factors="ipcc-2006", gases="gwp-ar5",
                       report_days="3000", verify_days="60", correction_days="30",
                       objection_days="7", most_years="3"))  # fmt: skip
    line = {"lines-lines": "6", "lines-0-method": "fuel", "lines-0-key": "anthracite",
            "lines-0-unit": "t", "lines-0-quantity": "1000"}  # fmt: skip
    form = seller.get("acts/new/report.submit")
    answer = seller.send(form, 'class="act"', preview="1", year=year, **line)
    methods = open_access(chain.target).contracts["methods"]
    sets = [methods.read("set_named", name) for name in ("ipcc-2006", "gwp-ar5")]
    kg = methods.read("total_kg", *sets, call_lines(activity_of([ANTHRACITE])))
    assert f"{kg // 1000}.{kg % 1000:03d}".rstrip("0") in answer.text.replace(" ", "")
    assert answer.status == 200
    done(seller.act("report.submit", year=year, document=HASH, **line))
    assert "Reports of all emitters" in regulator.get("desk").text
    assert f"The seller, {year}" in regulator.get("desk").text
    done(regulator.act("verification.assign", organisation="The seller", year=year,
                       verifier="The verifier"))  # fmt: skip
    desk = verifier.get("desk")
    assert f"The seller, {year}" in desk.text
    page = verifier.get(f"reports/{SELLER}/{year}")
    assert "anthracite" in page.text
    assert "Endorse" in page.text
    correcting = verifier.get(page.link("Correct"))
    assert 'value="anthracite"' in correcting.html
    assert 'value="1000"' in correcting.html
    done(verifier.act("verification.endorse", organisation="The seller", year=year, version="1",
                      evidence=HASH))  # fmt: skip
    assert "Nothing waits for your organisation." in verifier.get("desk").text
    record = open_access(chain.target).contracts["emissions"].read("record_of", SELLER, int(year))
    kg = record.verified_kg
    listed = regulator.get("desk/reports")
    assert f"amount={kg // 1000}.{kg % 1000:03d}" in listed.html
    done(regulator.act("report.accept", organisation="The seller", year=year,
                       amount=f"{kg // 1000}.{kg % 1000:03d}", document=HASH))  # fmt: skip
    page = seller.get(f"reports/{SELLER}/{year}")
    assert "Emissions accepted" in page.text
    assert page.text.index("Report submitted") < page.text.index("Emissions accepted")


def test_report__organisation_without_part_in_it__refused(market, people) -> None:
    year = year_before(market[0])
    for stranger in (BUYER, BANK):
        answer = people[stranger].get(f"reports/{SELLER}/{year}")
        assert answer.status == 403
        assert "anthracite" not in answer.text


@pytest.mark.parametrize("name", ["reports", "queue", "organisations", "bank-redemptions"])
def test_list__of_another_role__not_there(market, people, name) -> None:
    assert people[BUYER].get(f"desk/{name}").status == 404
    assert people[BUYER].get(f"desk/{name}.csv").status == 404
    assert people[BUYER].get(f"organisations/{SELLER}").status == 403


def test_redemption__from_member_to_bank__waits_until_it_is_paid_out(market, people) -> None:
    chain, _ = market
    ok(chain, "money", "redeem", "The bank", "1000", "--payee", "account 1", "--as", "buyer")
    bank = people[BANK]
    wait_for(lambda: "Redemptions to pay out : 1" in bank.get("desk").text)
    done(bank.act("money.pay-out", redemption="1", payment="out-1"))
    assert "Nothing waits for your organisation." in bank.get("desk").text
    assert "paid out" in people[BUYER].get("desk/redemptions").text
    assert "paid out" not in people[SELLER].get("desk/redemptions").text


def test_session__announced_at_the_exchange__listed(market, people) -> None:
    exchange = people[EXCHANGE]
    page = exchange.get("acts/new/session.announce")
    assert 'type="datetime-local"' in page.html
    times = {name: f"+{minutes}m" for name, minutes in
             (("opens", 1), ("cancels_until", 2), ("auction_ends", 3), ("closes", 9), ("pay_by", 20))}  # fmt: skip
    done(exchange.act("session.announce", instrument="CEA24", reference="70.00",
                      rules="cn_market_2021", **times))  # fmt: skip
    assert "CEA24" in exchange.get("desk/sessions").text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("organisation", ALIASES)
def test_desk__every_role_and_list__opens_in_both_languages(
    market, people, organisation, language
) -> None:
    visitor = people[organisation]
    visitor.http.cookies.set("tanlian_language", language)
    try:
        desk = visitor.get("desk")
        assert f'<html lang="{language}">' in desk.html
        names = set(re.findall(r'href="/desk/([\w-]+)"', desk.html))
        assert names
        for name in names:
            page = visitor.get(f"desk/{name}")
            assert page.status == 200
            assert page.html.count("<h1>") == 1
            answer = visitor.http.get(f"{visitor.address}desk/{name}.csv")
            assert answer.status_code == 200
    finally:
        visitor.http.cookies.set("tanlian_language", "en")
