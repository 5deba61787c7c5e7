"""Acts on the register of organisations and their keys."""

from tanlian.domain.identity import bare_key_fingerprint
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call, own
from tanlian.services.acts.fields import (
    ADDRESS,
    DOCUMENT,
    FLAG,
    IDENTITY,
    NAME,
    NUMBER,
    ROLES,
    SIGNATURE,
    Field,
    document,
    organisation,
    reason,
    whole,
)

_CODE = whole(0, 2**16 - 1)
_SECTOR = Field("sector", _CODE, N_("Sector"), N_("The number of the sector in the register."))
_REGION = Field("region", _CODE, N_("Region"), N_("The number of the region, such as 42."))
_ROLES = Field("roles", ROLES, N_("Roles"))
_ACCOUNT = Field("account", ADDRESS, N_("Account"), N_("0x and 40 hex digits."))
_REPLACEMENT = Field("replacement", NUMBER, N_("Replacement"))


def _certificate(_desk: Desk, values: Values) -> bytes:
    return values["certificate"] or bare_key_fingerprint(values["account"])


ACTS = (
    Act(
        "organisation",
        "admit",
        N_("Admit an organisation"),
        N_("Enters an organisation into the register under one real identity."),
        Role.REGULATOR,
        (
            Field(
                "identity",
                IDENTITY,
                N_("Permanent identifier"),
                N_("Such as the social credit code; only its hash goes on chain."),
            ),
            Field("name", NAME, N_("Name")),
            _ROLES,
            _SECTOR,
            _REGION,
            _ACCOUNT,
            Field(
                "certificate",
                DOCUMENT,
                N_("Certificate fingerprint"),
                N_("SHA-256 of its X.509 certificate; empty where it has none yet."),
                optional=True,
            ),
        ),
        call(
            "membership",
            "admit",
            "identity",
            "name",
            "roles",
            "sector",
            "region",
            _certificate,
            "account",
        ),
        sensitive=True,
        created=("OrganisationAdmitted", "organisation"),
    ),
    Act(
        "organisation",
        "grant",
        N_("Grant roles"),
        N_("Gives an organisation further roles."),
        Role.REGULATOR,
        (organisation(), _ROLES, document()),
        call("membership", "grant_roles", "organisation", "roles", "document"),
        sensitive=True,
    ),
    Act(
        "organisation",
        "revoke",
        N_("Revoke roles"),
        N_("Takes roles from an organisation."),
        Role.REGULATOR,
        (organisation(), _ROLES, document()),
        call("membership", "revoke_roles", "organisation", "roles", "document"),
        sensitive=True,
    ),
    Act(
        "organisation",
        "reclassify",
        N_("Change sector and region"),
        N_("Enters another sector and region for an organisation."),
        Role.REGULATOR,
        (organisation(), _SECTOR, _REGION, document()),
        call("membership", "reclassify", "organisation", "sector", "region", "document"),
        command="reclassify",
    ),
    Act(
        "organisation",
        "suspend",
        N_("Suspend an organisation"),
        N_("It exercises no new right; its holdings, debts and duties remain."),
        Role.REGULATOR,
        (organisation(), reason()),
        call("membership", "suspend", "organisation", "reason"),
        sensitive=True,
    ),
    Act(
        "organisation",
        "reinstate",
        N_("Reinstate an organisation"),
        N_("Ends its suspension."),
        Role.REGULATOR,
        (organisation(), reason()),
        call("membership", "reinstate", "organisation", "reason"),
        sensitive=True,
    ),
    Act(
        "account",
        "add",
        N_("Add an account"),
        N_("Lets a further key act for your organisation; the new key signs that it wants to."),
        Role(0),
        (
            _ACCOUNT,
            Field("consent", SIGNATURE, N_("Consent"), N_("The new key's signature (EIP-712).")),
        ),
        call("membership", "add_account", "account", "consent"),
        sensitive=True,
    ),
    Act(
        "account",
        "remove",
        N_("Remove an account"),
        N_("The key never acts for the organisation again; the last account stays."),
        Role(0),
        (_ACCOUNT, reason()),
        call("membership", "remove_account", "account", "reason"),
        sensitive=True,
    ),
    Act(
        "certificate",
        "rotate",
        N_("Rotate the certificate"),
        N_("Puts the fingerprint of your organisation's new certificate in place of the old."),
        Role(0),
        (Field("certificate", DOCUMENT, N_("Certificate fingerprint")),),
        call("membership", "rotate_certificate", own, "certificate"),
        sensitive=True,
    ),
    Act(
        "replacement",
        "propose",
        N_("Propose to replace a key"),
        N_("A lost or stolen key; two organisations must approve."),
        Role(0),
        (
            Field("old_account", ADDRESS, N_("Account to replace")),
            Field("new_account", ADDRESS, N_("New account")),
            Field(
                "stolen",
                FLAG,
                N_("The key was stolen"),
                N_("A stolen key is replaced at once; a lost one after two days."),
            ),
            reason(),
        ),
        call("membership", "propose_replacement", "old_account", "new_account", "stolen", "reason"),
        sensitive=True,
        created=("ReplacementProposed", "replacement"),
    ),
    *(
        Act(
            "replacement",
            verb,
            title,
            explains,
            Role(0),
            (_REPLACEMENT,),
            call("membership", f"{verb}_replacement", "replacement"),
            sensitive=True,
        )
        for verb, title, explains in (
            (
                "approve",
                N_("Approve a replacement"),
                N_("Adds your organisation's approval to the replacement of a key."),
            ),
            (
                "complete",
                N_("Complete a replacement"),
                N_("Puts the new key in place once the veto period of a lost key is over."),
            ),
            (
                "veto",
                N_("Veto a replacement"),
                N_("Stops it: a key that signs is not lost. Sign with the key in question."),
            ),
            (
                "withdraw",
                N_("Withdraw a replacement"),
                N_("Takes your organisation's approval or proposal back."),
            ),
        )
    ),
)
