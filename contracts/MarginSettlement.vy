# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What buyers owe after trades on margin
@license AGPL-3.0-or-later
@notice Each fill on margin is an obligation: the seller's units stay locked, the margin is held, and
        the buyer owes the rest until the session's payment date. The buyer pays, also late, until
        anyone declares the default: then the margin is the seller's, the units return to the seller,
        and the default stays on the buyer's record. Money and units lie in the market throughout.
@custom:kill None. Paying and declaring a default are always possible.
"""

from .interfaces import ICarbonMarket
from .interfaces import IMarginSettlement

implements: IMarginSettlement

from .modules import member_guard

initializes: member_guard

from .modules import obligation_codec

exports: member_guard.membership

market: public(immutable(ICarbonMarket))
obligation_count: public(uint256)
defaults_of: public(HashMap[uint256, uint256])  # organisation -> number of defaults

_obligations: HashMap[uint256, uint256]


@deploy
def __init__(membership: address, market_: address):
    assert market_ != empty(address), "margin_settlement: no market"
    member_guard.__init__(membership)
    market = ICarbonMarket(market_)


@external
def owe(obligation: uint256) -> uint256:
    assert msg.sender == market.address, "margin_settlement: not the market"
    number: uint256 = self.obligation_count + 1
    self.obligation_count = number
    self._obligations[number] = obligation
    return number


@external
def pay(obligation_id: uint256):
    organisation: uint256 = member_guard._check_account(msg.sender)
    word: uint256 = self._end(obligation_id, obligation_codec.PAID)
    assert obligation_codec._buyer(word) == organisation, "margin_settlement: not your debt"
    log IMarginSettlement.ObligationPaid(
        obligation_id=obligation_id,
        buyer=organisation,
        seller=obligation_codec._seller(word),
        amount=obligation_codec._price(word) - obligation_codec._margin(word),
        paid_by=msg.sender,
    )
    extcall market.discharge(word, True)


@external
def declare_default(obligation_id: uint256):
    word: uint256 = self._end(obligation_id, obligation_codec.DEFAULTED)
    assert block.timestamp > obligation_codec._due_at(word), "margin_settlement: not yet past due"
    buyer: uint256 = obligation_codec._buyer(word)
    self.defaults_of[buyer] += 1
    margin: uint256 = obligation_codec._margin(word)
    log IMarginSettlement.BuyerDefaulted(
        obligation_id=obligation_id,
        buyer=buyer,
        seller=obligation_codec._seller(word),
        session_id=obligation_codec._session(word),
        lots=obligation_codec._lots(word),
        margin=margin,
        rest=obligation_codec._price(word) - margin,
        called_by=msg.sender,
    )
    extcall market.discharge(word, False)


@external
@view
def obligation(obligation_id: uint256) -> IMarginSettlement.Obligation:
    word: uint256 = self._obligations[obligation_id]
    margin: uint256 = obligation_codec._margin(word)
    return IMarginSettlement.Obligation(
        status=obligation_codec._status(word),
        session_id=obligation_codec._session(word),
        instrument=staticcall market.instrument_of(obligation_codec._book(word)),
        buyer=obligation_codec._buyer(word),
        seller=obligation_codec._seller(word),
        lots=obligation_codec._lots(word),
        margin=margin,
        rest=obligation_codec._price(word) - margin,
        due_at=obligation_codec._due_at(word),
    )


@internal
def _end(obligation_id: uint256, status: uint256) -> uint256:
    # Take an open obligation off the books: its word as it was.
    word: uint256 = self._obligations[obligation_id]
    assert obligation_codec._status(word) == obligation_codec.OWED, (
        "margin_settlement: nothing owed"
    )
    self._obligations[obligation_id] = obligation_codec._with_status(word, status)
    return word
