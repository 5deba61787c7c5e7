"""RLP of bytes and nested lists, without the type machinery that costs pyrlp most of its time."""

from typing import Any


def encode(item: Any) -> bytes:
    """Encode bytes, or a list of what can be encoded."""
    if isinstance(item, bytes):
        size = len(item)
        if size == 1 and item[0] < 0x80:
            return item
        if size < 56:
            return bytes((0x80 + size,)) + item
        return _long_prefix(0xB7, size) + item
    payload = b"".join([encode(part) for part in item])
    size = len(payload)
    if size < 56:
        return bytes((0xC0 + size,)) + payload
    return _long_prefix(0xF7, size) + payload


def _long_prefix(offset: int, size: int) -> bytes:
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((offset + len(digits),)) + digits


def encode_int(value: int) -> bytes:
    """The bytes that stand for an integer inside an RLP list: big-endian, no leading zero."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def decode(data: bytes) -> Any:
    """Decode exactly one item.

    Raises:
        ValueError: the bytes are no canonical RLP, or something follows the item.
    """
    item, end = _decode_at(data, 0)
    if end != len(data):
        raise ValueError("bytes after the end of the RLP item")
    return item


def decode_int(data: Any) -> int:
    """Read an integer of an RLP list.

    Raises:
        ValueError: it is a list, or has leading zeros.
    """
    if not isinstance(data, bytes):
        raise ValueError("an integer is expected, not a list")  # noqa: TRY004
    if data[:1] == b"\0":
        raise ValueError("an RLP integer must not have leading zeros")
    return int.from_bytes(data, "big")


def _decode_at(data: bytes, start: int) -> tuple[Any, int]:
    if start >= len(data):
        raise ValueError("RLP ends too early")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    if first < 0xC0:
        begin, end = _span(data, start, first, 0x80)
        if end - begin == 1 and data[begin] < 0x80 and first == 0x81:
            raise ValueError("a small byte must stand for itself in RLP")
        return data[begin:end], end
    begin, end = _span(data, start, first, 0xC0)
    items = []
    while begin < end:
        item, begin = _decode_at(data, begin)
        items.append(item)
    if begin != end:
        raise ValueError("an RLP list ends inside one of its items")
    return items, end


def _span(data: bytes, start: int, first: int, offset: int) -> tuple[int, int]:
    size = first - offset
    begin = start + 1
    if size > 55:
        digits = size - 55
        text = data[begin : begin + digits]
        begin += digits
        size = int.from_bytes(text, "big")
        if len(text) != digits or text[0] == 0 or size < 56:
            raise ValueError("RLP length is not canonical")
    if begin + size > len(data):
        raise ValueError("RLP ends too early")
    return begin, begin + size
