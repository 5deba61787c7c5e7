"""What the register remembers, on the desks: keys being replaced, freezes, claw-backs, allocations.

Regulators see everybody's, others their own.
"""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.market_states import ReplacementState
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import allocation, holds, replacements
from tanlian.readmodel.queries.allocation import AllocationAct
from tanlian.readmodel.queries.holds import ClawBack, Freeze
from tanlian.readmodel.queries.replacements import Replacement
from tanlian.web.desks.listing import Column, Link, Listing, Visitor
from tanlian.web.desks.regulator import MOST
from tanlian.web.words import ALLOCATION_EVENTS, N_, REPLACEMENT_STATES

_APPROVERS = Role.REGULATOR | Role.EXCHANGE
_OPEN = (ReplacementState.PROPOSED, ReplacementState.APPROVED)


def _whose(visitor: Visitor, sees_all: Role) -> int | None:
    return None if visitor.roles & sees_all else visitor.organisation


def _replacements(db: Connection, visitor: Visitor) -> Sequence[Replacement]:
    return replacements.replacements_of(db, _whose(visitor, _APPROVERS), limit=MOST)


def _freezes(db: Connection, visitor: Visitor) -> Sequence[Freeze]:
    return holds.freezes_of(db, _whose(visitor, Role.REGULATOR), limit=MOST)


def _claw_backs(db: Connection, visitor: Visitor) -> Sequence[ClawBack]:
    return holds.claw_backs_of(db, _whose(visitor, Role.REGULATOR), limit=MOST)


def _allocations(db: Connection, visitor: Visitor) -> Sequence[AllocationAct]:
    return allocation.allocation_history(db, _whose(visitor, Role.REGULATOR), limit=MOST)


def _may_approve(row: Replacement, visitor: Visitor) -> bool:
    is_open = row.state is ReplacementState.PROPOSED and visitor.now < row.expires_at
    return is_open and row.proposed_by != visitor.organisation


def _may_complete(row: Replacement, visitor: Visitor) -> bool:
    is_due = row.effective_at is not None and row.effective_at <= visitor.now
    return row.state is ReplacementState.APPROVED and is_due


def _waits(row: Replacement, visitor: Visitor) -> bool:
    if _may_approve(row, visitor):
        return True
    return row.organisation == visitor.organisation and _may_complete(row, visitor)


def _number(row: Replacement) -> dict[str, object]:
    return {"replacement": row.id}


REPLACEMENTS = Listing(
    "replacements",
    N_("Keys being replaced"),
    N_("Two organisations approve, a regulator among them; a lost key may still object."),
    Role(0),
    _replacements,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Account to replace"), lambda r: r.old_account, "code"),
        Column(N_("New account"), lambda r: r.new_account, "code"),
        Column(N_("Case"), lambda r: N_("stolen") if r.stolen else N_("lost"), "state"),
        Column(N_("Reason"), lambda r: r.reason),
        Column(N_("State"), lambda r: REPLACEMENT_STATES[r.state], "state"),
        Column(N_("Proposed by"), lambda r: r.proposed_by, "member"),
        Column(N_("Approved by"), lambda r: r.approved_by, "member"),
        Column(N_("Approve until"), lambda r: r.expires_at, "moment"),
        Column(N_("In force from"), lambda r: r.effective_at, "moment"),
    ),
    N_("No key is being replaced."),
    (
        Link("replacement.approve", N_("Approve"), _number, _may_approve),
        Link("replacement.complete", N_("Complete"), _number, _may_complete),
        Link("replacement.veto", N_("Veto"), _number,
             lambda r, v: r.organisation == v.organisation and not r.stolen and r.state in _OPEN),
        Link("replacement.withdraw", N_("Take back"), _number,
             lambda r, v: v.organisation in (r.proposed_by, r.approved_by) and r.state in _OPEN),
    ),
    tops=("replacement.propose",),
    waits=_waits,
    until=lambda r: r.expires_at if r.state is ReplacementState.PROPOSED else None,
)  # fmt: skip
FREEZES = Listing(
    "freezes",
    N_("Freezes"),
    N_("What was frozen and released again, by whom and why."),
    Role(0),
    _freezes,
    (
        Column(N_("Time"), lambda r: r.time, "moment"),
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Units"), lambda r: r.instrument.symbol if r.instrument else N_("everything"),
               "state"),
        Column(N_("What"), lambda r: N_("frozen") if r.frozen else N_("released"), "state"),
        Column(N_("Frozen before, t"), lambda r: r.old_frozen_kg, "tonnes"),
        Column(N_("Frozen since, t"), lambda r: r.new_frozen_kg, "tonnes"),
        Column(N_("Reason"), lambda r: r.reason),
        Column(N_("Signed by"), lambda r: r.signer, "code"),
    ),
    N_("Nothing was ever frozen."),
)  # fmt: skip
CLAW_BACKS = Listing(
    "claw-backs",
    N_("Units clawed back"),
    N_("Units that a regulator took back, with the certificate of their cancellation."),
    Role(0),
    _claw_backs,
    (
        Column(N_("Time"), lambda r: r.time, "moment"),
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Units"), lambda r: r.instrument, "units"),
        Column(N_("Amount, t"), lambda r: r.amount_kg, "tonnes"),
        Column(N_("Reason"), lambda r: r.reason),
        Column(N_("Signed by"), lambda r: r.signer, "code"),
    ),
    N_("Nothing was clawed back."),
)
ALLOCATIONS = Listing(
    "allocations",
    N_("Steps of allocation"),
    N_("Every plan, allocation, correction and reduction, with the decision it rests on."),
    Role.REGULATOR | Role.EMITTER,
    _allocations,
    (
        Column(N_("Time"), lambda r: r.time, "moment"),
        Column(N_("What"), lambda r: ALLOCATION_EVENTS[r.event], "state"),
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Region"), lambda r: r.region),
        Column(N_("Year"), lambda r: r.period),
        Column(N_("Before, t"), lambda r: r.old_kg, "tonnes"),
        Column(N_("Afterwards, t"), lambda r: r.new_kg, "tonnes"),
        Column(N_("Moved, t"), lambda r: r.moved_kg, "tonnes"),
        Column(N_("Owed, t"), lambda r: r.owed_kg, "tonnes"),
        Column(N_("Reason"), lambda r: r.reason),
        Column(N_("Document"), lambda r: r.document, "code"),
    ),
    N_("Nothing was allocated yet."),
)
LISTINGS = (REPLACEMENTS, FREEZES, CLAW_BACKS, ALLOCATIONS)
