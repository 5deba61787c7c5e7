"""Voluntary-reduction projects, attestations and imported serials."""

from tanlian.domain.offset_states import AttestationState, ProjectState
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, hexadecimal, leaves_out, takes
from tanlian.readmodel.tables.offsets import (
    attestations,
    foreign_registries,
    foreign_serials,
    project_steps,
    projects,
)

_CODE_BYTES = 8

leaves_out("offsets", "Wired", "Sealed", because="deployment; the address book shows it")


@takes("offsets", "ProjectRegistered")
def registered(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(projects, id=said["project"]).update(
        **fact.pick("owner", "methodology", "document", "crediting_start", "crediting_end"),
        name=said["name"],
        status=ProjectState.REGISTERED,
        monitored_until=said["crediting_start"],
        registered_at=fact.time,
        changed_at=fact.time,
        **fact.signed,
    )


@takes("offsets", "ProjectStatusChanged")
def status_changed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    row = draft.row(projects, id=said["project"])
    row["status"] = said["new_status"]
    row["changed_at"] = fact.time
    if said["new_status"] == ProjectState.REGISTERED:  # handed in again with another document
        row["document"] = hexadecimal(said["document"])
    draft.add(
        project_steps,
        **fact.pick("project", "document"),
        status=said["new_status"],
        reason=said["reason"],
        signer=fact.signer,
        **fact.place,
    )


@takes("offsets", "ReductionAttested")
def attested(draft: Draft, fact: Fact) -> None:
    draft.row(attestations, id=fact.said["attestation"]).update(
        **fact.pick(
            "project", "verifier", "amount_kg", "monitoring_start", "monitoring_end", "document"
        ),
        token_id=None,
        status=AttestationState.ATTESTED,
        attested_at=fact.time,
        issued_at=None,
        first_serial=None,
        revoked_at=None,
        revoke_reason=None,
        revoke_document=None,
        made_good_at=None,
        made_good_document=None,
        **fact.signed,
    )


@takes("offsets", "CreditsIssued")
def issued(draft: Draft, fact: Fact) -> None:
    said = fact.said
    row = draft.row(attestations, id=said["attestation"])
    row.update(
        status=AttestationState.ISSUED,
        issued_at=fact.time,
        **fact.pick("token_id", "first_serial"),
    )
    if row["monitoring_end"]:  # credits from elsewhere have no monitoring period here
        draft.row(projects, id=said["project"])["monitored_until"] = row["monitoring_end"]


@takes("offsets", "AttestationRevoked")
def revoked(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(attestations, id=said["attestation"]).update(
        status=AttestationState.REVOKED if said["issued"] else AttestationState.REVOKED_UNISSUED,
        token_id=said["token_id"],
        revoked_at=fact.time,
        revoke_reason=said["reason"],
        revoke_document=hexadecimal(said["document"]),
    )


@takes("offsets", "ReversalMadeGood")
def made_good(draft: Draft, fact: Fact) -> None:
    draft.row(attestations, id=fact.said["attestation"]).update(
        status=AttestationState.MADE_GOOD,
        made_good_at=fact.time,
        made_good_document=hexadecimal(fact.said["document"]),
    )


@takes("offsets", "RegistryNamed")
def registry_named(draft: Draft, fact: Fact) -> None:
    draft.add(
        foreign_registries,
        code=code_of(fact.said["registry"]),
        **fact.pick("document"),
        named_at=fact.time,
        **fact.signed,
    )


@takes("offsets", "SerialsImported")
def serials_imported(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.add(
        foreign_serials,
        registry=code_of(said["registry"]),
        first_serial=said["first_foreign_serial"],
        last_serial=said["last_foreign_serial"],
        **fact.pick("attestation", "document"),
        time=fact.time,
        **fact.signed,
    )


def code_of(registry: int) -> str:
    """The code of a registry from its number on the chain."""
    return registry.to_bytes(_CODE_BYTES).lstrip(b"\0").decode("ascii")
