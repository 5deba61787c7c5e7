"""Every shipped rule book as a table: each figure with unit, status and source, and its hash.

A book's hash is the one that contracts keep beside the numbers taken from it, so that anybody can
compare the file with the chain.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from tanlian.domain.errors import NotFound

_ABOUT = frozenset({"title", "title_zh", "status", "source", "jurisdiction", "period", "currency"})
_FIGURE = frozenset({"value", "unit", "status", "source"})


@dataclass(frozen=True, slots=True)
class RuleFigure:
    """One figure; status V: official text read, S: seen in secondary material, K: demonstration.

    A status may go on in words where parts of a row are known better than others.
    """

    key: str
    value: str
    unit: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class PublishedRules:
    """One file of rules."""

    name: str
    title: str
    title_zh: str
    rules_hash: bytes
    figures: tuple[RuleFigure, ...]

    def count(self, status: str) -> int:
        """Return how many figures have a status."""
        return sum(figure.status.startswith(status) for figure in self.figures)


def all_rules() -> list[PublishedRules]:
    """Return every book, by name."""
    folder = files(__package__).joinpath("rules")
    return [
        rules(entry.name.removesuffix(".toml"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    ]


@cache
def rules(name: str) -> PublishedRules:
    """Return one book.

    Raises:
        NotFound: none has that name.
    """
    source = files(__package__).joinpath("rules", f"{name}.toml")
    if not name.isidentifier() or not source.is_file():
        raise NotFound(f"There are no rules {name!r}.", name=name)
    raw = tomllib.loads(source.read_text(encoding="utf-8"))
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    title = str(raw["title"])
    about = ("K", str(raw.get("source", "")))  # what names no status is not confirmed
    return PublishedRules(
        name,
        title,
        str(raw.get("title_zh", title)),
        sha256(canonical.encode()).digest(),
        tuple(_figures(raw, (), *about)),
    )


def _figures(
    table: Mapping[str, Any], place: tuple[str, ...], status: str, source: str
) -> Iterator[RuleFigure]:
    """Each value of a table with the status and source that are nearest to it."""
    status, source = str(table.get("status", status)), str(table.get("source", source))
    for key, value in table.items():
        if key in _ABOUT and not (key == "period" and place):
            continue
        here = (*place, key) if key != "figures" or place else place
        if isinstance(value, Mapping):
            if set(value) == _FIGURE:
                figure = {name: _text(value[name]) for name in ("value", "unit")}
                yield RuleFigure(
                    ".".join(here), **figure, status=value["status"], source=value["source"]
                )
            else:
                yield from _figures(value, here, status, source)
        elif key not in {"unit", "basis"}:
            unit = _text(table.get("unit", table.get("basis", "")))
            yield RuleFigure(".".join(here), _text(value), unit, status, source)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
