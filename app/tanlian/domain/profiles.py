"""Jurisdiction profiles: the rules of one compliance year as data with source and status.

The chain holds the SHA-256 of a profile's canonical text beside the numbers taken from it, so that
anyone can prove which file a duty was computed under.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from tanlian.domain.errors import InvalidInput, NotFound

PPM = 1_000_000
KG_PER_TONNE = 1_000
SECONDS_PER_DAY = 86_400
STATUSES = ("V", "S", "K")


class ComplianceRules(NamedTuple):
    """The numbers that `Compliance.open_period` takes, in its order."""

    rules_hash: bytes
    deadline_at: int
    acceptance_grace_seconds: int
    unit_kg: int
    offset_limit_ppm: int
    own_offsets_refused: bool
    first_vintage: int
    last_vintage: int
    first_offset_vintage: int
    next_cut_ppm: int
    carry_unlimited: bool
    carry_base_kg: int
    carry_multiplier_ppm: int
    carry_deadline_at: int
    carry_into_vintage: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a profile, with what it rests on."""

    name: str
    value: Any
    unit: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules of one jurisdiction and compliance year."""

    jurisdiction: str
    period: int
    title: str
    title_zh: str
    currency: str
    figures: dict[str, Figure]
    rules_hash: bytes

    def figure(self, name: str) -> Figure:
        """Return one figure.

        Raises:
            NotFound: the profile has no such figure.
        """
        try:
            return self.figures[name]
        except KeyError:
            raise NotFound(
                f"The rules {self.jurisdiction} {self.period} have no figure {name!r}.", figure=name
            ) from None

    def share(self, name: str) -> Fraction:
        """Return a figure as an exact fraction."""
        return Fraction(str(self.figure(name).value))

    def ppm(self, name: str) -> int:
        """Return a share in parts per million; the figure must be exact in them."""
        scaled = self.share(name) * PPM
        if scaled.denominator != 1:
            raise InvalidInput(f"{name} is finer than one part per million.", figure=name)
        return scaled.numerator

    def start_of_day(self, name: str) -> int:
        """Return a date figure as the block time at which that day begins."""
        return int(_midnight(self.figure(name).value).timestamp())

    def end_of_day(self, name: str) -> int:
        """Return a date figure as the last second of that day; a moment (with T) as it is."""
        value = str(self.figure(name).value)
        if "T" in value:
            return int(_moment(value, name).timestamp())
        return int((_midnight(self.figure(name).value) + timedelta(days=1)).timestamp()) - 1

    def compliance_rules(self) -> ComplianceRules:
        """Return what the contract keeps of this profile."""
        number = self.figure
        return ComplianceRules(
            rules_hash=self.rules_hash,
            deadline_at=self.end_of_day("surrender_deadline"),
            acceptance_grace_seconds=int(number("acceptance_grace_days").value) * SECONDS_PER_DAY,
            unit_kg=int(number("unit_kg").value),
            offset_limit_ppm=self.ppm("offset_limit"),
            own_offsets_refused=bool(number("own_offsets_refused").value),
            first_vintage=int(number("first_vintage").value),
            last_vintage=int(number("last_vintage").value),
            first_offset_vintage=int(number("first_offset_vintage").value),
            next_cut_ppm=self.ppm("next_allocation_cut"),
            carry_unlimited=bool(number("carry_unlimited").value),
            carry_base_kg=int(number("carry_base_t").value) * KG_PER_TONNE,
            carry_multiplier_ppm=self.ppm("carry_multiplier"),
            carry_deadline_at=self.end_of_day("carry_deadline"),
            carry_into_vintage=int(number("carry_into_vintage").value),
        )


@cache
def profile(jurisdiction: str, period: int) -> Profile:
    """Return the shipped profile of one jurisdiction and year.

    Raises:
        NotFound: there is no such file.
    """
    source = files(__package__).joinpath("rules", f"{jurisdiction}_{period}.toml")
    if not source.is_file():
        raise NotFound(
            f"There are no rules for {jurisdiction} {period}.",
            jurisdiction=jurisdiction,
            period=period,
        )
    return parse_profile(source.read_text(encoding="utf-8"))


@cache
def shipped_profiles() -> tuple[Profile, ...]:
    """Return every shipped profile: `<two letters>_<year>.toml`."""
    names = (file.name for file in files(__package__).joinpath("rules").iterdir())
    found = sorted(name for name in names if re.fullmatch(r"[a-z]{2}_[0-9]{4}\.toml", name))
    return tuple(profile(name[:2], int(name[3:7])) for name in found)


def parse_profile(text: str) -> Profile:
    """Read a profile and check that every figure names unit, status and source.

    Raises:
        InvalidInput: a figure is incomplete, or a status is unknown.
    """
    raw = tomllib.loads(text)
    figures: dict[str, Figure] = {}
    for name, row in raw["figures"].items():
        if set(row) != {"value", "unit", "status", "source"} or not row["source"]:
            raise InvalidInput(f"{name} must have value, unit, status and source.", figure=name)
        if row["status"] not in STATUSES:
            raise InvalidInput(f"{name} has the unknown status {row['status']!r}.", figure=name)
        figures[name] = Figure(name=name, **row)
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Profile(
        jurisdiction=raw["jurisdiction"],
        period=raw["period"],
        title=raw["title"],
        title_zh=raw["title_zh"],
        currency=raw["currency"],
        figures=figures,
        rules_hash=sha256(canonical.encode()).digest(),
    )


def profile_text(found: Profile) -> str:
    """Return a profile as the text that `parse_profile` reads back, with the same hash."""
    head = {
        name: getattr(found, name)
        for name in ("jurisdiction", "period", "title", "title_zh", "currency")
    }
    lines = [f"{name} = {_toml(value)}" for name, value in head.items()]
    for figure in found.figures.values():
        lines += ["", f"[figures.{figure.name}]"]
        lines += [
            f"{name} = {_toml(getattr(figure, name))}"
            for name in ("value", "unit", "status", "source")
        ]
    return "\n".join([*lines, ""])


def _toml(value: Any) -> str:
    """A text, a whole number or a truth value, which JSON writes as TOML does."""
    return json.dumps(value, ensure_ascii=False)


def _moment(text: str, name: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise InvalidInput(f"{name} = {text!r} does not say its offset from UTC.", figure=name)
    return found


def _midnight(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
