"""Signed transactions of types 0, 1 and 2, read from their bytes."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from eth_hash.auto import keccak

from tanlian_node.embedded import errors, rlp_codec
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.header import recover

HALF_OF_CURVE_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
LONGEST_INITCODE = 49_152  # EIP-3860
LEGACY, ACCESS_LIST, DYNAMIC_FEE = 0, 1, 2
AccessList = tuple[tuple[bytes, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Transaction:
    """A transaction, signed (with `raw` and `hash`) or imagined for a call (without)."""

    sender: bytes
    to: bytes  # empty: create a contract
    data: bytes
    value: int
    gas: int
    nonce: int
    max_fee_per_gas: int = 0
    max_priority_fee_per_gas: int = 0
    access_list: AccessList = ()
    type_id: int = LEGACY
    chain_id: int | None = None
    v: int = 0
    r: int = 0
    s: int = 0
    raw: bytes = b""
    hash: bytes = b""

    @cached_property
    def intrinsic_gas(self) -> int:
        zeros = self.data.count(0)
        gas = 21_000 + zeros * 4 + (len(self.data) - zeros) * 16
        if not self.to:
            gas += 32_000  # and the words of initcode, which the machine charges by itself
        for _, slots in self.access_list:
            gas += 2_400 + 1_900 * len(slots)
        return gas

    @property
    def minimal_gas(self) -> int:
        """The least gas limit with which the transaction may enter a block."""
        return self.intrinsic_gas + (0 if self.to else 2 * ((len(self.data) + 31) // 32))

    @property
    def gas_price(self) -> int:
        return self.max_fee_per_gas

    @property
    def y_parity(self) -> int:
        if self.type_id != LEGACY:
            return self.v
        return self.v - 27 if self.v in (27, 28) else (self.v - 35) % 2

    def effective_gas_price(self, base_fee: int) -> int:
        return min(self.max_fee_per_gas, base_fee + self.max_priority_fee_per_gas)

    @property
    def upfront_cost(self) -> int:
        return self.gas * self.max_fee_per_gas + self.value

    def copy(self, **changes: Any) -> "Transaction":
        return replace(self, **changes)


def decode(raw: bytes) -> Transaction:
    """Read a signed transaction and find its sender.

    Raises:
        RpcError: as Besu answers for bytes that are no transaction, or have no valid signature.
    """
    if not raw:
        raise RpcError(errors.INVALID_PARAMS)
    kind = raw[0]
    try:
        if kind >= 0xC0:
            return _decode_legacy(raw, rlp_codec.decode(raw))
        fields = rlp_codec.decode(raw[1:])
    except (ValueError, TypeError) as error:
        raise RpcError(errors.INVALID_PARAMS) from error
    if kind == ACCESS_LIST:
        return _decode_typed(raw, ACCESS_LIST, fields, 11)
    if kind == DYNAMIC_FEE:
        return _decode_typed(raw, DYNAMIC_FEE, fields, 12)
    raise RpcError(errors.INVALID_PARAMS)


def _decode_legacy(raw: bytes, fields: Any) -> Transaction:
    integer = rlp_codec.decode_int
    nonce, price, gas, to, value, data, v_, r_, s_ = fields
    v, r, s = integer(v_), integer(r_), integer(s_)
    if v in (27, 28):
        chain_id, parity, signed = None, v - 27, list(fields[:6])
    elif v >= 35:
        chain_id, parity = divmod(v - 35, 2)
        signed = [*fields[:6], rlp_codec.encode_int(chain_id), b"", b""]
    else:
        raise RpcError(errors.INVALID_SIGNATURE)
    return Transaction(
        sender=_sender(keccak(rlp_codec.encode(signed)), r, s, parity),
        to=_address(to),
        data=_bytes(data),
        value=integer(value),
        gas=integer(gas),
        nonce=integer(nonce),
        max_fee_per_gas=integer(price),
        max_priority_fee_per_gas=integer(price),
        chain_id=chain_id,
        v=v,
        r=r,
        s=s,
        raw=raw,
        hash=keccak(raw),
    )


def _decode_typed(raw: bytes, kind: int, fields: Any, count: int) -> Transaction:
    integer = rlp_codec.decode_int
    try:
        if len(fields) != count:
            raise ValueError(f"{len(fields)} fields instead of {count}")  # noqa: TRY301
        if kind == ACCESS_LIST:
            chain_id, nonce, price, gas, to, value, data, access = fields[:8]
            priority = price
        else:
            chain_id, nonce, priority, price, gas, to, value, data, access = fields[:9]
        v, r, s = (integer(part) for part in fields[-3:])
        digest = keccak(bytes((kind,)) + rlp_codec.encode(fields[:-3]))
        return Transaction(
            sender=_sender(digest, r, s, v),
            to=_address(to),
            data=_bytes(data),
            value=integer(value),
            gas=integer(gas),
            nonce=integer(nonce),
            max_fee_per_gas=integer(price),
            max_priority_fee_per_gas=integer(priority),
            access_list=_access_list(access),
            type_id=kind,
            chain_id=integer(chain_id),
            v=v,
            r=r,
            s=s,
            raw=raw,
            hash=keccak(raw),
        )
    except (ValueError, TypeError) as error:
        raise RpcError(errors.INVALID_PARAMS) from error


def _sender(digest: bytes, r: int, s: int, parity: int) -> bytes:
    if not (0 < s <= HALF_OF_CURVE_ORDER and parity in (0, 1)):
        raise RpcError(errors.INVALID_SIGNATURE)
    try:
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((parity,))
        return recover(digest, signature)
    except (ValueError, OverflowError) as error:
        raise RpcError(errors.INVALID_SIGNATURE) from error


def _address(field: Any) -> bytes:
    if not isinstance(field, bytes) or len(field) not in (0, 20):
        raise ValueError("an address has 20 bytes")
    return field


def _bytes(field: Any) -> bytes:
    if not isinstance(field, bytes):
        raise ValueError("bytes are expected, not a list")  # noqa: TRY004
    return field


def _access_list(field: Any) -> AccessList:
    if not isinstance(field, list):
        raise ValueError("an access list is a list")  # noqa: TRY004
    entries = []
    for address, slots in field:
        if len(address) != 20 or any(len(slot) != 32 for slot in slots):
            raise ValueError("access list entries have 20 and 32 bytes")
        entries.append((address, tuple(int.from_bytes(slot, "big") for slot in slots)))
    return tuple(entries)
