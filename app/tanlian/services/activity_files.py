"""Activity data as a CSV file: what an emitter reports and a verifier corrects.

Columns: method (fuel, fuel_ch4, fuel_n2o, electricity, process, gas), key, unit (t, kg, 10^4Nm3,
Nm3, MWh, kWh, GJ, MJ), quantity, basis (default, measured_heat, measured_heat_and_carbon,
measured_carbon, measured_air_dry_carbon), ncv in GJ per unit, carbon in tC per GJ or per unit,
moisture_received, moisture_dry and share as parts of 1. What a method does not use stays empty.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from tanlian.domain.emission_methods import ActivityLine, Basis, Method
from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import CARBON_SCALE, ONE, QUANTITY_SCALE, UNIT_NAMES, scaled

_COLUMNS = (
    "method", "key", "unit", "quantity", "basis", "ncv", "carbon", "moisture_received",
    "moisture_dry", "share",
)  # fmt: skip


def load_activity(path: Path) -> list[ActivityLine]:
    """Read a file of activity data.

    Raises:
        InvalidInput: a column is missing or a value cannot be read; names the line.
    """
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream, restval="")
        if missing := set(_COLUMNS) - set(reader.fieldnames or ()):
            raise InvalidInput(f"{path.name} lacks the columns {', '.join(sorted(missing))}.")
        lines = []
        for row in reader:
            try:
                lines.append(
                    ActivityLine(
                        Method[row["method"].upper()],
                        row["key"],
                        UNIT_NAMES[row["unit"]],
                        scaled(row["quantity"], QUANTITY_SCALE),
                        Basis[(row["basis"] or "default").upper()],
                        scaled(row["ncv"], QUANTITY_SCALE),
                        scaled(row["carbon"], CARBON_SCALE),
                        scaled(row["moisture_received"], ONE),
                        scaled(row["moisture_dry"], ONE),
                        scaled(row["share"], ONE),
                    )
                )
            except KeyError as error:
                raise InvalidInput(
                    f"{path.name} line {reader.line_num}: there is no {error}."
                ) from error
            except InvalidInput as error:
                raise InvalidInput(
                    f"{path.name} line {reader.line_num}: {error.user_message}"
                ) from error
    return lines


def call_lines(lines: Sequence[ActivityLine]) -> list[tuple[object, ...]]:
    """Return the lines as the contracts take them."""
    return [
        (
            int(x.method), x.key.encode("ascii").ljust(32, b"\0"), int(x.unit), x.quantity,
            int(x.basis), x.ncv, x.carbon, x.moisture_received, x.moisture_dry, x.share,
        )
        for x in lines
    ]  # fmt: skip
