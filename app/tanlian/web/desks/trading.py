"""The market on the desks of its members, of banks and of the exchange."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.roles import Role
from tanlian.readmodel.queries import market, money
from tanlian.readmodel.queries.market import Session
from tanlian.readmodel.queries.money import Obligation, Redemption
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
    tops=("session.announce", "instrument.list"),
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
LISTINGS = (SESSIONS, BANK, REDEMPTIONS, OBLIGATIONS)
