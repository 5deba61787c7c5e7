"""Offset projects and the auction on the desks of owners, verifiers, bidders and the regulator."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.market_states import AuctionState, BidState
from tanlian.domain.offset_states import AttestationState, ProjectState
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import auctions, offsets
from tanlian.readmodel.queries.auctions import Auction, Bid
from tanlian.readmodel.queries.offsets import Attestation, ForeignSerials, Project
from tanlian.web.desks.listing import Column, Link, Listing, Visitor
from tanlian.web.desks.regulator import MOST
from tanlian.web.words import ATTESTATION_STATES, AUCTION_STATES, BID_STATES, N_, PROJECT_STATES


def _projects(db: Connection, visitor: Visitor) -> Sequence[Project]:
    """Everybody's for regulators and verifiers, one's own for others."""
    sees_all = visitor.roles & (Role.REGULATOR | Role.VERIFIER)
    return offsets.projects_of(db, owner=None if sees_all else visitor.organisation, limit=MOST)


def _attestations(db: Connection, visitor: Visitor) -> Sequence[Attestation]:
    sees_all = visitor.roles & Role.REGULATOR
    verifier = None if sees_all else visitor.organisation
    return offsets.attestations_of(db, verifier=verifier, limit=MOST)


def _auctions(db: Connection, _visitor: Visitor) -> Sequence[Auction]:
    return auctions.recent_auctions(db, limit=MOST)


def _bids(db: Connection, visitor: Visitor) -> Sequence[Bid]:
    return auctions.bids(db, organisation=visitor.organisation, limit=MOST)


def _registries(db: Connection, _visitor: Visitor) -> Sequence[str]:
    return offsets.registries(db)


def _foreign(db: Connection, _visitor: Visitor) -> Sequence[ForeignSerials]:
    return offsets.foreign_credits(db, limit=MOST)


def _is_regulator(visitor: Visitor) -> bool:
    return bool(visitor.roles & Role.REGULATOR)


def _project(row: Project) -> dict[str, object]:
    return {"project": row.id}


def _auction(row: Auction) -> dict[str, object]:
    return {"auction": row.id}


PROJECTS = Listing(
    "projects",
    N_("Offset projects"),
    N_("Register, have reviewed, attest monitoring periods, issue credits once for each."),
    Role(0),
    _projects,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Name"), lambda r: r.name),
        Column(N_("Owner"), lambda r: r.owner, "member"),
        Column(N_("State"), lambda r: PROJECT_STATES[r.state], "state"),
        Column(N_("Credited until"), lambda r: r.credited_until or None, "moment"),
    ),
    N_("No project is registered."),
    (
        Link("project.review", N_("Review"), _project,
             lambda r, v: _is_regulator(v) and r.state is ProjectState.REGISTERED),
        Link("project.approve", N_("Approve"), _project,
             lambda r, v: _is_regulator(v) and r.state is ProjectState.UNDER_REVIEW),
        Link("project.reject", N_("Reject"), _project,
             lambda r, v: _is_regulator(v) and r.state is ProjectState.UNDER_REVIEW),
        Link("project.resubmit", N_("Resubmit"), _project,
             lambda r, v: r.owner == v.organisation and r.state is ProjectState.REJECTED),
        Link("credits.attest", N_("Attest"), _project,
             lambda r, v: bool(v.roles & Role.VERIFIER) and r.state is ProjectState.APPROVED
             and r.owner != v.organisation),
    ),
    tops=("project.register",),
    waits=lambda r, v: (
        _is_regulator(v) and r.owner != v.organisation
        and r.state in (ProjectState.REGISTERED, ProjectState.UNDER_REVIEW)
    ) or (r.owner == v.organisation and r.state is ProjectState.REJECTED),
)  # fmt: skip
ATTESTATIONS = Listing(
    "attestations",
    N_("Attested monitoring periods"),
    N_("The regulator issues the credits of an attested period, once."),
    Role.REGULATOR | Role.VERIFIER,
    _attestations,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Project"), lambda r: r.project),
        Column(N_("Amount, t"), lambda r: r.amount_kg, "tonnes"),
        Column(N_("From"), lambda r: r.monitoring_start, "moment"),
        Column(N_("Until"), lambda r: r.monitoring_end, "moment"),
        Column(N_("State"), lambda r: ATTESTATION_STATES[r.state], "state"),
    ),
    N_("Nothing was attested yet."),
    (
        Link("credits.issue", N_("Issue the credits"), lambda r: {"attestation": r.id},
             lambda r, v: _is_regulator(v) and r.state is AttestationState.ATTESTED),
        Link("credits.revoke", N_("Revoke"), lambda r: {"attestation": r.id},
             lambda r, v: _is_regulator(v)
             and r.state in (AttestationState.ATTESTED, AttestationState.ISSUED)),
        Link("credits.close-reversal", N_("Close the reversal"), lambda r: {"attestation": r.id},
             lambda r, v: _is_regulator(v) and r.state is AttestationState.REVOKED),
    ),
    waits=lambda r, v: _is_regulator(v) and r.state is AttestationState.ATTESTED,
)  # fmt: skip
AUCTIONS = Listing(
    "auctions",
    N_("One-way auctions"),
    N_("Sealed bids, one price for all winners, ties drawn from a later block."),
    Role(0),
    _auctions,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Units"), lambda r: r.instrument, "units"),
        Column(N_("Offered, t"), lambda r: r.offered_lots, "count"),
        Column(N_("Reserve, yuan/t"), lambda r: r.reserve_tick, "price"),
        Column(N_("Bids until"), lambda r: r.commits_until, "moment"),
        Column(N_("Reveal until"), lambda r: r.reveals_until, "moment"),
        Column(N_("State"), lambda r: AUCTION_STATES[r.state], "state"),
        Column(N_("Sold, t"), lambda r: r.sold_lots, "count"),
        Column(N_("Price, yuan/t"), lambda r: r.clearing_tick, "price"),
    ),
    N_("No auction was announced yet."),
    (
        Link("auction.bring-units", N_("Bring the units"), _auction,
             lambda r, v: r.seller == v.organisation and r.state is AuctionState.ANNOUNCED),
        Link("auction.bid", N_("Bid"), _auction,
             lambda r, v: r.state is AuctionState.FUNDED and v.now <= r.commits_until
             and bool(v.roles & (Role.EMITTER | Role.TRADER))),
        Link("auction.close-bidding", N_("Close the bidding"), _auction,
             lambda r, v: r.state is AuctionState.FUNDED and v.now > r.reveals_until),
        Link("auction.draw", N_("Draw"), _auction,
             lambda r, _: r.state is AuctionState.CLEARING and r.seed is None),
        Link("auction.rank", N_("Rank"), _auction,
             lambda r, _: r.state is AuctionState.CLEARING and r.seed is not None),
        Link("auction.pay-out", N_("Pay out"), _auction,
             lambda r, v: r.seller == v.organisation
             and r.state in (AuctionState.CLEARED, AuctionState.CANCELLED)),
    ),
    tops=("auction.announce",),
    waits=lambda r, v: r.seller == v.organisation and (
        r.state in (AuctionState.ANNOUNCED, AuctionState.CLEARING)
        or (r.state is AuctionState.FUNDED and v.now > r.reveals_until)),
)  # fmt: skip
BIDS = Listing(
    "bids",
    N_("Your bids"),
    N_("Reveal each in time with the secret kept by the act of bidding; else the deposit is lost."),
    Role.EMITTER | Role.TRADER,
    _bids,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Auction"), lambda r: r.auction),
        Column(N_("Deposit, yuan"), lambda r: r.deposit, "yuan"),
        Column(N_("State"), lambda r: BID_STATES[r.state], "state"),
        Column(N_("Quantity, t"), lambda r: r.lots, "count"),
        Column(N_("Won, t"), lambda r: r.won_lots, "count"),
    ),
    N_("Your organisation has not bid."),
    (
        Link("auction.reveal", N_("Reveal"), lambda r: {"bid": r.id},
             lambda r, _: r.state is BidState.COMMITTED),
        Link("auction.settle-bid", N_("Settle"), lambda r: {"bid": r.id},
             lambda r, _: r.state is BidState.REVEALED),
    ),
    waits=lambda r, _: r.state is BidState.COMMITTED,
)  # fmt: skip
REGISTRIES = Listing(
    "registries",
    N_("Other registries"),
    N_("From which credits may be brought in."),
    Role.REGULATOR | Role.VERIFIER,
    _registries,
    (Column(N_("Code"), lambda r: r),),
    N_("No registry is named."),
    tops=("registry.name",),
)
FOREIGN = Listing(
    "foreign-credits",
    N_("Credits of other registries"),
    N_("Serials that became credits here; none can be brought in twice."),
    Role.REGULATOR | Role.VERIFIER,
    _foreign,
    (
        Column(N_("Registry"), lambda r: r.registry),
        Column(N_("First serial"), lambda r: r.first_serial),
        Column(N_("Last serial"), lambda r: r.last_serial),
        Column(N_("Attestation"), lambda r: r.attestation),
        Column(N_("Document"), lambda r: r.document, "code"),
        Column(N_("Time"), lambda r: r.time, "moment"),
    ),
    N_("Nothing was brought in."),
    tops=("credits.import",),
)
LISTINGS = (PROJECTS, ATTESTATIONS, REGISTRIES, FOREIGN, AUCTIONS, BIDS)
