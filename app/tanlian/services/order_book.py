"""The order book of a session and its trades, as the chain has them now."""

from dataclasses import dataclass

from tanlian.domain.market_events import Fill, OrderRecord, fills, records
from tanlian.services.access import Access


@dataclass(frozen=True, slots=True)
class Standing:
    """One order that stands in the book, with what is left of it."""

    order: int
    organisation: int
    buy: bool
    tick: int
    lots: int


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill, and in which session and block it was made."""

    session: int
    block: int
    fill: Fill


def standing_orders(access: Access, session: int) -> list[Standing]:
    """What stands in the book of a session: asks from the lowest, then bids from the highest."""
    placed = _placed(access, session)
    market = access.contracts.market
    left = access.contracts.read_many(
        [market.reading("order", record.order_id(session)) for record in placed]
    )
    standing = [
        (record, state.lots) for record, state in zip(placed, left, strict=True) if state.lots
    ]
    standing.sort(key=lambda found: _priority(found[0]))
    return [
        Standing(record.order_id(session), record.organisation, record.buy, record.tick, lots)
        for record, lots in standing
    ]


def trades(access: Access, session: int | None = None) -> list[Trade]:
    """The trades of a session, or of all, in the order in which they were made."""
    return [
        Trade(event["session_id"], event.block, fill)
        for event in access.contracts.events().read(
            access.book.first_block(), contracts=["market"], names=["Traded"]
        )
        if session is None or event["session_id"] == session
        for fill in fills(event["fills"])
    ]


def _placed(access: Access, session: int) -> list[OrderRecord]:
    return [
        record
        for event in access.contracts.events().read(
            access.book.first_block(), contracts=["market"], names=["OrdersPlaced"]
        )
        if event["session_id"] == session
        for record in records(event["records"])
    ]


def _priority(record: OrderRecord) -> tuple[bool, int, int]:
    return record.buy, -record.tick if record.buy else record.tick, record.position
