# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Why the market refuses
@license AGPL-3.0-or-later
@notice A single act reverts with the sentence "carbon_market: <reason>", a batch reports the number
        (QuoteRefused.reason, MessageRefused.reason) and goes on. One table for both;
        app/tanlian/domain/market_events.py mirrors it. Sentences are put together in one place
        because each literal beside its assertion costs 140 bytes of a contract's 24,576.
"""

FINE: constant(uint256) = 0
INACTIVE: constant(uint256) = 1
ROLE: constant(uint256) = 2
SECTOR: constant(uint256) = 3
PAST_DUE: constant(uint256) = 4
OFF_TICK: constant(uint256) = 5
OFF_BAND: constant(uint256) = 6
LOT: constant(uint256) = 7
TOO_LARGE: constant(uint256) = 8
OTHER_SIDE: constant(uint256) = 9
MONEY: constant(uint256) = 10
POSITION: constant(uint256) = 11
UNITS: constant(uint256) = 12
NEXT_DAY: constant(uint256) = 13
LEVEL_FULL: constant(uint256) = 14
DATES: constant(uint256) = 15
EXPIRED: constant(uint256) = 16  # reported only
NONCE: constant(uint256) = 17
SIGNER: constant(uint256) = 18  # reported only
SIGNATURE: constant(uint256) = 19  # reported only
NOT_OPEN: constant(uint256) = 20
IS_PAUSED: constant(uint256) = 21
NOT_CLEARED: constant(uint256) = 22
ADDITIONS_ONLY: constant(uint256) = 23
GONE: constant(uint256) = 24
NOT_YOURS: constant(uint256) = 25
NOT_CLEARING: constant(uint256) = 26
NOT_CONTINUOUS: constant(uint256) = 27
NOT_CLOSING: constant(uint256) = 28
NO_SESSION: constant(uint256) = 29
STILL_OPEN: constant(uint256) = 30
NOT_WIRED: constant(uint256) = 31
MALFORMED: constant(uint256) = 32
MAKERS: constant(uint256) = 33
NOTHING: constant(uint256) = 34
INSTRUMENT: constant(uint256) = 35
TRANSFER: constant(uint256) = 36
TOO_MUCH: constant(uint256) = 37


@internal
@pure
def _raise(reason: uint256):
    # Revert with the sentence of a reason; FINE passes.
    if reason == FINE:
        return
    text: String[32] = "refused"
    if reason == INACTIVE:
        text = "not an active member"
    if reason == ROLE:
        text = "role may not trade this side"
    if reason == SECTOR:
        text = "sector may not trade this side"
    if reason == PAST_DUE:
        text = "debt past due"
    if reason == OFF_TICK:
        text = "price off tick"
    if reason == OFF_BAND:
        text = "price outside the band"
    if reason == LOT:
        text = "not a positive number of lots"
    if reason == TOO_LARGE:
        text = "quantity above the limit"
    if reason == OTHER_SIDE:
        text = "open order on the other side"
    if reason == MONEY:
        text = "not enough free money"
    if reason == POSITION:
        text = "position limit exceeded"
    if reason == UNITS:
        text = "not enough free units"
    if reason == NEXT_DAY:
        text = "units were bought today"
    if reason == LEVEL_FULL:
        text = "price level is full"
    if reason == DATES:
        text = "too many payment dates"
    if reason == NONCE:
        text = "nonce already spent"
    if reason == NOT_OPEN:
        text = "session is not open"
    if reason == IS_PAUSED:
        text = "session is paused"
    if reason == NOT_CLEARED:
        text = "clearing is not finished"
    if reason == ADDITIONS_ONLY:
        text = "quotes can only be added now"
    if reason == GONE:
        text = "order does not stand"
    if reason == NOT_YOURS:
        text = "not your order"
    if reason == NOT_CLEARING:
        text = "not clearing now"
    if reason == NOT_CONTINUOUS:
        text = "not trading continuously"
    if reason == NOT_CLOSING:
        text = "not closing yet"
    if reason == NO_SESSION:
        text = "no such live session"
    if reason == STILL_OPEN:
        text = "session still open"
    if reason == NOT_WIRED:
        text = "caller is not wired for this"
    if reason == MALFORMED:
        text = "malformed batch"
    if reason == MAKERS:
        text = "number of makers out of range"
    if reason == NOTHING:
        text = "amount is zero"
    if reason == INSTRUMENT:
        text = "instrument is not listed"
    if reason == TRANSFER:
        text = "money did not move"
    if reason == TOO_MUCH:
        text = "more than the market can hold"
    raise concat("carbon_market: ", text)


@internal
@pure
def _require(condition: bool, reason: uint256):
    if not condition:
        self._raise(reason)
