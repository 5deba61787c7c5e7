"""Acting in a real browser: keyboard alone, and pages that axe has no serious complaint about."""

import re

import pytest

from browser import test_plant_scene, test_public_pages, test_supervision_screens
from browser.every_page import endpoints_of, pages_of, serious_issues
from harness.compliance_year import YEAR, open_year
from harness.founded import open_session
from harness.retired import cancel
from harness.served import PASSPHRASE, served
from harness.visitor import PASSWORD, Visitor
from tanlian.accounts import doors, people
from tanlian.accounts.audit_log import Origin
from tanlian.bootstrap import build, serving
from tanlian.settings import load as load_settings

REGULATOR, SELLER = 1, 4
SELLERS = (
    "desk", "desk/own-reports", "desk/duties", "desk/coins", "desk/holdings", "desk/redemptions",
    "acts", "acts/new", "acts/new/report.submit", "acts/new/money.redeem",
    "acts/new/duty.surrender", "acts/new/complaint.file", "keys", "payees", "people", "activity",
    "programs", "webhooks", "documents", "sessions/1", f"reports/{SELLER}/{YEAR}", "complaints/1", "certificates/{kept}",
    "acts/{act}",
)  # fmt: skip
REGULATORS = (
    "desk", "desk/reports", "desk/organisations", "desk/complaint-queue", "desk/grants",
    f"organisations/{SELLER}", "people/invite", "acts/new/organisation.admit",
    "acts/new/cap.set", "acts/new/view.grant",
)  # fmt: skip
STRANGERS = ("join/{token}", "sign-in")
LOCALES = ("en-GB", "zh-CN")


class Market:
    """Pages over a served year, with a person of the seller and one of the regulator."""

    def __init__(self, chain, address, built, kept: int) -> None:
        self.address, self.app, self.office = address, built.app, built.office
        self.seller = Visitor(address).join(chain, SELLER, "seller-one")
        self.seller.store_key(chain.network.keys / "seller.json")
        self.regulator = Visitor(address).join(chain, REGULATOR, "regulator-one")
        filed = self.seller.sign(
            self.seller.act(
                "complaint.file", organisation="The buyer", kind="other", year=str(YEAR),
                evidence="ab" * 32, statement="Late",
            )
        )  # fmt: skip
        assert filed.state == "done", filed.text
        self.seller.lock()
        with self.office.engine.begin() as db:
            doors.let_in(db, people.people_of(db, SELLER)[0])
        self.parts = {
            "kept": kept,
            "act": filed.url.split("/acts/")[1].split("?")[0],
            "token": self._invited(),
        }

    def _invited(self) -> str:
        page = self.regulator.get("people/invite")
        answer = self.regulator.send(page, 'name="name"', organisation=str(SELLER), name="Li")
        return answer.html.split("/join/")[1].split("<")[0]

    def tab(self, chromium, visitor: Visitor | None, locale: str):
        """A page of the browser in which the visitor is signed in."""
        context = chromium.new_context(locale=locale, bypass_csp=True)
        kept = visitor.http.cookies if visitor else ()
        cookies = [{"name": c.name, "value": c.value, "url": self.address} for c in kept]
        language = {"name": "tanlian_language", "value": locale[:2], "url": self.address}
        context.add_cookies([*cookies, language])
        return context.new_page()


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acting-browser")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        open_year(chain, folder)
        open_session(chain, "--cancels-until", "+1h", "--auction-ends", "+2h", "--closes", "+4h")
        kept = cancel(chain, "seller", SELLER, 1_000)
        built = build(chain.target, load_settings(), folder)
        built.projector.catch_up()
        with serving(chain.target, "127.0.0.1", 0, data=folder) as address:
            yield Market(chain, address, built, kept)


@pytest.fixture
def page(market, chromium):
    """A tab of the browser that shares the seller's session."""
    tab = market.tab(chromium, market.seller, "en-GB")
    yield tab
    tab.context.close()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("who", "path"),
    [("seller", p) for p in SELLERS]
    + [("regulator", p) for p in REGULATORS]
    + [("", p) for p in STRANGERS],
)
def test_page__axe__no_serious_issue(market, chromium, who, path, locale) -> None:
    tab = market.tab(chromium, getattr(market, who) if who else None, locale)
    answer = tab.goto(market.address + path.format(**market.parts))
    assert answer.status == 200
    assert tab.locator("html").get_attribute("lang") == locale[:2]
    issues = serious_issues(tab)
    tab.context.close()
    assert issues == []


