"""Which function takes in which event, and which events nobody needs as rows of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

from tanlian.readmodel.draft import Draft

NOBODY = "0x" + "0" * 40
_YEARS = 10_000  # contracts take any number as a year; these can be years
_ORGANISATIONS = 2**31  # members name some by any number; from here on nobody is named


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with the time of its block."""

    contract: str
    name: str
    said: dict[str, Any]
    block: int
    log_index: int
    tx_hash: str
    time: int
    data: bytes = b""  # what the transaction was called with, for those who asked for it


Take = Callable[[Draft, Fact], None]
takers: dict[tuple[str, str], Take] = {}
asking_for_data: set[tuple[str, str]] = set()
left_out: dict[tuple[str, str], str] = {}


def takes(contract: str, *names: str, with_data: bool = False) -> Callable[[Take], Take]:
    """Let a function take in these events of a contract; `with_data` costs a request an event."""

    def register(take: Take) -> Take:
        for name in names:
            takers[contract, name] = take
            if with_data:
                asking_for_data.add((contract, name))
        return take

    return register


def leaves_out(contract: str, *names: str, because: str) -> None:
    """State that these events change no table beside `events`, and why."""
    for name in names:
        left_out[contract, name] = because


def hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()


def text_of(key: bytes) -> str:
    """The name in a word, left-aligned ASCII; any other word in hex."""
    name = key.rstrip(b"\0")
    readable = name.isascii() and name.decode("latin-1").isprintable() and name
    return name.decode() if readable else hexadecimal(key)


def is_year(number: int) -> bool:
    """Whether a number that a member chose as year can be one; what is filed for others is void."""
    return number < _YEARS


def is_organisation(number: object) -> TypeGuard[int]:
    """Whether a number that a member chose can be an organisation's."""
    return isinstance(number, int) and 0 < number < _ORGANISATIONS
