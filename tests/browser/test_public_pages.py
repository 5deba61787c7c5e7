"""What everybody sees, in a real browser and both languages."""

import pytest

from browser.every_page import serious_issues
from harness.founded import clear_one_pair, found, ok
from harness.served import served
from tanlian.bootstrap import serving

PATHS = (
    "",
    "sessions",
    "sessions/1",
    "members",
    "supervision",
    "certificates?instrument=1&serial=x",
    "prices",
    "rules",
    "rules/cn_2024",
    "validators",
    "statistics",
    "data",
    "sign-in",
    "no-such-page",
)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        clear_one_pair(chain)
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("path", PATHS)
def test_page__axe__no_serious_issue(market, chromium, path, locale) -> None:
    context = chromium.new_context(locale=locale, bypass_csp=True)
    page = context.new_page()
    page.goto(market[1] + path)
    issues = serious_issues(page)
    context.close()
    assert issues == []


def test_session__new_order__appears_without_reload(market, tab) -> None:
    chain, address = market
    tab.goto(address + "sessions/1")
    assert tab.locator(".picture svg").count() == 6
    price = f"68.{chain.connection().head() % 90 + 10}"
    assert tab.locator("#book td", has_text=price).count() == 0
    tab.wait_for_timeout(1_000)  # the stream is open
    tab.evaluate("window.stayed = true")
    ok(chain, "quote", 1, "buy", price, 7, "--as", "other")
    tab.locator("#book td", has_text=price).wait_for(timeout=10_000)
    assert tab.evaluate("window.stayed")


def test_language__switched__stays_for_the_next_page(market, tab) -> None:
    tab.goto(market[1] + "sessions")
    other = tab.locator("header button[lang]")
    language = other.get_attribute("lang")
    other.click()
    assert tab.locator("html").get_attribute("lang") == language
    tab.goto(market[1] + "members")
    assert tab.locator("html").get_attribute("lang") == language


def test_navigation__keyboard_alone__reaches_the_market(market, tab) -> None:
    tab.goto(market[1])
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    for _ in range(10):
        tab.keyboard.press("Tab")
        if (tab.evaluate("document.activeElement.getAttribute('href')") or "") == "/sessions":
            break
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/sessions")
