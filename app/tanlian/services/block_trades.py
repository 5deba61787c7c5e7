"""Block trades: one organisation proposes, the named other one accepts, the market settles."""

from dataclasses import dataclass

from tanlian.chain.transactions import Receipt, Sender
from tanlian.domain.errors import NotFound
from tanlian.domain.quotes import Quote
from tanlian.domain.units import KILOGRAMS_PER_LOT, MICRO_YUAN_PER_TICK
from tanlian.services.access import Access
from tanlian.services.organisations import find

ENDS = {"BlockTraded": "traded", "BlockWithdrawn": "withdrawn"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed block trade, and what became of it."""

    id: int
    session: int
    proposer: int
    counterparty: int
    proposer_buys: bool
    tick: int
    lots: int
    expires_at: int
    state: str  # open, expired, traded, withdrawn


def propose(
    access: Access, sender: Sender, session: int, quote: Quote, *, to: str, expires_at: int
) -> int:
    """Propose a block trade to a named organisation. Returns the proposal's id."""
    receipt = access.act(
        sender,
        "block_trades",
        "propose",
        session,
        find(access, to),
        quote.buy,
        quote.tick * MICRO_YUAN_PER_TICK,
        quote.lots * KILOGRAMS_PER_LOT,
        expires_at,
    )
    return int(access.event(receipt, "block_trades", "BlockProposed")["proposal_id"])


def accept(access: Access, sender: Sender, number: int) -> Receipt:
    """Accept a proposal that is addressed to the key's organisation; it settles at once."""
    return access.act(sender, "block_trades", "accept", number)


def withdraw(access: Access, sender: Sender, number: int) -> Receipt:
    """Take back an open proposal; the proposer's act, also when it is suspended."""
    return access.act(sender, "block_trades", "withdraw", number)


def proposal(access: Access, number: int) -> Proposal:
    """One proposal with its state now.

    Raises:
        NotFound: there is none of that number.
    """
    record = access.contracts["block_trades"].read("proposal", number)
    if record.proposer == 0:
        raise NotFound(f"There is no block proposal {number}.", proposal=number)
    return Proposal(
        id=number,
        session=record.session_id,
        proposer=record.proposer,
        counterparty=record.counterparty,
        proposer_buys=record.proposer_buys,
        tick=record.tick,
        lots=record.lots,
        expires_at=record.expires_at,
        state=_state(access, number, expires_at=record.expires_at, is_open=record.open),
    )


def _state(access: Access, number: int, *, expires_at: int, is_open: bool) -> str:
    if is_open:
        return "open" if access.connection.now() <= expires_at else "expired"
    ended = access.contracts.events().read(
        access.book.first_block(), contracts=["block_trades"], names=list(ENDS)
    )
    return next(ENDS[event.name] for event in ended if int(event["proposal_id"]) == number)
