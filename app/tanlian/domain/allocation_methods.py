"""Allocation formulas: the benchmark method for power units and the 3 % band (DOMAIN 1.2, 1.3).

Everything is an exact fraction until the one rounding at the end: floored to the kilogram by the
caller's choice of unit, or to the tonne as the worked examples do.
"""

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from tanlian.domain.errors import InvalidInput

_POWER_SCALE = 10**12  # the load factor's power is irrational: truncated at this scale


@dataclass(frozen=True, slots=True)
class PowerUnit:
    """One generating unit's year. Shares and rates are exact fractions, loads in per cent."""

    unit_class: str  # I, II, III or IV
    electricity_mwh: Fraction  # supplied (2019-2022) or generated (2023-2024)
    heat_gj: Fraction = Fraction(0)
    cooling: str = "water"
    heat_ratio: Fraction = Fraction(0)
    load_percent: Fraction = Fraction(100)
    condensing: bool = True  # False: heat and power cogeneration, no load factor


@cache
def benchmarks() -> dict[str, Any]:
    """Return the rule data of the benchmark method."""
    text = files(__package__).joinpath("rules", "cn_power_benchmarks.toml").read_text("utf-8")
    return tomllib.loads(text)


def cooling_factor(unit: PowerUnit) -> Fraction:
    """Return F_l."""
    kind = unit.cooling
    if kind == "air":
        kind = "air_gas" if unit.unit_class == "IV" else "air_coal"
    if kind not in benchmarks()["cooling"]:
        raise InvalidInput(f"Unknown cooling {unit.cooling!r}.", cooling=unit.cooling)
    return Fraction(benchmarks()["cooling"][kind])


def heat_factor(unit: PowerUnit) -> Fraction:
    """Return F_r = 1 - k x heat supply ratio."""
    kind = "gas" if unit.unit_class == "IV" else "coal"
    return 1 - Fraction(benchmarks()["heat_supply"][kind]) * unit.heat_ratio


def load_factor(unit: PowerUnit) -> Fraction:
    """Return F_f, which is 1 except for conventional coal condensing units."""
    if unit.unit_class not in ("I", "II") or not unit.condensing:
        return Fraction(1)
    rules = benchmarks()["load"]
    for row in rules["rows"]:
        if unit.load_percent >= Fraction(row["from"]):
            missing = max(Fraction(0), Fraction(row["upto"]) - unit.load_percent)
            return Fraction(row["base"]) + Fraction(row["slope"]) * missing
    return _power(Fraction(rules["growth"]), 16 - unit.load_percent / 5)


def benchmark_allocation(unit: PowerUnit, year: int) -> Fraction:
    """Return a power unit's allocation in tonnes, unrounded.

    Raises:
        InvalidInput: no benchmark for that year or class.
    """
    row = benchmarks()["years"].get(str(year))
    if row is None or unit.unit_class not in benchmarks()["classes"]:
        raise InvalidInput(
            f"There is no benchmark for class {unit.unit_class} in {year}.",
            unit_class=unit.unit_class,
            year=year,
        )
    electricity, heat = (Fraction(value) for value in row[unit.unit_class])
    if row["basis"] == "supply":
        factors = cooling_factor(unit) * heat_factor(unit) * load_factor(unit)
    else:
        factors = Fraction(benchmarks()["peak"]["factor"])
    return unit.electricity_mwh * electricity * factors + unit.heat_gj * heat


def balance_adjustment(intensity: Fraction, balance: Fraction) -> Fraction:
    """Return a of the 3 % band for a unit's intensity against the sector's balance value."""
    if balance <= 0:
        raise InvalidInput("The balance value must be positive.", balance=str(balance))
    band = benchmarks()["balance_band"]
    knee, limit = Fraction(band["knee"]), Fraction(band["limit"])
    distance = (balance - intensity) / balance
    if distance >= knee:
        return limit
    if distance <= -knee:
        return -limit
    return Fraction(band["slope"]) * distance


def balance_allocation(emissions: Fraction, intensity: Fraction, balance: Fraction) -> Fraction:
    """Return the allocation of a steel, cement or aluminium unit: E x (1 + a), unrounded."""
    return emissions * (1 + balance_adjustment(intensity, balance))


def floor_tonnes(allocation: Fraction) -> int:
    """Round an allocation down to whole tonnes, as the plans do."""
    return allocation.numerator // allocation.denominator


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    """Return base ** exponent, truncated at twelve decimals, by an integer root."""
    if exponent < 0:
        raise InvalidInput("The load factor's exponent is never negative.")
    degree = exponent.denominator
    value = base**exponent.numerator * _POWER_SCALE**degree
    return Fraction(_root(value.numerator // value.denominator, degree), _POWER_SCALE)


def _root(value: int, degree: int) -> int:
    """Return the largest integer whose power `degree` does not exceed `value` (Newton's method)."""
    if value == 0:
        return 0
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better
