"""Reading the EUTL's files: every good row is kept, every bad one is named with its line."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.eutl import (
    COMPLIANCE_COLUMNS,
    INSTALLATION_COLUMNS,
    ComplianceYear,
    Installation,
    MalformedRow,
    parse_compliance_year,
    parse_installation,
)

Row = TypeVar("Row")


class FileNotUsable(InvalidInput):
    """If a file as a whole cannot be read (encoding, header), this says which and why."""

    code = "file_not_usable"


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was left out, and why."""

    file: str
    line: int
    reason: str
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.reason} in {self.column} "
            f"({self.value!r}): {self.message}"
        )


class RowsRefused(InvalidInput):
    """If an atomic import meets malformed rows, nothing is imported and all of them are named."""

    code = "rows_refused"

    def __init__(self, errors: list[RowError]) -> None:
        super().__init__(
            f"{len(errors)} malformed rows, nothing was imported; the first is {errors[0]}. "
            "Mend the file, or import without --atomic to leave such rows out.",
            errors=errors,
        )
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Reported:
    """One installation with one compliance year."""

    installation: Installation
    year: ComplianceYear


@dataclass(frozen=True, slots=True)
class Selection:
    """What an import takes from the files, and what it leaves out."""

    members: list[Reported]
    errors: list[RowError]
    not_reported: list[str]


def select_members(
    folder: Path, *, registry: str, year: int, limit: int | None = None, atomic: bool = False
) -> Selection:
    """Return the registry's installations with their figures of the year, in the files' order.

    Installations without verified emissions are listed apart: they have no need to derive. A
    malformed row is named and left out, or with `atomic` refuses the whole.

    Raises:
        NotFound: a file is missing, or no installation is left.
        FileNotUsable: a file is not UTF-8, or lacks a column.
        RowsRefused: `atomic`, and there are malformed rows.
    """
    errors: list[RowError] = []
    installations: dict[str, Installation] = {}
    for name, line, installation in _rows(
        folder / "eutl_installations.csv", INSTALLATION_COLUMNS, parse_installation, errors
    ):
        if installation.installation_id in installations:
            errors.append(_duplicate(name, line, installation.installation_id))
            continue
        installations[installation.installation_id] = installation
    years = _years(folder, registry, year, installations, errors)
    if atomic and errors:
        raise RowsRefused(errors)
    members: list[Reported] = []
    not_reported: list[str] = []
    for compliance in years:
        if compliance.verified_t is None:
            not_reported.append(compliance.installation_id)
        elif limit is None or len(members) < limit:
            members.append(Reported(installations[compliance.installation_id], compliance))
    if not members:
        raise NotFound(
            f"No installation of the registry {registry} has verified emissions for {year} in "
            f"{folder}. Check --registry and --year.",
            registry=registry,
            year=year,
        )
    return Selection(members, errors, not_reported)


def _years(
    folder: Path,
    registry: str,
    year: int,
    installations: Mapping[str, Installation],
    errors: list[RowError],
) -> list[ComplianceYear]:
    files = sorted(folder.glob("eutl_compliance_*.csv"))
    if not files:
        raise NotFound(
            f"There is no eutl_compliance_*.csv in {folder}. Give the folder that holds it.",
            folder=str(folder),
        )
    seen: set[tuple[str, int]] = set()
    kept: list[ComplianceYear] = []
    for path in files:
        for name, line, row in _rows(path, COMPLIANCE_COLUMNS, parse_compliance_year, errors):
            key = (row.installation_id, row.year)
            if key in seen:
                errors.append(_duplicate(name, line, f"{row.installation_id} {row.year}"))
                continue
            seen.add(key)
            if row.year != year or not row.installation_id.startswith(f"{registry}_"):
                continue
            if row.installation_id not in installations:
                errors.append(
                    RowError(
                        name,
                        line,
                        "unknown_installation",
                        "installation_id",
                        row.installation_id,
                        "eutl_installations.csv has no such installation.",
                    )
                )
                continue
            kept.append(row)
    return kept


def _rows(
    path: Path,
    columns: tuple[str, ...],
    parse: Callable[[Mapping[str, str]], Row],
    errors: list[RowError],
) -> Iterator[tuple[str, int, Row]]:
    """Yield file name, line and value of each good row; append the bad ones to `errors`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no {path}. Give the folder that holds it.") from None
    except UnicodeDecodeError as error:
        raise FileNotUsable(
            f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8.", file=str(path)
        ) from None
    # one physical line is one row (these files break no line inside a field), so that a lost quote
    # costs its own row and not the rest of the file
    lines = text.split("\n")
    header = next(csv.reader([lines[0].rstrip("\r")]), [])
    missing = [column for column in columns if column not in header]
    if missing:
        raise FileNotUsable(
            f"{path} lacks the columns {', '.join(missing)}; it has {', '.join(header) or 'none'}.",
            file=str(path),
            missing=missing,
        )
    for line, written in enumerate(lines[1:], start=2):
        stripped = written.rstrip("\r")
        if not stripped:
            continue
        try:
            cells = next(csv.reader([stripped], strict=True))
        except csv.Error as error:
            errors.append(RowError(path.name, line, "not_csv", "", stripped[:80], f"{error}."))
            continue
        if len(cells) != len(header):
            message = f"The row has {len(cells)} fields, the header {len(header)}."
            errors.append(
                RowError(path.name, line, "wrong_number_of_fields", "", ",".join(cells), message)
            )
            continue
        try:
            yield path.name, line, parse(dict(zip(header, cells, strict=True)))
        except MalformedRow as error:
            errors.append(
                RowError(
                    path.name, line, error.reason, error.column, error.value, error.user_message
                )
            )


def _duplicate(name: str, line: int, value: str) -> RowError:
    message = "The same row came before; the first one is used."
    return RowError(name, line, "duplicate", "installation_id", value, message)
