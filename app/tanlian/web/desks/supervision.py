"""Granted views and complaints on the desks: what was granted, to whom, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy.engine import Connection

from tanlian.domain.roles import ALL_ROLES, Role
from tanlian.domain.supervision import ComplaintStatus, Extent, GrantedView, Scope, ViewKind
from tanlian.readmodel.queries import complaints, granted_views
from tanlian.readmodel.queries.complaints import Complaint
from tanlian.readmodel.queries.granted_views import Grant
from tanlian.services.acts.supervision import COMPLAINT_KINDS, SCOPES, VIEW_KINDS
from tanlian.web.desks.listing import Column, Link, Listing, Page, Visitor
from tanlian.web.desks.regulator import MOST
from tanlian.web.supervision_words import COMPLAINT_STATES, GRANT_STATES
from tanlian.web.words import N_

NOT_REGULATORS = ALL_ROLES & ~Role.REGULATOR


@dataclass(frozen=True, slots=True)
class GrantedKind:
    """One kind of data that a grant in force shows."""

    grant: int
    kind: int
    scope: int
    region: int
    sector: int
    subject: int
    first_year: int
    last_year: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class StatedGrant:
    """A grant with its state as of the last block."""

    number: int
    view: GrantedView
    document: str
    state: str
    revoked_for: str | None


def kinds_in_words(kinds: int) -> str:
    """Name a set of kinds of data in the reader's language."""
    return ", ".join(gettext(title) for kind, title in VIEW_KINDS.items() if kind & kinds)


def _where(scope: int, region: int, sector: int) -> str:
    words = gettext(SCOPES[Scope(scope)])
    numbers = {
        Scope.REGION: (region,),
        Scope.SECTOR: (sector,),
        Scope.SECTOR_OF_REGION: (region, sector),
    }.get(Scope(scope), ())
    return f"{words} ({', '.join(map(str, numbers))})" if numbers else words


def _whom(extent: Extent) -> str:
    return _where(extent.scope, extent.region, extent.sector)


def _kinds(db: Connection, visitor: Visitor) -> Sequence[GrantedKind]:
    return [
        GrantedKind(
            grant.number,
            int(kind),
            int(grant.extent.scope),
            grant.extent.region,
            grant.extent.sector,
            grant.extent.subject,
            grant.extent.first_year,
            grant.extent.last_year,
            grant.expires_at,
        )
        for grant in granted_views.live_grants(db, visitor.organisation, visitor.now)
        for kind in ViewKind
        if kind & grant.extent.kinds
    ]


def _grants(db: Connection, visitor: Visitor) -> Sequence[StatedGrant]:
    return [
        StatedGrant(g.number, g.view, g.document, g.state(visitor.now), g.revoked_for)
        for g in granted_views.grants(db, limit=MOST)
    ]


def _about_me(db: Connection, visitor: Visitor) -> Sequence[Grant]:
    return granted_views.grants_about(db, visitor.organisation, visitor.now)


def _mine(db: Connection, visitor: Visitor) -> Sequence[Complaint]:
    return complaints.complaints_of(db, visitor.organisation, limit=MOST)


def _all(db: Connection, _visitor: Visitor) -> Sequence[Complaint]:
    return complaints.complaints_of(db, limit=MOST)


def _decides(row: Complaint, visitor: Visitor) -> bool:
    """Whether a regulator may decide: it is on neither side."""
    return row.status.is_open and visitor.organisation not in {row.complainant, row.subject}


def _is_filed(row: Complaint, visitor: Visitor) -> bool:
    return _decides(row, visitor) and row.status is ComplaintStatus.FILED


def _is_taken_up(row: Complaint, visitor: Visitor) -> bool:
    return _decides(row, visitor) and row.status is ComplaintStatus.TAKEN_UP


def _is_own(row: Complaint, visitor: Visitor) -> bool:
    return row.status.is_open and row.complainant == visitor.organisation


def _may_escalate(row: Complaint, visitor: Visitor) -> bool:
    return row.is_overdue(visitor.now) and not row.is_escalated


def _number(row: Complaint) -> dict[str, object]:
    return {"complaint": row.number}


