"""The rules that calibres are held against, read from the data file beside this module."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any, Self

from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import FactorSet

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class UnitRatio:
    """By how much a figure is wrong when a unit was mistaken; above 1."""

    name: str
    ratio: Fraction


@dataclass(frozen=True, slots=True)
class CalibreRules:
    """All bounds of one version. Shares are parts per million, bounds include their ends."""

    version: str
    tolerance_ppm: int
    fit_ppm: int
    coal: frozenset[str]
    carbon_per_heat: tuple[int, int]  # 10^-9 tC/GJ
    heat_per_unit: tuple[int, int]  # 10^-6 GJ/t
    coal_use_g: tuple[int, int]  # standard coal per kWh
    standard_coal_j_per_g: int
    emission_per_heat_ppm: int
    same_carbon_months: int
    repeated_hours: int
    repeated_days: int
    unmeasured_ppm: int
    unit_ratios: tuple[UnitRatio, ...]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Read the rules from a parsed TOML document.

        Raises:
            InvalidInput: a rule is missing.
        """
        try:
            bounds = {
                name: (int(document[name]["least"]), int(document[name]["most"]))
                for name in ("carbon_per_heat", "heat_per_unit")
            }
            use = document["coal_use"]
            return cls(
                version=document["version"],
                tolerance_ppm=document["tolerance"]["measured_ppm"],
                fit_ppm=document["tolerance"]["fit_ppm"],
                coal=frozenset(document["coal"]["keys"]),
                carbon_per_heat=bounds["carbon_per_heat"],
                heat_per_unit=bounds["heat_per_unit"],
                coal_use_g=(use["least_g"], use["most_g"]),
                standard_coal_j_per_g=use["standard_coal_j_per_g"],
                emission_per_heat_ppm=document["emission_per_heat"]["most_ppm"],
                same_carbon_months=document["same_carbon"]["most_months"],
                repeated_hours=document["repeated"]["most_hours"],
                repeated_days=document["repeated"]["most_days"],
                unmeasured_ppm=document["substitution"]["most_ppm"],
                unit_ratios=tuple(
                    UnitRatio(row["name"], Fraction(row["larger"], row["smaller"]))
                    for row in document["unit_ratio"]
                ),
            )
        except KeyError as error:
            raise InvalidInput(f"The rules of the calibre comparison lack {error}.") from error


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What one comparison is made with. `tolerance_ppm` is between measured and calculated."""

    factors: FactorSet
    gases: FactorSet
    rules: CalibreRules
    tolerance_ppm: int


@cache
def calibre_rules() -> CalibreRules:
    """Return the rules that the project ships, which are for demonstration."""
    text = (files("tanlian.domain.calibre") / "rules.toml").read_text(encoding="utf-8")
    return CalibreRules.parse(tomllib.loads(text))
