"""Duties on the desks of emitters and of the regulator: what is missing until when."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.roles import Role
from tanlian.readmodel.queries import duties
from tanlian.readmodel.queries.duties import CarryOver, Duty, Period, ShortfallChange, Surrender
from tanlian.web.desks.listing import Column, Link, Listing, Page, Visitor
from tanlian.web.desks.regulator import MOST
from tanlian.web.words import N_


def _own(db: Connection, visitor: Visitor) -> Sequence[Duty]:
    return duties.duties_of(db, visitor.organisation)


def _all(db: Connection, _visitor: Visitor) -> Sequence[Duty]:
    periods = duties.periods(db)
    return [
        found for one in periods for found in duties.duties_of_period(db, one.period, limit=MOST)
    ]


def _periods(db: Connection, _visitor: Visitor) -> Sequence[Period]:
    return duties.periods(db)


def _surrenders(db: Connection, visitor: Visitor) -> Sequence[Surrender]:
    return duties.surrenders_of(db, organisation=visitor.organisation, limit=MOST)


def _carried(db: Connection, visitor: Visitor) -> Sequence[CarryOver]:
    return duties.carry_overs_of(db, visitor.organisation, limit=MOST)


def _shortfalls(db: Connection, visitor: Visitor) -> Sequence[ShortfallChange]:
    """Everybody's for regulators, one's own for others."""
    whose = None if visitor.roles & Role.REGULATOR else visitor.organisation
    return duties.shortfalls_of(db, whose, limit=MOST)


_COLUMNS = (
    Column(N_("Organisation"), lambda r: r.organisation, "member"),
    Column(N_("Year"), lambda r: r.period),
    Column(N_("Duty, t"), lambda r: r.duty_kg, "tonnes"),
    Column(N_("Surrendered, t"), lambda r: r.surrendered_kg, "tonnes"),
    Column(N_("of it credits, t"), lambda r: r.offsets_kg, "tonnes"),
    Column(N_("Credits allowed, t"), lambda r: r.offset_limit_kg, "tonnes"),
    Column(N_("Missing, t"), lambda r: r.outstanding_kg, "tonnes"),
    Column(N_("Recorded shortfall, t"), lambda r: r.shortfall_kg, "tonnes"),
    Column(N_("Deadline"), lambda r: r.deadline_at, "moment"),
)


def _row(row: Duty) -> dict[str, object]:
    return {"organisation": row.organisation, "year": row.period}


def _is_short(row: Duty, visitor: Visitor) -> bool:
    return row.deadline_at < visitor.now and row.missing_kg > row.shortfall_kg


def _may_carry(row: Duty, visitor: Visitor) -> bool:
    is_met = row.duty_kg is not None and row.outstanding_kg == 0
    return is_met and row.deadline_at < visitor.now


_FIGURE = (Page("figure", N_("Where the figure comes from"), _row),)
OWN = Listing(
    "duties",
    N_("Your duties"),
    N_("Surrender units for each year's accepted emissions before the deadline."),
    Role.EMITTER,
    _own,
    _COLUMNS,
    N_("No period with rules has begun."),
    (
        Link("duty.surrender", N_("Surrender"), lambda r: {"year": r.period},
             lambda r, _: r.outstanding_kg > 0),
        Link("duty.carry-over", N_("Carry over"), lambda r: {"year": r.period},
             _may_carry),
    ),
    _FIGURE,
    waits=lambda r, _: r.outstanding_kg > 0,
    until=lambda r: r.deadline_at,
)  # fmt: skip
ALL = Listing(
    "all-duties",
    N_("Duties of all emitters"),
    N_("After the deadline anyone may record a shortfall; the next allocation is reduced by it."),
    Role.REGULATOR,
    _all,
    _COLUMNS,
    N_("No period with rules has begun."),
    (
        Link("duty.record-shortfall", N_("Record the shortfall"), _row, _is_short),
        Link("net-sales.record", N_("Record net sales"), _row),
        Link("duty.correct-shortfall", N_("Correct the shortfall"), _row,
             lambda r, _: r.shortfall_kg > 0),
    ),
    _FIGURE,
    waits=_is_short,
)  # fmt: skip
PERIODS = Listing(
    "periods",
    N_("Compliance periods and their rules"),
    N_("Rules are set once for each year, from a published profile."),
    Role.REGULATOR,
    _periods,
    (
        Column(N_("Year"), lambda r: r.period),
        Column(N_("Deadline"), lambda r: r.deadline_at, "moment"),
        Column(N_("Credits, parts per million"), lambda r: r.rules.offset_limit_ppm, "count"),
        Column(N_("Vintages"), lambda r: f"{r.rules.first_vintage} - {r.rules.last_vintage}"),
        Column(N_("Cut of the next allocation, ppm"), lambda r: r.rules.next_cut_ppm, "count"),
        Column(N_("Rules"), lambda r: f"0x{r.rules.rules_hash.hex()}", "code"),
    ),
    N_("No period has rules yet."),
    tops=("duty.open-year",),
)
SURRENDERS = Listing(
    "surrenders",
    N_("Your surrenders"),
    N_("Each is a certificate that anyone can look up."),
    Role.EMITTER,
    _surrenders,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Year"), lambda r: r.period),
        Column(N_("Amount, t"), lambda r: r.amount_kg, "tonnes"),
        Column(N_("In time"), lambda r: N_("yes") if r.in_time else N_("no"), "state"),
        Column(N_("Time"), lambda r: r.time, "moment"),
    ),
    N_("Nothing was surrendered yet."),
    pages=(
        Page("certificate", N_("Certificate"), lambda r: {"number": r.units[0].certificate}),
    ),
    tops=("duty.surrender",),
)  # fmt: skip
CARRIED = Listing(
    "carried",
    N_("Your carry-overs"),
    N_("What was carried into a later vintage, and what lapsed."),
    Role.EMITTER,
    _carried,
    (
        Column(N_("Year"), lambda r: r.period),
        Column(N_("From"), lambda r: r.instrument, "units"),
        Column(N_("Into"), lambda r: r.into.symbol if r.into else N_("lapsed"), "state"),
        Column(N_("Amount, t"), lambda r: r.amount_kg, "tonnes"),
        Column(N_("Time"), lambda r: r.time, "moment"),
    ),
    N_("Nothing was carried over yet."),
)
SHORTFALLS = Listing(
    "shortfalls",
    N_("Recorded shortfalls"),
    N_("How each was recorded and corrected, and what the next allocation is reduced by."),
    Role.EMITTER | Role.REGULATOR,
    _shortfalls,
    (
        Column(N_("Time"), lambda r: r.time, "moment"),
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Year"), lambda r: r.period),
        Column(N_("Before, t"), lambda r: r.old_kg, "tonnes"),
        Column(N_("Afterwards, t"), lambda r: r.new_kg, "tonnes"),
        Column(N_("Cut of the next allocation, t"), lambda r: r.next_cut_kg, "tonnes"),
        Column(N_("Signed by"), lambda r: r.signer, "code"),
    ),
    N_("No shortfall was recorded."),
)
LISTINGS = (OWN, ALL, PERIODS, SURRENDERS, CARRIED, SHORTFALLS)
