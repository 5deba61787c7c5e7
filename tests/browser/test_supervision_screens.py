"""Supervision in a real browser: from the nation to the evidence by keyboard, in both languages."""

import pytest

from browser.every_page import serious_issues
from harness.founded import ok
from harness.monitored import EMITTER, YEAR, found_monitored
from harness.served import served
from harness.signed_in import session_token
from tanlian.bootstrap import build, serving
from tanlian.settings import load as load_settings

REGULATOR = 1
PLANT = f"plants/{EMITTER}/{YEAR}"
PAGES = (
    "supervision",
    f"supervision/{YEAR}?measure=allocated",
    f"supervision/{YEAR}/regions/21?measure=allocated",
    f"supervision/{YEAR}/anomalies",
    f"{PLANT}/figure",
    f"{PLANT}/calibre",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("supervised")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found_monitored(chain, folder)
        document = folder / "decision.pdf"
        document.write_bytes(b"decision")
        decided = ("--as", "regulator", "--document", document, "--period", YEAR)
        ok(chain, "plan", *decided, "--region", 21, "--cap", 4_000_000, "--capacity", 5_000_000)
        ok(chain, "allocate", "Qinglan Power", 2_900_000, *decided)
        built = build(chain.target, load_settings(), folder)
        built.projector.catch_up()
        with serving(chain.target, "127.0.0.1", 0, data=folder) as address:
            yield address, session_token(built.office, REGULATOR)


@pytest.fixture
def inside(tab, site):
    """A tab in which the regulator is signed in, in the language of the browser."""
    language = tab.evaluate("navigator.language")[:2]
    tab.context.add_cookies(
        [
            {"name": "tanlian_session", "value": site[1], "url": site[0]},
            {"name": "tanlian_language", "value": language, "url": site[0]},
        ]
    )
    return tab


def press_on(tab, locator) -> None:
    """Open a link as the keyboard does."""
    locator.first.focus()
    tab.keyboard.press("Enter")


def test_supervision__keyboard_alone__from_the_nation_to_the_evidence(inside, site) -> None:
    inside.goto(f"{site[0]}supervision")
    press_on(inside, inside.locator(f"#years a[href='/supervision/{YEAR}']"))
    inside.locator("#measure").select_option("allocated")
    inside.locator("main form button").press("Enter")
    inside.wait_for_url("**measure=allocated")
    press_on(inside, inside.locator(f".map a[href='/supervision/{YEAR}/regions/21']"))
    inside.wait_for_url(f"**/supervision/{YEAR}/regions/21")
    press_on(inside, inside.locator(f"#emitters a[href='/{PLANT}/figure']"))
    inside.wait_for_url("**/figure")
    assert inside.locator("#steps li").count() >= 6
    press_on(inside, inside.locator(f"a[href='/{PLANT}/calibre']"))
    inside.wait_for_url("**/calibre")
    assert inside.locator("#calibres tbody tr").count() >= 1


def test_supervision__histogram__bars_are_those_of_the_table(inside, site) -> None:
    inside.goto(f"{site[0]}supervision/{YEAR}?measure=allocated")
    inside.locator("details summary").last.press("Enter")
    bars = inside.locator("#bars tbody tr")
    assert bars.last.is_visible()
    figure = inside.locator("figure.picture:not(.map)")
    assert figure.locator("rect.bid").count() == bars.count()
    inside.locator("#measure").select_option("accepted")
    inside.locator("main form button").press("Enter")
    inside.wait_for_url("**measure=accepted")
    assert inside.locator("figure.picture:not(.map)").count() == 0  # nothing is accepted yet


def test_anomalies__a_row__leads_to_its_evidence(inside, site) -> None:
    inside.goto(f"{site[0]}supervision/{YEAR}/anomalies")
    press_on(inside, inside.locator("tr[data-kind='not_as_anchored'] a"))
    inside.wait_for_url("**/locate")
    assert inside.locator("#first option").count() == 3


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_supervision_pages__axe__no_serious_issue(chromium, site, path, language) -> None:
    context = chromium.new_context(locale=language, bypass_csp=True)
    cookies = {"tanlian_session": site[1], "tanlian_language": language}
    context.add_cookies([{"name": n, "value": v, "url": site[0]} for n, v in cookies.items()])
    page = context.new_page()
    page.goto(site[0] + path)
    issues = serious_issues(page)
    context.close()
    assert issues == []
