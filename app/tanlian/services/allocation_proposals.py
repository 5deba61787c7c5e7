"""What the allocation formulas give for a table of units; nothing is sent to the chain.

Each row is one unit of an organisation with the figures of its year: a power unit by the benchmark
method, or a unit of steel, cement or aluminium within the band around the balance value.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tanlian.domain.allocation_methods import (
    PowerUnit,
    balance_allocation,
    benchmark_allocation,
    floor_tonnes,
)
from tanlian.domain.errors import InvalidInput

POWER_COLUMNS = (
    "unit_class", "electricity_mwh", "heat_gj", "cooling", "heat_ratio", "load_percent",
    "cogeneration",
)  # fmt: skip
BALANCE_COLUMNS = ("emissions_t", "intensity", "balance")
COLUMNS = ("organisation", "method", *POWER_COLUMNS, *BALANCE_COLUMNS)
METHODS = ("benchmark", "balance")
HUNDRED = Fraction(100)
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?")
_ANSWERS = {"": False, "no": False, "yes": True}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whole tonnes for an organisation, of so many units."""

    organisation: str
    units: int
    tonnes: int


def propose(path: Path, year: int, share: Fraction = HUNDRED) -> list[Proposal]:
    """Sum the units of each organisation, take `share` per cent, and round down to the tonne once.

    Raises:
        InvalidInput: the file cannot be read or a figure is missing or impossible; names the line.
    """
    exact: dict[str, list[Fraction]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _check_columns(path, reader.fieldnames or ())
            for row in reader:
                try:
                    organisation, tonnes = _unit(row, year)
                except InvalidInput as error:
                    raise InvalidInput(
                        f"{path}:{reader.line_num}: {error.user_message}", line=reader.line_num
                    ) from error
                exact.setdefault(organisation, []).append(tonnes)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", path=str(path)) from error
    if not exact:
        raise InvalidInput(f"{path} names no unit.", path=str(path))
    return [
        Proposal(name, len(units), floor_tonnes(sum(units) * share / HUNDRED))
        for name, units in exact.items()
    ]


def _check_columns(path: Path, header: Sequence[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if unknown or "organisation" not in header:
        what = f"has the unknown column {unknown[0]}" if unknown else "has no column organisation"
        raise InvalidInput(f"{path} {what}; there are {', '.join(COLUMNS)}.", path=str(path))


def _unit(row: Mapping[str | None, str | None], year: int) -> tuple[str, Fraction]:
    if None in row:
        raise InvalidInput("The line has more fields than the first one.")
    said = {str(name): (value or "").strip() for name, value in row.items()}
    organisation, method = said["organisation"], said.get("method") or METHODS[0]
    if not organisation:
        raise InvalidInput("The organisation is missing.")
    if method not in METHODS:
        raise InvalidInput(f"The method is {' or '.join(METHODS)}, not {method!r}.")
    foreign = BALANCE_COLUMNS if method == "benchmark" else POWER_COLUMNS
    if strange := [name for name in foreign if said.get(name)]:
        raise InvalidInput(f"The method {method} takes no {strange[0]}.")
    if method == "balance":
        return organisation, balance_allocation(*(_figure(said, name) for name in BALANCE_COLUMNS))
    if not said.get("unit_class"):
        raise InvalidInput("unit_class is missing.")
    cogeneration = _ANSWERS.get(said.get("cogeneration", ""))
    if cogeneration is None:
        raise InvalidInput("cogeneration is yes, no or empty.")
    unit = PowerUnit(
        unit_class=said.get("unit_class", ""),
        electricity_mwh=_figure(said, "electricity_mwh"),
        heat_gj=_figure(said, "heat_gj", "0"),
        cooling=said.get("cooling") or "water",
        heat_ratio=_figure(said, "heat_ratio", "0", most=1),
        load_percent=_figure(said, "load_percent", "100", most=100),
        condensing=not cogeneration,
    )
    return organisation, benchmark_allocation(unit, year)


def _figure(
    said: Mapping[str, str], name: str, otherwise: str = "", *, most: int | None = None
) -> Fraction:
    text = said.get(name) or otherwise
    if not _DECIMAL.fullmatch(text):
        raise InvalidInput(f"{name} is {text!r}; write a number such as 1250.5.")
    value = Fraction(text)
    if most is not None and value > most:
        raise InvalidInput(f"{name} is at most {most}, not {text}.")
    return value
