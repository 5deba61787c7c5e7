"""What regions and sectors are called, and where a region stands in the map of tiles."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_BYTE = 8


@dataclass(frozen=True, slots=True)
class Region:
    """A region with its names by language, and its tile (column, row) in the map it belongs to."""

    code: int
    names: Mapping[str, str]
    map: str
    at: tuple[int, int]


def region(code: int) -> Region | None:
    """Return a region by the number that the chain has; None where nobody named it."""
    return _regions().get(code)


def regions() -> list[Region]:
    """Return every region that has a name."""
    return list(_regions().values())


def region_name(code: int, language: str) -> str:
    """Return what a region is called; its number where it has no name."""
    found = _regions().get(code)
    return found.names[language] if found else str(code)


def sector_name(number: int, language: str) -> str:
    """Return what a sector is called; its number where it has no name."""
    found = _document()["sectors"].get(str(number))
    return str(found[language]) if found else str(number)


def map_name(name: str, language: str) -> str:
    return str(_document()["maps"][name][language])


@cache
def _regions() -> dict[int, Region]:
    return {
        _code(code): Region(
            _code(code), {"zh": row["zh"], "en": row["en"]}, name, (row["at"][0], row["at"][1])
        )
        for name, rows in _document()["regions"].items()
        for code, row in rows.items()
    }


def _code(text: str) -> int:
    """A number, or a country's two letters as one number, as `Installation.region` has it."""
    if text.isdecimal():
        return int(text)
    first, second = text.encode("ascii")
    return first << _BYTE | second


@cache
def _document() -> dict[str, Any]:
    text = (files("tanlian.domain") / "classifications.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
