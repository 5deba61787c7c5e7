# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What must hold before an organisation trades, and its account after trading at once
@license AGPL-3.0-or-later
@notice The triggers to trade that speak of the organisation (`_rights`) and of its account
        (`_funds`). Price, quantity and phase are checked where the order comes in.
"""

from . import debts
from . import refusal
from . import standing
from . import trading_account
from . import session

uses: debts
uses: session

BUY: constant(uint256) = 1
DAY: constant(uint256) = 86_400
MICRO_PER_TICK: constant(uint256) = 10_000  # 0.01 yuan in micro-yuan


@internal
@view
def _today(utc_offset: uint256) -> uint256:
    return (unsafe_add(block.timestamp, utc_offset) // DAY) & trading_account.DAYS


@internal
@view
def _rights(session_id: uint256, hot: uint256, who: uint256) -> uint256:
    # Why the organisation may not buy (bits 0-7) and may not sell (8-15); 0: it may.
    if not standing._is_active(who):
        return refusal.INACTIVE | (refusal.INACTIVE << 8)
    if debts._is_past_due(standing._organisation(who)):
        return refusal.PAST_DUE | (refusal.PAST_DUE << 8)
    rights: uint256 = 0
    roles: uint256 = standing._roles(who)
    if roles & ((hot >> 220) & session.ALL_ROLES) == 0:
        rights = refusal.ROLE
    if roles & ((hot >> 228) & session.ALL_ROLES) == 0:
        rights |= refusal.ROLE << 8
    if hot & session.SECTORS_RESTRICTED != 0:
        masks: uint256 = session._sectors[session_id]
        bit: uint256 = 0
        if standing._sector(who) < session.SECTORS:
            bit = 1 << standing._sector(who)
        mask: uint256 = masks & session.M128
        if rights & 255 == 0 and mask != 0 and mask & bit == 0:
            rights |= refusal.SECTOR
        mask = masks >> 128
        if rights >> 8 == 0 and mask != 0 and mask & bit == 0:
            rights |= refusal.SECTOR << 8
    return rights


@internal
def _funds(
    session_id: uint256,
    hot: uint256,
    key: uint256,
    account: uint256,
    buy: uint256,
    tick: uint256,
    lots: uint256,
    today: uint256,
) -> uint256:
    # What the account says against trading this: a reason, or FINE.
    units: uint256 = (account >> trading_account.UNITS_AT) & trading_account.LOTS
    buys: uint256 = (account >> trading_account.BUYS_AT) & trading_account.LOTS
    sells: uint256 = (account >> trading_account.SELLS_AT) & trading_account.LOTS
    if buy == BUY:
        if sells != 0:
            return refusal.OTHER_SIDE
        margin_bps: uint256 = (hot >> 146) & session.M14
        # no overflow: 28 + 20 + 14 bits
        if account & trading_account.MONEY < unsafe_mul(unsafe_mul(lots, tick), margin_bps):
            return refusal.MONEY
        held: uint256 = unsafe_add(unsafe_add(units, buys), lots)
        if (account >> trading_account.AWAITING_AT) & 1 == 1:
            held = unsafe_add(held, debts._awaiting[key])
        if held > (hot >> 188) & session.M32:
            return refusal.POSITION
        if margin_bps != session.FULL_MARGIN:
            if not debts._reserve(key & standing.MAX_ORGANISATION, session._due_at(session_id)):
                return refusal.DATES
    else:
        if buys != 0:
            return refusal.OTHER_SIDE
        if units < lots:
            return refusal.UNITS
        if hot & session.NEXT_DAY_SALE != 0:
            if unsafe_sub(units, lots) < trading_account._bought(account, today):
                return refusal.NEXT_DAY
    return refusal.FINE


@internal
@pure
def _bought(
    hot: uint256, account: uint256, lots: uint256, weighted: uint256, today: uint256
) -> uint256:
    # The account after buying at once, without an order that stood before.
    margin_bps: uint256 = session._margin_bps(hot)
    word: uint256 = unsafe_sub(account, unsafe_mul(weighted, margin_bps))
    if margin_bps == session.FULL_MARGIN:
        return trading_account._note_bought(
            unsafe_add(word, lots << trading_account.UNITS_AT), lots, today
        )
    return word | (1 << trading_account.AWAITING_AT)


@internal
@pure
def _sold(hot: uint256, account: uint256, lots: uint256, weighted: uint256) -> uint256:
    # The account after selling at once.
    word: uint256 = unsafe_sub(account, unsafe_mul(lots, trading_account.ONE_LOT))
    if session._margin_bps(hot) == session.FULL_MARGIN:
        word = unsafe_add(word, unsafe_mul(weighted, MICRO_PER_TICK))
    return word
