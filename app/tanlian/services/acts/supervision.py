"""Acts of collaborative supervision: views granted and revoked, complaints to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.domain.errors import InvalidInput
from tanlian.domain.roles import Role
from tanlian.domain.supervision import ComplaintKind, Extent, Route, Scope, ViewKind
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import (
    DOCUMENT,
    MOMENT,
    NUMBER,
    Field,
    choice,
    document,
    organisation,
    reason,
    several,
    text,
    whole,
    year,
)

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

MAX_FIELD = 65_535  # regions and sectors
VIEW_KINDS = {
    ViewKind.REPORTS: N_("emission reports"),
    ViewKind.READINGS: N_("readings of devices"),
    ViewKind.HOLDINGS: N_("accounts and holdings"),
    ViewKind.TRADES: N_("trades by party"),
    ViewKind.DUTIES: N_("duties and surrender"),
    ViewKind.COINS: N_("coin accounts"),
    ViewKind.DOCUMENTS: N_("documents"),
}
SCOPES = {
    Scope.EVERYONE: N_("all organisations"),
    Scope.REGION: N_("a region"),
    Scope.SECTOR: N_("a sector"),
    Scope.SECTOR_OF_REGION: N_("a sector of a region"),
    Scope.ORGANISATION: N_("one organisation"),
}
COMPLAINT_KINDS = {
    ComplaintKind.EMISSIONS: N_("false or missing emission figures"),
    ComplaintKind.MONITORING: N_("devices and readings"),
    ComplaintKind.VERIFICATION: N_("conduct of a verifier"),
    ComplaintKind.TRADING: N_("conduct in the market"),
    ComplaintKind.COMPLIANCE: N_("surrender and offsets"),
    ComplaintKind.OTHER: N_("something else"),
}
ROUTES = {
    Route.CHECK: N_("periodic check"),
    Route.CASE: N_("case of rewards and penalties"),
    Route.EXAMINATION: N_("examination of a figure"),
    Route.INSPECTION: N_("on-site inspection"),
}


def _word(member: ViewKind | Scope | ComplaintKind | Route) -> str:
    return str(member.name).lower().replace("_", "-")


_KINDS = Field(
    "kinds",
    several({_word(k): k for k in VIEW_KINDS}, {_word(k): t for k, t in VIEW_KINDS.items()}),
    N_("Kinds of data"),
)
_SCOPE = Field(
    "scope",
    choice({_word(s): s for s in SCOPES}, {_word(s): t for s, t in SCOPES.items()}),
    N_("Of whom"),
)
_COMPLAINT = Field("complaint", NUMBER, N_("Complaint"))
_KIND = Field(
    "kind",
    choice(
        {_word(k): int(k) for k in COMPLAINT_KINDS},
        {_word(k): t for k, t in COMPLAINT_KINDS.items()},
    ),
    N_("What it is about"),
)
_EVIDENCE = Field(
    "evidence",
    DOCUMENT,
    N_("Evidence"),
    N_("A file, of which only the SHA-256 goes on chain, or that hash itself."),
)
_ROUTE = Field(
    "route",
    choice({_word(r): r for r in ROUTES}, {_word(r): t for r, t in ROUTES.items()}),
    N_("What was opened"),
)
_REFERENCE = Field(
    "reference",
    text(96, "reference"),
    N_("Its number"),
    N_(
        "The number of the check or case; for an examination the emitter; nothing for an "
        "inspection, whose order is the document."
    ),
    optional=True,
)
_OUTCOME = Field(
    "outcome",
    choice(
        {"upheld": True, "dismissed": False},
        {"upheld": N_("upheld"), "dismissed": N_("dismissed")},
    ),
    N_("Outcome"),
)


def _extent(values: Values) -> Extent:
    scope: Scope = values["scope"]
    needed = {
        "region": scope in {Scope.REGION, Scope.SECTOR_OF_REGION},
        "sector": scope in {Scope.SECTOR, Scope.SECTOR_OF_REGION},
        "subject": scope is Scope.ORGANISATION,
    }
    for name, needs in needed.items():
        if needs and values[name] is None:
            raise InvalidInput(f"This scope needs the {name}.", name=name)
    kinds = ViewKind(0)
    for kind in values["kinds"]:
        kinds |= kind
    where = {name: values[name] or 0 for name in needed}
    return Extent(kinds, scope, values["first_year"], values["last_year"], **where)


def _grant(desk: Desk, values: Values) -> list[Call]:
    extent = _extent(values).as_struct()
    given = (values["organisation"], extent, values["expires"], values["document"])
    return [desk.access.contracts["supervision"].call("grant_view", *given)]


def _reference(desk: Desk, values: Values) -> int:
    route, given = values["route"], values["reference"]
    if route is Route.INSPECTION:
        if given is not None:
            raise InvalidInput("An inspection has no number; its order is the document.")
        return int.from_bytes(values["document"], "big")
    if given is None:
        raise InvalidInput("Name what was opened: its number, or the emitter.")
    if route is Route.EXAMINATION:
        return desk.organisation_called(given)
    if not given.isascii() or not given.isdigit():
        raise InvalidInput(f"{given!r} is no number of a check or case.", value=given)
    return int(given)


VIEWS = (
    Act(
        "view",
        "grant",
        N_("Grant a view"),
        N_("Lets an organisation see data of others until a stated time; anyone can read that."),
        Role.REGULATOR,
        (
            organisation(N_("To whom")),
            _KINDS,
            _SCOPE,
            Field("region", whole(0, MAX_FIELD), N_("Region"), optional=True),
            Field("sector", whole(0, MAX_FIELD), N_("Sector"), optional=True),
            Field("subject", organisation().kind, N_("Organisation seen"), optional=True),
            year(N_("From year"), "first_year"),
            year(N_("To year"), "last_year"),
            Field("expires", MOMENT, N_("Until"), preset="+365d"),
            document(),
        ),
        _grant,
        sensitive=True,
        created=("ViewGranted", "grant"),
        command="grant-view",
    ),
    Act(
        "view",
        "revoke",
        N_("Revoke a view"),
        N_("Ends a granted view before its time."),
        Role.REGULATOR,
        (Field("grant", NUMBER, N_("Grant")), reason()),
        call("supervision", "revoke_view", "grant", "reason"),
        sensitive=True,
        command="revoke-view",
    ),
)
COMPLAINTS = (
    Act(
        "complaint",
        "file",
        N_("File a complaint"),
        N_("A regulator must open something for it in time, and say what came of it."),
        Role(0),
        (
            organisation(N_("About whom")),
            _KIND,
            year(),
            _EVIDENCE,
            Field(
                "statement",
                reason().kind,
                N_("What is wrong"),
                N_("In words; everyone can read it on chain."),
            ),
        ),
        call(
            "supervision", "file_complaint", "organisation", "kind", "year", "evidence", "statement"
        ),
        created=("ComplaintFiled", "complaint"),
        command="complaint file",
    ),
    *(
        Act(
            "complaint",
            verb,
            title,
            explains,
            Role.REGULATOR,
            (_COMPLAINT, _ROUTE, _REFERENCE, document()),
            call(
                "supervision",
                function,
                "complaint",
                lambda _desk, values: int(values["route"]),
                _reference,
                "document",
            ),
            sensitive=True,
            command=f"complaint {verb}",
        )
        for verb, function, title, explains in (
            (
                "take-up",
                "take_up",
                N_("Take a complaint up"),
                N_("Names what was opened for it; the contract looks that up."),
            ),
            (
                "pursue",
                "pursue",
                N_("Pursue a complaint"),
                N_("Names what was opened next, once what was named before is over."),
            ),
        )
    ),
    Act(
        "complaint",
        "resolve",
        N_("Resolve a complaint"),
        N_("Upholds or dismisses it, once what was opened for it is over."),
        Role.REGULATOR,
        (_COMPLAINT, _OUTCOME, reason(), document()),
        call("supervision", "resolve", "complaint", "outcome", "reason", "document"),
        sensitive=True,
        command="complaint resolve",
    ),
    Act(
        "complaint",
        "withdraw",
        N_("Withdraw your complaint"),
        N_("Closes it; what was opened for it goes on."),
        Role(0),
        (_COMPLAINT, reason()),
        call("supervision", "withdraw", "complaint", "reason"),
        command="complaint withdraw",
    ),
    Act(
        "complaint",
        "escalate",
        N_("Escalate a complaint"),
        N_("Puts on record that a regulator let the deadline pass; anyone may."),
        Role(0),
        (_COMPLAINT,),
        call("supervision", "escalate", "complaint"),
        command="complaint escalate",
    ),
)
ACTS = (*VIEWS, *COMPLAINTS)
