"""One book in two browsers at once: live, right after a cut, with the clock of the stage."""

import re
import time
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from harness.browsing import Person
from harness.founded import found, ok, open_session, wait
from harness.served import PASSPHRASE, served
from harness.signed_in import joined
from tanlian.bootstrap import build, serving
from tanlian.settings import load as load_settings

SELLER = 4
SOON = 20_000
LONGEST_PAUSE = 10_000  # in which a page does not try a lost stream again
OUTAGE_SECONDS = 25
MINUTE = 60
RUNNING = re.compile(r"^\d\d:\d\d:\d\d$")


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two-browsers")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain, "--cancels-until", "+1h", "--auction-ends", "+2h", "--closes", "+4h")
        yield chain, build(chain.target, load_settings(), folder).office


def a_seller(chromium, market, address: str) -> Person:
    """A person of the seller at the session's page, with the key open."""
    chain, office = market
    person = Person(chromium, address, "zh")
    person.sign_in(joined(office, SELLER, language=""))
    if 'name="address"' not in person.page.request.get(f"{address}keys").text():
        person.store_key(chain.network.keys / "seller.json")
    person.open("keys")
    person.page.locator("#pass-1").fill(PASSPHRASE)
    person.page.locator("#pass-1").press("Enter")
    person.page.get_by_text(person.say("unlocked"), exact=True).first.wait_for()
    person.open("sessions/1")
    return person


def place(person: Person, price: str, tonnes: int = 3) -> None:
    person.page.locator("#side-1").select_option("sell")
    person.page.locator("#price-1").fill(price)
    person.page.locator("#tonnes-1").fill(str(tonnes))
    person.press("Send")
    person.page.locator(".notice").wait_for()


def cancel(person: Person, price: str) -> None:
    person.page.locator("#own-orders tr", has_text=price).first.get_by_role(
        "button", name=re.compile(re.escape(person.say("Cancel")))
    ).click()
    person.page.locator(".notice").wait_for()


def level(page, price: str):
    return page.locator("#book tr", has_text=price)


def test_book__two_browsers__each_sees_the_other_without_reload(market, chromium) -> None:
    chain, _ = market
    with serving(chain.target, "127.0.0.1", 0) as address:
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        acting = a_seller(chromium, market, address)
        watching = chromium.new_context(locale="en-GB").new_page()
        watching.goto(address + "sessions/1")
        watching.evaluate("window.stayed = true")

        place(acting, "69.11")
        level(watching, "69.11").wait_for(timeout=SOON)
        cancel(acting, "69.11")
        level(watching, "69.11").wait_for(state="detached", timeout=SOON)
        place(acting, "69.12")
        level(watching, "69.12").wait_for(timeout=SOON)

    # every stream is cut; what happens meanwhile is seen when the pages are there again
    place_behind_their_back(chain)
    time.sleep(OUTAGE_SECONDS)
    assert level(watching, "69.13").count() == 0
    with serving(chain.target, "127.0.0.1", port):
        level(watching, "69.13").wait_for(timeout=LONGEST_PAUSE + SOON)
        assert level(watching, "69.12").count() == 1
        assert "69.11" not in watching.locator("#book").inner_text()
        cancel(acting, "69.12")
        level(watching, "69.12").wait_for(state="detached", timeout=SOON)
        assert watching.evaluate("window.stayed")
    watching.context.close()
    acting.context.close()  # its console tells of the cut


def place_behind_their_back(chain) -> None:
    ok(chain, "quote", 1, "sell", "69.13", 2, "--as", "seller")


def test_stream__refused_again_and_again__tried_every_few_seconds(market, chromium) -> None:
    """As a proxy answers whose server is away, or a server whose every place is taken."""
    chain, _ = market
    with serving(chain.target, "127.0.0.1", 0) as address:
        page, tries = chromium.new_context(locale="en-GB").new_page(), []

        def refuse(route) -> None:
            tries.append(time.monotonic())
            route.fulfill(status=503)

        page.route("**/live", refuse)
        page.goto(address + "sessions/1")
        while len(tries) < 6:
            page.wait_for_timeout(200)
        pauses = [later - earlier for earlier, later in pairwise(tries)]
        assert max(pauses) * 1_000 < LONGEST_PAUSE
        assert pauses[0] < pauses[-1]
        ok(chain, "quote", 1, "sell", "69.14", 2, "--as", "seller")
        page.unroute("**/live")
        level(page, "69.14").wait_for(timeout=LONGEST_PAUSE + SOON)
        page.context.close()


