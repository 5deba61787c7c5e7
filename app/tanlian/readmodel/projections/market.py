"""Sessions, orders, fills, obligations and prices."""

import json
from typing import Any

from tanlian.domain import market_events
from tanlian.domain.market_events import NEVER_STOOD, Fill, Kind, OrderRecord
from tanlian.readmodel.draft import Draft, OrderKey
from tanlian.readmodel.projections.registry import NOBODY, Fact, leaves_out, takes
from tanlian.readmodel.tables import fills, obligations, sessions, traded_minutes
from tanlian.readmodel.tables.acts import block_agreements, block_proposals, listings

SECONDS_PER_MINUTE = 60

leaves_out("market", "Wired", "Sealed", because="deployment; the address book shows it")
leaves_out(
    "clearing_house",
    "OrdersReleased",
    "SessionCleared",
    "SessionClosed",
    "Traded",
    because="the market runs this code on its own storage and says them itself",
)
leaves_out(
    "market",
    "MessageRefused",
    "QuoteRefused",
    "RemainderReturned",
    "NoncesSkipped",
    because="an answer to one sender, found in `events`; it changes no book",
)


@takes("sessions", "SessionAnnounced")
def announced(draft: Draft, fact: Fact) -> None:
    said = fact.said
    terms = said["terms"]
    draft.row(sessions, id=said["session_id"]).update(
        instrument=said["instrument"],
        terms=json.dumps(terms._asdict()),
        low_tick=said["low_tick"],
        high_tick=said["high_tick"],
        opens_at=terms.opens_at,
        closes_at=terms.closes_at,
        paused=False,
        cleared_at=None,
        closed_at=None,
        closing_tick=None,
        volume_lots=0,
        turnover_half_ticks=0,
        first_half_ticks=None,
        highest_half_ticks=None,
        lowest_half_ticks=None,
        last_half_ticks=None,
        trades=0,
    )


@takes("sessions", "InstrumentListed")
def listed(draft: Draft, fact: Fact) -> None:
    draft.row(listings, instrument=fact.said["instrument"]).update(time=fact.time, **fact.signed)


@takes("sessions", "SessionPaused", "SessionResumed")
def paused_or_resumed(draft: Draft, fact: Fact) -> None:
    draft.row(sessions, id=fact.said["session_id"])["paused"] = fact.name == "SessionPaused"


@takes("market", "OrdersPlaced")
def placed(draft: Draft, fact: Fact) -> None:
    session = fact.said["session_id"]
    for record in market_events.records(fact.said["records"]):
        draft.place(
            _key(session, record),
            organisation=record.organisation,
            lots=record.lots,
            open_lots=record.lots,
            ended=None,
            ended_at=None,
            time=fact.time,
            block=fact.block,
            log_index=fact.log_index,
            tx_hash=fact.tx_hash,
        )
        _touch(draft, session, record.organisation)


@takes("market", "OrderCancelled")
def cancelled(draft: Draft, fact: Fact) -> None:
    record = market_events.record(fact.said["record"])
    draft.end(_key(fact.said["session_id"], record), record.lots, "cancelled", fact.time)
    _touch(draft, fact.said["session_id"], record.organisation)


@takes("market", "OrderReduced")
def reduced(draft: Draft, fact: Fact) -> None:
    record = market_events.record(fact.said["record"])
    taken = fact.said["lots_before"] - record.lots
    draft.restate(_key(fact.said["session_id"], record), taken)
    _touch(draft, fact.said["session_id"], record.organisation)


@takes("market", "OrdersReleased")
def released(draft: Draft, fact: Fact) -> None:
    for record in market_events.records(fact.said["records"]):
        draft.end(_key(fact.said["session_id"], record), record.lots, "released", fact.time)
        _touch(draft, fact.said["session_id"], record.organisation)


