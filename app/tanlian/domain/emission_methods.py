"""Emissions from activity data, in integers, to the kilogram as the contract EmissionMethods.

    fuel                quantity x heat per unit x carbon per heat x oxidation x 44/12
    fuel, measured C    quantity x carbon per unit as received x oxidation x 44/12, where
                        C as received = C air-dry x (100 - M as received) / (100 - M air-dry)
    CH4, N2O of a fuel  quantity x heat per unit x mass of gas per heat x GWP
    electricity         quantity x grid factor
    process             quantity x share x factor
    gas                 mass x GWP

Each line is one fraction of integers and is rounded once, half up, to kilograms of CO2e. Lines add
up exactly. Nothing else is rounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import (
    BASES,
    CARBON_SCALE,
    ONE,
    QUANTITY_SCALE,
    Factor,
    FactorKind,
    FactorSet,
    FuelFactor,
    Unit,
)

_CO2_PER_CARBON = Fraction(44, 12)  # molar masses
_KG_PER_TONNE = 1_000
_GJ_PER_TJ = 1_000
_LIMITS = {"quantity": 64, "ncv": 48, "carbon": 48}


class Method(IntEnum):
    """How a line is calculated. The value is the code on the chain."""

    FUEL = 1
    FUEL_CH4 = 2
    FUEL_N2O = 3
    ELECTRICITY = 4
    PROCESS = 5
    GAS = 6


class Basis(IntEnum):
    """Which figures of a fuel line were measured. The value is the code on the chain."""

    DEFAULT = 0
    MEASURED_HEAT = 1  # heat per unit measured, carbon per heat by default
    MEASURED_HEAT_AND_CARBON = 2  # both measured
    MEASURED_CARBON = 3  # carbon per unit as received
    MEASURED_AIR_DRY_CARBON = 4  # carbon per unit air-dry, and both moistures


_NEEDED: dict[Basis, frozenset[str]] = {
    Basis.DEFAULT: frozenset(),
    Basis.MEASURED_HEAT: frozenset({"ncv"}),
    Basis.MEASURED_HEAT_AND_CARBON: frozenset({"ncv", "carbon"}),
    Basis.MEASURED_CARBON: frozenset({"carbon"}),
    Basis.MEASURED_AIR_DRY_CARBON: frozenset({"carbon"}),
}
_KINDS = {
    Method.ELECTRICITY: FactorKind.GRID,
    Method.PROCESS: FactorKind.PROCESS,
    Method.GAS: FactorKind.GAS,
}


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One line of activity data. A figure that the method does not use is 0."""

    method: Method
    key: str  # of the fuel, grid, process or gas
    unit: Unit
    quantity: int  # 10^-6 units
    basis: Basis = Basis.DEFAULT
    ncv: int = 0  # 10^-6 GJ per base unit
    carbon: int = 0  # 10^-9 tC per GJ, or per base unit where carbon is measured
    moisture_received: int = 0  # 10^-6
    moisture_dry: int = 0  # 10^-6
    share: int = 0  # 10^-6, of the quantity that reacts; processes only


def total_kg(lines: Iterable[ActivityLine], factors: FactorSet, gases: FactorSet) -> int:
    """Return the emissions of all lines together, in kilograms of CO2e."""
    return sum(line_kg(line, factors, gases) for line in lines)


def line_kg(line: ActivityLine, factors: FactorSet, gases: FactorSet) -> int:
    """Return the emissions of one line in kilograms of CO2e, rounded half up.

    Raises:
        InvalidInput: unknown fuel, grid, process or gas; a unit that does not fit; a figure that is
            missing, out of range, or not used by the method.
    """
    for name, bits in _LIMITS.items():
        if not 0 <= getattr(line, name) < 1 << bits:
            raise InvalidInput(f"The {name} is out of range.", field=name)
    match line.method:
        case Method.FUEL:
            tonnes = _fuel(line, factors)
        case Method.FUEL_CH4 | Method.FUEL_N2O:
            tonnes = _fuel_gas(line, factors, gases)
        case Method.ELECTRICITY | Method.PROCESS | Method.GAS:
            tonnes = _factored(line, gases if line.method is Method.GAS else factors)
    kilograms = tonnes * _KG_PER_TONNE
    return (2 * kilograms.numerator + kilograms.denominator) // (2 * kilograms.denominator)


