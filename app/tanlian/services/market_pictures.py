"""The pictures of a session's page, drawn from the read model."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from tanlian.domain.market_events import Kind
from tanlian.domain.texts import N_
from tanlian.domain.trading_need import Side
from tanlian.readmodel.queries.market import Quoted, Session, StandingLevel, Trade
from tanlian.services.report.depth import Standing, draw_depth
from tanlian.services.report.figures import half_tick_price, thousands
from tanlian.services.report.order_book import StandingOrder, draw_order_book
from tanlian.services.report.pairing import Pair, Queued, draw_pairing
from tanlian.services.report.prices import PricedTrade, TradeKind, draw_prices
from tanlian.services.report.svg import Drawing
from tanlian.services.report.words import Say

MOST_DRAWN = 400  # boxes or steps; beyond, those at one price are drawn as one
_KINDS = {
    Kind.AUCTION: TradeKind.AUCTION,
    Kind.BUYER_TOOK: TradeKind.CONTINUOUS,
    Kind.SELLER_TOOK: TradeKind.CONTINUOUS,
    Kind.BLOCK: TradeKind.BLOCK,
}


def book_picture(found: Session, standing: Sequence[StandingLevel], say: Say) -> Drawing:
    """Draw what stands now."""
    return draw_order_book(
        f"book-{found.id}",
        say(N_("Order book of session %(number)s"), number=found.id),
        [
            StandingOrder(Side.BUY if level.buy else Side.SELL, level.tick, level.lots)
            for level in standing
        ],
        (found.low_tick, found.high_tick),
        say,
    )


def depth_picture(found: Session, standing: Sequence[StandingLevel], say: Say) -> Drawing:
    """Draw how much stands up to each price."""
    levels = [Standing(level.buy, level.tick, level.lots) for level in standing]
    title = say(N_("Depth of session %(number)s"), number=found.id)
    return draw_depth(f"depth-{found.id}", title, levels, say)


def pairing_picture(
    found: Session,
    quoted: Sequence[Quoted],
    trades: Sequence[Trade],
    names: Mapping[int, str],
    say: Say,
) -> Drawing:
    """Draw the two queues of stage one as they stood at its end, and the pairs."""
    ends_at = found.terms["auction_ends_at"]
    stood = [
        order
        for order in quoted
        if order.time <= ends_at and (order.ended_at is None or order.ended_at > ends_at)
    ]
    return draw_pairing(
        f"pairs-{found.id}",
        say(N_("Pairing of session %(number)s"), number=found.id),
        _queue(stood, buy=True),
        _queue(stood, buy=False),
        _joined(
            [
                Pair(
                    names.get(trade.buyer, str(trade.buyer)),
                    names.get(trade.seller, str(trade.seller)),
                    trade.bid_tick,
                    trade.ask_tick,
                    trade.lots,
                )
                for trade in reversed(trades)
                if trade.kind is Kind.AUCTION
            ]
        ),
        say=say,
    )


def price_picture(found: Session, trades: Sequence[Trade], say: Say) -> Drawing:
    """Draw the prices of all trades in their order."""
    return draw_prices(
        f"prices-{found.id}",
        say(N_("Prices of session %(number)s"), number=found.id),
        [
            PricedTrade(
                _KINDS[trade.kind],
                trade.half_ticks,
                trade.lots,
                f"{thousands(trade.lots)} t, {half_tick_price(trade.half_ticks)}",
            )
            for trade in reversed(trades)
        ],
        band=(found.low_tick, found.high_tick),
        reference_ticks=found.terms["reference_tick"],
        closing_ticks=found.closing_tick,
        say=say,
    )


def _queue(stood: Sequence[Quoted], *, buy: bool) -> list[Queued]:
    side = [order for order in stood if order.buy is buy]
    side.sort(key=lambda order: (-order.tick if buy else order.tick, order.position))
    if len(side) <= MOST_DRAWN:
        return [Queued(order.tick, order.lots) for order in side]
    levels = groupby(side, key=lambda order: order.tick)
    return [Queued(tick, sum(order.lots for order in level)) for tick, level in levels]


def _joined(pairs: list[Pair]) -> list[Pair]:
    """Join neighbours at the same two prices where there are more than anybody tells apart."""
    if len(pairs) <= MOST_DRAWN:
        return pairs
    found = []
    for ticks, level in groupby(pairs, key=lambda pair: (pair.bid_ticks, pair.ask_ticks)):
        together = list(level)
        several = f"{len(together)} …"
        found.append(Pair(several, several, *ticks, sum(pair.quantity_t for pair in together)))
    return found