@takes("market", "Traded")
def traded(draft: Draft, fact: Fact) -> None:
    session = fact.said["session_id"]
    of_session = draft.row(sessions, id=session)
    for number, fill in enumerate(market_events.fills(fact.said["fills"])):
        draft.add(
            fills,
            block=fact.block,
            log_index=fact.log_index,
            number=number,
            session=session,
            kind=fill.kind,
            buyer=fill.buyer,
            seller=fill.seller,
            lots=fill.lots,
            half_ticks=fill.half_ticks,
            bid_tick=fill.bid_tick,
            bid_position=fill.bid_position,
            ask_tick=fill.ask_tick,
            ask_position=fill.ask_position,
            obligation=fill.obligation,
            time=fact.time,
            tx_hash=fact.tx_hash,
        )
        for organisation, buy, tick, position in (
            (fill.buyer, True, fill.bid_tick, fill.bid_position),
            (fill.seller, False, fill.ask_tick, fill.ask_position),
        ):
            if position != NEVER_STOOD:
                draft.shorten((session, buy, tick, position), fill.lots)
            _touch(draft, session, organisation)
        if fill.kind is not Kind.BLOCK:
            minute = fact.time // SECONDS_PER_MINUTE
            of_session["turnover_half_ticks"] += fill.lots * fill.half_ticks
            _price(of_session, fill)
            _price(draft.row(traded_minutes, session=session, minute=minute), fill)
        if fill.obligation:
            draft.row(obligations, id=fill.obligation).update(
                session=session,
                buyer=fill.buyer,
                seller=fill.seller,
                lots=fill.lots,
                state="owed",
                time=fact.time,
            )


@takes("settlement", "ObligationPaid", "BuyerDefaulted")
def obligation_ended(draft: Draft, fact: Fact) -> None:
    row = draft.row(obligations, id=fact.said["obligation_id"])
    row["state"] = "paid" if fact.name == "ObligationPaid" else "defaulted"
    for side in ("buyer", "seller"):
        _touch(draft, row["session"], row[side])


@takes("market", "SessionCleared")
def cleared(draft: Draft, fact: Fact) -> None:
    draft.row(sessions, id=fact.said["session_id"])["cleared_at"] = fact.time


@takes("market", "SessionClosed")
def closed(draft: Draft, fact: Fact) -> None:
    draft.row(sessions, id=fact.said["session_id"]).update(
        closed_at=fact.time, closing_tick=fact.said["closing_tick"]
    )


@takes("market", "UnitsDeposited", "UnitsWithdrawn", "MoneyDeposited", "MoneyWithdrawn")
def moved_in_or_out(draft: Draft, fact: Fact) -> None:
    draft.touched_accounts.add((fact.said["instrument"], fact.said["organisation_id"]))


@takes("market", "MoneyMoved")
def moved_between(draft: Draft, fact: Fact) -> None:
    for side in ("from_instrument", "to_instrument"):
        draft.touched_accounts.add((fact.said[side], fact.said["organisation_id"]))


@takes("block_trades", "BlockProposed")
def block_proposed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(block_proposals, id=said["proposal_id"]).update(
        **fact.pick("proposer", "counterparty", "proposer_buys", "tick", "lots", "expires_at"),
        session=said["session_id"],
        state="open",
        proposed_at=fact.time,
        ended_at=None,
        **fact.signed,
    )


@takes("block_trades", "BlockWithdrawn")
def block_withdrawn(draft: Draft, fact: Fact) -> None:
    draft.row(block_proposals, id=fact.said["proposal_id"]).update(
        state="withdrawn", ended_at=fact.time
    )


@takes("block_trades", "BlockTraded")
def block_traded(draft: Draft, fact: Fact) -> None:
    said = fact.said
    if said["proposal_id"]:
        draft.row(block_proposals, id=said["proposal_id"]).update(
            state="traded", ended_at=fact.time
        )
    signers = fact.pick("buyer_signer", "seller_signer")
    draft.add(
        block_agreements,
        **fact.pick("buyer", "seller", "tick", "lots"),
        session=said["session_id"],
        proposal=said["proposal_id"] or None,
        **{name: None if key == NOBODY else key for name, key in signers.items()},
        **fact.place,
    )


def _price(row: dict[str, Any], fill: Fill) -> None:
    """Count a trade of the listed market into the prices and the volume of a span of time."""
    if not row.get("trades"):
        row.update(
            volume_lots=0,
            first_half_ticks=fill.half_ticks,
            highest_half_ticks=fill.half_ticks,
            lowest_half_ticks=fill.half_ticks,
            trades=0,
        )
    row["volume_lots"] += fill.lots
    row["highest_half_ticks"] = max(row["highest_half_ticks"], fill.half_ticks)
    row["lowest_half_ticks"] = min(row["lowest_half_ticks"], fill.half_ticks)
    row["last_half_ticks"] = fill.half_ticks
    row["trades"] += 1


def _key(session: int, record: OrderRecord) -> OrderKey:
    return (session, record.buy, record.tick, record.position)


def _touch(draft: Draft, session: int, organisation: int) -> None:
    draft.touched_accounts.add((draft.row(sessions, id=session)["instrument"], organisation))