def _fuel(line: ActivityLine, factors: FactorSet) -> Fraction:
    fuel = _fuel_factor(line, factors)
    needed = _NEEDED[line.basis]
    for name in ("ncv", "carbon"):
        if (getattr(line, name) != 0) != (name in needed):
            raise InvalidInput(f"The {name} is missing or not used by this basis.", field=name)
    moist = line.basis is Basis.MEASURED_AIR_DRY_CARBON
    if not moist and (line.moisture_received or line.moisture_dry):
        raise InvalidInput("Moisture is not used by this basis.", field="moisture")
    if line.moisture_received > ONE or line.moisture_dry >= ONE:
        raise InvalidInput("The moisture is out of range.", field="moisture")
    _refuse_share(line)
    if line.basis in {Basis.MEASURED_CARBON, Basis.MEASURED_AIR_DRY_CARBON}:
        carbon = Fraction(line.carbon, CARBON_SCALE)
        if moist:
            carbon *= Fraction(ONE - line.moisture_received, ONE - line.moisture_dry)
    else:
        ncv = line.ncv or fuel.ncv
        if not ncv:
            raise InvalidInput(f"The rules give no default heat for {line.key}.", field="ncv")
        carbon = Fraction(ncv, QUANTITY_SCALE) * Fraction(line.carbon or fuel.carbon, CARBON_SCALE)
    return _quantity(line, fuel.unit) * carbon * Fraction(fuel.oxidation, ONE) * _CO2_PER_CARBON


def _fuel_gas(line: ActivityLine, factors: FactorSet, gases: FactorSet) -> Fraction:
    fuel = _fuel_factor(line, factors)
    name = "CH4" if line.method is Method.FUEL_CH4 else "N2O"
    mass = fuel.ch4 if line.method is Method.FUEL_CH4 else fuel.n2o
    if not mass:
        raise InvalidInput(f"The rules give no {name} factor for {line.key}.", field="key")
    if line.basis not in {Basis.DEFAULT, Basis.MEASURED_HEAT}:
        raise InvalidInput("Carbon is not used by this method.", field="basis")
    if (line.ncv != 0) != (line.basis is Basis.MEASURED_HEAT):
        raise InvalidInput("The ncv is missing or not used by this basis.", field="ncv")
    if line.carbon or line.moisture_received or line.moisture_dry:
        raise InvalidInput("Carbon and moisture are not used by this method.", field="carbon")
    _refuse_share(line)
    ncv = line.ncv or fuel.ncv
    if not ncv:
        raise InvalidInput(f"The rules give no default heat for {line.key}.", field="ncv")
    potential = _factor(gases, FactorKind.GAS, name)
    heat_tj = _quantity(line, fuel.unit) * Fraction(ncv, QUANTITY_SCALE) / _GJ_PER_TJ
    kilograms = heat_tj * Fraction(mass, QUANTITY_SCALE) * Fraction(potential.value, CARBON_SCALE)
    return kilograms / _KG_PER_TONNE


def _factored(line: ActivityLine, factors: FactorSet) -> Fraction:
    factor = _factor(factors, _KINDS[line.method], line.key)
    if line.basis or line.ncv or line.carbon or line.moisture_received or line.moisture_dry:
        raise InvalidInput("Measured fuel figures are not used by this method.", field="basis")
    share = Fraction(1)
    if line.method is Method.PROCESS:
        if not 0 < line.share <= ONE:
            raise InvalidInput("The share must be above 0 and at most 1.", field="share")
        share = Fraction(line.share, ONE)
    else:
        _refuse_share(line)
    return _quantity(line, factor.unit) * share * Fraction(factor.value, CARBON_SCALE)


def _quantity(line: ActivityLine, wanted: Unit) -> Fraction:
    base, divisor = BASES[line.unit]
    if base != wanted:
        raise InvalidInput(f"{line.key} is not measured in {line.unit.name}.", field="unit")
    return Fraction(line.quantity, QUANTITY_SCALE * divisor)


def _fuel_factor(line: ActivityLine, factors: FactorSet) -> FuelFactor:
    if (fuel := factors.fuels.get(line.key)) is None:
        raise InvalidInput(f"The set {factors.name} has no fuel {line.key}.", field="key")
    return fuel


def _factor(factors: FactorSet, kind: FactorKind, key: str) -> Factor:
    if (factor := factors.factors.get((kind, key))) is None:
        raise InvalidInput(f"The set {factors.name} has no {kind.name.lower()} {key}.", field="key")
    return factor


def _refuse_share(line: ActivityLine) -> None:
    if line.share:
        raise InvalidInput("A share is for processes only.", field="share")
