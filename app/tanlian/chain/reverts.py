"""What a contract's refusal means to a person: the single table reason -> error.

The table itself is `refusals.toml` beside this module, one entry a reason: what is wrong and what
to do next. A test walks every reason in contracts/**/*.vy and fails where the table lacks it.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from tanlian.chain.errors import ContractRefused, UnexpectedRevert

ERROR_STRING = bytes.fromhex("08c379a0")  # Error(string)
PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
REVERT_RPC_CODE = 3  # as Besu and geth answer a revert
NO_REASON = (
    "The contract refused without a reason: an argument is out of range or too long, or nothing at "
    "that address answers. Check the values."
)
_MARKS = ("execution reverted", "transaction reverted", "revert")


@cache
def table() -> dict[str, str]:
    """Each known reason with its sentence for people."""
    text = files(__package__).joinpath("refusals.toml").read_text(encoding="utf-8")
    return {
        f"{speaker}: {reason}": sentence
        for speaker, reasons in tomllib.loads(text).items()
        for reason, sentence in reasons.items()
    }


def explain(reason: str, **fields: Any) -> ContractRefused:
    """Turn a contract's reason into the error that people can act on."""
    sentence = table().get(reason)
    if sentence is None:
        what = f"The contract refused: {reason}." if reason else NO_REASON
        return UnexpectedRevert(what, reason=reason, **fields)
    return ContractRefused(sentence, reason=reason, **fields)


def reason_in(data: bytes) -> str:
    """Read the reason out of revert data; empty where there is none.

    Vyper reverts without data where a number would overflow or a call's arguments are malformed.
    """
    if data[:4] == ERROR_STRING:
        try:
            return str(decode(["string"], data[4:])[0])
        except (DecodingError, UnicodeDecodeError):
            return f"unreadable revert data 0x{data.hex()}"
    if data[:4] == PANIC:
        return f"panic {int.from_bytes(data[4:36], 'big')}"
    return f"unknown revert data 0x{data.hex()}" if data else ""


def revert_from(error: dict[str, Any]) -> ContractRefused | None:
    """The refusal inside a JSON-RPC error, if it is one; nodes differ in the form."""
    message = str(error.get("message", ""))
    is_revert = error.get("code") == REVERT_RPC_CODE or message.lower().startswith(_MARKS)
    if not is_revert:
        return None
    return explain(reason_in(_data_of(error)), rpc_message=message)


def _data_of(error: dict[str, Any]) -> bytes:
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str) or not data.startswith("0x"):
        return b""
    return bytes.fromhex(data[2:])
