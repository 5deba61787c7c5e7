"""Freezes: units, or all holdings of an organisation, that the regulator lets nobody move."""

from tanlian.chain.transactions import Receipt, Sender
from tanlian.domain.texts import MAX_REASON, fitting
from tanlian.services.access import Access
from tanlian.services.organisations import find


def freeze(
    access: Access, sender: Sender, name: str, *, instrument: int, amount_kg: int, reason: str
) -> int:
    """Freeze units, also such as come later; a regulator's act. Returns the kg frozen now."""
    organisation = find(access, name)
    receipt = access.act(
        sender, "ledger", "freeze", organisation, instrument, amount_kg, _reason(reason)
    )
    return int(access.event(receipt, "ledger", "UnitsFrozen")["new_frozen_kg"])


def unfreeze(
    access: Access, sender: Sender, name: str, *, instrument: int, amount_kg: int, reason: str
) -> int:
    """Let frozen units go; a regulator's act. Returns what is frozen still, in kg."""
    organisation = find(access, name)
    receipt = access.act(
        sender, "ledger", "unfreeze", organisation, instrument, amount_kg, _reason(reason)
    )
    return int(access.event(receipt, "ledger", "UnitsUnfrozen")["new_frozen_kg"])


def freeze_all(access: Access, sender: Sender, name: str, reason: str) -> Receipt:
    """Freeze whatever an organisation holds; a regulator's act."""
    return access.act(sender, "ledger", "freeze_holder", find(access, name), _reason(reason))


def unfreeze_all(access: Access, sender: Sender, name: str, reason: str) -> Receipt:
    """End the freeze of a whole holder; amounts frozen one by one stay so; a regulator's act."""
    return access.act(sender, "ledger", "unfreeze_holder", find(access, name), _reason(reason))


def _reason(text: str) -> str:
    return fitting("reason", text, MAX_REASON)
