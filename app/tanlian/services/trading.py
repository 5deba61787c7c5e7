"""Trading: the trading account, sessions, quotes, clearing, payment and close."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tanlian.chain.connection import chunks
from tanlian.chain.events import Event
from tanlian.chain.reverts import explain
from tanlian.chain.signed_quotes import Message, SignedMessage, batches
from tanlian.chain.transactions import Receipt, Sender
from tanlian.domain.errors import NotFound
from tanlian.domain.holder import holder_address
from tanlian.domain.market_events import QUOTES_PER_WORD, fills, records
from tanlian.domain.quotes import Quote, pack_quotes
from tanlian.domain.refusals import REASONS
from tanlian.domain.standing import Standing
from tanlian.domain.units import KILOGRAMS_PER_LOT, MICRO_YUAN_PER_TICK
from tanlian.services.access import Access

WORDS_IN_A_CALL = 64  # 256 quotes, which needs about 13,000,000 gas where slots are new
MESSAGE_WORDS_IN_A_CALL = 350
STEPS_IN_A_CALL = 1_000
ORDERS_RELEASED_IN_A_CALL = 64
MAKERS = 100

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Refused:
    """One quote or message of many that the market did not take; `number` counts from 0."""

    number: int
    reason: str

    @property
    def sentence(self) -> str:
        return explain(self.reason).user_message


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of many quotes."""

    accepted: int
    refused: tuple[Refused, ...]


# -- the trading account ---------------------------------------------------------------------------


def deposit_units(access: Access, sender: Sender, instrument: int, amount_kg: int) -> Receipt:
    """Move units from the registry account into the trading account."""
    owner = holder_address(acting_organisation(access, sender))
    return access.act(
        sender,
        "ledger",
        "safeTransferFrom",
        owner,
        access.contracts.market.address,
        instrument,
        amount_kg,
        b"",
    )


def deposit_money(access: Access, sender: Sender, instrument: int, amount: int) -> Receipt:
    """Move money into the trading account: allow the market to take it, then let it take it."""
    access.act(sender, "money", "approve", access.contracts.market.address, amount)
    return access.act(sender, "market", "deposit_money", instrument, amount)


def withdraw_units(access: Access, sender: Sender, instrument: int, amount_kg: int) -> Receipt:
    """Take free units back into the registry account; possible at any time."""
    return access.act(sender, "market", "withdraw_units", instrument, amount_kg)


def withdraw_money(access: Access, sender: Sender, instrument: int, amount: int) -> Receipt:
    """Take free money back; possible at any time."""
    return access.act(sender, "market", "withdraw_money", instrument, amount)


def acting_organisation(access: Access, sender: Sender) -> int:
    """The organisation for which a key acts.

    Raises:
        NotFound: it is no organisation's key.
    """
    word = int(access.contracts.membership.read("standing", sender.address))
    if word == 0:
        raise NotFound(
            f"The key {sender.address} acts for no organisation; ask the regulator to admit it.",
            account=sender.address,
        )
    return Standing.unpack(word).organisation


# -- sessions --------------------------------------------------------------------------------------


def list_instrument(access: Access, sender: Sender, instrument: int) -> Receipt:
    """Let the market hold and trade an instrument; the exchange's act, once for each."""
    return access.act(sender, "sessions", "list_instrument", instrument)


def announce_session(access: Access, sender: Sender, terms: Sequence[Any]) -> int:
    """Announce a session; the exchange's act. Returns its id."""
    receipt = access.act(sender, "sessions", "announce_session", tuple(terms))
    return int(access.event(receipt, "sessions", "SessionAnnounced")["session_id"])


def pause(access: Access, sender: Sender, session: int, cause: bytes) -> Receipt:
    """Stop new orders and trades, never withdrawals; a regulator's act."""
    return access.act(sender, "sessions", "pause_session", session, cause)


def resume(access: Access, sender: Sender, session: int) -> Receipt:
    """End a pause; a regulator's act."""
    return access.act(sender, "sessions", "resume_session", session)


# -- quotes ----------------------------------------------------------------------------------------


def place(access: Access, sender: Sender, session: int, quote: Quote) -> int:
    """Place one quote; returns the order's id, 0 if all of it traded at once."""
    receipt = access.act(
        sender,
        "market",
        "place",
        session,
        quote.buy,
        quote.tick * MICRO_YUAN_PER_TICK,
        quote.lots * KILOGRAMS_PER_LOT,
    )
    return next(iter(placed_orders(access, receipt)), 0)


def place_many(
    access: Access,
    sender: Sender,
    session: int,
    quotes: Sequence[Quote],
    *,
    atomic: bool = False,
    progress: Progress | None = None,
) -> Placed:
    """Place many quotes of one organisation; a refused one is named and the rest are placed.

    With `atomic` all go in one transaction, which the first refusal undoes.

    Raises:
        ContractRefused: the market takes no quotes now, or an atomic batch met a refusal.
    """
    words = pack_quotes(quotes)
    accepted, refused, done = 0, list[Refused](), 0
    for some in chunks(words, max(len(words), 1) if atomic else WORDS_IN_A_CALL):
        receipt = access.act(sender, "market", "place_many", session, list(some), atomic)
        held = min(len(some) * QUOTES_PER_WORD, len(quotes) - done)
        bad = [
            Refused(done + int(event["position"]), REASONS[int(event["reason"])])
            for event in _events(access, receipt, "QuoteRefused")
        ]
        refused += bad
        accepted += held - len(bad)
        done += held
        if progress is not None:
            progress(done, len(quotes))
    return Placed(accepted, tuple(refused))


