"""Which candles a session's page shows: a bounded number, all of them reachable by links."""

import html
import re

import pytest
from sqlalchemy import insert

from tanlian.readmodel.tables import traded_minutes
from tanlian.web.price_chart import MOST_SHOWN, SPANS
from unit.web.conftest import Site

SESSION = 1
OPENED = 1_800_000_000 // 60  # minutes
DAY = 24 * 60


def trade_in(site: Site, minutes: list[int], length: int = 4 * 3_600) -> None:
    """Let a session of that many seconds have traded in these minutes after its opening."""
    terms = {
        "opens_at": OPENED * 60, "cancels_until": OPENED * 60, "auction_ends_at": OPENED * 60,
        "closes_at": OPENED * 60 + length, "reference_tick": 7_000,
    }  # fmt: skip
    priced = dict.fromkeys(
        ("first_half_ticks", "highest_half_ticks", "lowest_half_ticks", "last_half_ticks"), 14_000
    )
    site.announce(SESSION, terms, volume_lots=len(minutes), trades=len(minutes), **priced)
    with site.tables.begin() as db:
        if minutes:
            rows = [{"session": SESSION, "minute": OPENED + m, "volume_lots": 1, "trades": 1}
                    | priced for m in minutes]  # fmt: skip
            db.execute(insert(traded_minutes), rows)


def begins(page: str) -> list[str]:
    """When each span in the table begins, newest first."""
    table = page.split('<table id="spans">')[1].split("</table>", maxsplit=1)[0]
    return re.findall(r'<tr><td><time datetime="([^"]+)"', table)


def link(page: str, words: str) -> str | None:
    found = re.search(rf'<a href="([^"]+)">{words}</a>', page)
    return html.unescape(found[1]) if found else None


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize(
    "minutes",
    [
        list(range(0, 3 * MOST_SHOWN, 2)),
        [0, 1, MOST_SHOWN - 1, MOST_SHOWN, MOST_SHOWN + 1],
        [5, 6, 40 * DAY, 40 * DAY + 1],
        [3],
    ],
)
def test_session__links_followed_to_the_first_trade_and_back__every_span_once(
    site, span, minutes
) -> None:
    trade_in(site, minutes)
    browser, address = site.browser(), site.url("session", number=SESSION, minutes=span)
    seen, pages = [], []
    while address:
        page = browser.client.get(address, headers=browser.headers).text
        assert 0 < len(begins(page)) <= MOST_SHOWN
        seen += begins(page)
        pages.append(page)
        address = link(page, "Earlier")
    assert len(seen) == len({m // span for m in (OPENED + n for n in minutes)})
    assert seen == sorted(set(seen), reverse=True)
    back, again = pages[-1], set(begins(pages[-1]))
    while address := link(back, "Later"):
        back = browser.client.get(address, headers=browser.headers).text
        again |= set(begins(back))
    assert again == set(seen)


@pytest.mark.parametrize(
    ("hours", "expected"), [(1, "1 minute"), (8, "5 minutes"), (24, "15 minutes"), (96, "1 hour"),
                            (24 * 90, "4 hours")]
)  # fmt: skip
def test_session__no_span_asked_for__the_shortest_that_shows_all(site, hours, expected) -> None:
    trade_in(site, [0, 7], hours * 3_600)
    page = site.browser().get("session", number=SESSION).text
    assert re.findall(r'aria-current="true">([^<]+)<', page) == [expected]


def test_session__span_that_was_chosen__asked_for_again_with_each_block(site) -> None:
    trade_in(site, [0, 7])
    page = html.unescape(site.browser().get("session", number=SESSION, minutes=15, until=9).text)
    assert 'hx-get="/sessions/1?minutes=15&until=9"' in page


def test_session__no_trade_yet__no_candles_and_an_empty_list(site) -> None:
    trade_in(site, [])
    browser = site.browser()
    assert 'id="spans"' not in browser.get("session", number=SESSION).text
    listed = browser.get("candles_file", number=SESSION, minutes=5, form="csv").text
    (heads,) = listed.splitlines()
    assert heads.startswith("starts_at,first_half_ticks,")
