"""Organisations: finding them, admitting them, their roles, standing and keys."""

from dataclasses import dataclass
from typing import Any

from tanlian.chain.account_consent import sign_consent
from tanlian.chain.events import Event
from tanlian.chain.keys import Key, checksum
from tanlian.chain.transactions import Receipt, Sender
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.identity import bare_key_fingerprint, identity_of
from tanlian.domain.roles import Role
from tanlian.domain.texts import MAX_NAME, MAX_REASON, fitting
from tanlian.services.access import Access
from tanlian.services.trading import acting_organisation


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation as the register has it."""

    id: int
    name: str
    roles: Role
    sector: int
    region: int
    active: bool
    accounts: tuple[str, ...]
    admitted_at: int


@dataclass(frozen=True, slots=True)
class Admission:
    """What the register is told about a new organisation."""

    identity: str
    name: str
    roles: Role
    sector: int
    region: int
    account: str
    certificate: bytes | None = None


def account_address(text: str) -> str:
    """Read an address as people paste it.

    Raises:
        InvalidInput: no address, or one whose capitals show that a digit is wrong.
    """
    digits = text.strip().removeprefix("0x")
    if len(digits) != 40 or not all(c in "0123456789abcdefABCDEF" for c in digits):
        raise InvalidInput(f"{text!r} is no address; it has 40 hex digits after 0x.", value=text)
    address = checksum(digits)
    if digits not in {digits.lower(), digits.upper()} and "0x" + digits != address:
        raise InvalidInput(
            f"{text!r} has a wrong digit: its capitals do not fit. Copy it again.", value=text
        )
    return address


def find(access: Access, text: str) -> int:
    """The id of an organisation that a person names: by id, account, name, or identifier.

    Raises:
        NotFound: nobody, or several, are called so.
    """
    text, membership = text.strip(), access.contracts.membership
    if text.isdigit():
        if membership.read("standing_of", int(text)) != 0:
            return int(text)
        raise NotFound(f"There is no organisation {text}.", value=text)
    if text.startswith("0x"):
        found = int(membership.read("organisation_ever_of", account_address(text)))
        if found:
            return found
        raise NotFound(f"{text} is no organisation's account.", value=text)
    found = int(membership.read("organisation_by_identity", identity_of(text)))
    if found:
        return found
    return _find_by_name(access, text)


def _find_by_name(access: Access, text: str) -> int:
    wanted = text.casefold()
    named = {
        int(event["organisation"]): str(event["name"])
        for event in access.contracts.events().read(
            access.book.first_block(), contracts=["membership"], names=["OrganisationAdmitted"]
        )
    }
    exact = [id_ for id_, name in named.items() if name.casefold() == wanted]
    alike = [id_ for id_, name in named.items() if wanted in name.casefold()]
    if len(exact) == 1:
        return exact[0]
    if len(alike) == 1:
        return alike[0]
    if not alike:
        raise NotFound(f"No organisation is called {text!r}.", value=text)
    some = ", ".join(f"{named[id_]} ({id_})" for id_ in alike[:5])
    raise NotFound(
        f"{len(alike)} organisations are called {text!r}, among them {some}; give the id.",
        value=text,
    )


def organisation(access: Access, text: str) -> Organisation:
    """One organisation, by whatever a person calls it.

    Raises:
        NotFound: nobody, or several, are called so.
    """
    org_id = find(access, text)
    membership = access.contracts.membership
    record, accounts = access.contracts.read_many(
        [membership.reading("organisation", org_id), membership.reading("accounts_of", org_id)]
    )
    return Organisation(
        id=org_id,
        name=record.name,
        roles=Role(record.roles),
        sector=record.sector,
        region=record.region,
        active=record.active,
        accounts=accounts,
        admitted_at=record.admitted_at,
    )


def admit(access: Access, sender: Sender, admission: Admission) -> int:
    """Admit an organisation; a regulator's act. Returns its id."""
    account = account_address(admission.account)
    receipt = _act(
        access,
        sender,
        "admit",
        identity_of(admission.identity),
        fitting("name", admission.name, MAX_NAME),
        int(admission.roles),
        admission.sector,
        admission.region,
        admission.certificate or bare_key_fingerprint(account),
        account,
    )
    return int(_event(access, receipt, "OrganisationAdmitted")["organisation"])


def grant_roles(access: Access, sender: Sender, name: str, roles: Role, document: bytes) -> Receipt:
    """Give an organisation further roles; a regulator's act."""
    return _act(access, sender, "grant_roles", find(access, name), int(roles), document)


def revoke_roles(
    access: Access, sender: Sender, name: str, roles: Role, document: bytes
) -> Receipt:
    """Take roles from an organisation; a regulator's act."""
    return _act(access, sender, "revoke_roles", find(access, name), int(roles), document)


def suspend(access: Access, sender: Sender, name: str, reason: str) -> Receipt:
    """Suspend an organisation: it exercises no new right; a regulator's act."""
    return _act(access, sender, "suspend", find(access, name), _reason(reason))


def reinstate(access: Access, sender: Sender, name: str, reason: str) -> Receipt:
    """End an organisation's suspension; a regulator's act."""
    return _act(access, sender, "reinstate", find(access, name), _reason(reason))


def consent_of(access: Access, key: Key, organisation: int) -> bytes:
    """Sign with a new key that it joins an organisation; `add_account` wants that."""
    return sign_consent(
        key,
        organisation,
        chain_id=access.connection.chain_id,
        membership=access.contracts.membership.address,
    )


def add_account(access: Access, sender: Sender, key: Key) -> int:
    """Add a key to the organisation of the one that acts; the new key signs its consent.

    Returns the organisation's id.

    Raises:
        NotFound: the acting key is no organisation's.
    """
    org_id = acting_organisation(access, sender)
    _act(access, sender, "add_account", key.address, consent_of(access, key, org_id))
    return org_id


def remove_account(access: Access, sender: Sender, account: str, reason: str) -> Receipt:
    """Remove a key; the act of its own organisation or of a regulator."""
    return _act(access, sender, "remove_account", account_address(account), _reason(reason))


def rotate_certificate(
    access: Access, sender: Sender, certificate: bytes, name: str | None = None
) -> int:
    """Put a new certificate's fingerprint in place of the old one; returns the organisation's id.

    It is that of the acting key, unless a regulator names another one.
    """
    org_id = acting_organisation(access, sender) if name is None else find(access, name)
    _act(access, sender, "rotate_certificate", org_id, certificate)
    return org_id


def propose_replacement(
    access: Access, sender: Sender, old: str, new: str, *, stolen: bool, reason: str
) -> int:
    """Propose to replace a lost or stolen key; others must approve. Returns the proposal's id."""
    receipt = _act(
        access,
        sender,
        "propose_replacement",
        account_address(old),
        account_address(new),
        stolen,
        _reason(reason),
    )
    return int(_event(access, receipt, "ReplacementProposed")["replacement"])


def decide_replacement(access: Access, sender: Sender, decision: str, replacement: int) -> Receipt:
    """Approve, complete, veto or withdraw a proposed replacement."""
    return _act(access, sender, f"{decision}_replacement", replacement)


def _reason(text: str) -> str:
    return fitting("reason", text, MAX_REASON)


def _act(access: Access, sender: Sender, function: str, *arguments: Any) -> Receipt:
    return access.act(sender, "membership", function, *arguments)


def _event(access: Access, receipt: Receipt, name: str) -> Event:
    return access.event(receipt, "membership", name)
