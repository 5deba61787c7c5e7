"""What was said of an organisation, event by event, with the transaction that said it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.engine import Connection

from tanlian.readmodel.tables import blocks, event_subjects, events


@dataclass(frozen=True, slots=True)
class StatedFact:
    """One event. Integers in `said` are exact, bytes are hex with 0x, structs are lists."""

    contract: str
    name: str
    said: dict[str, Any]
    block: int
    log_index: int
    tx_hash: str
    time: int

    def __getitem__(self, name: str) -> Any:
        return self.said[name]


def facts_of(
    db: Connection, organisation: int, contract: str, names: Collection[str] = ()
) -> list[StatedFact]:
    """Return what a contract said of an organisation, oldest first; all of it or these names."""
    place = and_(
        events.c.block == event_subjects.c.block, events.c.log_index == event_subjects.c.log_index
    )
    query = (
        select(events, blocks.c.time)
        .join(event_subjects, place)
        .join(blocks, blocks.c.number == events.c.block)
        .where(event_subjects.c.organisation == organisation, events.c.contract == contract)
        .order_by(events.c.block, events.c.log_index)
    )
    if names:
        query = query.where(events.c.name.in_(names))
    return [_fact(row) for row in db.execute(query).mappings()]


def _fact(row: Any) -> StatedFact:
    return StatedFact(
        row["contract"],
        row["name"],
        json.loads(row["body"]),
        row["block"],
        row["log_index"],
        row["tx_hash"],
        row["time"],
    )