def test_page__not_given_when_a_block_came__asked_for_again(market, chromium) -> None:
    chain, _ = market
    with serving(chain.target, "127.0.0.1", 0) as address:
        page, refused = chromium.new_context(locale="en-GB").new_page(), []
        page.goto(address + "sessions/1")
        page.wait_for_timeout(1_000)  # the stream is open

        def refuse(route) -> None:
            refused.append(route.request.url)
            route.fulfill(status=503, body="")

        page.route("**/sessions/1", refuse)
        ok(chain, "quote", 1, "sell", "69.15", 2, "--as", "seller")
        while not refused:
            page.wait_for_timeout(100)
        page.unroute("**/sessions/1")
        level(page, "69.15").wait_for(timeout=SOON)
        page.context.close()


def test_stage__its_clock_runs_and_the_next_one_comes(market, chromium) -> None:
    chain, _ = market
    with serving(chain.target, "127.0.0.1", 0) as address:
        page = chromium.new_context(locale="en-GB").new_page()
        page.goto(address + "sessions/1")
        clock, stage = page.locator("[role=timer]"), page.locator("#market dd").first
        expect(clock).to_have_text(RUNNING)
        first = clock.inner_text()
        expect(clock).not_to_have_text(first)
        assert clock.inner_text() < first
        expect(stage).to_have_text("stage one: quotes")
        wait(chain, 60 * MINUTE + 1)
        expect(stage).to_have_text("stage one: additions only", timeout=SOON)
        expect(clock).to_have_text(RUNNING)
        wait(chain, 60 * MINUTE)
        expect(stage).to_have_text("clearing", timeout=SOON)
        assert clock.count() == 0  # somebody has to clear first
        page.context.close()


def test_candles__span_that_the_reader_chose__live_with_each_trade(market, chromium) -> None:
    chain, _ = market
    with serving(chain.target, "127.0.0.1", 0) as address:
        page = chromium.new_context(locale="zh-CN").new_page()
        page.goto(address + "sessions/1?minutes=60")
        page.evaluate("window.stayed = true")
        assert page.locator("#spans").count() == 0
        ok(chain, "clear", 1, "--as", "buyer")
        for tonnes in (1, 1):
            ok(chain, "market-order", 1, "buy", tonnes, "--as", "buyer")
        row = page.locator("#spans tbody tr").first.locator("td")
        expect(row.nth(6)).to_have_text("2", timeout=SOON)
        assert row.all_inner_texts()[1:] == ["69.13"] * 4 + ["2", "2"]
        assert page.locator("[aria-current=true]").inner_text() == "1小时"
        assert page.locator(".picture .volume").count() > 0
        assert page.evaluate("window.stayed")
        page.context.close()


@pytest.mark.parametrize(
    ("language", "over", "stage"),
    [("en-GB", "The time of this stage is over", "stage one: additions only"),
     ("zh-CN", "本阶段时间已到", "第一阶段：只增不撤")],
)  # fmt: skip
def test_stage__no_block_comes__says_that_its_time_is_over_and_goes_on(
    tmp_path, chromium, language, over, stage
) -> None:
    with pytest.MonkeyPatch.context() as environment, served(tmp_path, environment) as chain:
        found(chain, tmp_path)
        with serving(chain.target, "127.0.0.1", 0) as address:
            times = ("--cancels-until", "+12s", "--auction-ends", "+2h", "--closes", "+4h")
            open_session(chain, *times)  # the chain's clock is now ahead of the server's
            head = chain.connection().head()
            page = chromium.new_context(locale=language).new_page()
            while page.goto(address + "sessions/1").status == 404:  # the tables follow in a moment
                page.wait_for_timeout(50)
            clock, shown = page.locator("[role=timer]"), page.locator("#market dd").first
            expect(clock).to_have_text(RUNNING)
            expect(clock).to_contain_text(over, timeout=SOON)
            expect(shown).to_have_text(stage, timeout=SOON)
            expect(clock).to_have_text(RUNNING)
            assert chain.connection().head() == head
            page.context.close()
