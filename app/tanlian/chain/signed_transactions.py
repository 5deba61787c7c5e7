"""Signed transactions that somebody else made: read, and put together again from a node's answer.

Of the two a reader keeps the bytes, because only the bytes can be handed over again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coincurve import PublicKey
from rlp.codec import decode as rlp_decode
from rlp.codec import encode as rlp_encode
from rlp.exceptions import RLPException

from tanlian.chain.connection import quantity
from tanlian.chain.keys import TYPE_2, checksum, keccak
from tanlian.domain.errors import InvalidInput

HALF_OF_ORDER: Final = 0x7FFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_5D576E73_57A4501D_DFE92F46_681B20A0
_FIELDS = 12


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """What signed bytes ask for, and who signed them; fees in wei."""

    raw: bytes
    tx_hash: str
    chain_id: int
    sender: str
    nonce: int
    to: str | None
    data: bytes
    value: int
    gas: int
    max_fee: int


def read_signed(raw: bytes) -> SignedTransaction:
    """Read a signed transaction of EIP-1559 and recover who signed it.

    Raises:
        InvalidInput: it is malformed, of another kind, or its signature is none.
    """
    if raw[:1] != TYPE_2:
        raise InvalidInput("A signed transaction of type 2 (EIP-1559) is needed.")
    try:
        fields: list[Any] = list(rlp_decode(raw[1:]))  # type: ignore[no-untyped-call]
    except RLPException as error:
        raise InvalidInput("These bytes are no signed transaction.") from error
    if len(fields) != _FIELDS or not all(isinstance(f, bytes) for f in _plain(fields)):
        raise InvalidInput("These bytes are no signed transaction.")
    if any(f[:1] == b"\0" for f in [*fields[:5], fields[6], *fields[9:]]):
        raise InvalidInput(
            "A number in this transaction begins with a zero byte; no node takes it."
        )
    chain_id, nonce, _priority, max_fee, gas = (int.from_bytes(f, "big") for f in fields[:5])
    if len(fields[5]) not in {0, 20}:
        raise InvalidInput("The receiver of this transaction is no address.")
    return SignedTransaction(
        raw=raw,
        tx_hash="0x" + keccak(raw).hex(),
        chain_id=chain_id,
        sender=_sender(fields),
        nonce=nonce,
        to=checksum(fields[5]) if fields[5] else None,
        data=fields[7],
        value=int.from_bytes(fields[6], "big"),
        gas=gas,
        max_fee=max_fee,
    )


def raw_of(transaction: Mapping[str, Any]) -> bytes | None:
    """Put the signed bytes together from what a node says of a transaction.

    They are right where their hash is: None where it is not, or the kind is unknown.
    """
    kind = quantity(transaction.get("type", "0x0"))
    number = {name: quantity(value) for name, value in transaction.items() if _is_number(value)}
    to = bytes.fromhex((transaction.get("to") or "0x")[2:])
    data = bytes.fromhex(transaction["input"][2:])
    signature = [number["r"], number["s"]]
    body = [number["gas"], to, number["value"], data]
    if kind == 2:
        fees = [number["maxPriorityFeePerGas"], number["maxFeePerGas"]]
        fields = [number["chainId"], number["nonce"], *fees, *body]
    elif kind == 1:
        fields = [number["chainId"], number["nonce"], number["gasPrice"], *body]
    else:
        fields = [number["nonce"], number["gasPrice"], *body]
    if kind in {1, 2}:
        parity = number["yParity"] if "yParity" in number else number["v"] % 2
        fields += [_access_list(transaction.get("accessList") or []), parity, *signature]
    else:
        fields += [number["v"], *signature]
    prefix = bytes([kind]) if kind else b""
    raw = prefix + bytes(rlp_encode(fields))  # type: ignore[no-untyped-call]
    return raw if "0x" + keccak(raw).hex() == transaction["hash"].lower() else None


def _plain(fields: Sequence[Any]) -> list[Any]:
    """The fields but for the access list, which is a list."""
    return [*fields[:8], *fields[9:]]


def _sender(fields: Sequence[Any]) -> str:
    parity, r, s = (int.from_bytes(f, "big") for f in fields[9:])
    if parity > 1 or s > HALF_OF_ORDER or max(r, s) >= 1 << 256:
        raise InvalidInput("The signature of this transaction is malformed.")
    unsigned = TYPE_2 + bytes(rlp_encode(list(fields[:9])))  # type: ignore[no-untyped-call]
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    try:
        key = PublicKey.from_signature_and_message(signature, keccak(unsigned), hasher=None)
    except ValueError as error:
        raise InvalidInput("The signature of this transaction is malformed.") from error
    return checksum(keccak(key.format(compressed=False)[1:])[12:])


def _access_list(entries: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [
        [bytes.fromhex(e["address"][2:]), [bytes.fromhex(k[2:]) for k in e["storageKeys"]]]
        for e in entries
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("0x") and 2 < len(value) <= 66
