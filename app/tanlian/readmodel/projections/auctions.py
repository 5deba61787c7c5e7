"""One-way auctions: bids sealed and opened, the ranking, what each bid won and paid."""

from tanlian.domain.market_states import AuctionState, BidState
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, leaves_out, takes
from tanlian.readmodel.tables.auctions import auction_bids, auctions

_TERMS = (
    "offered_lots", "reserve_tick", "max_bid_lots", "opens_at", "commits_until", "reveals_until",
    "cancel_if_undersubscribed",
)  # fmt: skip

leaves_out("auction", "Wired", "Sealed", because="deployment; the address book shows it")


@takes("auction", "AuctionAnnounced")
def announced(draft: Draft, fact: Fact) -> None:
    said = fact.said
    terms = said["terms"]
    draft.row(auctions, id=said["auction"]).update(
        **fact.pick("instrument", "seller"),
        **{name: getattr(terms, name) for name in _TERMS},
        rules_hash="0x" + terms.rules_hash.hex(),
        status=AuctionState.ANNOUNCED,
        bid_count=0,
        revealed_count=0,
        revealed_lots=0,
        draw_block=None,
        seed=None,
        cleared_count=0,
        sold_lots=0,
        clearing_tick=0,
        paid_out=0,
        unsold_returned=False,
        announced_at=fact.time,
        ended_at=None,
        **fact.signed,
    )


@takes("auction", "AuctionFunded")
def funded(draft: Draft, fact: Fact) -> None:
    draft.row(auctions, id=fact.said["auction"])["status"] = AuctionState.FUNDED


@takes("auction", "BidCommitted")
def committed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(auctions, id=said["auction"])["bid_count"] += 1
    draft.row(auction_bids, id=said["bid"]).update(
        **fact.pick("auction", "organisation", "commitment", "deposit"),
        status=BidState.COMMITTED,
        tick=0,
        lots=0,
        won_lots=0,
        place=None,
        cost=None,
        refund=None,
        committed_at=fact.time,
        revealed_at=None,
        settled_at=None,
        **fact.signed,
    )


@takes("auction", "BidRevealed")
def revealed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    auction = draft.row(auctions, id=said["auction"])
    auction["revealed_count"] += 1
    auction["revealed_lots"] += said["lots"]
    draft.row(auction_bids, id=said["bid"]).update(
        **fact.pick("tick", "lots"), status=BidState.REVEALED, revealed_at=fact.time
    )


@takes("auction", "DrawSet")
def draw_set(draft: Draft, fact: Fact) -> None:
    draft.row(auctions, id=fact.said["auction"])["draw_block"] = fact.said["block_number"]


@takes("auction", "SeedDrawn")
def seed_drawn(draft: Draft, fact: Fact) -> None:
    draft.row(auctions, id=fact.said["auction"]).update(
        **fact.pick("seed"), status=AuctionState.CLEARING
    )


@takes("auction", "BidsRanked")
def ranked(draft: Draft, fact: Fact) -> None:
    """Serve the bids in this order, each with what is left."""
    auction = draft.row(auctions, id=fact.said["auction"])
    for number in fact.said["bids"]:
        bid = draft.row(auction_bids, id=number)
        won = min(bid["lots"], auction["offered_lots"] - auction["sold_lots"])
        auction["cleared_count"] += 1
        bid.update(won_lots=won, place=auction["cleared_count"])
        if won:
            auction["sold_lots"] += won
            auction["clearing_tick"] = bid["tick"]


@takes("auction", "RankingRestarted")
def ranking_restarted(draft: Draft, fact: Fact) -> None:
    draft.row(auctions, id=fact.said["auction"]).update(
        cleared_count=0, sold_lots=0, clearing_tick=0
    )


@takes("auction", "AuctionCleared", "AuctionCancelled")
def ended(draft: Draft, fact: Fact) -> None:
    cleared = fact.name == "AuctionCleared"
    draft.row(auctions, id=fact.said["auction"]).update(
        status=AuctionState.CLEARED if cleared else AuctionState.CANCELLED, ended_at=fact.time
    )


@takes("auction", "BidSettled", "BidForfeited")
def bid_ended(draft: Draft, fact: Fact) -> None:
    said = fact.said
    forfeited = fact.name == "BidForfeited"
    draft.row(auction_bids, id=said["bid"]).update(
        status=BidState.FORFEITED if forfeited else BidState.SETTLED,
        cost=said["amount"] if forfeited else said["cost"],
        refund=0 if forfeited else said["refund"],
        settled_at=fact.time,
    )


@takes("auction", "ProceedsPaid")
def proceeds_paid(draft: Draft, fact: Fact) -> None:
    auction = draft.row(auctions, id=fact.said["auction"])
    auction["paid_out"] += fact.said["amount"]
    ended = auction["status"] in {AuctionState.CLEARED, AuctionState.CANCELLED}
    auction["unsold_returned"] = auction["unsold_returned"] or ended
