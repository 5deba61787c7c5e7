"""Versioned emission factors, read from the data files beside this module, as exact integers."""

import csv
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import IntEnum
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from tanlian.domain.errors import InvalidInput, NotFound

QUANTITY_SCALE = 10**6  # quantities, heat per unit, shares, kg of gas per TJ
CARBON_SCALE = 10**9  # tC per GJ or per unit, tCO2e per unit, GWP
ONE = 10**6  # a share of 1
_FOLDER = files("tanlian.domain") / "factors"


class Unit(IntEnum):
    """Units of activity data. The value is the code on the chain."""

    TONNE = 1
    KILOGRAM = 2
    TEN_THOUSAND_NM3 = 3
    NM3 = 4
    MWH = 5
    KWH = 6
    GJ = 7
    MJ = 8


# each unit's base, and how many of it make one of the base
BASES: Mapping[Unit, tuple[Unit, int]] = {
    Unit.TONNE: (Unit.TONNE, 1),
    Unit.KILOGRAM: (Unit.TONNE, 1_000),
    Unit.TEN_THOUSAND_NM3: (Unit.TEN_THOUSAND_NM3, 1),
    Unit.NM3: (Unit.TEN_THOUSAND_NM3, 10_000),
    Unit.MWH: (Unit.MWH, 1),
    Unit.KWH: (Unit.MWH, 1_000),
    Unit.GJ: (Unit.GJ, 1),
    Unit.MJ: (Unit.GJ, 1_000),
}
UNIT_NAMES: Mapping[str, Unit] = {
    "t": Unit.TONNE, "kg": Unit.KILOGRAM, "10^4Nm3": Unit.TEN_THOUSAND_NM3, "Nm3": Unit.NM3,
    "MWh": Unit.MWH, "kWh": Unit.KWH, "GJ": Unit.GJ, "MJ": Unit.MJ,
}  # fmt: skip


class Status(IntEnum):
    """How well a figure is known. The value is the code on the chain; a higher one is weaker."""

    V = 1  # the official text was read
    S = 2  # seen in secondary material
    K = 3  # not confirmed: demonstration only


class FactorKind(IntEnum):
    """What a factor multiplies."""

    GRID = 1
    PROCESS = 2
    GAS = 3


@dataclass(frozen=True, slots=True)
class FuelFactor:
    """What burning one unit of a fuel means. `ncv` 0: the rules give no default heat."""

    key: str
    unit: Unit
    ncv: int  # 10^-6 GJ per unit
    carbon: int  # 10^-9 tC per GJ
    oxidation: int  # 10^-6
    ch4: int  # 10^-6 kg per TJ; 0 where the rules give none
    n2o: int
    status: Status
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Factor:
    """Tonnes of CO2e per unit of a purchase, a process or a gas."""

    key: str
    unit: Unit
    value: int  # 10^-9
    status: Status
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FactorSet:
    """A published set, all of which stands or falls together."""

    name: str
    title: str
    source: str
    effective_from: int  # Unix seconds
    document: bytes  # SHA-256 of the data files, in the order they are named
    fuels: Mapping[str, FuelFactor]
    factors: Mapping[tuple[FactorKind, str], Factor]

    @property
    def status(self) -> Status:
        """The weakest status in the set."""
        statuses = [fuel.status for fuel in self.fuels.values()]
        statuses += [factor.status for factor in self.factors.values()]
        return max(statuses, default=Status.V)


@cache
def factor_set(name: str) -> FactorSet:
    """Return a published factor set.

    Raises:
        NotFound: there is no set of this name.
    """
    for entry in tomllib.loads((_FOLDER / "sets.toml").read_text())["set"]:
        if entry["name"] == name:
            return _load(entry)
    raise NotFound(f"There is no factor set {name}; there are {', '.join(set_names())}.")


def set_names() -> tuple[str, ...]:
    """Return the names of all published sets."""
    return tuple(
        entry["name"] for entry in tomllib.loads((_FOLDER / "sets.toml").read_text())["set"]
    )


def scaled(text: str, scale: int) -> int:
    """Return a decimal number as an integer of this scale, exactly.

    Raises:
        InvalidInput: it has more decimals than the scale, or is negative or no number.
    """
    try:
        value = Fraction(text or "0") * scale
    except (ValueError, ZeroDivisionError) as error:
        raise InvalidInput(f"{text!r} is no number.") from error
    if value < 0 or value.denominator != 1:
        raise InvalidInput(f"{text} is negative or finer than 1/{scale}.")
    return value.numerator


def shown(value: int, scale: int) -> str:
    """Return an integer of this scale as the decimal number that `scaled` reads back."""
    digits = len(str(scale)) - 1
    whole, rest = divmod(value, scale)
    return f"{whole}.{rest:0{digits}}".rstrip("0").rstrip(".") if digits else str(whole)


def _load(entry: Mapping[str, Any]) -> FactorSet:
    digest = hashlib.sha256()
    fuels: dict[str, FuelFactor] = {}
    factors: dict[tuple[FactorKind, str], Factor] = {}
    if "fuels" in entry:
        for row in _rows(entry["fuels"], digest):
            fuels[row["key"]] = FuelFactor(
                row["key"],
                UNIT_NAMES[row["unit"]],
                scaled(row["ncv_gj_per_unit"], QUANTITY_SCALE),
                scaled(row["carbon_tc_per_gj"], CARBON_SCALE),
                scaled(row["oxidation_pct"], QUANTITY_SCALE // 100),
                scaled(row["ch4_kg_per_tj"], QUANTITY_SCALE),
                scaled(row["n2o_kg_per_tj"], QUANTITY_SCALE),
                Status[row["status"]],
                row["source"],
            )
    for member, kind in (("grids", FactorKind.GRID), ("processes", FactorKind.PROCESS)):
        for row in _rows(entry[member], digest) if member in entry else ():
            factors[kind, row["key"]] = Factor(
                row["key"],
                UNIT_NAMES[row["unit"]],
                scaled(row["tco2e_per_unit"], CARBON_SCALE),
                Status[row["status"]],
                row["source"],
            )
    if "gases" in entry:
        file, column = entry["gases"].split(":")
        for row in _rows(file, digest):
            if row[column]:  # a report that does not name a gas has no figure for it
                factors[FactorKind.GAS, row["gas"]] = Factor(
                    row["gas"],
                    Unit.TONNE,
                    scaled(row[column], CARBON_SCALE),
                    Status[row["status"]],
                    row["source"],
                )
    begin = datetime.combine(entry["effective_from"], time(), UTC)
    return FactorSet(
        entry["name"],
        entry["title"],
        entry["source"],
        int(begin.timestamp()),
        digest.digest(),
        fuels,
        factors,
    )


def _rows(name: str, digest: "hashlib._Hash") -> list[dict[str, str]]:
    text = (_FOLDER / name).read_text()
    digest.update(text.encode())
    return list(csv.DictReader(text.splitlines()))
