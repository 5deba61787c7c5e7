# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What a trade on margin leaves behind in the market
@license AGPL-3.0-or-later
@notice A fill on margin leaves the units locked and the rest of the price owed until the session's
        payment date. MarginSettlement keeps each obligation; here is what orders are checked against:
        the lots that wait for their payment, per account, and the payment dates, per organisation:
        one word of four entries, each due date 32 | number owed 32, so that "owes something past
        due" is exact. A buyer on margin reserves an entry before its order is accepted; an entry is
        free again when its date has passed and nothing is owed.
"""

from ..interfaces import IMarginSettlement
from . import obligation_codec

M32: constant(uint256) = 2**32 - 1
M64: constant(uint256) = 2**64 - 1

_settlement: IMarginSettlement
_open: uint256  # obligations owed in the whole market; 0 spares the look at each organisation
_payment_dates: HashMap[uint256, uint256]  # organisation -> four entries
_awaiting: HashMap[uint256, uint256]  # account -> lots bought and not yet paid for


@internal
@view
def _is_past_due(organisation: uint256) -> bool:
    if self._open == 0:
        return False
    dates: uint256 = self._payment_dates[organisation]
    for i: uint256 in range(4):
        if dates == 0:
            break
        if (dates >> 32) & M32 != 0 and dates & M32 < block.timestamp:
            return True
        dates = dates >> 64
    return False


@internal
def _reserve(organisation: uint256, due_at: uint256) -> bool:
    # Keep an entry for `due_at`; False if four other dates are still open.
    dates: uint256 = self._payment_dates[organisation]
    free: uint256 = 256
    for i: uint256 in range(4):
        entry: uint256 = (dates >> (i << 6)) & M64
        if entry & M32 == due_at:
            return True
        if entry >> 32 == 0 and entry & M32 < block.timestamp:
            free = i << 6
    if free == 256:
        return False
    self._payment_dates[organisation] = (dates & ~(M64 << free)) | (due_at << free)
    return True


@internal
def _count_date(organisation: uint256, due_at: uint256, more: bool):
    # One obligation more or less at a date that has an entry (it was reserved, or counts one).
    dates: uint256 = self._payment_dates[organisation]
    for i: uint256 in range(4):
        if (dates >> (i << 6)) & M32 == due_at:
            one: uint256 = 1 << unsafe_add(i << 6, 32)
            if more:
                self._payment_dates[organisation] = dates + one
            else:
                self._payment_dates[organisation] = dates - one
            break


@internal
def _owe(
    buyer: uint256,
    seller: uint256,
    lots: uint256,
    half_ticks: uint256,
    book: uint256,
    margin_bps: uint256,
    due_at: uint256,
    session_id: uint256,
    today: uint256,
) -> uint256:
    # The number of the new obligation.
    self._open += 1
    self._count_date(buyer, due_at, True)
    self._awaiting[(book << 24) | buyer] += lots
    return extcall self._settlement.owe(
        obligation_codec._pack(
            buyer, seller, lots, half_ticks, book, margin_bps, due_at, session_id, today
        )
    )


@internal
def _forget(obligation: uint256):
    # An obligation was paid or is in default.
    self._open -= 1
    buyer: uint256 = obligation_codec._buyer(obligation)
    self._count_date(buyer, obligation_codec._due_at(obligation), False)
    self._awaiting[(obligation_codec._book(obligation) << 24) | buyer] -= (
        obligation_codec._lots(obligation)
    )
