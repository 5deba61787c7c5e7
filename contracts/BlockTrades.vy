# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Block trades
@license AGPL-3.0-or-later
@notice Two named organisations trade a large quantity at a price they agreed, inside the session's
        block band. Both must act: one proposes and the other accepts, or both sign the same terms
        (EIP-712) and anyone brings the two signatures, once. The market settles it with the same
        checks as an order; block trades do not count in the closing price.
@custom:kill Pausing the session stops block trades in it.
"""

from snekmate.utils import ecdsa
from snekmate.utils import eip712_domain_separator

initializes: eip712_domain_separator

from .interfaces import IBlockTrades
from .interfaces import ICarbonMarket
from .interfaces import ITradingSessions

implements: IBlockTrades

from .modules import member_guard

initializes: member_guard

from .modules import order_codec
from .modules import standing
from .modules import trading_account
from .modules import trading_rule

exports: (
    eip712_domain_separator.eip712Domain,
    member_guard.membership,
)

BLOCK_TYPE: constant(bytes32) = keccak256(
    "Block(uint256 session,uint256 buyer,uint256 seller,uint256 tick,uint256 lots,uint256 expiresAt,uint256 salt)"
)

market: public(immutable(ICarbonMarket))
sessions: public(immutable(ITradingSessions))
proposal_count: public(uint256)
is_spent: public(HashMap[bytes32, bool])  # signed terms that were settled

_proposals: HashMap[uint256, IBlockTrades.Proposal]


@deploy
def __init__(membership: address, market_: address, sessions_: address):
    assert market_ != empty(address), "block_trades: no market"
    assert sessions_ != empty(address), "block_trades: no sessions"
    eip712_domain_separator.__init__("Tanlian BlockTrades", "1")
    member_guard.__init__(membership)
    market = ICarbonMarket(market_)
    sessions = ITradingSessions(sessions_)


@external
def propose(
    session_id: uint256,
    counterparty: uint256,
    buy: bool,
    price_per_tonne: uint256,
    amount_kg: uint256,
    expires_at: uint256,
) -> uint256:
    organisation: uint256 = member_guard._check_member(msg.sender)
    assert standing._is_active(member_guard._standing_of(counterparty)), (
        "block_trades: counterparty not active"
    )
    assert counterparty != organisation, "block_trades: both sides are the same"
    assert block.timestamp <= expires_at, "block_trades: expired"
    assert price_per_tonne % trading_rule.MICRO_PER_TICK == 0, "block_trades: price off tick"
    assert amount_kg % trading_account.KG_PER_LOT == 0, "block_trades: not whole lots"
    tick: uint256 = price_per_tonne // trading_rule.MICRO_PER_TICK
    lots: uint256 = amount_kg // trading_account.KG_PER_LOT
    self._check_limits(session_id, tick, lots)
    proposal_id: uint256 = self.proposal_count + 1
    self.proposal_count = proposal_id
    self._proposals[proposal_id] = IBlockTrades.Proposal(
        session_id=session_id,
        proposer=organisation,
        counterparty=counterparty,
        proposer_buys=buy,
        tick=tick,
        lots=lots,
        expires_at=expires_at,
        open=True,
    )
    log IBlockTrades.BlockProposed(
        proposal_id=proposal_id,
        session_id=session_id,
        proposer=organisation,
        counterparty=counterparty,
        proposer_buys=buy,
        tick=tick,
        lots=lots,
        expires_at=expires_at,
        proposed_by=msg.sender,
    )
    return proposal_id


@external
def withdraw(proposal_id: uint256):
    organisation: uint256 = member_guard._check_account(msg.sender)
    assert self._proposals[proposal_id].open, "block_trades: no open proposal"
    assert self._proposals[proposal_id].proposer == organisation, "block_trades: not your proposal"
    self._proposals[proposal_id].open = False
    log IBlockTrades.BlockWithdrawn(proposal_id=proposal_id, withdrawn_by=msg.sender)


@external
def accept(proposal_id: uint256):
    organisation: uint256 = member_guard._check_member(msg.sender)
    terms: IBlockTrades.Proposal = self._proposals[proposal_id]
    assert terms.open, "block_trades: no open proposal"
    assert terms.counterparty == organisation, "block_trades: not addressed to you"
    assert block.timestamp <= terms.expires_at, "block_trades: expired"
    self._proposals[proposal_id].open = False
    buyer: uint256 = organisation
    seller: uint256 = terms.proposer
    if terms.proposer_buys:
        buyer = terms.proposer
        seller = organisation
    log IBlockTrades.BlockTraded(
        session_id=terms.session_id,
        buyer=buyer,
        seller=seller,
        tick=terms.tick,
        lots=terms.lots,
        proposal_id=proposal_id,
        buyer_signer=empty(address),
        seller_signer=empty(address),
    )
    extcall market.settle_block(terms.session_id, buyer, seller, terms.tick, terms.lots)


@external
def settle_signed(
    session_id: uint256,
    buyer: uint256,
    seller: uint256,
    tick: uint256,
    lots: uint256,
    expires_at: uint256,
    salt: uint256,
    buyer_signature: Bytes[65],
    seller_signature: Bytes[65],
):
    assert block.timestamp <= expires_at, "block_trades: expired"
    assert buyer != seller, "block_trades: both sides are the same"
    self._check_limits(session_id, tick, lots)
    digest: bytes32 = eip712_domain_separator._hash_typed_data_v4(
        keccak256(abi_encode(BLOCK_TYPE, session_id, buyer, seller, tick, lots, expires_at, salt))
    )
    assert not self.is_spent[digest], "block_trades: already settled"
    self.is_spent[digest] = True
    buyer_signer: address = ecdsa._recover_sig(digest, buyer_signature)
    seller_signer: address = ecdsa._recover_sig(digest, seller_signature)
    assert member_guard._check_member(buyer_signer) == buyer, "block_trades: not the buyer's key"
    assert member_guard._check_member(seller_signer) == seller, "block_trades: not the seller's key"
    log IBlockTrades.BlockTraded(
        session_id=session_id,
        buyer=buyer,
        seller=seller,
        tick=tick,
        lots=lots,
        proposal_id=0,
        buyer_signer=buyer_signer,
        seller_signer=seller_signer,
    )
    extcall market.settle_block(session_id, buyer, seller, tick, lots)


@external
@view
def proposal(proposal_id: uint256) -> IBlockTrades.Proposal:
    return self._proposals[proposal_id]


@internal
@view
def _check_limits(session_id: uint256, tick: uint256, lots: uint256):
    least: uint256 = 0
    low: uint256 = 0
    high: uint256 = 0
    least, low, high = staticcall sessions.block_limits(session_id)
    assert least != 0, "block_trades: no block trades in this session"
    assert least <= lots and lots <= order_codec.MAX_LOTS, "block_trades: quantity out of limits"
    assert low <= tick and tick <= high, "block_trades: price outside the band"
