"""Activity data read back from the call that stated them; events hold only their hash."""

from typing import Any

from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError

from tanlian.chain.abi import type_of
from tanlian.chain.contracts import interface_of
from tanlian.chain.keys import keccak


def lines_in(data: bytes, digest: bytes) -> list[dict[str, Any]]:
    """The lines with this digest that a call of `report`, `amend` or `correct` brought, by name.

    Empty where the call is another one, as when a contract stands between: the digest decides.
    """
    form = interface_of("EmissionRegistry").by_selector.get(data[:4])
    if form is None or "lines" not in form.parameters:
        return []
    place = form.parameters.index("lines")
    try:
        lines = form.read(data)[place]
    except DecodingError:
        return []
    kind = type_of(form.entry["inputs"][place])
    if keccak(encode([kind], [lines])) != digest:
        return []
    return [line._asdict() for line in lines]
