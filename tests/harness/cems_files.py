"""Hourly emission measurements as agencies publish them, in grams and megajoules.

Columns: t (the hour), load_mw, co2_t, heat_gj, and unit where a file holds several units. They have
no signatures; whoever feeds them to a gateway signs them as a device does.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import Reading

_COLUMNS = {"t", "load_mw", "co2_t", "heat_gj"}


@dataclass(frozen=True, slots=True)
class MeasuredHour:
    """One hour of one unit."""

    unit: str
    start: int
    energy_kwh: int
    mass_g: int
    heat_mj: int

    def reading(self, source: int, device: int, sequence: int) -> Reading:
        return Reading(
            self.start, source, device, sequence, self.mass_g, self.energy_kwh, self.heat_mj
        )


def load_cems(path: Path) -> Iterator[MeasuredHour]:
    """Yield the hours of a file, in its order.

    Raises:
        InvalidInput: a column is missing or a value cannot be read; names the line.
    """
    with path.open(newline="") as stream:
        reader = csv.DictReader(stream)
        if missing := _COLUMNS - set(reader.fieldnames or ()):
            raise InvalidInput(f"{path.name} lacks the columns {', '.join(sorted(missing))}.")
        for row in reader:
            try:
                begin = datetime.strptime(row["t"], "%Y-%m-%dT%H").replace(tzinfo=UTC)
                yield MeasuredHour(
                    row.get("unit", ""),
                    int(begin.timestamp()),
                    _thousandths(row["load_mw"]),
                    int(Decimal(row["co2_t"]) * 10**6),
                    _thousandths(row["heat_gj"]),
                )
            except (ArithmeticError, ValueError) as error:
                raise InvalidInput(
                    f"{path.name} line {reader.line_num} is no measured hour: {error}."
                ) from error


def _thousandths(text: str) -> int:
    return int(Decimal(text or "0") * 1_000)
