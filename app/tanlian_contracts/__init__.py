"""The compiled contracts as package data: ABI, bytecode and integrity sum, without a compiler."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def artifact(name: str) -> dict[str, Any]:
    """Return the artifact of one contract.

    Keys: name, abi, bytecode (creation code, hex), runtime_bytes, layout, integrity.

    Raises:
        LookupError: no contract of that name was compiled into the package.
    """
    path = files(__package__).joinpath("artifacts", f"{name}.json")
    if not path.is_file():
        raise LookupError(f"no compiled contract {name!r}; known are {', '.join(names())}")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def names() -> list[str]:
    """Return the names of all compiled contracts, sorted."""
    folder = files(__package__).joinpath("artifacts")
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir())