_GRANT = (
    Column(N_("Grant"), lambda r: r.number),
    Column(N_("To whom"), lambda r: r.view.grantee, "member"),
    Column(N_("Kinds of data"), lambda r: kinds_in_words(r.view.extent.kinds)),
    Column(N_("Of whom"), lambda r: _whom(r.view.extent)),
    Column(N_("Organisation seen"), lambda r: r.view.extent.subject or None, "member"),
    Column(N_("Years"), lambda r: f"{r.view.extent.first_year} - {r.view.extent.last_year}"),
    Column(N_("Until"), lambda r: r.view.expires_at, "moment"),
    Column(N_("Document"), lambda r: r.document, "code"),
)
_COMPLAINT = (
    Column(N_("Complaint"), lambda r: r.number),
    Column(N_("About whom"), lambda r: r.subject, "member"),
    Column(N_("What it is about"), lambda r: COMPLAINT_KINDS[r.kind], "state"),
    Column(N_("Year"), lambda r: r.period),
    Column(N_("What is wrong"), lambda r: r.statement),
    Column(N_("State"), lambda r: COMPLAINT_STATES[r.status], "state"),
    Column(N_("Complainant"), lambda r: r.complainant, "member"),
    Column(N_("Deadline"), lambda r: r.act_by, "moment"),
)
_OPEN = (Page("complaint", N_("Open"), lambda r: {"number": r.number}),)
_ESCALATE = Link("complaint.escalate", N_("Escalate"), _number, _may_escalate)
_WITHDRAW = Link("complaint.withdraw", N_("Withdraw"), _number, _is_own)

GRANTED = Listing(
    "granted",
    N_("What was granted to you"),
    N_("Data of others that the regulator lets you see, until when; each kind has its list."),
    NOT_REGULATORS,
    _kinds,
    (
        Column(N_("Grant"), lambda r: r.grant),
        Column(N_("Kinds of data"), lambda r: VIEW_KINDS[ViewKind(r.kind)], "state"),
        Column(N_("Of whom"), lambda r: _where(r.scope, r.region, r.sector)),
        Column(N_("Organisation seen"), lambda r: r.subject or None, "member"),
        Column(N_("Years"), lambda r: f"{r.first_year} - {r.last_year}"),
        Column(N_("Until"), lambda r: r.expires_at, "moment"),
    ),
    N_("No view is granted to your organisation now."),
    pages=(
        Page("desk_list", N_("Look"),
             lambda r: {"name": f"seen-{str(ViewKind(r.kind).name).lower()}"}),
    ),
)  # fmt: skip
SEEN_BY = Listing(
    "seen-by",
    N_("Who may see your data"),
    N_("Views that the regulator granted others, and that include your organisation now."),
    NOT_REGULATORS,
    _about_me,
    _GRANT,
    N_("Nobody was granted a view that includes your organisation."),
)
GRANTS = Listing(
    "grants",
    N_("Granted views"),
    N_("Who may see what of whom; anyone can read the grants on chain."),
    Role.REGULATOR,
    _grants,
    (
        *_GRANT,
        Column(N_("State"), lambda r: GRANT_STATES[r.state], "state"),
        Column(N_("Revoked because"), lambda r: r.revoked_for),
    ),
    N_("No view was granted yet."),
    (
        Link("view.revoke", N_("Revoke"), lambda r: {"grant": r.number},
             lambda r, _: r.state == "in force"),
    ),
    tops=("view.grant",),
)  # fmt: skip
MINE = Listing(
    "complaints",
    N_("Complaints by and about you"),
    N_("A regulator opens something for each in time, and says what came of it."),
    NOT_REGULATORS,
    _mine,
    _COMPLAINT,
    N_("No complaint concerns your organisation."),
    (_WITHDRAW, _ESCALATE),
    _OPEN,
    ("complaint.file",),
)
QUEUE = Listing(
    "complaint-queue",
    N_("Complaints to decide"),
    N_("Open a check, a case, an examination or an inspection in time; resolve once it is over."),
    Role.REGULATOR,
    _all,
    _COMPLAINT,
    N_("Nobody has complained yet."),
    (
        Link("complaint.take-up", N_("Take up"), _number, _is_filed),
        Link("complaint.pursue", N_("Pursue"), _number, _is_taken_up),
        Link("complaint.resolve", N_("Resolve"), _number, _is_taken_up),
        _WITHDRAW,
        _ESCALATE,
    ),
    _OPEN,
    ("complaint.file",),
    waits=_decides,
    until=lambda r: r.act_by,
)
LISTINGS = (GRANTED, SEEN_BY, GRANTS, MINE, QUEUE)
