"""The regulator's workbench: plans, reports, members, caps, sessions."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.report_state import ReportState
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import emissions, members, monitoring, units
from tanlian.readmodel.queries.emissions import Report, ReportingYear
from tanlian.readmodel.queries.members import Member
from tanlian.readmodel.queries.monitoring import MonitoringPlan
from tanlian.readmodel.queries.units import RegionYear
from tanlian.web.desks.listing import Column, Link, Listing, Page, Visitor
from tanlian.web.words import N_, REPORT_STATES

MOST = 2_000
_ACCEPTABLE = frozenset({ReportState.CORRECTED, ReportState.ENDORSED, ReportState.ESTIMATED})


def tonnes_given(kg: int | None) -> str:
    """A mass as a form takes it: tonnes with three decimals."""
    return "" if kg is None else f"{kg // 1000}.{kg % 1000:03d}"


def of_report(row: Report) -> dict[str, object]:
    return {"organisation": row.organisation, "year": row.year}


REPORT_PAGES = (
    Page("report", N_("Open"), of_report),
    Page("figure", N_("Where the figure comes from"), of_report),
)


def report_columns() -> tuple[Column, ...]:
    return (
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Year"), lambda r: r.year),
        Column(N_("State"), lambda r: REPORT_STATES[r.state], "state"),
        Column(N_("Declared, t"), lambda r: r.declared_kg, "tonnes"),
        Column(N_("Reported, t"), lambda r: r.reported_kg, "tonnes"),
        Column(
            N_("Measured, t"), lambda r: r.measured_g // 1000 if r.measured_g else None, "tonnes"
        ),
        Column(N_("Verified, t"), lambda r: r.verified_kg, "tonnes"),
        Column(N_("Accepted, t"), lambda r: r.accepted_kg, "tonnes"),
        Column(N_("Verifier"), lambda r: r.assigned_to or r.verifier, "member"),
        Column(N_("Deadline"), lambda r: r.respond_by, "moment"),
    )


def _reports(db: Connection, _visitor: Visitor) -> Sequence[Report]:
    return emissions.reports_of(db, limit=MOST)


def _waits(row: Report, visitor: Visitor) -> bool:
    if row.organisation == visitor.organisation:
        return False
    answered = row.respond_by is None or row.respond_by < visitor.now
    return (
        (row.state is ReportState.SUBMITTED and row.assigned_to is None)
        or row.state is ReportState.OBJECTED
        or (row.state is ReportState.REJECTED and answered)
        or (row.state in _ACCEPTABLE and (answered or row.state is ReportState.ENDORSED))
    )


def _plans(db: Connection, _visitor: Visitor) -> Sequence[MonitoringPlan]:
    return monitoring.plans_to_decide(db, limit=MOST)


def _members(db: Connection, _visitor: Visitor) -> Sequence[Member]:
    return members.members(db, limit=MOST)


def _years(db: Connection, _visitor: Visitor) -> Sequence[ReportingYear]:
    return emissions.years(db)


def _caps(db: Connection, _visitor: Visitor) -> Sequence[RegionYear]:
    return units.region_years(db)


REPORTS = Listing(
    "reports",
    N_("Reports of all emitters"),
    N_("Assign verifiers, decide objections, accept figures: nothing is final without you."),
    Role.REGULATOR,
    _reports,
    report_columns(),
    N_("Nobody has reported yet."),
    (
        Link("verification.assign", N_("Assign a verifier"), of_report,
             lambda r, _: r.state is ReportState.SUBMITTED),
        Link("objection.decide", N_("Decide the objection"), of_report,
             lambda r, _: r.state is ReportState.OBJECTED),
        Link("verification.estimate", N_("Estimate"), of_report,
             lambda r, v: r.state is ReportState.REJECTED and (r.respond_by or 0) < v.now),
        Link("report.accept", N_("Accept"),
             lambda r: of_report(r) | {"amount": tonnes_given(r.verified_kg)},
             lambda r, _: r.state in _ACCEPTABLE),
        Link("report.reexamine", N_("Examine again"), of_report,
             lambda r, _: r.state is ReportState.ACCEPTED),
    ),
    REPORT_PAGES,
    waits=_waits,
    until=lambda r: r.respond_by,
)  # fmt: skip
PLANS = Listing(
    "plans",
    N_("Monitoring plans to decide"),
    N_("An emitter may anchor readings once its plan is approved."),
    Role.REGULATOR,
    _plans,
    (
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Year"), lambda r: r.year),
        Column(N_("Version"), lambda r: r.version),
        Column(N_("Filed"), lambda r: r.filed_at, "moment"),
        Column(N_("Document"), lambda r: r.document, "code"),
    ),
    N_("No plan waits."),
    (
        Link("plan.approve", N_("Approve"),
             lambda r: of_report(r) | {"version": r.version},
             lambda r, v: r.organisation != v.organisation),
        Link("plan.return", N_("Return"),
             lambda r: of_report(r) | {"version": r.version},
             lambda r, v: r.organisation != v.organisation),
    ),
    waits=lambda r, v: r.organisation != v.organisation,
)  # fmt: skip
MEMBERS = Listing(
    "organisations",
    N_("Members"),
    N_("Admit, suspend, reinstate; roles and freezes. Every change names who signed it."),
    Role.REGULATOR,
    _members,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Name"), lambda r: r.name),
        Column(N_("Roles"), lambda r: r.roles, "roles"),
        Column(N_("Sector"), lambda r: r.sector),
        Column(N_("Region"), lambda r: r.region),
        Column(N_("State"), lambda r: N_("active") if r.active else N_("suspended"), "state"),
        Column(N_("Since"), lambda r: r.admitted_at, "moment"),
    ),
    N_("No member yet."),
    (
        Link("organisation.grant", N_("Grant roles"), lambda r: {"organisation": r.id}),
        Link("organisation.revoke", N_("Revoke roles"), lambda r: {"organisation": r.id}),
        Link("organisation.reclassify", N_("Reclassify"),
             lambda r: {"organisation": r.id, "sector": r.sector, "region": r.region}),
        Link("organisation.suspend", N_("Suspend"), lambda r: {"organisation": r.id},
             lambda r, v: r.active and r.id != v.organisation),
        Link("organisation.reinstate", N_("Reinstate"), lambda r: {"organisation": r.id},
             lambda r, _: not r.active),
        Link("units.freeze-all", N_("Freeze"), lambda r: {"organisation": r.id}),
        Link("units.unfreeze-all", N_("Unfreeze"), lambda r: {"organisation": r.id}),
    ),
    (Page("organisation", N_("Open"), lambda r: {"number": r.id}),),
    tops=("organisation.admit",),
)  # fmt: skip
YEARS = Listing(
    "years",
    N_("Reporting years"),
    N_("Deadlines and factor sets of each year; they never change once they are set."),
    Role.REGULATOR,
    _years,
    (
        Column(N_("Year"), lambda r: r.year),
        Column(N_("Reports due"), lambda r: r.report_by, "moment"),
        Column(N_("Days to verify"), lambda r: r.verify_seconds // 86_400, "count"),
        Column(N_("Days to correct"), lambda r: r.correction_seconds // 86_400, "count"),
        Column(N_("Days to object"), lambda r: r.objection_seconds // 86_400, "count"),
        Column(N_("Factor set"), lambda r: r.factor_set),
    ),
    N_("No year is open for reports."),
    tops=("monitoring.open-year", "emissions.open-year"),
)
CAPS = Listing(
    "caps",
    N_("Caps and allocation"),
    N_("What is allocated in a region never exceeds its cap."),
    Role.REGULATOR,
    _caps,
    (
        Column(N_("Region"), lambda r: r.region),
        Column(N_("Year"), lambda r: r.period),
        Column(N_("Environmental capacity"), lambda r: r.capacity_kg, "tonnes"),
        Column(N_("Cap"), lambda r: r.cap_kg, "tonnes"),
        Column(N_("Target"), lambda r: r.target_kg, "tonnes"),
        Column(N_("Allocated"), lambda r: r.allocated_kg, "tonnes"),
        Column(N_("Emitters"), lambda r: r.emitters, "count"),
    ),
    N_("No region has a plan yet."),
    (
        Link("cap.set", N_("Change"),
             lambda r: {"region": r.region, "year": r.period, "cap": tonnes_given(r.cap_kg),
                        "target": tonnes_given(r.target_kg),
                        "capacity": tonnes_given(r.capacity_kg)}),
    ),
    tops=(
        "cap.set", "allocation.pre", "allocation.final", "allocation.pre-many",
        "allocation.final-many", "allocation.top-up", "allocation.claw-back",
        "allocation.set-aside",
    ),
)  # fmt: skip
LISTINGS = (REPORTS, PLANS, MEMBERS, CAPS, YEARS)
