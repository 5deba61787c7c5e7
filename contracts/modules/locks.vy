# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What a trade or a release does to the account behind a standing order, and to its level
@license AGPL-3.0-or-later
"""

from . import price_book
from . import trading_account

uses: price_book
uses: trading_account

BUY: constant(uint256) = 1


@internal
def _settle_buyer(
    account_key: uint256, lots: uint256, refund: uint256, today: uint256, delivered: bool
):
    # A standing buy order got `lots`; `refund` is what its lock held too much.
    word: uint256 = unsafe_add(
        unsafe_sub(trading_account._accounts[account_key], lots << trading_account.BUYS_AT), refund
    )
    if delivered:
        word = trading_account._note_bought(
            unsafe_add(word, lots << trading_account.UNITS_AT), lots, today
        )
    else:
        word = word | (1 << trading_account.AWAITING_AT)
    trading_account._accounts[account_key] = word


@internal
def _settle_seller(account_key: uint256, lots: uint256, proceeds: uint256):
    # A standing sell order gave `lots`; `proceeds` is zero where the price is still owed.
    trading_account._accounts[account_key] = unsafe_add(
        unsafe_sub(trading_account._accounts[account_key], lots << trading_account.SELLS_AT),
        proceeds,
    )


@internal
def _release_lock(
    account_key: uint256, buy: uint256, tick: uint256, lots: uint256, margin_bps: uint256
):
    word: uint256 = trading_account._accounts[account_key]
    if buy == BUY:
        lock: uint256 = unsafe_mul(unsafe_mul(lots, tick), margin_bps)
        word = unsafe_add(unsafe_sub(word, lots << trading_account.BUYS_AT), lock)
    else:
        word = unsafe_add(
            unsafe_sub(word, lots << trading_account.SELLS_AT), lots << trading_account.UNITS_AT
        )
    trading_account._accounts[account_key] = word


@internal
def _leave_level(level_key: uint256, level: uint256, head: uint256, left: uint256):
    # Write a level back whose orders before `head` are gone; the last one met has `left` lots.
    if left != 0:
        met: uint256 = unsafe_sub(head, 1)
        price_book._park(level_key, ((level >> 22) << 22) | met, met, left)
    else:
        price_book._levels[level_key] = ((level >> 22) << 22) | head
        if head == (level >> 22) & price_book.M22:
            price_book._vacate(level_key)
