"""The plant in three dimensions: it really draws, agrees with its table, and works by keyboard."""

import json
import struct
import zlib

import pytest

from browser.conftest import CHROMIUM
from browser.every_page import serious_issues
from harness.monitored import EMITTER, HOUR, LOST, START, YEAR, found_monitored
from harness.served import served
from harness.signed_in import session_token
from tanlian.bootstrap import build, serving
from tanlian.settings import load as load_settings

REGULATOR = 1
PLANT = f"plants/{EMITTER}/{YEAR}"
AT = START + HOUR * LOST[0]
PAGES = (
    "plants",
    f"{PLANT}?start={AT}",
    f"{PLANT}/devices/2?start={AT}",
    f"{PLANT}/readings/emitter/1/{START}",
    f"{PLANT}/locate?first=emitter&second=verifier",
)
FLAGS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        it = found_monitored(chain, folder)
        built = build(chain.target, load_settings(), folder)
        built.projector.catch_up()
        with serving(chain.target, "127.0.0.1", 0, data=folder) as address:
            yield it, address, session_token(built.office, REGULATOR, language="")


@pytest.fixture(scope="module")
def drawing_browser(chromium):
    """A browser with WebGL in software, beside the plain one of the other tests."""
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", *FLAGS]
    )
    yield browser
    browser.close()


def open_tab(browser, site, **options):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    context.add_cookies([{"name": "tanlian_session", "value": site[2], "url": site[1]}])
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: page.complaints.append(said.text) if said.type == "error" else None,
    )
    return page


@pytest.fixture(params=["en", "zh-CN"])
def tab(drawing_browser, site, request):
    page = open_tab(drawing_browser, site, locale=request.param)
    yield page
    page.context.close()
    assert page.complaints == []


def pixels(png: bytes) -> list[tuple[int, int, int]]:
    """Every seventh pixel of a PNG as the browser writes it: 8 bits, no interlacing."""
    at, data, size = 8, b"", (0, 0, 0)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            size = (*struct.unpack(">II", body[:8]), 4 if body[9] == 6 else 3)
        data += body if kind == b"IDAT" else b""
        at += length + 12
    width, height, depth = size
    raw, line, found = zlib.decompress(data), bytearray(width * depth), []
    for row in range(height):
        start = row * (width * depth + 1)
        line = unfilter(raw[start], raw[start + 1 : start + 1 + width * depth], line, depth)
        found += [tuple(line[x * depth : x * depth + 3]) for x in range(0, width, 7)]
    return found


