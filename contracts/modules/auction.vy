# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Stage one and the close: the walks over the whole book
@license AGPL-3.0-or-later
@notice `_clear` pairs the k-th best bid with the k-th best ask at the midpoint, `_sweep` gives back
        what nobody traded. Each takes a bound on its steps (an order met, filled or gone) and leaves
        a book from which the next call goes on, so results do not depend on how calls are cut. The
        numbers in brackets are those of contracts/PROOFS.md.
"""

from ..interfaces import ICarbonMarket
from . import debts
from . import obligation_codec
from . import order_codec
from . import price_book
from . import locks
from . import trading_account
from . import session

uses: debts
uses: price_book
uses: locks
uses: session

BUY: constant(uint256) = 1
MAX_STEPS: constant(uint256) = 2**20
EVENT_WORDS: constant(uint256) = 64


@internal
def _clear(session_id: uint256, hot: uint256, max_steps: uint256, today: uint256) -> bool:
    # True when no bid reaches an ask any more.
    account_base: uint256 = (hot & session.M12) << 24
    bid_side: uint256 = (hot & session.M12) << 1
    low: uint256 = session._low_tick(hot)
    high: uint256 = session._high_tick(hot)
    margin_bps: uint256 = session._margin_bps(hot)
    delivered: bool = margin_bps == session.FULL_MARGIN
    due_at: uint256 = 0
    if not delivered:
        due_at = session._cold[session_id] & session.M40
    out: DynArray[uint256, EVENT_WORDS] = []
    volume: uint256 = 0
    turnover: uint256 = 0
    done: bool = False
    owed: uint256 = 0

    bid_key: uint256 = 0  # the level at hand, 0: none
    bid_level: uint256 = 0
    bid_head: uint256 = 0
    bid_tail: uint256 = 0
    bid_tick: uint256 = 0
    bid_slot: uint256 = 0  # the overflow word at hand
    bid_word: uint256 = 0
    bid_part: uint256 = 0
    bid_account: uint256 = 0
    bid_left: uint256 = 0
    bid_got: uint256 = 0
    bid_refund: uint256 = 0

    ask_key: uint256 = 0
    ask_level: uint256 = 0
    ask_head: uint256 = 0
    ask_tail: uint256 = 0
    ask_tick: uint256 = 0
    ask_slot: uint256 = 0
    ask_word: uint256 = 0
    ask_part: uint256 = 0
    ask_account: uint256 = 0
    ask_left: uint256 = 0
    ask_gave: uint256 = 0
    ask_proceeds: uint256 = 0

    for step: uint256 in range(min(max_steps, MAX_STEPS), bound=MAX_STEPS):
        if bid_left == 0:
            if bid_head == bid_tail:  # [1] the bid's level is used up: the next one
                if bid_key != 0:
                    locks._leave_level(bid_key, bid_level, bid_head, 0)
                    bid_key = 0
                rank: uint256 = price_book._best_rank(bid_side)
                if rank == price_book.EMPTY:
                    done = True
                    break
                bid_key = (bid_side << 16) | rank
                bid_tick = unsafe_sub(high, rank)
                bid_level = price_book._levels[bid_key]
                bid_head = bid_level & price_book.M22
                bid_tail = (bid_level >> 22) & price_book.M22
                if ask_key != 0 and bid_tick < ask_tick:
                    done = True
                    break
            lane: uint256 = 0
            if bid_head < price_book.INLINE:
                lane = bid_level >> unsafe_add(48, unsafe_mul(52, bid_head))
            else:
                lane = unsafe_sub(bid_head, price_book.INLINE)
                if (bid_key << 20) | (lane >> 2) != bid_slot:
                    bid_slot = (bid_key << 20) | (lane >> 2)
                    bid_word = price_book._overflow[bid_slot]
                lane = bid_word >> unsafe_mul(52, lane & 3)
            bid_left = lane & price_book.M28
            bid_account = (lane >> 28) & trading_account.NONCES
            bid_part = order_codec._bid_part(bid_account, bid_tick, bid_head)
            bid_account = account_base | bid_account
            bid_head = unsafe_add(bid_head, 1)
            if bid_left == 0:  # [2] a bid that is gone
                continue
        if ask_left == 0:
            if ask_head == ask_tail:  # [3] the ask's level is used up: the next one
                if ask_key != 0:
                    locks._leave_level(ask_key, ask_level, ask_head, 0)
                    ask_key = 0
                rank: uint256 = price_book._best_rank(bid_side | 1)
                if rank == price_book.EMPTY:
                    done = True
                    break
                ask_key = ((bid_side | 1) << 16) | rank
                ask_tick = unsafe_add(low, rank)
                ask_level = price_book._levels[ask_key]
                ask_head = ask_level & price_book.M22
                ask_tail = (ask_level >> 22) & price_book.M22
                if bid_tick < ask_tick:
                    done = True
                    break
            lane: uint256 = 0
            if ask_head < price_book.INLINE:
                lane = ask_level >> unsafe_add(48, unsafe_mul(52, ask_head))
            else:
                lane = unsafe_sub(ask_head, price_book.INLINE)
                if (ask_key << 20) | (lane >> 2) != ask_slot:
                    ask_slot = (ask_key << 20) | (lane >> 2)
                    ask_word = price_book._overflow[ask_slot]
                lane = ask_word >> unsafe_mul(52, lane & 3)
            ask_left = lane & price_book.M28
            ask_account = (lane >> 28) & trading_account.NONCES
            ask_part = order_codec._ask_part(ask_account, ask_tick, ask_head)
            ask_account = account_base | ask_account
            ask_head = unsafe_add(ask_head, 1)
            if ask_left == 0:  # [4] an ask that is gone
                continue

        # [5] a pair: bid_tick >= ask_tick, both have lots left. No overflow below: lots 28 bits,
        # ticks 20 bits, and the sums stay within the money and units inside the market
        lots: uint256 = min(bid_left, ask_left)
        half_ticks: uint256 = unsafe_add(bid_tick, ask_tick)
        weighted: uint256 = unsafe_mul(lots, half_ticks)
        volume = unsafe_add(volume, lots)
        turnover = unsafe_add(turnover, weighted)
        if delivered:  # [6] delivery against payment
            bid_refund = unsafe_add(
                bid_refund, unsafe_mul(unsafe_mul(lots, unsafe_sub(bid_tick, ask_tick)), 5_000)
            )
            ask_proceeds = unsafe_add(ask_proceeds, unsafe_mul(weighted, 5_000))
        else:  # [7] the margin is held, the rest is owed
            bid_refund = unsafe_add(
                bid_refund,
                unsafe_sub(
                    unsafe_mul(unsafe_mul(lots, bid_tick), margin_bps),
                    obligation_codec._margin_of(lots, half_ticks, margin_bps),
                ),
            )
            owed = debts._owe(
                bid_account & trading_account.NONCES,
                ask_account & trading_account.NONCES,
                lots,
                half_ticks,
                hot & session.M12,
                margin_bps,
                due_at,
                session_id,
                today,
            )
        if len(out) == EVENT_WORDS:
            log ICarbonMarket.Traded(session_id=session_id, fills=out)
            out = []
        out.append(
            order_codec._fill(bid_part | ask_part, lots, half_ticks, order_codec.AUCTION, owed)
        )
        bid_got = unsafe_add(bid_got, lots)
        ask_gave = unsafe_add(ask_gave, lots)
        bid_left = unsafe_sub(bid_left, lots)
        ask_left = unsafe_sub(ask_left, lots)
        if bid_left == 0:  # [8] the bid is filled
            locks._settle_buyer(bid_account, bid_got, bid_refund, today, delivered)
            bid_got = 0
            bid_refund = 0
        if ask_left == 0:  # [9] the ask is filled
            locks._settle_seller(ask_account, ask_gave, ask_proceeds)
            ask_gave = 0
            ask_proceeds = 0

    # [10] leave the book so that the next call, or stage two, goes on from it
    if bid_got != 0:
        locks._settle_buyer(bid_account, bid_got, bid_refund, today, delivered)
    if ask_gave != 0:
        locks._settle_seller(ask_account, ask_gave, ask_proceeds)
    if bid_key != 0:
        locks._leave_level(bid_key, bid_level, bid_head, bid_left)
    if ask_key != 0:
        locks._leave_level(ask_key, ask_level, ask_head, ask_left)
    if len(out) != 0:
        log ICarbonMarket.Traded(session_id=session_id, fills=out)
        session._count_listed(session_id, volume, turnover)
    return done


@internal
def _sweep(session_id: uint256, hot: uint256, max_steps: uint256) -> bool:
    # Release standing orders; True when none is left.
    account_base: uint256 = (hot & session.M12) << 24
    side_key: uint256 = (hot & session.M12) << 1
    margin_bps: uint256 = session._margin_bps(hot)
    low: uint256 = session._low_tick(hot)
    high: uint256 = session._high_tick(hot)
    out: DynArray[uint256, EVENT_WORDS] = []
    done: bool = False
    key: uint256 = 0
    level: uint256 = 0
    head: uint256 = 0
    tail: uint256 = 0
    tick: uint256 = 0
    for step: uint256 in range(min(max_steps, MAX_STEPS), bound=MAX_STEPS):
        if head == tail:  # [16] the next level, bids first
            if key != 0:
                locks._leave_level(key, level, head, 0)
                key = 0
            rank: uint256 = price_book._best_rank(side_key)
            if rank == price_book.EMPTY and side_key & 1 == 0:
                side_key = side_key | 1
                rank = price_book._best_rank(side_key)
            if rank == price_book.EMPTY:
                done = True
                break
            tick = unsafe_sub(high, rank)
            if side_key & 1 == 1:
                tick = unsafe_add(low, rank)
            key = (side_key << 16) | rank
            level = price_book._levels[key]
            head = level & price_book.M22
            tail = (level >> 22) & price_book.M22
        lane: uint256 = price_book._lane(key, level, head)
        lots: uint256 = lane & price_book.M28
        if lots != 0:  # [17] a lock to release
            buy: uint256 = (side_key & 1) ^ 1
            locks._release_lock(account_base | (lane >> 28), buy, tick, lots, margin_bps)
            if len(out) == EVENT_WORDS:
                log ICarbonMarket.OrdersReleased(session_id=session_id, records=out)
                out = []
            out.append(order_codec._record(lane >> 28, buy, tick, head, lots))
        head = unsafe_add(head, 1)
    if key != 0:
        locks._leave_level(key, level, head, 0)
    if len(out) != 0:
        log ICarbonMarket.OrdersReleased(session_id=session_id, records=out)
    return done
