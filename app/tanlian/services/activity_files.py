"""Activity data as a CSV file: what an emitter reports and a verifier corrects.

Columns: method (fuel, fuel_ch4, fuel_n2o, electricity, process, gas), key, unit (t, kg, 10^4Nm3,
Nm3, MWh, kWh, GJ, MJ), quantity, basis (default, measured_heat, measured_heat_and_carbon,
measured_carbon, measured_air_dry_carbon), ncv in GJ per unit, carbon in tC per GJ or per unit,
moisture_received, moisture_dry and share as parts of 1. What a method does not use stays empty.

Two more columns may tell where a line belongs: source (its number) and month (1 to 12). The
contracts do not need them, the comparison of calibres does.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tanlian.domain.calibre.figures import Entry
from tanlian.domain.emission_methods import ActivityLine, Basis, Method
from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import CARBON_SCALE, ONE, QUANTITY_SCALE, UNIT_NAMES, scaled, shown

COLUMNS = (
    "method", "key", "unit", "quantity", "basis", "ncv", "carbon", "moisture_received",
    "moisture_dry", "share",
)  # fmt: skip
PLACE_COLUMNS = ("source", "month")
_MONTHS = 12


def load_activity(path: Path) -> list[ActivityLine]:
    """Read a file of activity data.

    Raises:
        InvalidInput: a column is missing or a value cannot be read; names the line.
    """
    return [entry.line for entry in load_entries(path)]


def load_entries(path: Path) -> list[Entry]:
    """Read a file of activity data with the source and month of each line, where it states them.

    Raises:
        InvalidInput: a column is missing or a value cannot be read; names the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restval="")
            if missing := set(COLUMNS) - set(reader.fieldnames or ()):
                raise InvalidInput(f"{path.name} lacks the columns {', '.join(sorted(missing))}.")
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name} cannot be read as UTF-8 text: {error}.") from error
    try:
        # the first line of the file is the header
        places = [_place(number, row) for number, row in enumerate(rows, start=2)]
        lines = activity_of(rows, first=2)
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}, {error.user_message}") from error
    return [Entry(line, *place) for line, place in zip(lines, places, strict=True)]


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write a file that `load_entries` reads back."""
    units = {unit: name for name, unit in UNIT_NAMES.items()}
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*PLACE_COLUMNS, *COLUMNS])
        for entry in entries:
            x = entry.line
            figures = [
                (x.ncv, QUANTITY_SCALE), (x.carbon, CARBON_SCALE), (x.moisture_received, ONE),
                (x.moisture_dry, ONE), (x.share, ONE),
            ]  # fmt: skip
            writer.writerow(
                [entry.source or "", entry.month or "", x.method.name.lower(), x.key,
                 units[x.unit], shown(x.quantity, QUANTITY_SCALE), x.basis.name.lower(),
                 *(shown(value, scale) if value else "" for value, scale in figures)]
            )  # fmt: skip


def activity_of(rows: Iterable[Mapping[str, str]], first: int = 1) -> list[ActivityLine]:
    """Read lines of activity data; what a line lacks is empty.

    Raises:
        InvalidInput: a value cannot be read; names the line, the first of which is `first`.
    """
    return [_line(number, row) for number, row in enumerate(rows, start=first)]


def _place(number: int, row: dict[str, str]) -> tuple[int, int]:
    """Take source and month out of a row."""
    source, month = (row.pop(name, "").strip() or "0" for name in PLACE_COLUMNS)
    if not (source.isdecimal() and month.isdecimal() and int(month) <= _MONTHS):
        raise InvalidInput(
            f"line {number}: source and month are numbers, the month 1 to {_MONTHS}, or empty."
        )
    return int(source), int(month)


def _line(number: int, row: Mapping[str, str]) -> ActivityLine:
    if unknown := set(row) - set(COLUMNS):
        raise InvalidInput(f"line {number}: there is no column {min(unknown)!r}.")
    cell = {name: row.get(name, "") for name in COLUMNS}
    try:
        return ActivityLine(
            Method[cell["method"].upper()],
            cell["key"],
            UNIT_NAMES[cell["unit"]],
            scaled(cell["quantity"], QUANTITY_SCALE),
            Basis[(cell["basis"] or "default").upper()],
            scaled(cell["ncv"], QUANTITY_SCALE),
            scaled(cell["carbon"], CARBON_SCALE),
            scaled(cell["moisture_received"], ONE),
            scaled(cell["moisture_dry"], ONE),
            scaled(cell["share"], ONE),
        )
    except KeyError as error:
        raise InvalidInput(f"line {number}: there is no {error}.") from error
    except InvalidInput as error:
        raise InvalidInput(f"line {number}: {error.user_message}") from error


def rows_of(lines: Iterable[ActivityLine]) -> list[dict[str, str]]:
    """Return lines as `activity_of` reads them back; what is not used is left out."""
    units = {unit: name for name, unit in UNIT_NAMES.items()}
    return [
        {
            name: text
            for name, text in (
                ("method", x.method.name.lower()),
                ("key", x.key),
                ("unit", units[x.unit]),
                ("quantity", shown(x.quantity, QUANTITY_SCALE)),
                ("basis", x.basis.name.lower()),
                ("ncv", shown(x.ncv, QUANTITY_SCALE)),
                ("carbon", shown(x.carbon, CARBON_SCALE)),
                ("moisture_received", shown(x.moisture_received, ONE)),
                ("moisture_dry", shown(x.moisture_dry, ONE)),
                ("share", shown(x.share, ONE)),
            )
            if text != "0"
        }
        for x in lines
    ]


def call_lines(lines: Sequence[ActivityLine]) -> list[tuple[object, ...]]:
    """Return the lines as the contracts take them."""
    return [
        (
            int(x.method), x.key.encode("ascii").ljust(32, b"\0"), int(x.unit), x.quantity,
            int(x.basis), x.ncv, x.carbon, x.moisture_received, x.moisture_dry, x.share,
        )
        for x in lines
    ]  # fmt: skip
