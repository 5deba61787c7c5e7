"""The stage on a session's page: what anything sent now would meet, also while no block comes."""

import html
import re

import pytest

from tanlian.domain.roles import Role

OPENS = 1_800_000_000
TERMS = {
    "opens_at": OPENS, "cancels_until": OPENS + 99, "auction_ends_at": OPENS + 199,
    "closes_at": OPENS + 399, "reference_tick": 7_000,
}  # fmt: skip
BEFORE, QUOTES, ADDITIONS, CLEARING = OPENS - 50, OPENS, OPENS + 100, OPENS + 200
STAGES = [
    (BEFORE, "announced"),
    (QUOTES, "stage one: quotes"),
    (ADDITIONS, "stage one: additions only"),
    (CLEARING, "clearing"),
]
OLDER = "The time of the stage before is over."


def page_at(site, *, block: int, now: int, language: str = "en", **columns) -> str:
    site.announce(1, TERMS, **columns)
    site.stand(block=9, time=block)
    site.now = now
    return html.unescape(site.browser(language).get("session", number=1).text)


def stage_of(page: str) -> str:
    return re.findall(r"<dt>Stage</dt><dd>([^<]+)</dd>", page)[0]


@pytest.mark.parametrize(("now", "stage"), STAGES)
@pytest.mark.parametrize(("block", "before"), STAGES)
def test_session__older_block_or_slower_server__the_later_time_counts(
    site, block, before, now, stage
) -> None:
    page = page_at(site, block=block, now=now)
    assert stage_of(page) == (stage if now >= block else before)
    assert (OLDER in page) == (now > block)
    assert f'data-now="{max(now, block)}"' in page or stage_of(page) == "clearing"
    assert ("Clearing is due" in page) == (max(now, block) >= CLEARING)


def test_session__time_of_stage_two_over_and_no_block__closing_is_due(site) -> None:
    columns = {"cleared_at": CLEARING}
    page = page_at(site, block=OPENS + 250, now=OPENS + 400, **columns)
    assert (stage_of(page), "Closing is due" in page, OLDER in page) == ("closing", True, True)
    site.now = OPENS + 399
    page = site.browser().get("session", number=1).text
    assert (stage_of(page), "Closing is due" in page, OLDER in page) == ("stage two", False, False)
    assert f'data-until="{OPENS + 400}"' in page


def test_session__closed__nothing_is_due(site) -> None:
    columns = {"cleared_at": CLEARING, "closed_at": OPENS + 400}
    page = page_at(site, block=OPENS + 400, now=OPENS + 4_000, **columns)
    assert (stage_of(page), "is due" in page, OLDER in page) == ("closed", False, False)


def test_session__chinese__says_it_in_chinese(site) -> None:
    page = page_at(site, block=QUOTES, now=CLEARING, language="zh")
    assert ("应当撮合" in page, "上一阶段时间已到" in page) == (True, True)


def test_sessions__no_block_since__the_list_says_the_same(site) -> None:
    page_at(site, block=QUOTES, now=ADDITIONS)
    assert "stage one: additions only" in site.browser().get("sessions").text


@pytest.mark.parametrize("offset", [-1, 0])
def test_desk__time_of_stage_one_over_and_no_block__the_exchange_is_asked_to_clear(
    site, offset
) -> None:
    page_at(site, block=QUOTES, now=CLEARING - 1_000)
    site.admit(3, Role.EXCHANGE)
    site.join("zhao", 3)
    site.now = CLEARING + offset
    browser = site.browser()
    browser.sign_in("zhao")
    assert ("session.clear" in browser.get("desk_list", name="sessions").text) == (offset == 0)
