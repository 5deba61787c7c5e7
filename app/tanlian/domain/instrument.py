"""The token id of a kind of units; the mirror of `contracts/modules/instrument.vy`."""

import re
from dataclasses import dataclass
from enum import IntEnum

from tanlian.domain.errors import InvalidInput

MAX_PROJECT = 2**32 - 1
MAX_VINTAGE = 2**16 - 1


class Kind(IntEnum):
    """What the unit is a right of."""

    ALLOWANCE = 1
    OFFSET = 2


@dataclass(frozen=True, slots=True, order=True)
class Instrument:
    """Allowances of a vintage, or offset credits of a project and a vintage."""

    kind: Kind
    project: int
    vintage: int

    def __post_init__(self) -> None:
        """Refuse what the contracts refuse.

        Raises:
            InvalidInput: vintage out of range, or a project where the kind has none.
        """
        if not 0 < self.vintage <= MAX_VINTAGE:
            raise InvalidInput(f"There is no vintage {self.vintage}.", vintage=self.vintage)
        if not 0 <= self.project <= MAX_PROJECT or (self.project != 0) != (
            self.kind is Kind.OFFSET
        ):
            raise InvalidInput(
                f"Project {self.project} does not fit {self.kind.name.lower()} units.",
                project=self.project,
            )

    @property
    def token_id(self) -> int:
        """The id under which the ledger holds these units."""
        return self.kind << 48 | self.project << 16 | self.vintage

    @property
    def symbol(self) -> str:
        """The name on a ticker: `CEA24`, `CCER7-24`."""
        year = self.vintage % 100
        if self.kind is Kind.ALLOWANCE:
            return f"CEA{year:02d}"
        return f"CCER{self.project}-{year:02d}"

    @classmethod
    def from_token_id(cls, token_id: int) -> "Instrument":
        """Read a token id.

        Raises:
            InvalidInput: no such kind, or an id that no contract would accept.
        """
        try:
            kind = Kind(token_id >> 48)
        except ValueError:
            raise InvalidInput(
                f"No units have the token id {token_id}.", token_id=token_id
            ) from None
        return cls(kind, token_id >> 16 & MAX_PROJECT, token_id & MAX_VINTAGE)


def allowance(vintage: int) -> Instrument:
    """Allowances of a vintage."""
    return Instrument(Kind.ALLOWANCE, 0, vintage)


def offset(project: int, vintage: int) -> Instrument:
    """Offset credits of a project and a vintage."""
    return Instrument(Kind.OFFSET, project, vintage)


_SYMBOL = re.compile(r"(?P<kind>CEA|CCER(?P<project>\d+)-)(?P<year>\d{2}|\d{4})", re.IGNORECASE)


def parse_instrument(text: str) -> Instrument:
    """Read a ticker (`CEA24`, `CCER7-24`, also with four digits of the year) or a token id.

    Raises:
        InvalidInput: it is neither.
    """
    text = text.strip()
    if text.isdigit():
        return Instrument.from_token_id(int(text))
    match = _SYMBOL.fullmatch(text)
    if match is None:
        raise InvalidInput(
            f"{text!r} is no kind of units; write CEA24 for allowances of 2024 or CCER7-24 for "
            "credits of project 7.",
            value=text,
        )
    year = int(match["year"])
    vintage = year if year >= 100 else 2000 + year
    return offset(int(match["project"]), vintage) if match["project"] else allowance(vintage)
