# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Orders, quotes and fills as words
@license AGPL-3.0-or-later
@notice Every packed form of the market in one place; app/tanlian/domain/market_events.py mirrors it.

        | word     | fields from bit 0 upwards                                                   |
        |----------|-----------------------------------------------------------------------------|
        | record   | lots 28, position 22, tick 20, buy 1, organisation 24                       |
        | order id | position 22, tick 20, buy 1, session 32                                     |
        | quote    | lots 32, tick 24, zero 7, buy 1                                             |
        | fill     | lots 28, ask position 22, bid position 22, ask tick 20, bid tick 20,        |
        |          | seller 24, buyer 24, price in half ticks 21, kind 3, obligation 40          |
"""

AUCTION: constant(uint256) = 1
BUYER_TOOK: constant(uint256) = 2
SELLER_TOOK: constant(uint256) = 3
BLOCK: constant(uint256) = 4

MAX_LOTS: constant(uint256) = 2**28 - 1
MAX_TICK: constant(uint256) = 2**20 - 1
MAX_POSITION: constant(uint256) = 2**22 - 1
RECORD_BITS: constant(uint256) = 128
_MAX_KEY: constant(uint256) = 2**43 - 1


@internal
@pure
def _record(
    organisation: uint256, buy: uint256, tick: uint256, position: uint256, lots: uint256
) -> uint256:
    return (organisation << 71) | (buy << 70) | (tick << 50) | (position << 28) | lots


@internal
@pure
def _order_id(session_id: uint256, record: uint256) -> uint256:
    return (session_id << 43) | ((record >> 28) & _MAX_KEY)


@internal
@pure
def _located(order_id: uint256) -> (uint256, uint256, uint256, uint256):
    # session, buy, tick, position
    return (
        order_id >> 43,
        (order_id >> 42) & 1,
        (order_id >> 22) & MAX_TICK,
        order_id & MAX_POSITION,
    )


@internal
@pure
def _bid_part(organisation: uint256, tick: uint256, position: uint256) -> uint256:
    # What a bid contributes to the word of its fill.
    return (position << 50) | (tick << 92) | (organisation << 136)


@internal
@pure
def _ask_part(organisation: uint256, tick: uint256, position: uint256) -> uint256:
    return (position << 28) | (tick << 72) | (organisation << 112)


@internal
@pure
def _fill(
    parts: uint256, lots: uint256, half_ticks: uint256, kind: uint256, owed: uint256
) -> uint256:
    return parts | lots | (half_ticks << 160) | (kind << 181) | (owed << 184)
