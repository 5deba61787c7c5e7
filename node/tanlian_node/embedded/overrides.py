"""State that a call imagines: balances, nonces, code and slots of its own, by account."""

from dataclasses import dataclass
from typing import Any

from tanlian_node.embedded import errors, params
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.world import World

STORAGE_FORMS = {"state", "stateDiff"}  # all slots, or some; not both
KNOWN = {"balance", "nonce", "code", *STORAGE_FORMS}


@dataclass(frozen=True)
class Override:
    """What one account is imagined to have; none: what it really has."""

    address: bytes
    balance: int | None
    nonce: int | None
    code: bytes | None
    slots: dict[int, int]
    replaces_storage: bool

    def apply(self, world: World) -> None:
        if self.balance is not None:
            world.set_balance(self.address, self.balance)
        if self.nonce is not None:
            world.set_nonce(self.address, self.nonce)
        if self.code is not None:
            world.set_code(self.address, self.code)
        if self.replaces_storage:
            world.delete_storage(self.address)
        for slot, value in self.slots.items():
            world.set_storage(self.address, slot, value)


def parse(wanted: Any) -> tuple[Override, ...]:
    """Read the third parameter of eth_call and its kin.

    Raises:
        RpcError: it is malformed, or asks for what we cannot imagine.
    """
    if wanted is None:
        return ()
    if not isinstance(wanted, dict):
        raise RpcError(errors.INVALID_CALL_PARAMS)
    return tuple(_parse_account(address, entry) for address, entry in wanted.items())


def _parse_account(address: Any, entry: Any) -> Override:
    refusal = errors.INVALID_CALL_PARAMS
    if not isinstance(entry, dict) or not entry.keys() <= KNOWN or entry.keys() >= STORAGE_FORMS:
        raise RpcError(refusal)
    slots = entry.get("state", entry.get("stateDiff", {}))
    if not isinstance(slots, dict):
        raise RpcError(refusal)
    balance, nonce, code = entry.get("balance"), entry.get("nonce"), entry.get("code")
    return Override(
        address=params.address(address, refusal),
        balance=None if balance is None else params.quantity(balance, refusal),
        nonce=None if nonce is None else params.quantity(nonce, refusal),
        code=None if code is None else params.hex_data(code, refusal),
        slots={params.storage_key(slot): params.storage_key(slots[slot]) for slot in slots},
        replaces_storage="state" in entry,
    )