def next_nonce(access: Access, instrument: int, organisation: int) -> int:
    """The number of an organisation's next signed message for an instrument."""
    return int(access.contracts.market.read("account", instrument, organisation).next_nonce)


def sign_quotes(
    access: Access, sender: Sender, session: int, quotes: Sequence[Quote], expires_at: int
) -> list[SignedMessage]:
    """Sign quotes for a relayer, as many to a signature as fit; nothing is sent."""
    market = access.contracts.market
    organisation = acting_organisation(access, sender)
    terms = access.contracts["sessions"].read("terms", session)
    nonce = next_nonce(access, terms.instrument, organisation)
    domain = market.read("message_domain")
    return [
        Message(session, organisation, nonce + offset, expires_at, tuple(some)).sign(
            sender.key, domain
        )
        for offset, some in enumerate(chunks(quotes, 16))
    ]


def relay(
    access: Access,
    sender: Sender,
    session: int,
    messages: Sequence[SignedMessage],
    *,
    progress: Progress | None = None,
) -> Placed:
    """Bring signed messages to the market; the numbers of refusals count messages."""
    accepted, refused, done = 0, list[Refused](), 0
    for some in batches(messages, MESSAGE_WORDS_IN_A_CALL):
        words = [word for message in some for word in message.words()]
        receipt = access.act(sender, "market", "place_signed", session, words)
        quotes = sum(len(message.message.quotes) for message in some)
        for event in _events(access, receipt, "MessageRefused", "QuoteRefused"):
            number = int(event["message"])
            whole = event.name == "MessageRefused"
            quotes -= len(some[number].message.quotes) if whole else 1
            refused.append(Refused(done + number, REASONS[int(event["reason"])]))
        accepted += quotes
        done += len(some)
        if progress is not None:
            progress(done, len(messages))
    return Placed(accepted, tuple(refused))


def cancel(access: Access, sender: Sender, order: int) -> Receipt:
    """Take back what is left of an order."""
    return access.act(sender, "market", "cancel", order)


def amend(access: Access, sender: Sender, order: int, tick: int, lots: int) -> int:
    """Change price or quantity; only a smaller quantity keeps its place. Returns the order's id."""
    receipt = access.act(
        sender, "market", "amend", order, tick * MICRO_YUAN_PER_TICK, lots * KILOGRAMS_PER_LOT
    )
    placed = placed_orders(access, receipt)
    if placed:
        return placed[0]
    return order if _events(access, receipt, "OrderReduced") else 0


def clear(
    access: Access,
    sender: Sender,
    session: int,
    *,
    steps: int = STEPS_IN_A_CALL,
    progress: Progress | None = None,
) -> int:
    """Match stage one to its end, in as many calls as gas needs. Returns the number of calls."""
    calls = 0
    while True:
        receipt = access.act(sender, "market", "clear", session, steps)
        calls += 1
        if progress is not None:
            progress(calls, calls)
        if _events(access, receipt, "SessionCleared"):
            return calls


def trade_limit(
    access: Access, sender: Sender, session: int, quote: Quote, makers: int = MAKERS
) -> Receipt:
    """Meet the book up to a price; the remainder stands."""
    return access.act(
        sender,
        "market",
        "trade_limit",
        session,
        quote.buy,
        quote.tick * MICRO_YUAN_PER_TICK,
        quote.lots * KILOGRAMS_PER_LOT,
        makers,
    )


def trade_market(
    access: Access, sender: Sender, session: int, *, buy: bool, lots: int, makers: int = MAKERS
) -> Receipt:
    """Meet the book at any price inside the band; the remainder is returned."""
    return access.act(
        sender, "market", "trade_market", session, buy, lots * KILOGRAMS_PER_LOT, makers
    )


def traded_lots(access: Access, receipt: Receipt) -> int:
    """How much a transaction traded."""
    return sum(
        fill.lots for event in _events(access, receipt, "Traded") for fill in fills(event["fills"])
    )


# -- payment and close -----------------------------------------------------------------------------


def pay(access: Access, sender: Sender, obligation: int) -> Receipt:
    """Pay what the margin did not cover."""
    return access.act(sender, "settlement", "pay", obligation)


def declare_default(access: Access, sender: Sender, obligation: int) -> Receipt:
    """Declare a buyer in default once the payment is past due; anyone may."""
    return access.act(sender, "settlement", "declare_default", obligation)


def close(
    access: Access,
    sender: Sender,
    session: int,
    *,
    steps: int = STEPS_IN_A_CALL,
    progress: Progress | None = None,
) -> int:
    """Close a session and release all locks, in as many calls as gas needs; anyone may."""
    calls = 0
    while True:
        receipt = access.act(sender, "market", "close", session, steps)
        calls += 1
        if progress is not None:
            progress(calls, calls)
        if _events(access, receipt, "SessionClosed"):
            return calls


def placed_orders(access: Access, receipt: Receipt) -> list[int]:
    """The ids of the orders that a transaction placed, in their order."""
    return [
        record.order_id(int(event["session_id"]))
        for event in _events(access, receipt, "OrdersPlaced")
        for record in records(event["records"])
    ]


def _events(access: Access, receipt: Receipt, *names: str) -> list[Event]:
    return [e for e in access.contracts.events().decode(receipt.logs) if e.name in names]
