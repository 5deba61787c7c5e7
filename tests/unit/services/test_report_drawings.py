"""The pictures of the report: exact figures, well-formed XML, words for those who see no picture."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.trading_need import Side
from tanlian.services.report import figures
from tanlian.services.report.candles import Candle, draw_candles
from tanlian.services.report.depth import Standing, draw_depth, summed
from tanlian.services.report.order_book import StandingOrder, draw_order_book, levels
from tanlian.services.report.page import Fact, Key, Picture, Table, render_page
from tanlian.services.report.pairing import Pair, Queued, draw_pairing
from tanlian.services.report.prices import PricedTrade, TradeKind, draw_prices
from tanlian.services.report.svg import Drawing, Scale, nice_marks

SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawing: Drawing) -> ET.Element:
    root = ET.fromstring(drawing.render())
    ids = root.attrib["aria-labelledby"].split()
    assert root.attrib["role"] == "img"
    assert [root[0].attrib["id"], root[1].attrib["id"]] == ids
    assert root[0].text
    assert root[1].text
    return root


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "0.00"),
        (5_000, "0.005"),
        (1, "0.000001"),
        (-1_230_000, "-1.23"),
        (10**12, "1 000 000.00"),
    ],
)
def test_yuan__micro_yuan__exact(micro, text):
    assert figures.yuan(micro).replace("\N{NARROW NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("half", "text"),
    [(0, "0.00"), (1, "0.005"), (2, "0.01"), (12_001, "60.005"), (12_000, "60.00")],
)
def test_half_tick_price__midpoint__exact(half, text):
    assert figures.half_tick_price(half) == text


@pytest.mark.parametrize(("kg", "text"), [(0, "0"), (1000, "1"), (1500, "1.5"), (-1, "-0.001")])
def test_tonnes__kilograms__decimals_only_where_needed(kg, text):
    assert figures.tonnes(kg) == text


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_nice_marks__any_span__few_and_inside(low, size):
    marks = nice_marks(low, low + size)
    assert 1 <= len(marks) <= 8
    assert marks == sorted(set(marks))
    assert all(low <= mark <= low + size for mark in marks)


def test_scale__ends__meet_the_pixels():
    scale = Scale(100, 200, 50, 650)
    assert [scale.at(value) for value in (100, 150, 200)] == ["50.0", "350.0", "650.0"]
    assert scale.span(50) == "300.0"
    assert Scale(0, 10, 400, 0).at(10) == "0.0"


orders = st.lists(
    st.builds(StandingOrder, st.sampled_from(Side), st.integers(1, 5000), st.integers(1, 10**6)),
    max_size=60,
)


@given(orders)
def test_levels__any_book__sums_to_the_tonne(book):
    steps = levels(book)
    for side, of in ((Side.BUY, lambda s: s.bid_t), (Side.SELL, lambda s: s.ask_t)):
        assert sum(map(of, steps)) == sum(o.quantity_t for o in book if o.side is side)
    assert len(steps) <= 48
    for before, after in pairwise(steps):
        assert before.to_ticks < after.from_ticks
    parsed(draw_order_book("b", "book", book, (1, 5000)))


def test_draw_order_book__two_orders__one_bar_each_with_its_figures():
    book = [StandingOrder(Side.BUY, 6000, 70), StandingOrder(Side.SELL, 6001, 30)]
    root = parsed(draw_order_book("b", "book", book, (5400, 6600)))
    tips = {r.attrib["class"]: r[0].text for r in root.iter(f"{SVG}rect")}
    assert tips == {"bid": "买 bid 60.00: 70 t", "ask": "卖 ask 60.01: 30 t"}
    assert "70 t of bids up to 60.00 yuan, 30 t of asks from 60.01 yuan" in root[1].text


def test_draw_pairing__pairs__one_box_each_at_its_midpoint():
    pairs = [Pair("A", "B", 6003, 6000, 10), Pair("A", "C", 6003, 6002, 5)]
    root = parsed(
        draw_pairing("p", "pairs", [Queued(6003, 20)], [Queued(6000, 10), Queued(6002, 5)], pairs)
    )
    boxes = list(root.iter(f"{SVG}rect"))
    assert [box[0].text for box in boxes] == ["A - B: 10 t @ 60.015", "A - C: 5 t @ 60.025"]
    first, second = boxes
    assert float(first.attrib["x"]) + float(first.attrib["width"]) == pytest.approx(
        float(second.attrib["x"]), abs=0.2
    )
    assert "2 pairs trade 15 t" in root[1].text


def test_draw_pairing__nothing__still_a_picture():
    assert "0 pairs" in parsed(draw_pairing("p", "pairs", [], [], []))[1].text


def test_draw_prices__trades__one_mark_each_in_their_order():
    trades = [
        PricedTrade(TradeKind.AUCTION, 12_003, 10, "A - B"),
        PricedTrade(TradeKind.BLOCK, 12_000, 100_000, "C - D"),
    ]
    root = parsed(
        draw_prices(
            "t", "prices", trades, band=(5400, 6600), reference_ticks=6000, closing_ticks=6001
        )
    )
    marks = [p for p in root.iter(f"{SVG}path") if "transform" in p.attrib]
    assert [m.attrib["class"] for m in marks] == ["auction", "block"]
    assert marks[0][0].text == "1. A - B: 10 t @ 60.015"
    assert "closing price 60.01" in root[1].text


def test_draw_prices__no_trade__says_so():
    drawing = draw_prices(
        "t", "prices", [], band=(5400, 6600), reference_ticks=6000, closing_ticks=None
    )
    assert parsed(drawing)[1].text == "No trade yet; reference price 60.00."


def test_drawings__words__all_come_from_who_says_them() -> None:
    """So that a page in Chinese has no English in its pictures."""

    def say(_english: str, **fields: object) -> str:
        return " ".join(str(value) for value in fields.values())

    candle = Candle(1, "09:30", 120, 130, 110, 125, 7)
    pair = Pair("甲", "乙", 6003, 6000, 10)
    trade = PricedTrade(TradeKind.AUCTION, 12_003, 10, "1")
    book = [StandingOrder(side, 6000, 5) for side in Side]
    band = {"band": (5400, 6600), "reference_ticks": 6000}
    drawings = (
        draw_candles("a", "题", [candle], say=say),
        draw_depth("b", "题", [Standing(True, 6000, 5), Standing(False, 6100, 5)], say),
        draw_order_book("c", "题", book, (5400, 6600), say),
        draw_pairing("d", "题", [Queued(6003, 20)], [Queued(6000, 10)], [pair], say=say),
        draw_prices("e", "题", [trade], **band, closing_ticks=6001, say=say),
        draw_prices("f", "题", [], **band, closing_ticks=None, say=say),
    )
    for drawing in drawings:
        said = [drawing.title, drawing.description, *re.findall(r">([^<]+)<", drawing.render())]
        assert [one for one in said if re.search("[A-Za-z]{2}", one)] == [], drawing.name


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.links = [], []

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_render_page__hostile_names__escaped_and_no_outside_link():
    name = '<script>alert("x")</script>&'
    picture = Picture(
        name,
        name,
        draw_prices(
            "t",
            name,
            [PricedTrade(TradeKind.AUCTION, 12_000, 1, name)],
            band=(1, 2),
            reference_ticks=1,
            closing_ticks=2,
        ),
        [Key("auction", name)],
        Table([name], [[name]]),
    )
    page = render_page(
        title=name,
        introduction=name,
        reconciled=name,
        balanced=True,
        facts=[Fact(name, name)],
        parts=[picture],
    )
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert reader.links == []
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


LEVELS = st.lists(st.builds(Standing, st.booleans(), st.integers(1, 9_999), st.integers(1, 10**6)))


@given(LEVELS)
def test_depth__any_book__sums_reach_what_stands(standing):
    drawing = draw_depth("d", "Depth", standing)
    parsed(drawing)
    for buy in (True, False):
        steps = summed(standing, buy=buy)
        total = sum(s.quantity_t for s in standing if s.buy is buy)
        assert (steps[-1][1] if steps else 0) == total
        prices = [tick for tick, _ in steps]
        assert prices == sorted(prices, reverse=buy)


PRICES = st.tuples(*[st.integers(1, 20_000)] * 4)


def candles_of(steps: list[tuple[int, tuple[int, ...], int]]) -> list[Candle]:
    """Candles some steps apart from one another."""
    places = accumulate(gap for gap, _, _ in steps)
    return [
        Candle(place, "1 May", p[0], max(p), min(p), p[1], volume)
        for place, (_, p, volume) in zip(places, steps, strict=True)
    ]


STEPS = st.tuples(st.integers(1, 90), PRICES, st.integers(0, 10**7))


@given(st.lists(STEPS, max_size=80).map(candles_of))
def test_candles__any_prices__one_body_and_one_volume_each(candles):
    root = parsed(draw_candles("c", "Candles", candles))
    bodies = [r for r in root.iter(f"{SVG}rect") if r.attrib["class"].startswith("candle")]
    assert len(bodies) == len(candles)
    assert len([r for r in root.iter(f"{SVG}rect") if r.attrib["class"] == "volume"]) == len(
        candles
    )
    rose = [c.close >= c.open for c in candles]
    assert [r.attrib["class"] == "candle rise" for r in bodies] == rose
