# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Stage two: one incoming order meets the book
@license AGPL-3.0-or-later
@notice Best price first, at one price first come first, each at the standing order's price. The
        numbers in brackets are those of contracts/PROOFS.md.
"""

from ..interfaces import ICarbonMarket
from . import debts
from . import order_codec
from . import price_book
from . import locks
from . import session

uses: debts
uses: price_book
uses: locks
uses: session

BUY: constant(uint256) = 1
MAX_MAKERS: constant(uint256) = 1_000
EVENT_WORDS: constant(uint256) = 64


@internal
def _take(
    session_id: uint256,
    hot: uint256,
    taker: uint256,
    buy: uint256,
    limit_tick: uint256,
    lots: uint256,
    max_makers: uint256,
    today: uint256,
) -> (uint256, uint256, bool):
    # Let an incoming order meet the other side, best price first, first come first: lots traded,
    # the sum of lots * tick, and whether only the bound kept it from trading on.
    account_base: uint256 = (hot & session.M12) << 24
    side_key: uint256 = ((hot & session.M12) << 1) | buy  # a buyer meets the asks
    edge: uint256 = session._high_tick(hot)
    if buy == BUY:
        edge = session._low_tick(hot)
    margin_bps: uint256 = session._margin_bps(hot)
    delivered: bool = margin_bps == session.FULL_MARGIN
    due_at: uint256 = 0
    if not delivered:
        due_at = session._cold[session_id] & session.M40
    out: DynArray[uint256, EVENT_WORDS] = []
    left: uint256 = lots
    weighted: uint256 = 0
    owed: uint256 = 0
    crossing: bool = False
    key: uint256 = 0
    level: uint256 = 0
    head: uint256 = 0
    tail: uint256 = 0
    tick: uint256 = 0
    maker_left: uint256 = 0

    for step: uint256 in range(max_makers, bound=MAX_MAKERS):
        if head == tail:  # [11] the next level
            if key != 0:
                locks._leave_level(key, level, head, 0)
                key = 0
            rank: uint256 = price_book._best_rank(side_key)
            if rank == price_book.EMPTY:
                break
            if buy == BUY:
                tick = unsafe_add(edge, rank)
                crossing = tick <= limit_tick
            else:
                tick = unsafe_sub(edge, rank)
                crossing = tick >= limit_tick
            if not crossing:
                break
            key = (side_key << 16) | rank
            level = price_book._levels[key]
            head = level & price_book.M22
            tail = (level >> 22) & price_book.M22
        lane: uint256 = price_book._lane(key, level, head)
        position: uint256 = head
        head = unsafe_add(head, 1)
        maker_left = lane & price_book.M28
        if maker_left == 0:  # [12] an order that is gone
            continue
        maker: uint256 = lane >> 28
        now: uint256 = min(left, maker_left)
        left = unsafe_sub(left, now)
        maker_left = unsafe_sub(maker_left, now)
        weighted = unsafe_add(weighted, unsafe_mul(now, tick))
        buyer: uint256 = taker
        seller: uint256 = maker
        parts: uint256 = 0
        if buy == BUY:  # [13] the maker sells
            proceeds: uint256 = 0
            if delivered:
                proceeds = unsafe_mul(unsafe_mul(now, tick), 10_000)
            locks._settle_seller(account_base | maker, now, proceeds)
            parts = order_codec._bid_part(
                taker, limit_tick, order_codec.MAX_POSITION
            ) | order_codec._ask_part(maker, tick, position)
        else:  # [14] the maker buys, at the price its lock was taken for: no refund
            buyer = maker
            seller = taker
            locks._settle_buyer(account_base | maker, now, 0, today, delivered)
            parts = order_codec._bid_part(maker, tick, position) | order_codec._ask_part(
                taker, limit_tick, order_codec.MAX_POSITION
            )
        if not delivered:
            owed = debts._owe(
                buyer,
                seller,
                now,
                tick << 1,
                hot & session.M12,
                margin_bps,
                due_at,
                session_id,
                today,
            )
        out.append(
            order_codec._fill(parts, now, tick << 1, unsafe_sub(order_codec.SELLER_TOOK, buy), owed)
        )
        if len(out) == EVENT_WORDS:
            log ICarbonMarket.Traded(session_id=session_id, fills=out)
            out = []
        if left == 0:
            break
    if key != 0:
        locks._leave_level(key, level, head, maker_left)
    if len(out) != 0:
        log ICarbonMarket.Traded(session_id=session_id, fills=out)
    bound_hit: bool = False
    if left != 0 and crossing:  # [15] out of makers, or out of steps?
        rank: uint256 = price_book._best_rank(side_key)
        if rank != price_book.EMPTY:
            if buy == BUY:
                bound_hit = unsafe_add(edge, rank) <= limit_tick
            else:
                bound_hit = unsafe_sub(edge, rank) >= limit_tick
    if left != lots:
        session._count_listed(session_id, unsafe_sub(lots, left), weighted << 1)
    return unsafe_sub(lots, left), weighted, bound_hit
