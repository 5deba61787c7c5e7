"""Acting in a real browser: keyboard alone, and pages that axe has no serious complaint about."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from harness.founded import found, open_session
from harness.served import PASSPHRASE, served
from harness.visitor import PASSWORD, Visitor
from tanlian.bootstrap import serving

SELLER = 4
PATHS = (
    "desk", "desk/own-reports", "desk/duties", "desk/coins", "acts", "acts/new",
    "acts/new/report.submit", "acts/new/session.announce", "acts/new/money.redeem", "keys",
    "payees", "people", "programs", "sessions/1", "api/v1/docs",
)  # fmt: skip


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acting-browser")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain, "--cancels-until", "+1h", "--auction-ends", "+2h", "--closes", "+4h")
        with serving(chain.target, "127.0.0.1", 0) as address:
            visitor = Visitor(address).join(chain, SELLER, "seller-one")
            visitor.store_key(chain.network.keys / "seller.json")
            yield address, visitor


@pytest.fixture
def page(market, chromium):
    """A tab of the browser that shares the visitor's session."""
    address, visitor = market
    context = chromium.new_context(locale="en", bypass_csp=True)
    context.add_cookies(
        [{"name": c.name, "value": c.value, "url": address} for c in visitor.http.cookies]
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_page__signed_in__no_serious_issue(market, page, path) -> None:
    page.goto(market[0] + path)
    found_issues = Axe().run(page).response["violations"]
    serious = [
        (i["id"], i["nodes"][0]["html"][:120])
        for i in found_issues
        if i["impact"] in {"serious", "critical"}
    ]
    assert [s for s in serious if path != "api/v1/docs"] == []  # swagger's own page is not ours


def press_to(page, selector: str) -> None:
    """Move the focus with Tab until it is on an element."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_order__keyboard_alone__placed_and_cancelled(market, page) -> None:
    page.goto(market[0] + "sessions/1")
    press_to(page, "#side-1")
    page.keyboard.press("ArrowDown")
    press_to(page, "#price-1")
    page.keyboard.type("69.70")
    press_to(page, "#tonnes-1")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.wait_for_selector("#passphrase, [data-state=done]")
    if page.locator("#passphrase").count():
        press_to(page, "#passphrase")
        page.keyboard.type(PASSPHRASE)
        page.keyboard.press("Enter")
    page.wait_for_selector("[data-state=done]", timeout=20_000)
    page.goto(market[0] + "sessions/1")
    page.wait_for_selector("#own-orders")
    assert "69.70" in page.locator("#own-orders").inner_text()
    press_to(page, "#own-orders form.inline button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice", timeout=20_000)
    assert "cancelled" in page.locator("#own-orders").inner_text()


def test_transfer__sensitive__asks_for_the_password(market, page) -> None:
    """The visitor signed in more than a moment ago would be asked; a fresh one signs with the key."""
    page.goto(market[0] + "acts/new/units.transfer?to=The%20buyer&instrument=CEA24&amount=1")
    press_to(page, "form.act button:not([name])")
    page.keyboard.press("Enter")
    page.wait_for_selector("#act")
    if page.locator("#password").count():
        page.locator("#password").fill(PASSWORD)
    if page.locator("#passphrase").count():
        page.locator("#passphrase").fill(PASSPHRASE)
    if page.locator("#act").get_attribute("data-state") == "drafted":
        page.locator("form.narrow button", has_text="Sign").click()
    page.wait_for_selector("[data-state=done]", timeout=20_000)
