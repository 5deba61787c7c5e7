# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title One-way auction of allowances
@license AGPL-3.0-or-later
@notice A regulator announces what it sells and brings the units in before bids open. Bids are
        sealed: a bidder commits to a hash and locks money, and reveals price and quantity after the
        last commitment. Bids are served by price; equal prices in an order drawn from the hash of a
        block that nobody knew while bids could still be revealed. All winners pay one price, that
        of the last bid served. The proceeds go to the regulator's organisation as the treasury.
        Money locked for a bid that is not revealed is forfeited to it. If fewer lots are wanted
        than offered, the auction is cancelled where its terms say so.

        opens_at |-- commit --| commits_until |-- reveal --| reveals_until | draw, rank, settle

        The ranking is computed by anyone and checked here: each ranked bid must come strictly after
        the one before it, so that none is repeated, and all revealed bids must be ranked.
@custom:kill There is no switch; a refund goes to the registry account of the bidder, suspended or
        not.
"""

from .interfaces import ICarbonLedger
from .interfaces import IOneWayAuction
from .interfaces import ISettlementToken

from .modules import holder
from .modules import instrument
from .modules import member_guard
from .modules import role
from .modules import wiring

initializes: member_guard
initializes: wiring

exports: (member_guard.membership, wiring.seal, wiring.is_sealed)

ANNOUNCED: constant(uint256) = 1
FUNDED: constant(uint256) = 2
CLEARING: constant(uint256) = 3
CLEARED: constant(uint256) = 4
CANCELLED: constant(uint256) = 5

COMMITTED: constant(uint256) = 1
REVEALED: constant(uint256) = 2
SETTLED: constant(uint256) = 3
FORFEITED: constant(uint256) = 4

KG_PER_LOT: constant(uint256) = 1_000
MONEY_PER_TICK: constant(uint256) = 10_000  # micro-yuan per lot: 0.01 yuan
MAX_TICK: constant(uint256) = 2**24 - 1
MAX_LOTS: constant(uint256) = 2**32 - 1
MAX_STEP: constant(uint256) = 64
DRAW_DISTANCE: constant(uint256) = 2  # blocks from the call that sets the draw
BLOCK_HASHES: constant(uint256) = 255  # how far back a block's hash can be read

ledger: public(ICarbonLedger)
money: public(ISettlementToken)

auction_count: public(uint256)
bid_count: public(uint256)
proceeds: public(HashMap[uint256, uint256])  # of an auction, not yet paid out
unsold_returned: public(HashMap[uint256, bool])
_terms: HashMap[uint256, IOneWayAuction.Terms]
_auctions: HashMap[uint256, IOneWayAuction.Auction]
_bids: HashMap[uint256, IOneWayAuction.Bid]
_last_rank: HashMap[uint256, uint256]  # of the last bid ranked, + 1
_attempt: HashMap[uint256, uint256]  # how often the ranking of an auction was begun anew
_ranked_in: HashMap[uint256, uint256]  # the attempt that ranked a bid, + 1
_commitments: HashMap[uint256, HashMap[bytes32, bool]]  # organisation


@deploy
def __init__(membership: address):
    member_guard.__init__(membership)
    wiring.__init__(msg.sender)


@external
def wire(ledger: address, money: address):
    wiring._wire(msg.sender)
    self.ledger = ICarbonLedger(ledger)
    self.money = ISettlementToken(money)


@external
def announce(terms: IOneWayAuction.Terms) -> uint256:
    """
    @notice Announce an auction; it takes bids once its units have been sent here.
    """
    wiring._check_sealed()
    seller: uint256 = member_guard._check_role(role.REGULATOR, msg.sender)
    instrument._check(terms.instrument)
    assert (
        instrument._kind(terms.instrument) == instrument.ALLOWANCE
    ), "one_way_auction: not an allowance"
    assert (
        0 < terms.offered_lots and terms.offered_lots <= MAX_LOTS
    ), "one_way_auction: lots out of range"
    assert (
        0 < terms.max_bid_lots and terms.max_bid_lots <= MAX_LOTS
    ), "one_way_auction: lots out of range"
    assert (
        0 < terms.reserve_tick and terms.reserve_tick <= MAX_TICK
    ), "one_way_auction: price out of range"
    assert block.timestamp < terms.opens_at, "one_way_auction: opens in the past"
    assert terms.opens_at < terms.commits_until, "one_way_auction: phases out of order"
    assert terms.commits_until < terms.reveals_until, "one_way_auction: phases out of order"
    auction_id: uint256 = self.auction_count + 1
    self.auction_count = auction_id
    self._terms[auction_id] = terms
    self._auctions[auction_id].status = ANNOUNCED
    self._auctions[auction_id].seller = seller
    log IOneWayAuction.AuctionAnnounced(
        auction=auction_id,
        instrument=terms.instrument,
        seller=seller,
        terms=terms,
        signer=msg.sender,
    )
    return auction_id


@external
def onERC1155Received(
    operator: address, owner: address, id: uint256, amount: uint256, data: Bytes[1024]
) -> bytes4:
    """
    @notice Take in the units of an announced auction, all at once; `data` is its number.
    """
    assert msg.sender == self.ledger.address, "one_way_auction: not the ledger"
    assert len(data) == 32, "one_way_auction: units for no auction"
    auction_id: uint256 = convert(slice(data, 0, 32), uint256)
    terms: IOneWayAuction.Terms = self._terms[auction_id]
    assert self._auctions[auction_id].status == ANNOUNCED, "one_way_auction: not awaiting units"
    assert owner == holder._holder(
        self._auctions[auction_id].seller
    ), "one_way_auction: not from the seller"
    assert id == terms.instrument, "one_way_auction: wrong instrument"
    assert amount == terms.offered_lots * KG_PER_LOT, "one_way_auction: wrong amount"
    assert block.timestamp < terms.opens_at, "one_way_auction: too late"
    self._auctions[auction_id].status = FUNDED
    log IOneWayAuction.AuctionFunded(auction=auction_id, lots=terms.offered_lots)
    return 0xF23A6E61


@external
def commit(auction_id: uint256, commitment: bytes32, deposit: uint256) -> uint256:
    """
    @notice Place a sealed bid and lock money that covers it; more may be locked to hide its size.
    @param commitment See `commitment_of`.
    """
    org_id: uint256 = member_guard._check_role(role.EMITTER | role.TRADER, msg.sender)
    assert self._auctions[auction_id].status == FUNDED, "one_way_auction: not open"
    assert block.timestamp >= self._terms[auction_id].opens_at, "one_way_auction: not open"
    assert (
        block.timestamp <= self._terms[auction_id].commits_until
    ), "one_way_auction: commit phase over"
    assert deposit != 0, "one_way_auction: no deposit"
    # by organisation: who copies another's commitment from the pool blocks nobody
    assert not self._commitments[org_id][commitment], "one_way_auction: commitment used"
    self._commitments[org_id][commitment] = True
    bid_id: uint256 = self.bid_count + 1
    self.bid_count = bid_id
    self._bids[bid_id] = IOneWayAuction.Bid(
        auction=auction_id,
        organisation=org_id,
        deposit=deposit,
        commitment=commitment,
        status=COMMITTED,
        tick=0,
        lots=0,
        won_lots=0,
    )
    self._auctions[auction_id].bid_count += 1
    log IOneWayAuction.BidCommitted(
        auction=auction_id,
        bid=bid_id,
        organisation=org_id,
        commitment=commitment,
        deposit=deposit,
        signer=msg.sender,
    )
    assert extcall self.money.transferFrom(
        holder._holder(org_id), self, deposit
    ), "one_way_auction: payment failed"
    return bid_id


@external
def reveal(bid_id: uint256, tick: uint256, lots: uint256, salt: bytes32):
    """
    @notice Open a sealed bid. A bid that breaks the terms cannot be opened, and forfeits.
    """
    org_id: uint256 = member_guard._check_account(msg.sender)
    bid: IOneWayAuction.Bid = self._bids[bid_id]
    assert bid.organisation == org_id, "one_way_auction: not your bid"
    assert bid.status == COMMITTED, "one_way_auction: bid not sealed"
    terms: IOneWayAuction.Terms = self._terms[bid.auction]
    assert block.timestamp > terms.commits_until, "one_way_auction: commit phase not over"
    assert block.timestamp <= terms.reveals_until, "one_way_auction: reveal phase over"
    assert bid.commitment == self._commitment(
        bid.auction, org_id, tick, lots, salt
    ), "one_way_auction: not what was committed"
    assert tick >= terms.reserve_tick, "one_way_auction: below the reserve price"
    assert tick <= MAX_TICK, "one_way_auction: price out of range"
    assert 0 < lots and lots <= terms.max_bid_lots, "one_way_auction: lots out of range"
    assert bid.deposit >= lots * tick * MONEY_PER_TICK, "one_way_auction: deposit too small"
    self._bids[bid_id].status = REVEALED
    self._bids[bid_id].tick = tick
    self._bids[bid_id].lots = lots
    self._auctions[bid.auction].revealed_count += 1
    self._auctions[bid.auction].revealed_lots += lots
    log IOneWayAuction.BidRevealed(
        auction=bid.auction,
        bid=bid_id,
        organisation=org_id,
        tick=tick,
        lots=lots,
        signer=msg.sender,
    )


@external
def close_bidding(auction_id: uint256):
    """
    @notice After the last reveal: cancel what is under-subscribed, else name the block whose hash
            orders equal prices. Anyone may call; again, if that hash was missed.
    """
    auction: IOneWayAuction.Auction = self._auctions[auction_id]
    terms: IOneWayAuction.Terms = self._terms[auction_id]
    assert auction.status == FUNDED, "one_way_auction: not open"
    assert block.timestamp > terms.reveals_until, "one_way_auction: reveal phase not over"
    none_wanted: bool = auction.revealed_lots == 0
    short: bool = auction.revealed_lots < terms.offered_lots
    if none_wanted or (short and terms.cancel_if_undersubscribed):
        self._auctions[auction_id].status = CANCELLED
        log IOneWayAuction.AuctionCancelled(
            auction=auction_id,
            revealed_lots=auction.revealed_lots,
            offered_lots=terms.offered_lots,
        )
        return
    missed: bool = block.number > auction.draw_block + BLOCK_HASHES
    assert auction.draw_block == 0 or missed, "one_way_auction: draw set already"
    self._auctions[auction_id].draw_block = block.number + DRAW_DISTANCE
    log IOneWayAuction.DrawSet(auction=auction_id, block_number=block.number + DRAW_DISTANCE)


@external
def draw(auction_id: uint256):
    """
    @notice Read the hash of the named block. Anyone may call, while the chain still knows it.
    """
    auction: IOneWayAuction.Auction = self._auctions[auction_id]
    assert auction.status == FUNDED, "one_way_auction: not open"
    assert auction.draw_block != 0, "one_way_auction: no draw set"
    assert block.number > auction.draw_block, "one_way_auction: block not mined yet"
    assert block.number <= auction.draw_block + BLOCK_HASHES, "one_way_auction: draw missed"
    seed: bytes32 = keccak256(abi_encode(blockhash(auction.draw_block), chain.id, self, auction_id))
    self._auctions[auction_id].seed = seed
    self._auctions[auction_id].status = CLEARING
    log IOneWayAuction.SeedDrawn(auction=auction_id, block_number=auction.draw_block, seed=seed)


@external
def rank(auction_id: uint256, bids: DynArray[uint256, MAX_STEP]) -> bool:
    """
    @notice Serve the next bids in order, in as many calls as one likes. Anyone may call.
    @return Whether all revealed bids are ranked and the price is found.
    """
    auction: IOneWayAuction.Auction = self._auctions[auction_id]
    offered: uint256 = self._terms[auction_id].offered_lots
    assert auction.status == CLEARING, "one_way_auction: not in clearing"
    last: uint256 = self._last_rank[auction_id]
    for bid_id: uint256 in bids:
        assert (self._bids[bid_id].auction == auction_id), "one_way_auction: bid of another auction"
        assert self._bids[bid_id].status == REVEALED, "one_way_auction: bid not revealed"
        tick: uint256 = self._bids[bid_id].tick
        place: uint256 = self._rank_of(auction.seed, bid_id, tick)
        assert place >= last, "one_way_auction: bids out of order"  # last is + 1: strictly after
        last = place + 1
        won: uint256 = min(self._bids[bid_id].lots, offered - auction.sold_lots)
        self._bids[bid_id].won_lots = won
        self._ranked_in[bid_id] = self._attempt[auction_id] + 1
        if won != 0:
            auction.sold_lots += won
            auction.clearing_tick = tick
        auction.cleared_count += 1
    self._last_rank[auction_id] = last
    log IOneWayAuction.BidsRanked(auction=auction_id, bids=bids, sold_lots=auction.sold_lots)
    done: bool = auction.cleared_count == auction.revealed_count
    if done:
        auction.status = CLEARED
        log IOneWayAuction.AuctionCleared(
            auction=auction_id,
            clearing_tick=auction.clearing_tick,
            sold_lots=auction.sold_lots,
            revealed_lots=auction.revealed_lots,
        )
    self._auctions[auction_id] = auction
    return done


@external
def restart_ranking(auction_id: uint256, skipped_bid: uint256):
    """
    @notice Begin the ranking anew because somebody left a bid out, which is named. Anyone may call.
    """
    auction: IOneWayAuction.Auction = self._auctions[auction_id]
    assert auction.status == CLEARING, "one_way_auction: not in clearing"
    bid: IOneWayAuction.Bid = self._bids[skipped_bid]
    assert bid.auction == auction_id, "one_way_auction: bid of another auction"
    assert bid.status == REVEALED, "one_way_auction: bid not revealed"
    place: uint256 = self._rank_of(auction.seed, skipped_bid, bid.tick)
    is_ranked: bool = self._ranked_in[skipped_bid] == self._attempt[auction_id] + 1
    assert (
        not is_ranked and place < self._last_rank[auction_id]
    ), "one_way_auction: bid not skipped"
    self._attempt[auction_id] += 1
    self._last_rank[auction_id] = 0
    self._auctions[auction_id].cleared_count = 0
    self._auctions[auction_id].sold_lots = 0
    self._auctions[auction_id].clearing_tick = 0
    log IOneWayAuction.RankingRestarted(
        auction=auction_id, skipped_bid=skipped_bid, caller=msg.sender
    )


@external
def settle_bid(bid_id: uint256):
    """
    @notice Deliver what a bid won against the clearing price and return the rest of its money.
            Sealed bids of a finished auction forfeit. Anyone may call.
    """
    bid: IOneWayAuction.Bid = self._bids[bid_id]
    auction: IOneWayAuction.Auction = self._auctions[bid.auction]
    if bid.status == COMMITTED:
        assert (
            block.timestamp > self._terms[bid.auction].reveals_until
        ), "one_way_auction: reveal phase not over"
        self._bids[bid_id].status = FORFEITED
        self.proceeds[bid.auction] += bid.deposit
        log IOneWayAuction.BidForfeited(
            auction=bid.auction,
            bid=bid_id,
            organisation=bid.organisation,
            amount=bid.deposit,
        )
        return
    assert bid.status == REVEALED, "one_way_auction: bid settled already"
    assert (
        auction.status == CLEARED or auction.status == CANCELLED
    ), "one_way_auction: not cleared yet"
    cost: uint256 = bid.won_lots * auction.clearing_tick * MONEY_PER_TICK
    self._bids[bid_id].status = SETTLED
    self.proceeds[bid.auction] += cost
    account: address = holder._holder(bid.organisation)
    log IOneWayAuction.BidSettled(
        auction=bid.auction,
        bid=bid_id,
        organisation=bid.organisation,
        won_lots=bid.won_lots,
        cost=cost,
        refund=bid.deposit - cost,
    )
    if bid.won_lots != 0:
        extcall self.ledger.safeTransferFrom(
            self,
            account,
            self._terms[bid.auction].instrument,
            bid.won_lots * KG_PER_LOT,
            b"",
        )
    if bid.deposit != cost:
        assert extcall self.money.transfer(
            account, bid.deposit - cost
        ), "one_way_auction: payment failed"


@external
def pay_out(auction_id: uint256):
    """
    @notice Pay the proceeds so far to the treasury and return unsold units. Anyone may call.
    """
    auction: IOneWayAuction.Auction = self._auctions[auction_id]
    never_funded: bool = auction.status == ANNOUNCED
    assert auction.status != 0 and not never_funded, "one_way_auction: nothing to pay out"
    amount: uint256 = self.proceeds[auction_id]
    unsold: uint256 = 0
    finished: bool = auction.status == CLEARED or auction.status == CANCELLED
    if finished and not self.unsold_returned[auction_id]:
        unsold = self._terms[auction_id].offered_lots - auction.sold_lots
        self.unsold_returned[auction_id] = True
    assert amount != 0 or unsold != 0, "one_way_auction: nothing to pay out"
    self.proceeds[auction_id] = 0
    log IOneWayAuction.ProceedsPaid(
        auction=auction_id, treasury=auction.seller, amount=amount, unsold_lots=unsold
    )
    account: address = holder._holder(auction.seller)
    if unsold != 0:
        extcall self.ledger.safeTransferFrom(
            self, account, self._terms[auction_id].instrument, unsold * KG_PER_LOT, b""
        )
    if amount != 0:
        assert extcall self.money.transfer(account, amount), "one_way_auction: payment failed"


@external
@view
def commitment_of(
    auction_id: uint256, org_id: uint256, tick: uint256, lots: uint256, salt: bytes32
) -> bytes32:
    """
    @notice The hash to commit to; compute it off chain, so that the bid stays unknown.
    """
    return self._commitment(auction_id, org_id, tick, lots, salt)


@external
@view
def rank_of(bid_id: uint256) -> uint256:
    """
    @notice The place of a revealed bid after the draw; smaller is served first.
    """
    bid: IOneWayAuction.Bid = self._bids[bid_id]
    assert self._auctions[bid.auction].seed != empty(bytes32), "one_way_auction: not drawn yet"
    return self._rank_of(self._auctions[bid.auction].seed, bid_id, bid.tick)


@external
@view
def terms(auction_id: uint256) -> IOneWayAuction.Terms:
    return self._terms[auction_id]


@external
@view
def auction(auction_id: uint256) -> IOneWayAuction.Auction:
    return self._auctions[auction_id]


@external
@view
def bid(bid_id: uint256) -> IOneWayAuction.Bid:
    return self._bids[bid_id]


@external
@pure
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id == 0x01FFC9A7 or interface_id == 0x4E2312E0  # ERC-165, ERC-1155 receiver


@internal
@view
def _commitment(
    auction_id: uint256, org_id: uint256, tick: uint256, lots: uint256, salt: bytes32
) -> bytes32:
    return keccak256(abi_encode(chain.id, self, auction_id, org_id, tick, lots, salt))


@internal
@pure
def _rank_of(seed: bytes32, bid_id: uint256, tick: uint256) -> uint256:
    # Higher price first; then 192 drawn bits; then, should they ever be equal, the bid's number.
    drawn: uint256 = convert(keccak256(abi_encode(seed, bid_id)), uint256) >> 64
    return ((MAX_TICK - tick) << 232) | (drawn << 40) | (bid_id & (2**40 - 1))
