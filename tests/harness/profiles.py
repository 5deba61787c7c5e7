"""Profiles for tests: the shipped one with other dates or figures."""

import re
from importlib.resources import files


def profile_text(jurisdiction: str = "cn", period: int = 2024, **figures: str) -> str:
    """The shipped profile's file with some figures' values replaced, each of which must be there."""
    source = files("tanlian.domain").joinpath("rules", f"{jurisdiction}_{period}.toml")
    text = source.read_text(encoding="utf-8")
    for name, value in figures.items():
        text, count = re.subn(
            rf'(\[figures\.{name}\]\nvalue = )("[^"]*"|\S+)', rf'\g<1>"{value}"', text
        )
        assert count == 1, name
    return text
