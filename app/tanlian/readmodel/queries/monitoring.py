"""Who measures what with which keys, the plans for it, and what was anchored."""

from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.reading import SECONDS_PER_HOUR
from tanlian.readmodel.tables.monitoring import (
    anchors,
    device_keys,
    devices,
    logbooks,
    monitoring_plans,
    monitoring_years,
    sources,
)


@dataclass(frozen=True, slots=True)
class MonitoringYear:
    """A year from its first second to the first one after it."""

    year: int
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key of a device, and when and why it ended."""

    key: str
    since: int
    until: int | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Device:
    """A device with its keys, the newest one first."""

    id: int
    source: int
    organisation: int
    name: str
    key: str
    registered_at: int
    retired_at: int | None
    retire_reason: str | None
    keys: tuple[DeviceKey, ...]


@dataclass(frozen=True, slots=True)
class Source:
    id: int
    organisation: int
    name: str
    registered_at: int
    closed_at: int | None
    close_reason: str | None


@dataclass(frozen=True, slots=True)
class MonitoringPlan:
    """A version of a plan. `state` is filed, approved, returned or replaced."""

    organisation: int
    year: int
    version: int
    document: str
    state: str
    filed_at: int
    filed_by: str
    decided_at: int | None
    decided_by: str | None
    reason: str | None
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Logbook:
    """What a gateway anchored in a year; hours since 1970."""

    gateway: str
    year: int
    organisation: int
    is_open: bool
    mass_g: int
    readings: int
    first_hour: int
    next_hour: int
    end_hour: int
    batches: int
    head: str | None
    anchored_at: int | None
    replaced_by: str | None

    @property
    def is_complete(self) -> bool:
        """Whether every hour of the year is anchored."""
        return self.next_hour >= self.end_hour


@dataclass(frozen=True, slots=True)
class Anchor:
    """A batch of readings under one root."""

    organisation: int
    year: int
    gateway: str
    first_hour: int
    hours: int
    root: str
    mass_g: int
    readings: int
    previous_head: str
    time: int
    block: int
    tx_hash: str


def years(db: Connection) -> list[MonitoringYear]:
    """Return the years that are open for monitoring, newest first."""
    query = select(monitoring_years).order_by(monitoring_years.c.year.desc())
    rows = db.execute(query).mappings()
    return [MonitoringYear(row["year"], row["starts_at"], row["ends_at"]) for row in rows]


def sources_of(db: Connection, organisation: int) -> list[Source]:
    query = select(sources).where(sources.c.organisation == organisation).order_by(sources.c.id)
    return [_source(row) for row in db.execute(query).mappings()]


def source(db: Connection, number: int) -> Source:
    """Return one source.

    Raises:
        NotFound: none has that number.
    """
    row = db.execute(select(sources).where(sources.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no source {number}.", number=number)
    return _source(row)


def devices_of(db: Connection, organisation: int) -> list[Device]:
    """Return an organisation's devices with every key they had, by source and number."""
    query = (
        select(devices)
        .where(devices.c.organisation == organisation)
        .order_by(devices.c.source, devices.c.id)
    )
    found = db.execute(query).mappings().all()
    keys: dict[int, list[DeviceKey]] = {}
    of_these = (
        select(device_keys)
        .join(devices, devices.c.id == device_keys.c.device)
        .where(devices.c.organisation == organisation)
        .order_by(device_keys.c.since.desc(), device_keys.c.key)
    )
    for row in db.execute(of_these).mappings():
        key = DeviceKey(row["key"], row["since"], row["until"], row["end_reason"])
        keys.setdefault(row["device"], []).append(key)
    return [
        Device(
            row["id"],
            row["source"],
            row["organisation"],
            row["name"],
            row["key"],
            row["registered_at"],
            row["retired_at"],
            row["retire_reason"],
            tuple(keys.get(row["id"], ())),
        )
        for row in found
    ]


