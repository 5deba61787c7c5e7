"""Serial numbers of other registries, brought to the one form that the chain knows.

A registry is known by a code of capital letters and digits, on chain the number of its ASCII bytes.
Every spelling of one serial (case, blanks, dashes, full-width characters, leading zeros) comes to
the same code and number, so that an overlap cannot hide behind another spelling.
"""

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

from tanlian.domain.errors import InvalidInput

MAX_CODE_LENGTH = 8
MAX_SERIAL = 2**64 - 1
_SEPARATORS = re.compile(r"[\s_./:\u00b7\u2010-\u2015-]+")


@dataclass(frozen=True, slots=True, order=True)
class ForeignInterval:
    """Serials `first` to `last` of one registry, both included; one serial is one tonne."""

    registry: int
    first: int
    last: int


def registry_code(name: str) -> int:
    """Return the number under which the chain knows a registry.

    Raises:
        InvalidInput: nothing, or something other than letters and digits, is left of the name.
    """
    plain = _plain(name)
    if not re.fullmatch(r"[A-Z0-9]+", plain) or len(plain) > MAX_CODE_LENGTH:
        raise InvalidInput(f"{name!r} is no registry code of up to 8 letters and digits.")
    return int.from_bytes(plain.encode("ascii"))


def parse_interval(registry: str, first: str, last: str) -> ForeignInterval:
    """Read two serials as people write them.

    The registry's own code in front of a serial is dropped; what is left must be a number.

    Raises:
        InvalidInput: a serial is no number, out of range, or the two are out of order.
    """
    code = registry_code(registry)
    numbers = [_serial(_plain(registry), text) for text in (first, last)]
    if numbers[0] > numbers[1]:
        raise InvalidInput(f"Serial {first} lies after {last}.", first=first, last=last)
    return ForeignInterval(code, *numbers)


def predecessor(interval: ForeignInterval, firsts: list[int]) -> int:
    """Return the first serial of the interval before this one in a sorted list, 0 for none."""
    position = bisect_left(firsts, interval.first)
    return firsts[position - 1] if position else 0


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).upper())


def _serial(code: str, text: str) -> int:
    digits = _plain(text).removeprefix(code)
    if not re.fullmatch(r"[0-9]+", digits) or not 0 < int(digits) <= MAX_SERIAL:
        raise InvalidInput(f"{text!r} is no serial number.", serial=text)
    return int(digits)
