"""Granted views and complaints as the chain has them, for the command line."""

from dataclasses import dataclass
from typing import Any

from tanlian.chain.events import Event
from tanlian.domain.supervision import (
    ComplaintKind,
    ComplaintStatus,
    Extent,
    GrantedView,
    Route,
    Scope,
    ViewKind,
)
from tanlian.services.access import Access
from tanlian.services.organisations import find

STEPS = (
    "ComplaintFiled",
    "ComplaintTakenUp",
    "ComplaintPursued",
    "ComplaintResolved",
    "ComplaintWithdrawn",
    "ComplaintEscalated",
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint as it stands; times are seconds of block time, `act_by` 0 once it is closed."""

    number: int
    complainant: int
    subject: int
    kind: ComplaintKind
    period: int
    status: ComplaintStatus
    evidence: bytes
    act_by: int
    is_escalated: bool
    route: Route | None
    reference: int

    def is_overdue(self, now: int) -> bool:
        """Whether a regulator let the running deadline pass."""
        return self.status.is_open and now > self.act_by

    @property
    def opened(self) -> str:
        """What was opened for it, in words."""
        if self.route is None:
            return "nothing yet"
        if self.route is Route.INSPECTION:
            return f"inspection by order 0x{self.reference:064x}"
        noun = "figure of organisation" if self.route is Route.EXAMINATION else ""
        return f"{self.route.name.lower()} {noun} {self.reference}".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done about a complaint."""

    name: str
    said: dict[str, Any]
    block: int
    time: int


def grants(access: Access, name: str | None = None) -> list[GrantedView]:
    """Read all grants that were ever given, or those to one organisation.

    Raises:
        NotFound: nobody, or several, are called so.
    """
    desk = access.contracts["supervision"]
    grantee = None if name is None else find(access, name)
    numbers = range(1, int(desk.read("grant_count")) + 1)
    found = access.contracts.read_many(desk.reading("grant", number) for number in numbers)
    return [
        _grant(number, one)
        for number, one in zip(numbers, found, strict=True)
        if grantee in {None, one.grantee}
    ]


def may_view(access: Access, viewer: str, kind: ViewKind, subject: str, year: int) -> bool:
    """Ask the contract whether an organisation may see one kind of data of another now."""
    asked = (find(access, viewer), int(kind), find(access, subject), year)
    return bool(access.contracts["supervision"].read("may_view", *asked, access.connection.now()))


def complaint(access: Access, number: int) -> Complaint:
    """Read one complaint.

    Raises:
        ContractRefused: there is none of that number.
    """
    return _complaint(number, access.contracts["supervision"].read("complaint", number))


def complaints(access: Access, name: str | None = None) -> list[Complaint]:
    """Read all complaints, or those by or about one organisation.

    Raises:
        NotFound: nobody, or several, are called so.
    """
    desk = access.contracts["supervision"]
    who = None if name is None else find(access, name)
    numbers = range(1, int(desk.read("complaint_count")) + 1)
    found = access.contracts.read_many(desk.reading("complaint", number) for number in numbers)
    return [
        _complaint(number, one)
        for number, one in zip(numbers, found, strict=True)
        if who in {None, one.complainant, one.subject}
    ]


def steps(access: Access, number: int) -> list[Step]:
    """Read everything that was done about a complaint, in its order."""
    contracts = access.contracts
    first = contracts.book.first_block()
    said: list[Event] = [
        event
        for event in contracts.events().read(first, contracts=["supervision"], names=STEPS)
        if event["complaint"] == number
    ]
    blocks = {b: access.connection.block(b) for b in {event.block for event in said}}
    return [
        Step(event.name, event.arguments, event.block, int(blocks[event.block]["timestamp"], 16))
        for event in said
    ]


def _grant(number: int, one: Any) -> GrantedView:
    said = one.extent
    extent = Extent(
        ViewKind(said.kinds),
        Scope(said.scope),
        said.first_year,
        said.last_year,
        said.region,
        said.sector,
        said.subject,
    )
    return GrantedView(number, one.grantee, extent, one.granted_at, one.expires_at, one.revoked_at)


def _complaint(number: int, one: Any) -> Complaint:
    return Complaint(
        number,
        one.complainant,
        one.subject,
        ComplaintKind(one.kind),
        one.period,
        ComplaintStatus(one.status),
        one.evidence,
        one.act_by,
        one.escalated,
        Route(one.route) if one.route else None,
        one.reference,
    )