def plans_of(db: Connection, organisation: int, year: int | None = None) -> list[MonitoringPlan]:
    """Return the versions of an organisation's plans, newest year and version first."""
    query = select(monitoring_plans).where(monitoring_plans.c.organisation == organisation)
    if year is not None:
        query = query.where(monitoring_plans.c.year == year)
    query = query.order_by(monitoring_plans.c.year.desc(), monitoring_plans.c.version.desc())
    return [_plan(row) for row in db.execute(query).mappings()]


def plans_to_decide(
    db: Connection, *, after: tuple[int, int] | None = None, limit: int = 50
) -> list[MonitoringPlan]:
    """Return the plans that wait for the regulator, by year and organisation.

    `after` is the (year, organisation) of the last one seen.
    """
    place = tuple_(monitoring_plans.c.year, monitoring_plans.c.organisation)
    query = select(monitoring_plans).where(monitoring_plans.c.state == "filed")
    if after is not None:
        query = query.where(place > after)
    query = query.order_by(monitoring_plans.c.year, monitoring_plans.c.organisation)
    return [_plan(row) for row in db.execute(query.limit(limit)).mappings()]


def logbooks_of(db: Connection, organisation: int, year: int | None = None) -> list[Logbook]:
    """Return an organisation's logbooks, newest year first; those of replaced gateways too."""
    query = (
        select(logbooks, monitoring_years.c.ends_at)
        .join(monitoring_years, monitoring_years.c.year == logbooks.c.year)
        .where(logbooks.c.organisation == organisation)
        .order_by(logbooks.c.year.desc(), logbooks.c.opened_at, logbooks.c.gateway)
    )
    if year is not None:
        query = query.where(logbooks.c.year == year)
    return [
        Logbook(
            row["gateway"],
            row["year"],
            row["organisation"],
            row["is_open"],
            row["mass_g"],
            row["count"],
            row["first_hour"],
            row["next_hour"],
            row["ends_at"] // SECONDS_PER_HOUR,
            row["batches"],
            row["head"],
            row["anchored_at"],
            row["replaced_by"],
        )
        for row in db.execute(query).mappings()
    ]


def monitored_years(db: Connection) -> list[tuple[int, int]]:
    """Return organisation and year of every logbook, newest year first."""
    query = (
        select(logbooks.c.organisation, logbooks.c.year)
        .distinct()
        .order_by(logbooks.c.year.desc(), logbooks.c.organisation)
    )
    return [(organisation, number) for organisation, number in db.execute(query)]


def anchors_of(
    db: Connection,
    organisation: int,
    year: int,
    *,
    before: tuple[int, str] | None = None,
    limit: int = 50,
) -> list[Anchor]:
    """Return an organisation's batches of a year, newest hour first.

    `before` is the (first hour, gateway) of the last one seen.
    """
    query = select(anchors).where(anchors.c.organisation == organisation, anchors.c.year == year)
    if before is not None:
        query = query.where(tuple_(anchors.c.first_hour, anchors.c.gateway) < before)
    query = query.order_by(anchors.c.first_hour.desc(), anchors.c.gateway.desc()).limit(limit)
    return [_anchor(row) for row in db.execute(query).mappings()]


def _source(row: RowMapping) -> Source:
    return Source(
        row["id"],
        row["organisation"],
        row["name"],
        row["registered_at"],
        row["closed_at"],
        row["close_reason"],
    )


def _plan(row: RowMapping) -> MonitoringPlan:
    return MonitoringPlan(
        row["organisation"],
        row["year"],
        row["version"],
        row["document"],
        row["state"],
        row["filed_at"],
        row["filed_by"],
        row["decided_at"],
        row["decided_by"],
        row["reason"],
        row["tx_hash"],
    )


def _anchor(row: RowMapping) -> Anchor:
    return Anchor(
        row["organisation"],
        row["year"],
        row["gateway"],
        row["first_hour"],
        row["hours"],
        row["root"],
        row["mass_g"],
        row["count"],
        row["previous_head"],
        row["time"],
        row["block"],
        row["tx_hash"],
    )
