"""Rows of the EU transaction log as values: installations and their compliance years.

Each parser takes one row as text and returns a value or raises `MalformedRow`; nothing is guessed.
An empty allocation means that none was given (0); empty verified emissions mean *not reported*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tanlian.domain.errors import InvalidInput

INSTALLATION_COLUMNS: Final = (
    "installation_id",
    "country",
    "name",
    "operator",
    "city",
    "activity_code",
    "lat",
    "lon",
    "coord_src",
    "account_status",
)
COMPLIANCE_COLUMNS: Final = (
    "installation_id",
    "year",
    "allocation",
    "verified_emissions",
    "units_surrendered",
    "cum_verified",
    "cum_surrendered",
    "compliance_code",
)
# A surrendered >= verified, B less, C not reported, D and E set by the authority, X suspended,
# "-" none; a star marks that the figures were changed after the deadline
COMPLIANCE_CODES: Final = frozenset(
    {"A", "A*", "B", "B*", "C", "C*", "D", "D*", "E", "E*", "X", "X*", "-", ""}
)
FIRST_YEAR: Final = 2005  # the EU system's first compliance year
LAST_YEAR: Final = 2100
# above the yearly emissions of the whole world: a figure beyond it is an error of unit
GREATEST_TONNES: Final = 10**11


class MalformedRow(InvalidInput):
    """One row of a file cannot be read; `reason` is stable and for programs."""

    code = "malformed_row"

    def __init__(self, reason: str, column: str, value: str, message: str) -> None:
        super().__init__(message, reason=reason, column=column, value=value)
        self.reason = reason
        self.column = column
        self.value = value


@dataclass(frozen=True, slots=True)
class Installation:
    """A stationary installation of the register."""

    installation_id: str
    country: str
    name: str
    operator: str
    city: str
    activity_code: int
    account_status: str

    @property
    def region(self) -> int:
        """The country's two letters as one 16-bit number: what `Membership` stores as region."""
        first, second = self.country.encode("ascii")
        return first << 8 | second


@dataclass(frozen=True, slots=True)
class ComplianceYear:
    """What one installation received and emitted in one year, in tonnes."""

    installation_id: str
    year: int
    allocation_t: int
    verified_t: int | None
    surrendered_t: int | None
    compliance_code: str

    @property
    def basis(self) -> bytes:
        """The hash that the allocation cites on the chain: SHA-256 of the row's figures."""
        verified = "" if self.verified_t is None else str(self.verified_t)
        text = f"{self.installation_id},{self.year},{self.allocation_t},{verified}"
        return sha256(text.encode("ascii")).digest()


def parse_installation(row: Mapping[str, str]) -> Installation:
    """Return the installation that a row of `eutl_installations.csv` describes."""
    country = row["country"]
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise MalformedRow(
            "not_a_country", "country", country, "A country is two capital letters, as in DE."
        )
    installation_id = _identifier(row["installation_id"])
    if installation_id.split("_", 1)[0] != country:
        raise MalformedRow(
            "country_mismatch",
            "country",
            country,
            f"The installation {installation_id} does not belong to the registry {country}.",
        )
    _coordinate(row["lat"], "lat", 90)
    _coordinate(row["lon"], "lon", 180)
    name = row["name"]
    if not name.strip():
        raise MalformedRow("missing", "name", name, "An installation needs a name.")
    activity_code = _whole(row["activity_code"], "activity_code", 999)
    return Installation(
        installation_id=installation_id,
        country=country,
        name=name,
        operator=row["operator"],
        city=row["city"],
        activity_code=activity_code,
        account_status=row["account_status"],
    )


def parse_compliance_year(row: Mapping[str, str]) -> ComplianceYear:
    """Return the compliance year that a row of `eutl_compliance_*.csv` describes."""
    code = row["compliance_code"]
    if code not in COMPLIANCE_CODES:
        raise MalformedRow(
            "unknown_compliance_code",
            "compliance_code",
            code,
            "The compliance code is none of A, B, C, D, E, X and -, with or without a star.",
        )
    year = _whole(row["year"], "year", LAST_YEAR)
    if year < FIRST_YEAR:
        raise MalformedRow(
            "year_out_of_range", "year", row["year"], f"The first year is {FIRST_YEAR}."
        )
    for column in ("cum_verified", "cum_surrendered"):
        if row[column]:
            _whole(row[column], column, GREATEST_TONNES * 100)
    return ComplianceYear(
        installation_id=_identifier(row["installation_id"]),
        year=year,
        allocation_t=_tonnes(row, "allocation") or 0,
        verified_t=_tonnes(row, "verified_emissions"),
        surrendered_t=_tonnes(row, "units_surrendered"),
        compliance_code=code,
    )


def _identifier(text: str) -> str:
    country, _, number = text.partition("_")
    if not (len(country) == 2 and country.isascii() and country.isupper() and _is_number(number)):
        raise MalformedRow(
            "not_an_installation_id",
            "installation_id",
            text,
            "An installation id is a registry and a number, as in DE_123.",
        )
    return text


def _tonnes(row: Mapping[str, str], column: str) -> int | None:
    return _whole(row[column], column, GREATEST_TONNES) if row[column] else None


def _whole(text: str, column: str, greatest: int) -> int:
    if not _is_number(text):
        raise MalformedRow(
            "not_a_whole_number",
            column,
            text,
            "Only a whole number without sign, spaces or separators is read here.",
        )
    number = int(text)
    if number > greatest:
        raise MalformedRow("too_large", column, text, f"The greatest value here is {greatest}.")
    return number


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _coordinate(text: str, column: str, bound: int) -> None:
    """Check a WGS84 coordinate without a float: the importer keeps none."""
    if not text:
        return
    whole, point, fraction = text.removeprefix("-").partition(".")
    if not _is_number(whole) or (point and not _is_number(fraction)) or int(whole) > bound:
        raise MalformedRow(
            "not_a_coordinate", column, text, f"A coordinate lies between -{bound} and {bound}."
        )
