"""The emitter's workbench: reports, plans, sources, devices, gateways, holdings."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.report_state import ReportState
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import emissions, monitoring, units
from tanlian.readmodel.queries.emissions import Report
from tanlian.readmodel.queries.monitoring import Device, Logbook, MonitoringPlan, Source
from tanlian.readmodel.queries.units import Holding
from tanlian.web.desks.listing import Column, Link, Listing, Visitor
from tanlian.web.desks.regulator import MOST, REPORT_PAGES, report_columns
from tanlian.web.words import N_

_ANSWERABLE = frozenset({ReportState.CORRECTED, ReportState.ESTIMATED})
_SECONDS_PER_HOUR = 3_600


def _reports(db: Connection, visitor: Visitor) -> Sequence[Report]:
    return emissions.reports_of(db, organisation=visitor.organisation, limit=MOST)


def _plans(db: Connection, visitor: Visitor) -> Sequence[MonitoringPlan]:
    return monitoring.plans_of(db, visitor.organisation)


def _sources(db: Connection, visitor: Visitor) -> Sequence[Source]:
    return monitoring.sources_of(db, visitor.organisation)


def _devices(db: Connection, visitor: Visitor) -> Sequence[Device]:
    return monitoring.devices_of(db, visitor.organisation)


def _logbooks(db: Connection, visitor: Visitor) -> Sequence[Logbook]:
    return monitoring.logbooks_of(db, visitor.organisation)


def _holdings(db: Connection, visitor: Visitor) -> Sequence[Holding]:
    return units.holdings_of(db, visitor.organisation)


def _may_answer(row: Report, visitor: Visitor) -> bool:
    return row.state in _ANSWERABLE and (row.respond_by or 0) >= visitor.now


def _may_amend(row: Report, visitor: Visitor) -> bool:
    return row.state is ReportState.REJECTED and (row.respond_by or 0) >= visitor.now


REPORTS = Listing(
    "own-reports",
    N_("Your reports"),
    N_("Report each year in time; the first figure that you declare never changes."),
    Role.EMITTER,
    _reports,
    report_columns(),
    N_("Your organisation has not reported yet."),
    (
        Link("report.amend", N_("Amend"), lambda r: {"year": r.year}, _may_amend),
        Link("report.agree", N_("Agree"), lambda r: {"year": r.year}, _may_answer),
        Link("report.object", N_("Object"), lambda r: {"year": r.year}, _may_answer),
        Link("report.submit", N_("Replace"), lambda r: {"year": r.year},
             lambda r, _: r.state is ReportState.SUBMITTED and r.assigned_to is None),
    ),
    REPORT_PAGES,
    tops=("report.submit",),
    waits=lambda r, v: _may_answer(r, v) or _may_amend(r, v),
    until=lambda r: r.respond_by,
)  # fmt: skip
PLANS = Listing(
    "own-plans",
    N_("Your monitoring plans"),
    N_("The data quality control plan of each year; readings count once it is approved."),
    Role.EMITTER,
    _plans,
    (
        Column(N_("Year"), lambda r: r.year),
        Column(N_("Version"), lambda r: r.version),
        Column(N_("State"), lambda r: r.state, "state"),
        Column(N_("Filed"), lambda r: r.filed_at, "moment"),
        Column(N_("Decided"), lambda r: r.decided_at, "moment"),
        Column(N_("Reason"), lambda r: r.reason),
    ),
    N_("No plan was filed yet."),
    tops=("plan.file",),
    waits=lambda r, _: r.state == "returned",
)
SOURCES = Listing(
    "own-sources",
    N_("Your emission sources"),
    N_("Stacks, boilers, kilns: what emits, and is measured."),
    Role.EMITTER,
    _sources,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Name"), lambda r: r.name),
        Column(N_("Since"), lambda r: r.registered_at, "moment"),
        Column(N_("Closed"), lambda r: r.closed_at, "moment"),
    ),
    N_("No source is registered yet."),
    (
        Link("device.register", N_("Add a device"), lambda r: {"source": r.id},
             lambda r, _: r.closed_at is None),
        Link("source.close", N_("Close"), lambda r: {"source": r.id},
             lambda r, _: r.closed_at is None),
    ),
    tops=("source.register",),
)  # fmt: skip
DEVICES = Listing(
    "own-devices",
    N_("Your devices"),
    N_("Each signs its readings with a key of its own."),
    Role.EMITTER,
    _devices,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Source"), lambda r: r.source),
        Column(N_("Name"), lambda r: r.name),
        Column(N_("Key"), lambda r: r.key, "code"),
        Column(N_("Retired"), lambda r: r.retired_at, "moment"),
    ),
    N_("No device is registered yet."),
    (
        Link("device.replace-key", N_("Replace its key"), lambda r: {"device": r.id},
             lambda r, _: r.retired_at is None),
        Link("device.retire", N_("Retire"), lambda r: {"device": r.id},
             lambda r, _: r.retired_at is None),
    ),
)  # fmt: skip
LOGBOOKS = Listing(
    "own-logbooks",
    N_("Logbooks of your gateways"),
    N_("What each gateway has anchored on the chain so far."),
    Role.EMITTER,
    _logbooks,
    (
        Column(N_("Year"), lambda r: r.year),
        Column(N_("Gateway"), lambda r: r.gateway, "code"),
        Column(N_("Anchored, t"), lambda r: r.mass_g // 1000, "tonnes"),
        Column(N_("Readings"), lambda r: r.readings, "count"),
        Column(N_("Anchored until"), lambda r: r.next_hour * _SECONDS_PER_HOUR, "moment"),
        Column(N_("Last anchored"), lambda r: r.anchored_at, "moment"),
    ),
    N_("No logbook is open yet."),
    (
        Link("logbook.replace-gateway", N_("Replace the gateway"),
             lambda r: {"year": r.year, "old_gateway": r.gateway}, lambda r, _: r.is_open),
    ),
    tops=("logbook.open",),
)  # fmt: skip
HOLDINGS = Listing(
    "holdings",
    N_("Your units"),
    N_("What lies in the registry account; the trading account is on each session's page."),
    Role(0),
    _holdings,
    (
        Column(N_("Units"), lambda r: r.instrument, "units"),
        Column(N_("Held, t"), lambda r: r.amount_kg, "tonnes"),
        Column(N_("Frozen, t"), lambda r: r.frozen_kg, "tonnes"),
    ),
    N_("Your organisation holds no units."),
    (
        Link("units.transfer", N_("Transfer"), lambda r: {"instrument": r.instrument.symbol}),
        Link("units.deposit", N_("Deposit to sell"), lambda r: {"instrument": r.instrument.symbol}),
        Link("units.cancel", N_("Cancel units"), lambda r: {"instrument": r.instrument.symbol}),
    ),
)
LISTINGS = (REPORTS, PLANS, SOURCES, DEVICES, LOGBOOKS, HOLDINGS)
