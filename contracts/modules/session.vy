# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Trading sessions: their terms, their clock, their prices
@license AGPL-3.0-or-later
@notice         announced | quoting      | additions only | clearing   | continuous   | closing | closed
                          ^ opens_at     ^ cancels_until  ^ auction_ends_at           ^ closes_at
        Clearing ends, and continuous trading begins, when `clear` finds nothing more to match.
        An instrument has one session at a time; its book serves one session after the other.

        | hot word       | bits    |                                                               |
        |----------------|---------|---------------------------------------------------------------|
        | book           | 0-11    |                                                               |
        | low tick       | 12-31   | lowest price of the band                                      |
        | band width     | 32-47   | highest price - lowest price, in ticks                        |
        | opens at       | 48-79   | seconds                                                       |
        | cancels until  | 80-101  | seconds after opening                                         |
        | auction ends   | 102-123 | seconds after opening                                         |
        | closes         | 124-145 | seconds after opening                                         |
        | margin         | 146-159 | basis points                                                  |
        | order limit    | 160-187 | lots                                                          |
        | position limit | 188-219 | lots                                                          |
        | buy roles      | 220-227 |                                                               |
        | sell roles     | 228-235 |                                                               |
        | flags          | 236-240 | next-day sale, sectors restricted, paused, cleared, closed    |

        | cold word      | pay by 0-39, reference tick 40-59                                     |
"""

from . import refusal

M12: constant(uint256) = 2**12 - 1
M14: constant(uint256) = 2**14 - 1
M16: constant(uint256) = 2**16 - 1
M20: constant(uint256) = 2**20 - 1
M22: constant(uint256) = 2**22 - 1
M28: constant(uint256) = 2**28 - 1
M32: constant(uint256) = 2**32 - 1
M40: constant(uint256) = 2**40 - 1
M128: constant(uint256) = 2**128 - 1
ALL_ROLES: constant(uint256) = 2**8 - 1
SECTORS: constant(uint256) = 128  # sector numbers a mask can name
FULL_MARGIN: constant(uint256) = 10_000  # basis points

NEXT_DAY_SALE: constant(uint256) = 1 << 236
SECTORS_RESTRICTED: constant(uint256) = 1 << 237
PAUSED: constant(uint256) = 1 << 238
CLEARED: constant(uint256) = 1 << 239
CLOSED: constant(uint256) = 1 << 240

ANNOUNCED: constant(uint256) = 1
QUOTING: constant(uint256) = 2
ADDITIONS: constant(uint256) = 3
CLEARING: constant(uint256) = 4
CONTINUOUS: constant(uint256) = 5
CLOSING: constant(uint256) = 6
OVER: constant(uint256) = 7

_hot: HashMap[uint256, uint256]
_cold: HashMap[uint256, uint256]
_sectors: HashMap[uint256, uint256]  # buy 128 | sell 128
_listed: HashMap[uint256, uint256]  # volume in lots 64 | turnover in half ticks 128
_live: uint256[2**12]  # book -> session, 0: none
_closing_ticks: uint256[2**12]  # book -> price of the last close, 0: none yet
_sessions: uint256


@internal
@pure
def _hot_word(
    low: uint256,
    high: uint256,
    opens_at: uint256,
    cancels_until: uint256,
    auction_ends_at: uint256,
    closes_at: uint256,
    margin_bps: uint256,
    max_order_lots: uint256,
    position_limit_lots: uint256,
    buy_roles: uint256,
    sell_roles: uint256,
) -> uint256:
    # Without the book, which the market adds; every field was checked against its width.
    return (
        (low << 12)
        | ((high - low) << 32)
        | (opens_at << 48)
        | ((cancels_until - opens_at) << 80)
        | ((auction_ends_at - opens_at) << 102)
        | ((closes_at - opens_at) << 124)
        | (margin_bps << 146)
        | (max_order_lots << 160)
        | (position_limit_lots << 188)
        | (buy_roles << 220)
        | (sell_roles << 228)
    )


@internal
def _open(session_hot: uint256, book: uint256, sectors: uint256, cold: uint256) -> uint256:
    # A new session on the book of an instrument; its terms were checked by TradingSessions.
    refusal._require(self._live[book] == 0, refusal.STILL_OPEN)
    session_id: uint256 = self._sessions + 1
    self._sessions = session_id
    self._live[book] = session_id
    self._hot[session_id] = session_hot | book
    self._cold[session_id] = cold
    if sectors != 0:
        self._sectors[session_id] = sectors
    return session_id


@internal
@view
def _phase(hot: uint256) -> uint256:
    # Where the session stands now; 0 for a session that was never announced.
    if hot == 0:
        return 0
    if hot & CLOSED != 0:
        return OVER
    opens_at: uint256 = (hot >> 48) & M32
    if block.timestamp < opens_at:
        return ANNOUNCED
    elapsed: uint256 = unsafe_sub(block.timestamp, opens_at)
    if elapsed >= (hot >> 124) & M22:
        return CLOSING
    if elapsed >= (hot >> 102) & M22:
        if hot & CLEARED != 0:
            return CONTINUOUS
        return CLEARING
    if elapsed >= (hot >> 80) & M22:
        return ADDITIONS
    return QUOTING


@internal
@pure
def _low_tick(hot: uint256) -> uint256:
    return (hot >> 12) & M20


@internal
@pure
def _high_tick(hot: uint256) -> uint256:
    return unsafe_add((hot >> 12) & M20, (hot >> 32) & M16)


@internal
@pure
def _margin_bps(hot: uint256) -> uint256:
    return (hot >> 146) & M14


@internal
@view
def _due_at(session_id: uint256) -> uint256:
    return self._cold[session_id] & M40


@internal
def _count_listed(session_id: uint256, lots: uint256, turnover: uint256):
    # No overflow: 2**64 lots would take 2**36 fills of the largest size.
    self._listed[session_id] = unsafe_add(self._listed[session_id], lots | (turnover << 64))


@internal
@view
def _standing_session(session_id: uint256) -> uint256:
    # The hot word of a session that was announced and is not over.
    hot: uint256 = self._hot[session_id]
    refusal._require(hot != 0 and hot & CLOSED == 0, refusal.NO_SESSION)
    return hot


@internal
@view
def _quotable(session_id: uint256) -> uint256:
    # The hot word of a session that takes orders now.
    hot: uint256 = self._hot[session_id]
    phase: uint256 = self._phase(hot)
    refusal._require(phase != CLEARING, refusal.NOT_CLEARED)
    refusal._require(QUOTING <= phase and phase <= CONTINUOUS, refusal.NOT_OPEN)
    refusal._require(hot & PAUSED == 0, refusal.IS_PAUSED)
    return hot


@internal
def _close(session_id: uint256, hot: uint256) -> (uint256, uint256, uint256):
    # Closing price: volume-weighted mean of the listed trades to the nearest tick, half up; without
    # trades the reference price stays.
    listed: uint256 = self._listed[session_id]
    volume: uint256 = listed & (2**64 - 1)
    turnover: uint256 = listed >> 64
    tick: uint256 = (self._cold[session_id] >> 40) & M20
    if volume != 0:
        tick = (turnover + volume) // (2 * volume)
    book: uint256 = hot & M12
    self._hot[session_id] = hot | CLOSED
    self._live[book] = 0
    self._closing_ticks[book] = tick
    return tick, volume, turnover
