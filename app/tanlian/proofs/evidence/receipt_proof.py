"""One receipt of a block, proved against the receipts root in its header."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rlp.codec import decode, encode
from rlp.exceptions import DecodingError

from tanlian.domain.errors import TanlianError
from tanlian.proofs.merkle_sum import keccak

_BRANCH, _SHORT = 17, 2
_FIRST_TYPED = 0x80  # a receipt that starts below is of a typed transaction


class ReceiptRefused(TanlianError):
    """A proof does not show this receipt in this block."""

    code = "receipt_refused"


@dataclass(frozen=True, slots=True)
class ProvedLog:
    """One event in a proved receipt."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


def prove_receipt(root: bytes, index: int, nodes: Sequence[bytes]) -> list[ProvedLog]:
    """Return the logs of the receipt at this place in the block.

    Every node must be used, so that nothing foreign travels along.

    Raises:
        ReceiptRefused: the nodes do not lead from the root to such a receipt.
    """
    try:
        return _logs(_value(root, _nibbles(bytes(encode(index))), list(nodes)))  # type: ignore[no-untyped-call]
    except (DecodingError, ValueError, TypeError, IndexError) as error:
        raise ReceiptRefused(f"The receipt's proof cannot be read: {error}.") from error


def _value(root: bytes, path: list[int], nodes: list[bytes]) -> bytes:
    expected: Any = root
    while True:
        node = expected if isinstance(expected, list) else _node(expected, nodes)
        if len(node) == _BRANCH:
            if not path:
                return _last(node[16], nodes)
            expected, path = node[path[0]], path[1:]
        elif len(node) == _SHORT:
            part, is_leaf = _partial(node[0])
            if path[: len(part)] != part or (is_leaf and len(path) > len(part)):
                raise ReceiptRefused("The proof leads to another receipt.")
            if is_leaf:
                return _last(node[1], nodes)
            expected, path = node[1], path[len(part) :]
        else:
            raise ReceiptRefused("A node of the receipt's proof has no known form.")
        if expected in (b"", []):
            raise ReceiptRefused("The block has no such receipt.")


def _node(expected: bytes, nodes: list[bytes]) -> list[Any]:
    """Take the next node, which must have the hash; a smaller one stands inside its parent."""
    if not nodes:
        raise ReceiptRefused("The receipt's proof ends too early.")
    raw = nodes.pop(0)
    if keccak(raw) != expected:
        raise ReceiptRefused("A node of the receipt's proof does not have its hash.")
    return list(decode(raw))  # type: ignore[no-untyped-call]


def _last(value: bytes, left: list[bytes]) -> bytes:
    if left:
        raise ReceiptRefused("The receipt's proof has nodes left over.")
    return bytes(value)


def _nibbles(data: bytes) -> list[int]:
    return [half for byte in data for half in (byte >> 4, byte & 15)]


def _partial(encoded: bytes) -> tuple[list[int], bool]:
    nibbles = _nibbles(encoded)
    odd = nibbles[0] & 1
    return nibbles[1 if odd else 2 :], nibbles[0] >= 2


def _logs(receipt: bytes) -> list[ProvedLog]:
    body = receipt[1:] if receipt[0] < _FIRST_TYPED else receipt
    status, _, _, logs = decode(body)  # type: ignore[no-untyped-call]
    if status != b"\1":
        raise ReceiptRefused("The transaction of this receipt failed.")
    return [
        ProvedLog("0x" + address.hex(), tuple(bytes(topic) for topic in topics), bytes(data))
        for address, topics, data in logs
    ]
