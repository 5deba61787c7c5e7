"""The market on the desks of its members, of banks and of the exchange."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.instrument import Instrument
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import block_trades, market, money
from tanlian.readmodel.queries.block_trades import BlockProposal
from tanlian.readmodel.queries.market import Session
from tanlian.readmodel.queries.money import MoneyIssue, Obligation, Redemption
from tanlian.web.desks.listing import Column, Link, Listing, Page, Visitor
from tanlian.web.desks.regulator import MOST
from tanlian.web.words import N_


def _sessions(db: Connection, _visitor: Visitor) -> Sequence[Session]:
    return market.recent_sessions(db, limit=MOST)


def _redemptions(db: Connection, visitor: Visitor) -> Sequence[Redemption]:
    return money.redemptions_of(db, organisation=visitor.organisation, limit=MOST)


def _at_bank(db: Connection, visitor: Visitor) -> Sequence[Redemption]:
    return money.redemptions_of(db, bank=visitor.organisation, limit=MOST)


def _obligations(db: Connection, visitor: Visitor) -> Sequence[Obligation]:
    return money.obligations_of(db, visitor.organisation, limit=MOST)


def _issued(db: Connection, visitor: Visitor) -> Sequence[MoneyIssue]:
    return money.money_issued(db, visitor.organisation, limit=MOST)


def _blocks(db: Connection, visitor: Visitor) -> Sequence[BlockProposal]:
    return block_trades.block_proposals_of(db, visitor.organisation, limit=MOST)


def _instruments(db: Connection, _visitor: Visitor) -> Sequence[Instrument]:
    return market.listed_instruments(db)


def _may_accept(row: BlockProposal, visitor: Visitor) -> bool:
    is_open = row.state == "open" and visitor.now <= row.expires_at
    return is_open and row.counterparty == visitor.organisation


def _is_clearing(row: Session, visitor: Visitor) -> bool:
    return row.stage(visitor.now) == "clearing"


def _is_closing(row: Session, visitor: Visitor) -> bool:
    return row.stage(visitor.now) == "closing"


def _session(row: Session) -> dict[str, object]:
    return {"session": row.id}


SESSIONS = Listing(
    "sessions",
    N_("Trading sessions"),
    N_("Announce sessions, run clearing and close; nobody's units or money are in your reach."),
    Role.EXCHANGE | Role.REGULATOR,
    _sessions,
    (
        Column(N_("Session"), lambda r: r.id),
        Column(N_("Instrument"), lambda r: r.instrument, "units"),
        Column(N_("Opens"), lambda r: r.terms["opens_at"], "moment"),
        Column(N_("Stage one ends"), lambda r: r.terms["auction_ends_at"], "moment"),
        Column(N_("Closes"), lambda r: r.terms["closes_at"], "moment"),
        Column(N_("Reference, yuan/t"), lambda r: r.terms["reference_tick"], "price"),
        Column(N_("Closing price, yuan/t"), lambda r: r.closing_tick, "price"),
        Column(N_("Volume, t"), lambda r: r.volume_lots, "count"),
    ),
    N_("No session was announced yet."),
    (
        Link("session.clear", N_("Clear"), _session, _is_clearing),
        Link("session.close", N_("Close"), _session, _is_closing),
        Link("session.pause", N_("Pause"), _session,
             lambda r, v: bool(v.roles & Role.REGULATOR) and not r.paused and not r.closed_at),
        Link("session.resume", N_("Resume"), _session,
             lambda r, v: bool(v.roles & Role.REGULATOR) and r.paused),
    ),
    (Page("session", N_("Open"), lambda r: {"number": r.id}),),
    tops=("session.announce",),
    waits=lambda r, v: bool(v.roles & Role.EXCHANGE) and (_is_clearing(r, v) or _is_closing(r, v)),
)  # fmt: skip
_REDEMPTION = (
    Column(N_("Number"), lambda r: r.id),
    Column(N_("Requested"), lambda r: r.time, "moment"),
    Column(N_("Member"), lambda r: r.organisation, "member"),
    Column(N_("Bank"), lambda r: r.bank, "member"),
    Column(N_("Amount, yuan"), lambda r: r.amount, "yuan"),
    Column(N_("State"), lambda r: r.state, "state"),
    Column(N_("Payee"), lambda r: r.payee, "code"),
)
BANK = Listing(
    "bank-redemptions",
    N_("Redemptions to pay out"),
    N_("Record the payout before you send the yuan, so that the two cannot cross."),
    Role.BANK,
    _at_bank,
    _REDEMPTION,
    N_("Nobody has asked for money back."),
    (
        Link("money.pay-out", N_("Record a payout"), lambda r: {"redemption": r.id},
             lambda r, _: r.state == "requested"),
        Link("money.reject", N_("Reject"), lambda r: {"redemption": r.id},
             lambda r, _: r.state == "requested"),
    ),
    tops=("money.issue",),
    waits=lambda r, _: r.state == "requested",
)  # fmt: skip
REDEMPTIONS = Listing(
    "redemptions",
    N_("Your money and redemptions"),
    N_("Money goes back to a bank, which pays one of your trusted payees."),
    Role(0),
    _redemptions,
    _REDEMPTION,
    N_("No redemption yet."),
    (
        Link("money.cancel-redemption", N_("Take back"), lambda r: {"redemption": r.id},
             lambda r, _: r.state == "requested"),
    ),
    tops=("money.redeem", "money.transfer", "money.deposit", "money.withdraw"),
)  # fmt: skip
OBLIGATIONS = Listing(
    "obligations",
    N_("Payments of trades on margin"),
    N_("Pay in time: past due, anyone may declare the default, and the margin goes to the seller."),
    Role(0),
    _obligations,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Session"), lambda r: r.session),
        Column(N_("Buyer"), lambda r: r.buyer, "member"),
        Column(N_("Seller"), lambda r: r.seller, "member"),
        Column(N_("Quantity, t"), lambda r: r.lots, "count"),
        Column(N_("State"), lambda r: r.state, "state"),
        Column(N_("Since"), lambda r: r.time, "moment"),
    ),
    N_("Nothing is owed."),
    (
        Link("obligation.pay", N_("Pay"), lambda r: {"obligation": r.id},
             lambda r, v: r.state == "owed" and r.buyer == v.organisation),
        Link("obligation.declare-default", N_("Declare a default"), lambda r: {"obligation": r.id},
             lambda r, v: r.state == "owed" and r.seller == v.organisation),
    ),
    waits=lambda r, v: r.state == "owed" and r.buyer == v.organisation,
)  # fmt: skip
ISSUED = Listing(
    "payments-in",
    N_("Payments in"),
    N_("Money that banks recorded against payments in yuan, each reference once."),
    Role(0),
    _issued,
    (
        Column(N_("Time"), lambda r: r.time, "moment"),
        Column(N_("Member"), lambda r: r.organisation, "member"),
        Column(N_("Bank"), lambda r: r.bank, "member"),
        Column(N_("Amount, yuan"), lambda r: r.amount, "yuan"),
        Column(N_("Reference"), lambda r: r.reference, "code"),
    ),
    N_("No payment was recorded yet."),
    tops=("money.issue",),
)
BLOCKS = Listing(
    "blocks",
    N_("Block trades offered"),
    N_("Large quantities offered to one named organisation; accepting settles at once."),
    Role(0),
    _blocks,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Offered by"), lambda r: r.proposer, "member"),
        Column(N_("to"), lambda r: r.counterparty, "member"),
        Column(N_("Side"), lambda r: N_("buys") if r.proposer_buys else N_("sells"), "state"),
        Column(N_("Price, yuan/t"), lambda r: r.tick, "price"),
        Column(N_("Quantity, t"), lambda r: r.lots, "count"),
        Column(N_("Session"), lambda r: r.session),
        Column(N_("Open until"), lambda r: r.expires_at, "moment"),
        Column(N_("State"), lambda r: r.state, "state"),
    ),
    N_("No block was offered."),
    (
        Link("block.accept", N_("Accept"), lambda r: {"proposal": r.id}, _may_accept),
        Link("block.withdraw", N_("Take back"), lambda r: {"proposal": r.id},
             lambda r, v: r.state == "open" and r.proposer == v.organisation),
    ),
    tops=("block.propose",),
    waits=_may_accept,
    until=lambda r: r.expires_at,
)  # fmt: skip
INSTRUMENTS = Listing(
    "instruments",
    N_("Instruments traded"),
    N_("What sessions can be announced for."),
    Role.EXCHANGE | Role.REGULATOR,
    _instruments,
    (
        Column(N_("Instrument"), lambda r: r, "units"),
        Column(N_("Vintage"), lambda r: r.vintage),
    ),
    N_("Nothing can be traded yet."),
    tops=("instrument.list",),
)
LISTINGS = (SESSIONS, INSTRUMENTS, BANK, ISSUED, REDEMPTIONS, OBLIGATIONS, BLOCKS)
