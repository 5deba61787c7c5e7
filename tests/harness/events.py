"""Reading what a contract logged in its last call."""

from typing import Any


def event(contract: Any, name: str) -> Any:
    """The one event of that name in the contract's last call, its arguments as attributes."""
    logs = contract.get_logs()
    found = [log for log in logs if type(log).__name__ == name]
    assert len(found) == 1, f"{name} once, among {[type(log).__name__ for log in logs]}"
    return found[0]


def events(contract: Any, name: str) -> list[Any]:
    """All events of that name in the contract's last call."""
    return [log for log in contract.get_logs() if type(log).__name__ == name]


def arguments(log: Any) -> tuple[Any, ...]:
    """The arguments in the order of the declaration, without the emitting address."""
    return tuple(log)[1:]
