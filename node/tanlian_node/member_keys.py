"""A member's own keys in Membership: rotation, and the replacement of a lost or stolen one.

Holdings, debts and votes belong to the organisation, so that none of this moves anything. The chain
carries no fees, hence a new account needs nothing but its place in the register and the allowlists.
"""

import contextlib
import time

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.datatypes import PrivateKey

from tanlian_node.errors import BadCertificate, BadKey, RpcRefused
from tanlian_node.rpc import Rpc
from tanlian_node.signer import LocalSigner, Signer
from tanlian_node.transactions import Contract

DOMAIN_NAME = "Tanlian Membership"
DOMAIN_VERSION = "1"
NOT_ALLOWED = -32007  # Besu's answer to an account that is not on its allowlist
LISTS_SECONDS = 120


def register(address: str) -> Contract:
    return Contract("Membership", address)


def account_consent(secret: bytes, chain_id: int, membership: str, organisation: int) -> bytes:
    """A new account's EIP-712 signature that it wants to belong to an organisation."""
    message = {
        "primaryType": "AccountConsent",
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "AccountConsent": [
                {"name": "account", "type": "address"},
                {"name": "organisation", "type": "uint256"},
            ],
        },
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": membership,
        },
        "message": {
            "account": PrivateKey(secret).public_key.to_checksum_address(),
            "organisation": organisation,
        },
    }
    return bytes(Account.sign_message(encode_typed_data(full_message=message), secret).signature)


def rotate(rpc: Rpc, membership: str, old: Signer, new_secret: bytes, reason: str) -> str:
    """Give a member a new account and take the old one away; returns the new address.

    The new account is added first and does the removal itself, which proves that it works before
    the old one is gone. Where the node keeps an allowlist, the removal waits until it names the new
    account. Call it again after an interruption: what is done stays done.

    Raises:
        BadKey: the old account belongs to no organisation, or the new one to another.
        Reverted: Membership refuses one of the two steps; after the first both accounts act.
    """
    contract = register(membership)
    new = LocalSigner(new_secret)
    organisation = int(contract.read(rpc, "organisation_of", old.address))
    has = int(contract.read(rpc, "organisation_of", new.address))
    if organisation == 0:
        raise BadKey(f"{old.address} is no account of any organisation.")
    if has not in {0, organisation}:
        raise BadKey(f"{new.address} is an account of organisation {has} already.")
    if has == 0:
        chain_id = int(rpc.call("eth_chainId"), 16)
        consent = account_consent(new_secret, chain_id, membership, organisation)
        contract.send(rpc, old, "add_account", new.address, consent)
    _let_in(rpc, new.address)
    deadline = time.monotonic() + LISTS_SECONDS
    while True:
        try:
            contract.send(rpc, new, "remove_account", old.address, reason)
        except RpcRefused as error:
            if error.fields.get("code") != NOT_ALLOWED or time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return new.address


def _let_in(rpc: Rpc, account: str) -> None:
    """Put an account on the list of the node that is used, if it keeps one and lets us.

    Elsewhere, and where this is refused, the lists follow Membership by reconciliation.
    """
    with contextlib.suppress(RpcRefused):
        listed = {str(one).lower() for one in rpc.call("perm_getAccountsAllowlist")}
        if account.lower() not in listed:
            rpc.call("perm_addAccountsToAllowlist", [account])


def propose_replacement(
    rpc: Rpc, membership: str, approver: Signer, old: str, new: str, *, stolen: bool, reason: str
) -> int:
    """Give the first approval for replacing a key that cannot act itself; returns its number."""
    contract = register(membership)
    contract.send(rpc, approver, "propose_replacement", old, new, stolen, reason)
    return int(contract.read(rpc, "replacement_count"))


def approve_replacement(rpc: Rpc, membership: str, approver: Signer, number: int) -> None:
    """Give the second approval, by another organisation."""
    register(membership).send(rpc, approver, "approve_replacement", number)


def complete_replacement(rpc: Rpc, membership: str, anyone: Signer, number: int) -> None:
    """Put the replacement of a lost key into force, after the days in which its owner can veto."""
    register(membership).send(rpc, anyone, "complete_replacement", number)


def publish_certificate(
    rpc: Rpc, membership: str, signer: Signer, organisation: int, fingerprint: bytes
) -> None:
    """Make Membership name a certificate as an organisation's; by itself or by the regulator."""
    register(membership).send(rpc, signer, "rotate_certificate", organisation, fingerprint)


def check_published(rpc: Rpc, membership: str, fingerprint: bytes, address: str) -> int:
    """Check that Membership names a certificate, and that its address acts for the same one.

    Returns the organisation.

    Raises:
        BadCertificate: the register names another certificate, or another organisation.
    """
    contract = register(membership)
    organisation = int(contract.read(rpc, "organisation_of", address))
    if organisation == 0:
        raise BadCertificate(f"{address} is no account of any organisation in Membership.")
    named = int(contract.read(rpc, "organisation_by_certificate", fingerprint))
    if named != organisation:
        raise BadCertificate(
            f"Membership knows 0x{fingerprint.hex()} as that of "
            f"{f'organisation {named}' if named else 'nobody'}; {address} acts for {organisation}."
        )
    return organisation
