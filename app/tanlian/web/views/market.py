"""The market for everybody: sessions, book, pairs, trades, prices."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from tanlian.domain.errors import NotFound
from tanlian.readmodel.queries import market as asking
from tanlian.readmodel.queries import members
from tanlian.web import current, price_chart, trading_panel
from tanlian.web.converters import row_number
from tanlian.web.datasets import FORMS, answer, csv_answer
from tanlian.web.guards import public
from tanlian.web.pictures import of_session
from tanlian.web.words import KINDS

PAGE = 50
TRADES_SHOWN = 100
TRADES_DRAWN = 400  # more marks than that are no picture


@public
def sessions() -> ResponseReturnValue:
    before = request.args.get("before", type=row_number)
    with current.tables() as db:
        found = asking.recent_sessions(db, before=before, limit=PAGE + 1)
        closes = asking.last_closes(db)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template(
        "sessions.html", sessions=found[:PAGE], closes=closes, older=older, now=current.chain_time()
    )


@public
def session(number: int) -> ResponseReturnValue:
    with current.tables() as db:
        found = asking.session(db, number)
        standing = asking.book(db, number)
        traded = asking.trades(db, number, limit=TRADES_DRAWN)
        count = asking.trade_count(db, number)
        shown = traded[:TRADES_SHOWN]
        names = members.names(db, {side for t in shown for side in (t.buyer, t.seller)})
        pictures = of_session(current.pictures(), db, found, standing, traded)
        candles = price_chart.price_chart(db, found, current.pictures())
        now = current.chain_time()
        entry = trading_panel.panel(db, found, now)
    return render_template(
        "session.html",
        session=found,
        now=now,
        stage=found.stage(now),
        panel=entry,
        book=standing,
        trades=shown,
        trade_count=count,
        drawn=len(traded),
        names=names,
        kinds=KINDS,
        pictures=pictures,
        candles=candles,
        candle_spans=price_chart.SPANS,
        asked_minutes=request.args.get("minutes"),
        until=request.args.get("until"),
    )


@public
def trades_csv(number: int) -> ResponseReturnValue:
    with current.tables() as db:
        asking.session(db, number)
        found = asking.trades(db, number)
    heads = ("time", "kind", "buyer", "seller", "lots", "bid_tick", "ask_tick", "half_ticks")
    rows = (
        (t.time, t.kind.name, t.buyer, t.seller, t.lots, t.bid_tick, t.ask_tick, t.half_ticks)
        for t in reversed(found)
    )
    return csv_answer(f"session-{number}-trades.csv", heads, rows)


@public
def candles_file(number: int, minutes: int, form: str) -> ResponseReturnValue:
    """Give what a session traded at by spans of time."""
    with current.tables() as db:
        asking.session(db, number)
    if form not in FORMS:
        raise NotFound(f"Candles are there as CSV and JSON, not as {form}.", form=form)
    return answer(price_chart.candles_file(number, price_chart.asked_minutes(minutes)), form)


@public
def live() -> ResponseReturnValue:
    """A server-sent event for each block that the tables took in."""
    return Response(
        current.live().blocks(),  # closed with the answer, also when nobody read it
        mimetype="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )
