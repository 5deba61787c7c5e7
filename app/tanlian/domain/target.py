"""Which chain a command speaks to."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_NETWORK = "embedded"


@dataclass(frozen=True, slots=True)
class Target:
    """A network by name; `rpc` and `book`, where given, overrule what its parameters say."""

    network: str = DEFAULT_NETWORK
    rpc: str | None = None
    book: Path | None = None
