"""Which function takes in which event, and which events nobody needs as rows of their own."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeGuard

from tanlian.readmodel.draft import Draft

NOBODY = "0x" + "0" * 40
_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_SIGNERS = (
    "signer", "caller", "recorder", "applicant", "payer", "proposed_by", "withdrawn_by",
    "listed_by", "paused_by", "resumed_by", "paid_by", "called_by",
)  # fmt: skip
_YEARS = 10_000  # contracts take any number as a year; these can be years
_ORGANISATIONS = 2**31  # members name some by any number; from here on nobody is named


class Fact(NamedTuple):
    """An event with the time of its block; a tuple, for the tables are made of millions."""

    contract: str
    name: str
    said: dict[str, Any]
    block: int
    log_index: int
    tx_hash: str
    time: int
    data: bytes = b""  # what the transaction was called with, for those who asked for it
    answer: Any = None  # of the view that the taker asked for

    def pick(self, *names: str) -> dict[str, Any]:
        """Arguments by name, as columns have them: words and addresses in small hex digits."""
        return {name: _column(self.said[name]) for name in names}

    @property
    def signer(self) -> str:
        """Who signed, by whatever name the event calls it."""
        return str(next(self.said[name] for name in _SIGNERS if name in self.said)).lower()

    @property
    def signed(self) -> dict[str, str]:
        return {"signer": self.signer, "tx_hash": self.tx_hash}

    @property
    def place(self) -> dict[str, Any]:
        """The event's place in the chain, which is the key of a history's row."""
        return {
            "block": self.block,
            "log_index": self.log_index,
            "time": self.time,
            "tx_hash": self.tx_hash,
        }


Take = Callable[[Draft, Fact], None]
takers: dict[tuple[str, str], Take] = {}
asking_for_data: set[tuple[str, str]] = set()
asking_for_view: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
left_out: dict[tuple[str, str], str] = {}


def takes(
    contract: str,
    *names: str,
    with_data: bool = False,
    with_view: tuple[str, tuple[str, ...]] | None = None,
) -> Callable[[Take], Take]:
    """Let a function take in these events of a contract.

    `with_data` brings what the transaction was called with. `with_view` names a view of the same
    contract and the event's arguments to ask it with; its answer must be one that never changes,
    because it is asked today. Either costs a request an event.
    """

    def register(take: Take) -> Take:
        for name in names:
            takers[contract, name] = take
            if with_data:
                asking_for_data.add((contract, name))
            if with_view is not None:
                asking_for_view[contract, name] = with_view
        return take

    return register


def leaves_out(contract: str, *names: str, because: str) -> None:
    """State that these events change no table beside `events`, and why."""
    for name in names:
        left_out[contract, name] = because


def _column(value: Any) -> Any:
    if isinstance(value, bytes):
        return hexadecimal(value)
    return value.lower() if isinstance(value, str) and _ADDRESS.fullmatch(value) else value


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
