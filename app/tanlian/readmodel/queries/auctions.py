"""One-way auctions and their bids. Prices in ticks, money in micro-yuan."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument
from tanlian.domain.market_states import AuctionState, BidState
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables.auctions import auction_bids, auctions


@dataclass(frozen=True, slots=True)
class Auction:
    """An auction; what it sold is settled bid by bid."""

    id: int
    instrument: Instrument
    seller: int
    offered_lots: int
    reserve_tick: int
    max_bid_lots: int
    opens_at: int
    commits_until: int
    reveals_until: int
    cancel_if_undersubscribed: bool
    state: AuctionState
    bid_count: int
    revealed_count: int
    revealed_lots: int
    draw_block: int | None
    seed: str | None
    cleared_count: int
    sold_lots: int
    clearing_tick: int | None  # while bids are ranked, of those ranked so far
    paid_out: int
    unsold_returned: bool
    announced_at: int
    ended_at: int | None
    tx_hash: str

    def stage(self, now: int) -> str:
        """Name the stage at a block time."""
        ended = {AuctionState.CLEARED: "cleared", AuctionState.CANCELLED: "cancelled"}
        steps = (
            (self.state in ended, ended.get(self.state, "")),
            (self.state is AuctionState.CLEARING, "ranking"),
            (self.state is AuctionState.ANNOUNCED, "awaiting units"),
            (now < self.opens_at, "announced"),
            (now <= self.commits_until, "sealed bids"),
            (now <= self.reveals_until, "opening of bids"),
        )
        return next((name for holds, name in steps if holds), "draw")


@dataclass(frozen=True, slots=True)
class Bid:
    """A bid; its price and lots are unknown until it is opened."""

    id: int
    auction: int
    organisation: int
    commitment: str
    deposit: int
    state: BidState
    tick: int | None
    lots: int | None
    won_lots: int
    place: int | None
    cost: int | None
    refund: int | None
    committed_at: int
    revealed_at: int | None
    settled_at: int | None
    tx_hash: str


def auction(db: Connection, number: int) -> Auction:
    """Return one auction.

    Raises:
        NotFound: none has that number.
    """
    row = db.execute(select(auctions).where(auctions.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no auction {number}.", number=number)
    return _auction(row)


def recent_auctions(db: Connection, *, before: int | None = None, limit: int = 50) -> list[Auction]:
    """Return auctions, newest first, below `before`."""
    query = select(auctions)
    if before is not None:
        query = query.where(auctions.c.id < before)
    query = query.order_by(auctions.c.id.desc()).limit(limit)
    return [_auction(row) for row in db.execute(query).mappings()]


def bids(
    db: Connection,
    *,
    number: int | None = None,
    organisation: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Bid]:
    """Return the bids of an auction, an organisation, or of both, newest first, below `before`."""
    query = select(auction_bids)
    if number is not None:
        query = query.where(auction_bids.c.auction == number)
    if organisation is not None:
        query = query.where(auction_bids.c.organisation == organisation)
    if before is not None:
        query = query.where(auction_bids.c.id < before)
    query = query.order_by(auction_bids.c.id.desc()).limit(limit)
    return [
        made(
            Bid,
            row,
            state=BidState(row["status"]),
            tick=row["tick"] or None,
            lots=row["lots"] or None,
        )
        for row in db.execute(query).mappings()
    ]


def _auction(row: RowMapping) -> Auction:
    return made(
        Auction,
        row,
        instrument=Instrument.from_token_id(row["instrument"]),
        state=AuctionState(row["status"]),
        clearing_tick=row["clearing_tick"] or None,
    )
