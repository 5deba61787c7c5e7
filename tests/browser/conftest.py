"""A real browser: Debian's Chromium, driven by Playwright."""

import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests; a machine that must run everything fails without it."""
    if CHROMIUM is None:
        missing = "Chromium is missing: apt-get install chromium fonts-noto-cjk"
        if os.environ.get("TANLIAN_REQUIRE_ALL"):
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(params=["en", "zh-CN"])
def tab(chromium, request):
    """A page in each language; whatever its console complains of fails the test."""
    context = chromium.new_context(locale=request.param, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert complaints == []