@pytest.mark.parametrize("locale", LOCALES)
def test_door__axe__no_serious_issue(market, chromium, locale) -> None:
    """The page of a demonstration from which its people come in."""
    with market.office.engine.begin() as db:
        token = doors.make(db, Origin("test", market.office.now()))
    tab = market.tab(chromium, None, locale)
    tab.goto(f"{market.address}enter/{token}")
    assert tab.url.endswith("/enter")
    issues = serious_issues(tab)
    tab.context.close()
    assert issues == []


def test_every_page__is_looked_at_by_axe(market) -> None:
    """A page that is new has to be named in one of the lists, or this fails."""
    own = (p.format(**market.parts) for p in (*SELLERS, *REGULATORS, *STRANGERS))
    others = (
        *(p for p in test_public_pages.PATHS if p != "no-such-page"),
        *test_supervision_screens.PAGES,
        *test_plant_scene.PAGES,
    )
    looked_at = endpoints_of(market.app, [*own, *others]) | {"door"}
    assert pages_of(market.app) - looked_at == set()


# -- the keyboard alone --------------------------------------------------------------------------


def press_to(page, selector: str) -> None:
    """Move the focus with Tab until it is on an element, and see on the way where it is."""
    for _ in range(120):
        page.keyboard.press("Tab")
        outlined = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return true;"
            " const s = getComputedStyle(e);"
            " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }"
        )
        assert outlined, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def sign_by_keyboard(page) -> None:
    """Give what is asked for, in order, and sign."""
    page.wait_for_selector("#act")
    asked = [
        (selector, words)
        for selector, words in (("#password", PASSWORD), ("#passphrase", PASSPHRASE))
        if page.locator(selector).count()
    ]
    for selector, words in asked:
        press_to(page, selector)
        page.keyboard.type(words)
    if asked:
        page.keyboard.press("Enter")
    elif page.locator("#act").get_attribute("data-state") == "drafted":
        press_to(page, "form.narrow button")
        page.keyboard.press("Enter")
    page.wait_for_selector("[data-state=done]", timeout=20_000)


def test_order__keyboard_alone__placed_and_cancelled(market, page) -> None:
    page.goto(market.address + "sessions/1")
    press_to(page, "#side-1")
    page.keyboard.press("ArrowDown")
    press_to(page, "#price-1")
    page.keyboard.type("69.70")
    press_to(page, "#tonnes-1")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.wait_for_selector("#passphrase, [data-state=done], .notice")
    if page.locator("#passphrase").count():
        sign_by_keyboard(page)
    page.goto(market.address + "sessions/1")
    page.wait_for_selector("#own-orders")
    assert "69.70" in page.locator("#own-orders").inner_text()
    press_to(page, "#own-orders form.inline button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice", timeout=20_000)
    assert "cancelled" in page.locator("#own-orders").inner_text()


def test_surrender__keyboard_alone__from_the_desk_to_the_met_duty(market, page) -> None:
    page.goto(market.address + "desk")
    press_to(page, "#tasks a[href*='duty.surrender']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("duty.surrender"))
    # what is owed stands there already
    assert page.locator("#units-0-instrument").input_value() == "CEA24"
    assert page.locator("#units-0-amount").input_value() == "1000.000"
    assert page.locator("#units-1-instrument").input_value() == ""
    press_to(page, "form.act > p > button")
    page.keyboard.press("Enter")
    sign_by_keyboard(page)
    page.goto(market.address + "desk")
    assert page.locator("#tasks a[href*='duty.surrender']").count() == 0
    page.goto(market.address + "desk/duties")
    row = page.locator("#list tbody tr", has_text=str(YEAR)).first.inner_text()
    assert row.count("1\N{NARROW NO-BREAK SPACE}000") >= 2, row


def test_skip_link__keyboard__past_the_navigation_into_the_content(market, page) -> None:
    page.goto(market.address + "desk")
    page.keyboard.press("Tab")
    link = page.locator(".skip")
    assert link.evaluate("e => e === document.activeElement")
    assert link.bounding_box()["x"] >= 0, "seen while it has the focus"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('content').contains(document.activeElement)")


def test_transfer__sensitive__asks_for_the_password(market, page) -> None:
    """The visitor signed in more than a moment ago would be asked; a fresh one signs with the key."""
    page.goto(market.address + "acts/new/units.transfer?to=The%20buyer&instrument=CEA24&amount=1")
    press_to(page, "form.act button:not([name])")
    page.keyboard.press("Enter")
    page.wait_for_selector("#act")
    sign_by_keyboard(page)
