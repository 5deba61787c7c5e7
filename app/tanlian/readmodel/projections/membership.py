"""Organisations and their accounts."""

from tanlian.domain.market_states import ReplacementState
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, hexadecimal, takes
from tanlian.readmodel.tables import accounts, organisations
from tanlian.readmodel.tables.acts import replacements

_ENDED = {
    "ReplacementVetoed": ReplacementState.VETOED,
    "ReplacementWithdrawn": ReplacementState.WITHDRAWN,
}


@takes("membership", "OrganisationAdmitted")
def admitted(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(organisations, id=said["organisation"]).update(
        identity=hexadecimal(said["identity"]),
        name=said["name"],
        roles=said["roles"],
        sector=said["sector"],
        region=said["region"],
        active=True,
        certificate=hexadecimal(said["certificate"]),
        admitted_at=fact.time,
    )
    _account(draft, said["account"], said["organisation"], current=True)


@takes("membership", "OrganisationReclassified")
def reclassified(draft: Draft, fact: Fact) -> None:
    draft.row(organisations, id=fact.said["organisation"]).update(
        sector=fact.said["new_sector"], region=fact.said["new_region"]
    )


@takes("membership", "RolesChanged")
def roles_changed(draft: Draft, fact: Fact) -> None:
    draft.row(organisations, id=fact.said["organisation"])["roles"] = fact.said["new_roles"]


@takes("membership", "OrganisationSuspended", "OrganisationReinstated")
def suspended_or_reinstated(draft: Draft, fact: Fact) -> None:
    active = fact.name == "OrganisationReinstated"
    draft.row(organisations, id=fact.said["organisation"])["active"] = active


@takes("membership", "CertificateRotated")
def certificate_rotated(draft: Draft, fact: Fact) -> None:
    certificate = hexadecimal(fact.said["new_certificate"])
    draft.row(organisations, id=fact.said["organisation"])["certificate"] = certificate


@takes("membership", "AccountAdded", "AccountRemoved")
def account_added_or_removed(draft: Draft, fact: Fact) -> None:
    current = fact.name == "AccountAdded"
    _account(draft, fact.said["account"], fact.said["organisation"], current=current)


@takes("membership", "AccountReplaced")
def account_replaced(draft: Draft, fact: Fact) -> None:
    organisation = fact.said["organisation"]
    _account(draft, fact.said["old_account"], organisation, current=False)
    _account(draft, fact.said["new_account"], organisation, current=True)
    draft.row(replacements, id=fact.said["replacement"]).update(
        status=ReplacementState.DONE, ended_at=fact.time
    )


@takes("membership", "ReplacementProposed")
def replacement_proposed(draft: Draft, fact: Fact) -> None:
    draft.row(replacements, id=fact.said["replacement"]).update(
        **fact.pick("organisation", "old_account", "new_account", "stolen", "expires_at"),
        reason=fact.said["reason"],
        status=ReplacementState.PROPOSED,
        effective_at=0,
        proposer=fact.signer,
        approver=None,
        proposed_at=fact.time,
        ended_at=None,
        tx_hash=fact.tx_hash,
    )


@takes("membership", "ReplacementApproved")
def replacement_approved(draft: Draft, fact: Fact) -> None:
    draft.row(replacements, id=fact.said["replacement"]).update(
        **fact.pick("effective_at"), status=ReplacementState.APPROVED, approver=fact.signer
    )


@takes("membership", *_ENDED)
def replacement_ended(draft: Draft, fact: Fact) -> None:
    draft.row(replacements, id=fact.said["replacement"]).update(
        status=_ENDED[fact.name], ended_at=fact.time
    )


def _account(draft: Draft, address: str, organisation: int, *, current: bool) -> None:
    draft.row(accounts, address=address.lower()).update(organisation=organisation, current=current)
