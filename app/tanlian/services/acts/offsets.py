"""Acts on voluntary-reduction projects and their credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.domain.foreign_serials import parse_interval, predecessor, registry_code
from tanlian.domain.roles import Role
from tanlian.domain.texts import MAX_NAME, N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import (
    MOMENT,
    NUMBER,
    TONNES,
    Field,
    document,
    reason,
    text,
    year,
)

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

_PROJECT = Field("project", NUMBER, N_("Project"))
_ATTESTATION = Field("attestation", NUMBER, N_("Attestation"))
_REGISTRY = Field(
    "registry", text(32), N_("Registry"), N_("Its code: up to 8 letters and digits, such as VCS.")
)
_FIRST_DAY = N_("Date and time in UTC, such as 2024-01-01.")


def _name_registry(desk: Desk, values: Values) -> list[Call]:
    code = registry_code(values["registry"])
    return [desk.access.contracts["offsets"].call("name_registry", code, values["document"])]


def _import(desk: Desk, values: Values) -> list[Call]:
    interval = parse_interval(values["registry"], values["first"], values["last"])
    offsets = desk.access.contracts["offsets"]
    firsts: list[int] = []
    first = int(offsets.read("next_first_serial", interval.registry, 0))
    while first:
        firsts.append(first)
        first = int(offsets.read("next_first_serial", interval.registry, first))
    return [
        offsets.call(
            "import_credits", interval.registry, values["project"], values["vintage"],
            interval.first, interval.last, predecessor(interval, firsts), values["document"],
        )
    ]  # fmt: skip


OWNER = (
    Act(
        "project",
        "register",
        N_("Register a project"),
        N_("A voluntary-reduction project of your organisation, by its design document."),
        Role(0),
        (
            Field("name", text(MAX_NAME, "name"), N_("Name")),
            Field("methodology", document().kind, N_("Methodology"), document().hint),
            document(N_("The design document; its hash goes on chain.")),
            Field("starts", MOMENT, N_("Credits from"), _FIRST_DAY),
            Field("ends", MOMENT, N_("Credits until"), _FIRST_DAY),
        ),
        call("offsets", "register", "name", "methodology", "document", "starts", "ends"),
        created=("ProjectRegistered", "project"),
        command="offset register",
    ),
    Act(
        "project",
        "resubmit",
        N_("Resubmit a rejected project"),
        N_("With another design document."),
        Role(0),
        (_PROJECT, document()),
        call("offsets", "resubmit", "project", "document"),
        command="offset resubmit",
    ),
)
REGULATOR = (
    Act(
        "project",
        "review",
        N_("Begin the review of a project"),
        N_("From then on it is approved or rejected."),
        Role.REGULATOR,
        (_PROJECT,),
        call("offsets", "open_review", "project"),
        command="offset review",
    ),
    *(
        Act(
            "project",
            verb,
            title,
            explains,
            Role.REGULATOR,
            (_PROJECT, document(), reason()),
            call("offsets", function, "project", "document", "reason"),
            sensitive=True,
            command=f"offset {verb}",
        )
        for verb, function, title, explains in (
            (
                "approve",
                "approve",
                N_("Approve a project"),
                N_("Its monitoring periods can be attested and credited."),
            ),
            (
                "reject",
                "reject",
                N_("Reject a project"),
                N_("Its owner may resubmit it with another document."),
            ),
            (
                "withdraw",
                "withdraw_project",
                N_("Withdraw a project"),
                N_("No more credits, and those that are out can no longer be surrendered."),
            ),
        )
    ),
    Act(
        "credits",
        "issue",
        N_("Issue offset credits"),
        N_("Credits an attested monitoring period to the project's owner, once."),
        Role.REGULATOR,
        (_ATTESTATION,),
        call("offsets", "issue", "attestation"),
        sensitive=True,
        command="offset issue",
    ),
    Act(
        "credits",
        "revoke",
        N_("Revoke an attestation"),
        N_("All credits of that project and vintage cannot be surrendered until it is closed."),
        Role.REGULATOR,
        (_ATTESTATION, reason(), document()),
        call("offsets", "revoke", "attestation", "reason", "document"),
        sensitive=True,
        command="offset revoke",
    ),
    Act(
        "credits",
        "close-reversal",
        N_("Close a reversal"),
        N_("What was revoked has been made good; the credits count again."),
        Role.REGULATOR,
        (_ATTESTATION, document()),
        call("offsets", "close_reversal", "attestation", "document"),
        sensitive=True,
        command="offset close-reversal",
    ),
    Act(
        "registry",
        "name",
        N_("Name a foreign registry"),
        N_("Credits that it cancelled can be imported from then on."),
        Role.REGULATOR,
        (_REGISTRY, document()),
        _name_registry,
        sensitive=True,
        command="offset name-registry",
    ),
    Act(
        "credits",
        "import",
        N_("Import credits of another registry"),
        N_("Serials that their registry cancelled for this; no serial can come in twice."),
        Role.REGULATOR,
        (
            _REGISTRY,
            _PROJECT,
            year(N_("Vintage"), "vintage"),
            Field("first", text(64), N_("First serial"), N_("In any spelling; one is 1 t.")),
            Field("last", text(64), N_("Last serial")),
            document(N_("The cancellation there; its hash goes on chain.")),
        ),
        _import,
        sensitive=True,
        created=("SerialsImported", "attestation"),
        command="offset import",
    ),
)
VERIFIER = (
    Act(
        "credits",
        "attest",
        N_("Attest a monitoring period"),
        N_("Your organisation stands for the reductions of a project in that time."),
        Role.VERIFIER,
        (
            _PROJECT,
            Field("starts", MOMENT, N_("From"), _FIRST_DAY),
            Field("ends", MOMENT, N_("Until"), _FIRST_DAY),
            Field("amount", TONNES, N_("Reductions")),
            document(N_("The verification report; its hash goes on chain.")),
        ),
        call("offsets", "attest", "project", "starts", "ends", "amount", "document"),
        sensitive=True,
        created=("ReductionAttested", "attestation"),
        command="offset attest",
    ),
)
ACTS = (*OWNER, *VERIFIER, *REGULATOR)
