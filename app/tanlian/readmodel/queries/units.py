"""Caps, allocations, holdings and certificates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select, tuple_
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument
from tanlian.readmodel.tables import (
    allocations,
    blocks,
    certificates,
    event_subjects,
    events,
    holdings,
    organisations,
    plans,
    sessions,
)


@dataclass(frozen=True, slots=True)
class RegionYear:
    """The plan of a region for a year beside what was allocated and retired; kg."""

    region: int
    period: int
    cap_kg: int
    target_kg: int
    capacity_kg: int
    allocated_kg: int
    emitters: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof that units were retired: their serials, from `first_serial` on, one per kg."""

    id: int
    instrument: Instrument
    organisation: int
    first_serial: int
    amount_kg: int
    purpose: int
    reference: str
    time: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Holding:
    instrument: Instrument
    amount_kg: int
    frozen_kg: int


def region_years(db: Connection) -> list[RegionYear]:
    """Return each region and year that has a plan, newest year first."""
    given: dict[tuple[int, int], list[int]] = {}
    for row in db.execute(select(allocations)).mappings():
        given.setdefault((row["region"], row["period"]), []).append(row["entitled_kg"])
    return [
        RegionYear(
            row["region"],
            row["period"],
            row["cap_kg"],
            row["target_kg"],
            row["capacity_kg"],
            sum(given.get((row["region"], row["period"]), [])),
            len(given.get((row["region"], row["period"]), [])),
        )
        for row in db.execute(
            select(plans).order_by(plans.c.period.desc(), plans.c.region)
        ).mappings()
    ]


def sector_totals(db: Connection, period: int) -> dict[int, int]:
    """Return the kg allocated for a year by sector."""
    query = (
        select(organisations.c.sector, allocations.c.entitled_kg)
        .join(organisations, organisations.c.id == allocations.c.organisation)
        .where(allocations.c.period == period)
    )
    totals: dict[int, int] = {}
    for sector, amount in db.execute(query):
        totals[sector] = totals.get(sector, 0) + amount
    return dict(sorted(totals.items()))


def holdings_of(db: Connection, organisation: int) -> list[Holding]:
    """Return what lies in an organisation's registry account."""
    query = (
        select(holdings)
        .where(holdings.c.organisation == organisation)
        .order_by(holdings.c.token_id)
    )
    return [
        Holding(Instrument.from_token_id(r["token_id"]), r["amount_kg"], r["frozen_kg"])
        for r in db.execute(query).mappings()
        if r["amount_kg"] or r["frozen_kg"]
    ]


def certificate(db: Connection, number: int) -> Certificate:
    """Return one certificate.

    Raises:
        NotFound: nothing was retired under that number.
    """
    query = select(certificates).where(certificates.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no certificate {number}.", number=number)
    return certificate_of_row(row)


def certificate_of_serial(db: Connection, token_id: int, serial: int) -> Certificate:
    """Return the certificate that retired one serial.

    Raises:
        NotFound: that serial is not retired.
    """
    query = (
        select(certificates)
        .where(certificates.c.token_id == token_id, certificates.c.first_serial <= serial)
        .order_by(certificates.c.first_serial.desc())
        .limit(1)
    )
    row = db.execute(query).mappings().one_or_none()
    if row is None or serial >= row["first_serial"] + row["amount_kg"]:
        raise NotFound(f"Serial {serial} is not retired.", serial=serial)
    return certificate_of_row(row)


def recent_certificates(
    db: Connection, *, before: int | None = None, limit: int = 50
) -> list[Certificate]:
    """Return certificates, newest first; those listed after certificate `before`."""
    query = select(certificates).order_by(certificates.c.time.desc(), certificates.c.id.desc())
    if before is not None:
        time = select(certificates.c.time).where(certificates.c.id == before).scalar_subquery()
        place = tuple_(certificates.c.time, certificates.c.id)
        query = query.where(place < tuple_(time, literal(before, certificates.c.id.type)))
    return [certificate_of_row(row) for row in db.execute(query.limit(limit)).mappings()]


def certificate_of_row(row: RowMapping) -> Certificate:
    """Return a certificate of the table's row."""
    return Certificate(
        row["id"],
        Instrument.from_token_id(row["token_id"]),
        row["organisation"],
        row["first_serial"],
        row["amount_kg"],
        row["purpose"],
        row["reference"],
        row["time"],
        row["tx_hash"],
    )


@dataclass(frozen=True, slots=True)
class Said:
    """An event as its contract logged it; integers and bytes as text."""

    contract: str
    name: str
    body: dict[str, Any]


def events_of(db: Connection, tx_hashes: Sequence[str]) -> list[Said]:
    """Return what the contracts logged in these transactions, in its order."""
    query = (
        select(events.c.contract, events.c.name, events.c.body)
        .where(events.c.tx_hash.in_(tx_hashes))
        .order_by(events.c.block, events.c.log_index)
    )
    return [Said(row.contract, row.name, json.loads(row.body)) for row in db.execute(query)]


def events_about(
    db: Connection, organisation: int, *, after: tuple[int, int], limit: int
) -> list[dict[str, Any]]:
    """Return events that concern an organisation, oldest first, behind (block, log index)."""
    place = tuple_(event_subjects.c.block, event_subjects.c.log_index)
    query = (
        select(events, blocks.c.time)
        .join(
            event_subjects,
            (event_subjects.c.block == events.c.block)
            & (event_subjects.c.log_index == events.c.log_index),
        )
        .join(blocks, blocks.c.number == events.c.block)
        .where(event_subjects.c.organisation == organisation, place > after)
        .order_by(events.c.block, events.c.log_index)
        .limit(limit)
    )
    return [
        {
            "cursor": f"{row.block}.{row.log_index}",
            "time": row.time,
            "contract": row.contract,
            "event": row.name,
            "said": json.loads(row.body),
            "tx_hash": row.tx_hash,
        }
        for row in db.execute(query)
    ]


def known_instruments(db: Connection) -> list[Instrument]:
    """Return the kinds of units that were ever issued or traded."""
    held = select(holdings.c.token_id).distinct()
    traded = select(sessions.c.instrument).distinct()
    tokens = sorted({*db.scalars(held), *db.scalars(traded)})
    return [Instrument.from_token_id(token) for token in tokens]