def unfilter(kind: int, row: bytes, above: bytearray, depth: int) -> bytearray:
    out = bytearray(row)
    for i in range(len(out)):
        left = out[i - depth] if i >= depth else 0
        corner = above[i - depth] if i >= depth else 0
        up = above[i]
        nearest = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
        out[i] = (out[i] + (0, left, up, (left + up) // 2, nearest)[kind]) & 0xFF
    return out


def hue_seen(found: list[tuple[int, int, int]], colour: str) -> int:
    """How many pixels have the proportions of a colour, whatever light falls on it."""
    want = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    top = max(want)
    return sum(
        1
        for pixel in found
        if max(pixel) > 40
        and all(abs(p / max(pixel) - w / top) < 0.12 for p, w in zip(pixel, want, strict=True))
    )


def test_plant__in_a_browser__really_draws_the_states_of_its_table(tab, site) -> None:
    tab.goto(f"{site[1]}{PLANT}?start={AT}")
    tab.locator(".scene[data-ready]").wait_for(timeout=60_000)
    drawn = json.loads(tab.locator("canvas").get_attribute("data-drawn"))
    table = {
        row.get_attribute("data-of"): row.get_attribute("data-state")
        for row in tab.locator("#devices tbody tr").all()
    }
    assert table == {"device-1": "proved", "device-2": "quarantined", "device-3": "proved"}
    assert {of: state for of, state in drawn.items() if of in table} == table
    assert drawn["source-1"] == "quarantined"
    found = pixels(tab.locator("canvas").screenshot())
    assert hue_seen(found, "#1a6b34") > 300  # proved
    assert hue_seen(found, "#7a3cb0") > 300  # quarantined
    assert hue_seen(found, "#a3211b") == 0  # nothing is altered at this hour


def test_plant__another_hour__other_colours_are_drawn(tab, site) -> None:
    tab.goto(f"{site[1]}{PLANT}?start={START + HOUR * 80}")
    tab.locator(".scene[data-ready]").wait_for(timeout=60_000)
    found = pixels(tab.locator("canvas").screenshot())
    assert hue_seen(found, "#2f55c4") > 300  # live
    assert hue_seen(found, "#7a3cb0") == 0


def test_plant__keyboard_alone__reaches_the_proof_of_a_reading(tab, site) -> None:
    tab.goto(f"{site[1]}{PLANT}?start={AT}")
    tab.locator(".scene[data-ready]").wait_for(timeout=60_000)
    before = tab.locator("canvas").screenshot()
    tab.locator(".labels a").first.focus()
    assert tab.locator("canvas").screenshot() != before  # the device lights up
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/devices/*")
    tab.locator("#readings a").first.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/readings/gateway/**")
    assert tab.locator(".way li").count() > 5


def test_plant__a_device_clicked_in_the_picture__opens_its_readings(tab, site) -> None:
    tab.goto(f"{site[1]}{PLANT}?start={AT}")
    tab.locator(".scene[data-ready]").wait_for(timeout=60_000)
    label = tab.locator(".labels a[data-of='device-1']").bounding_box()
    # the ring on the stack lies right below the middle of its label
    tab.mouse.click(label["x"] + label["width"] / 2, label["y"] + label["height"] + 12)
    tab.wait_for_url("**/devices/1?**")


def test_plant__turned_by_its_buttons__another_picture(tab, site) -> None:
    tab.goto(f"{site[1]}{PLANT}?start={AT}")
    tab.locator(".scene[data-ready]").wait_for(timeout=60_000)
    before = tab.locator("canvas").screenshot()
    tab.locator("[data-look]").first.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("canvas").screenshot() != before


def test_plant__new_block__table_follows_without_reload(tab, site) -> None:
    it, address, _ = site
    tab.goto(address + PLANT)
    tab.locator(".scene[data-ready]").wait_for(timeout=60_000)
    tab.wait_for_timeout(1_000)  # the stream is open
    tab.evaluate("window.stayed = true")
    name = f"Probe {it.chain.connection().head()}"
    key = it.chain.key(name.replace(" ", "-")).address
    it.access.act(it.chain.sender("emitter"), "monitoring", "register_device", 1, key, name)
    tab.locator("#devices td", has_text=name).wait_for(timeout=15_000)
    assert tab.evaluate("window.stayed")
    rows = tab.locator("#devices tbody tr").count()
    assert tab.locator(".labels a").count() == rows


def test_plant__dark_scheme__draws_in_its_own_colours(drawing_browser, site) -> None:
    page = open_tab(drawing_browser, site, locale="en", color_scheme="dark")
    page.goto(f"{site[1]}{PLANT}?start={AT}")
    page.locator(".scene[data-ready]").wait_for(timeout=60_000)
    found = pixels(page.locator("canvas").screenshot())
    page.context.close()
    assert hue_seen(found, "#58c27d") > 300
    assert page.complaints == []


def test_plant__without_webgl__the_table_is_there_and_the_page_says_so(chromium, site) -> None:
    context = chromium.new_context(locale="en")
    context.add_cookies([{"name": "tanlian_session", "value": site[2], "url": site[1]}])
    context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = context.new_page()
    page.goto(f"{site[1]}{PLANT}?start={AT}")
    page.locator(".scene-failed").wait_for()
    assert page.locator("#devices tbody tr").count() >= 3
    context.close()


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("path", PAGES)
def test_evidence_pages__axe__no_serious_issue(drawing_browser, site, path, locale) -> None:
    page = open_tab(drawing_browser, site, locale=locale, bypass_csp=True)
    page.goto(site[1] + path)
    assert page.locator("html").get_attribute("lang") == locale[:2]
    if page.locator(".scene").count():
        page.locator(".scene[data-ready]").wait_for(timeout=60_000)
    issues = serious_issues(page)
    page.context.close()
    assert issues == []


def test_locate__by_hand__from_the_form_to_the_named_hours(tab, site) -> None:
    tab.goto(f"{site[1]}{PLANT}/locate")
    tab.locator("#first").select_option("emitter")
    tab.locator("#second").select_option("verifier")
    tab.locator("main form button").click()
    assert tab.locator("#differences tbody tr").count() == 3
    with tab.expect_download() as taken:
        tab.locator("a[href*='evidence.json']").click()
    assert taken.value.suggested_filename == f"evidence-{EMITTER}-{YEAR}.json"
