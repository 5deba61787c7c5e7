"""What an audit reads, and what it says where two accounts of one thing part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Said(Protocol):
    """An event as the chain layer reads it."""

    @property
    def contract(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> Mapping[str, Any]: ...
    @property
    def block(self) -> int: ...
    @property
    def log_index(self) -> int: ...
    @property
    def tx_hash(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the rebuilt books and the chain part."""

    what: str
    expected: str
    actual: str
    where: str
    session: int | None = None  # the session at hand when it was met

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, found {self.actual} ({self.where})"


@dataclass(slots=True)
class Findings:
    """Differences in the order in which they were met."""

    differences: list[Difference] = field(default_factory=list)
    session: int | None = None

    def compare(self, what: str, expected: object, actual: object, where: str) -> bool:
        """Note a difference unless both are equal; tell whether they are."""
        if expected == actual:
            return True
        self.differences.append(
            Difference(what, _shown(expected), _shown(actual), where, self.session)
        )
        return False

    def hold(self, holds: bool, what: str, actual: object, where: str) -> bool:
        """Note a broken law unless it holds."""
        return holds or self.compare(what, "to hold", actual, where)


def place_of(event: Said) -> str:
    """Where in the chain an event stands, for a person to look it up."""
    return f"{event.contract}.{event.name} in block {event.block}, log {event.log_index}"


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
