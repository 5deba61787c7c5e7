"""Which function takes in which event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tanlian.readmodel.draft import Draft

NOBODY = "0x" + "0" * 40


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


Take = Callable[[Draft, Fact], None]
takers: dict[tuple[str, str], Take] = {}


def takes(contract: str, *names: str) -> Callable[[Take], Take]:
    """Let a function take in these events of a contract."""

    def register(take: Take) -> Take:
        for name in names:
            takers[contract, name] = take
        return take

    return register


def hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()
