"""Reports of emissions: where each stands, what was done to it by whom, and its activity data."""

from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.emission_methods import ActivityLine, Basis, Method
from tanlian.domain.errors import NotFound
from tanlian.domain.factor_set import Unit
from tanlian.domain.report_state import ReportState
from tanlian.readmodel.queries.signers import organisations_of
from tanlian.readmodel.tables.emissions import (
    activity_lines,
    conflicts,
    report_steps,
    reporting_years,
    reports,
)


@dataclass(frozen=True, slots=True)
class ReportingYear:
    """The deadlines and factor sets of a year."""

    year: int
    report_by: int
    verify_seconds: int
    correction_seconds: int
    objection_seconds: int
    most_years: int
    factor_set: int
    gas_set: int


@dataclass(frozen=True, slots=True)
class Report:
    """An organisation's report for a year as it stands now. A figure that is not there is None."""

    organisation: int
    year: int
    state: ReportState
    version: int  # 0: nobody reported
    declared_kg: int | None  # by the first submission; nothing changes it
    reported_kg: int | None
    verified_kg: int | None
    accepted_kg: int | None
    measured_g: int  # by the devices, at the newest submission
    submitted_at: int | None
    respond_by: int | None  # end of the deadline that runs now
    accepted_at: int | None
    assigned_to: int | None
    verifier: int | None  # who gave the verified figure; None: the regulator or nobody
    excluded: int | None  # the verifier whose figure was handed back last
    is_estimated: bool
    was_overturned: bool
    is_late: bool
    document: str
    lines_digest: str
    readings_digest: str
    changed_at: int


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to a report. `signed_for` is the organisation of the key."""

    event: str
    state: ReportState  # afterwards
    version: int
    amount_kg: int | None
    verifier: int | None
    upheld: bool | None
    late: bool | None
    reason: str | None
    document: str | None
    respond_by: int | None
    signer: str
    signed_for: int | None
    time: int
    block: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """That a verifier may not verify an emitter, or might not until `time`."""

    verifier: int
    emitter: int
    stands: bool
    reason: str
    time: int


def years(db: Connection) -> list[ReportingYear]:
    """Return the years that are open for reports, newest first."""
    query = select(reporting_years).order_by(reporting_years.c.year.desc())
    return [_year(row) for row in db.execute(query).mappings()]


def year(db: Connection, number: int) -> ReportingYear:
    """Return one year.

    Raises:
        NotFound: it is not open for reports.
    """
    query = select(reporting_years).where(reporting_years.c.year == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"The year {number} is not open for reports.", year=number)
    return _year(row)


def report(db: Connection, organisation: int, number: int) -> Report:
    """Return an organisation's report for a year.

    Raises:
        NotFound: nothing was reported or estimated.
    """
    query = select(reports).where(reports.c.organisation == organisation, reports.c.year == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(
            f"Organisation {organisation} has no report for {number}.",
            organisation=organisation,
            year=number,
        )
    return _report(row)


def reports_of(
    db: Connection,
    *,
    number: int | None = None,
    organisation: int | None = None,
    verifier: int | None = None,
    states: frozenset[ReportState] = frozenset(),
    after: tuple[int, int] | None = None,
    limit: int = 50,
) -> list[Report]:
    """Return reports by year and organisation that fit what is asked for.

    `verifier` is the one at work. `after` is the (year, organisation) of the last one seen.
    """
    query = select(reports)
    if number is not None:
        query = query.where(reports.c.year == number)
    if organisation is not None:
        query = query.where(reports.c.organisation == organisation)
    if verifier is not None:
        query = query.where(reports.c.assigned_to == verifier)
    if states:
        query = query.where(reports.c.status.in_(states))
    if after is not None:
        query = query.where(tuple_(reports.c.year, reports.c.organisation) > after)
    query = query.order_by(reports.c.year, reports.c.organisation).limit(limit)
    return [_report(row) for row in db.execute(query).mappings()]


def steps(db: Connection, organisation: int, number: int) -> list[Step]:
    """Return everything that was done to a report, oldest first."""
    query = (
        select(report_steps)
        .where(report_steps.c.organisation == organisation, report_steps.c.year == number)
        .order_by(report_steps.c.block, report_steps.c.log_index)
    )
    rows = db.execute(query).mappings().all()
    signed = organisations_of(db, (row["signer"] for row in rows))
    return [
        Step(
            row["event"],
            ReportState(row["status"]),
            row["version"],
            row["amount_kg"],
            row["verifier"] or None,
            row["upheld"],
            row["late"],
            row["reason"],
            row["document"],
            row["respond_by"],
            row["signer"],
            signed.get(row["signer"]),
            row["time"],
            row["block"],
            row["tx_hash"],
        )
        for row in rows
    ]


def lines(
    db: Connection, organisation: int, number: int, version: int, *, corrected: bool = False
) -> list[ActivityLine]:
    """Return the activity data of a version, or of the verifier's correction of it.

    Empty where the report was made through another contract: then the chain holds only their hash.
    """
    query = (
        select(activity_lines)
        .where(
            activity_lines.c.organisation == organisation,
            activity_lines.c.year == number,
            activity_lines.c.version == version,
            activity_lines.c.corrected == corrected,
        )
        .order_by(activity_lines.c.number)
    )
    return [
        ActivityLine(
            Method(row["method"]),
            row["key"],
            Unit(row["unit"]),
            row["quantity"],
            Basis(row["basis"]),
            row["ncv"],
            row["carbon"],
            row["moisture_received"],
            row["moisture_dry"],
            row["share"],
        )
        for row in db.execute(query).mappings()
    ]


def conflicts_of(db: Connection, organisation: int) -> list[Conflict]:
    """Return the stated conflicts of an emitter or verifier, also those that were lifted."""
    mine = (conflicts.c.verifier == organisation) | (conflicts.c.emitter == organisation)
    query = select(conflicts).where(mine).order_by(conflicts.c.verifier, conflicts.c.emitter)
    return [
        Conflict(row["verifier"], row["emitter"], row["stands"], row["reason"], row["time"])
        for row in db.execute(query).mappings()
    ]


def _year(row: RowMapping) -> ReportingYear:
    return ReportingYear(
        row["year"],
        row["report_by"],
        row["verify_seconds"],
        row["correction_seconds"],
        row["objection_seconds"],
        row["most_years"],
        row["factor_set"],
        row["gas_set"],
    )


_VERIFIED = frozenset(
    {ReportState.CORRECTED, ReportState.ENDORSED, ReportState.ESTIMATED, ReportState.ACCEPTED}
)


def _report(row: RowMapping) -> Report:
    state = ReportState(row["status"])
    reported = row["version"] > 0
    return Report(
        row["organisation"],
        row["year"],
        state,
        row["version"],
        row["declared_kg"] if reported else None,
        row["reported_kg"] if reported else None,
        row["verified_kg"] if state in _VERIFIED or state is ReportState.OBJECTED else None,
        row["accepted_kg"] if row["acceptances"] else None,
        row["measured_g"],
        row["submitted_at"] or None,
        row["respond_by"] or None,
        row["accepted_at"] or None,
        row["assigned_to"] or None,
        row["verifier_id"] or None,
        row["excluded"] or None,
        row["estimated"],
        row["overturned"],
        row["late"],
        row["document"],
        row["lines"],
        row["readings"],
        row["changed_at"],
    )
