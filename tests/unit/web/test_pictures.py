import pytest

from tanlian.domain.instrument import allowance
from tanlian.domain.market_events import Kind
from tanlian.readmodel.queries.market import Quoted, Session, Trade
from tanlian.services import market_pictures
from tanlian.services.market_pictures import MOST_DRAWN, pairing_picture
from tanlian.services.report.svg import Drawing
from tanlian.services.report.words import both
from tanlian.web.pictures import Pictures

TERMS = {"auction_ends_at": 100, "reference_tick": 7_000}


def session() -> Session:
    return Session(1, allowance(2024), TERMS, 6_300, 7_700, False, 101, None, None, 0)


def test_pictures__same_key__drawn_once() -> None:
    drawn = []

    def draw() -> Drawing:
        drawn.append(1)
        return Drawing("x", f"title {len(drawn)}", "what it shows")

    pictures = Pictures(2)
    first = pictures.get("a", draw).render()
    assert pictures.get("a", draw).render() == first
    assert len(drawn) == 1
    assert pictures.get("b", draw).render() != first


def test_pictures__more_than_are_remembered__the_oldest_goes() -> None:
    drawn = []

    def draw(name: str):
        def one() -> Drawing:
            drawn.append(name)
            return Drawing("x", name, "")

        return one

    pictures = Pictures(2)
    for name in ("a", "b", "a", "c", "a", "b"):
        pictures.get(name, draw(name))
    assert drawn == ["a", "b", "c", "b"]


@pytest.mark.parametrize("count", [10, 5 * MOST_DRAWN])
def test_pairing__many_pairs__drawn_bounded_and_nothing_is_lost(monkeypatch, count) -> None:
    """Whatever was paired, the boxes hold all of it."""
    given = {}
    monkeypatch.setattr(
        market_pictures,
        "draw_pairing",
        lambda _name, _title, bids, asks, pairs, say: given.update(
            bids=bids, asks=asks, pairs=pairs
        ),
    )
    trades = [
        Trade(
            101, Kind.AUCTION, 2, 3, 1 + n % 7, 7_100 - n // 500, 6_900 + n // 500, 14_000, 0, "0x"
        )
        for n in range(count)
    ]
    quoted = [
        Quoted(buy, t.bid_tick if buy else t.ask_tick, n, 2, t.lots, 0, None, None, 50)
        for n, t in enumerate(trades)
        for buy in (True, False)
    ]
    pairing_picture(session(), quoted, list(reversed(trades)), {2: "B", 3: "C"}, both)
    lots = sum(t.lots for t in trades)
    assert sum(pair.quantity_t for pair in given["pairs"]) == lots
    assert sum(q.quantity_t for q in given["bids"]) == lots
    assert sum(q.quantity_t for q in given["asks"]) == lots
    prices = [pair.bid_ticks for pair in given["pairs"]]
    assert prices == sorted(prices, reverse=True)
    assert len(given["pairs"]) <= MOST_DRAWN
    assert (len(given["pairs"]) == count) == (count <= MOST_DRAWN)
