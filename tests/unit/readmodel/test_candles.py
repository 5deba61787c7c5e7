"""Candles of any span add up to the session's, and to what brute force finds in the trades."""

from collections.abc import Iterable
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.projected import in_memory
from tanlian.domain.market_events import NEVER_STOOD, Fill, Kind
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.market import traded
from tanlian.readmodel.projections.registry import Fact
from tanlian.readmodel.queries.candles import PriceSpan, price_spans, traded_spans
from tanlian.readmodel.tables import sessions

SESSION, OTHER = 7, 8
SPANS = (1, 5, 15, 60, 240)
START = 1_800_000_017  # not at the start of anything

fills = st.builds(
    Fill,
    buyer=st.integers(2, 5),
    seller=st.integers(6, 9),
    bid_tick=st.just(7_100),
    ask_tick=st.just(6_900),
    bid_position=st.just(NEVER_STOOD),
    ask_position=st.just(NEVER_STOOD),
    lots=st.integers(1, 2**28 - 1),
    half_ticks=st.integers(1, 2**21 - 1),
    kind=st.sampled_from(Kind),
    obligation=st.just(0),
)
blocks = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 130), st.integers(0, 20_000)),  # seconds since the block before
        st.lists(fills, min_size=1, max_size=4),
        st.sampled_from([SESSION, SESSION, OTHER]),
    ),
    max_size=25,
)
Dated = tuple[int, Fill]


def written(db, steps: Iterable[tuple[int, list[Fill], int]], together: int) -> list[Dated]:
    """Take trades in as the projector does, `together` blocks a draft; returns the session's."""
    for number in (SESSION, OTHER):
        values = dict.fromkeys(("low_tick", "high_tick", "opens_at", "closes_at"), 1)
        counted = dict.fromkeys(("volume_lots", "turnover_half_ticks", "trades"), 0)
        row = values | counted | {"instrument": 1, "terms": "{}", "paused": False}
        db.execute(sessions.insert().values(id=number, **row))
    dated, now, draft = [], START, Draft(db)
    for block, (pause, found, session) in enumerate(steps):
        now += pause
        said = {"session_id": session, "fills": [fill.packed() for fill in found]}
        traded(draft, Fact("market", "Traded", said, block, 0, "0x", now))
        if session == SESSION:
            dated += [(now, fill) for fill in found if fill.kind is not Kind.BLOCK]
        if block % together == 0:
            draft.write()
            draft = Draft(db)
    draft.write()
    return dated


def brute_force(dated: list[Dated], minutes: int) -> list[PriceSpan]:
    """The same from the trades one by one."""
    found = []
    for number, group in groupby(dated, key=lambda one: one[0] // (60 * minutes)):
        inside = [fill for _, fill in group]
        prices = [fill.half_ticks for fill in inside]
        found.append(
            PriceSpan(
                number, minutes, prices[0], max(prices), min(prices), prices[-1],
                sum(fill.lots for fill in inside), len(inside),
            )
        )  # fmt: skip
    return found


@given(steps=blocks, together=st.integers(1, 30), minutes=st.sampled_from(SPANS))
def test_price_spans__any_trades__as_brute_force_finds_them(steps, together, minutes) -> None:
    with in_memory().connect() as db:
        expected = brute_force(written(db, steps, together), minutes)
        assert list(price_spans(db, SESSION, minutes)) == expected
        numbers = [one.number for one in expected]
        whole = traded_spans(db, SESSION, minutes)
        assert (whole is None) == (not numbers)
        if whole is not None:
            assert (whole[0], whole[-1]) == (numbers[0], numbers[-1])
            middle = whole[len(whole) // 2]
            older = list(price_spans(db, SESSION, minutes, before=middle))
            newer = list(price_spans(db, SESSION, minutes, since=middle))
            assert (older + newer, [one.number < middle for one in expected]) == (
                expected, [True] * len(older) + [False] * len(newer),
            )  # fmt: skip


@given(steps=blocks, minutes=st.sampled_from(SPANS))
def test_price_spans__any_trades__add_up_to_the_session(steps, minutes) -> None:
    with in_memory().connect() as db:
        written(db, steps, 1)
        spans = list(price_spans(db, SESSION, minutes))
        row = db.execute(sessions.select().where(sessions.c.id == SESSION)).mappings().one()
    assert sum(one.volume_lots for one in spans) == row["volume_lots"]
    assert sum(one.trades for one in spans) == row["trades"]
    assert (spans[0].first if spans else None) == row["first_half_ticks"]
    assert (spans[-1].last if spans else None) == row["last_half_ticks"]
    assert max((one.highest for one in spans), default=None) == row["highest_half_ticks"]
    assert min((one.lowest for one in spans), default=None) == row["lowest_half_ticks"]
    assert all(one.number < other.number for one, other in pairwise(spans))


@pytest.mark.parametrize("minutes", SPANS)
def test_price_spans__both_databases__the_same(tables, minutes) -> None:
    """Sums and remainders are not the same words in every database."""

    def one(price: int, kind: Kind = Kind.BUYER_TOOK) -> Fill:
        return Fill(2, 3, 7_100, 6_900, NEVER_STOOD, NEVER_STOOD, 5, price, kind, 0)

    steps = [(61 * n, [one(14_000 + n), one(13_000 - n)], SESSION) for n in range(12)]
    steps.append((1, [one(20_000, Kind.BLOCK)], SESSION))
    with tables.connect() as db:
        dated = written(db, steps, 3)
        assert list(price_spans(db, SESSION, minutes)) == brute_force(dated, minutes)
        assert traded_spans(db, OTHER, minutes) is None
        db.rollback()
