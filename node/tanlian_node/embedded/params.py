"""Reading the parameters of a request, with Besu's refusal for each kind that is malformed."""

import re
from typing import Any

from tanlian_node.embedded import errors
from tanlian_node.embedded.errors import Refusal, RpcError
from tanlian_node.embedded.transactions import AccessList, Transaction

HEX_DATA = re.compile(r"(0x)?([0-9a-fA-F]{2})*")
HEX_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,64}")
TAGS = ("latest", "pending", "earliest", "safe", "finalized")


def quantity(value: Any, refusal: Refusal = errors.INVALID_PARAMS) -> int:
    """A number in hex, or in decimal as JSON number or text, as Besu takes them."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        if HEX_NUMBER.fullmatch(value):
            return int(value, 16)
        if value.isascii() and value.isdigit():
            return int(value)
    raise RpcError(refusal)


def hex_data(value: Any, refusal: Refusal = errors.INVALID_PARAMS) -> bytes:
    if not isinstance(value, str) or not HEX_DATA.fullmatch(value):
        raise RpcError(refusal)
    return bytes.fromhex(value.removeprefix("0x"))


def address(value: Any, refusal: Refusal = errors.INVALID_ADDRESS_PARAMS) -> bytes:
    found = hex_data(value, refusal)
    if len(found) != 20:
        raise RpcError(refusal)
    return found


def hash32(value: Any, refusal: Refusal = errors.INVALID_TRANSACTION_HASH_PARAMS) -> bytes:
    found = hex_data(value, refusal)
    if len(found) != 32:
        raise RpcError(refusal)
    return found


def storage_key(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"(0x)?[0-9a-fA-F]{1,64}", value):
        return int(value, 16)
    raise RpcError(errors.INVALID_STORAGE_KEYS_PARAMS)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise RpcError(errors.INVALID_PARAMS)
    return value


def call(value: Any, *, default_gas: int) -> Transaction:
    """Read the imagined transaction of eth_call and its kin."""
    if not isinstance(value, dict):
        raise RpcError(errors.INVALID_CALL_PARAMS)
    refusal = errors.INVALID_CALL_PARAMS
    given = {key: item for key, item in value.items() if item is not None}
    sender = address(given["from"], refusal) if "from" in given else bytes(20)
    payloads = {hex_data(given[key], refusal) for key in ("data", "input") if key in given}
    if len(payloads) > 1:
        raise RpcError(refusal)
    legacy_price = quantity(given.get("gasPrice", 0), refusal)
    price = quantity(given.get("maxFeePerGas", legacy_price), refusal)
    priority = quantity(given.get("maxPriorityFeePerGas", legacy_price), refusal)
    if priority > price:
        raise RpcError(errors.PRIORITY_FEE_EXCEEDS_FEE)
    return Transaction(
        sender=sender,
        to=address(given["to"], refusal) if given.get("to", "0x") != "0x" else b"",
        data=payloads.pop() if payloads else b"",
        value=quantity(given.get("value", 0), refusal),
        gas=quantity(given.get("gas", default_gas), refusal),
        nonce=quantity(given.get("nonce", 0), refusal),
        max_fee_per_gas=price,
        max_priority_fee_per_gas=priority,
        access_list=access_list(given.get("accessList", []), refusal),
    )


def access_list(value: Any, refusal: Refusal) -> AccessList:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise RpcError(refusal)
    return tuple(
        (
            address(entry.get("address"), refusal),
            tuple(
                int.from_bytes(hash32(slot, refusal), "big")
                for slot in entry.get("storageKeys") or []
            ),
        )
        for entry in value
    )
