"""Why two calibres of one emission part: each probable cause with what it would explain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction

from tanlian.domain.calibre.figures import Calculated, Entry, Measured, calculated
from tanlian.domain.calibre.rules import PPM, CalibreRules, Yardstick
from tanlian.domain.emission_methods import Basis, Method
from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import FactorSet, factor_set, set_names

_POWERS = range(1, 7)  # of ten; more is no slip of the decimal point
_WIDE = 10  # from this ratio on nothing but a mistaken unit explains it, and the tolerance decides


class CauseKind(StrEnum):
    """What may lie behind a gap. The value is stable."""

    UNIT = "unit"
    SCALE = "scale"
    SOURCE = "source"
    DEVICE = "device"
    MISSING_HOURS = "missing_hours"
    SUBSTITUTION = "substitution"
    QUANTITY = "quantity"
    FACTOR = "factor"
    DECLARED = "declared"
    COPY = "copy"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Cause:
    """One probable cause."""

    kind: CauseKind
    sentence: str
    explains_kg: int | None = None  # measured less calculated, as far as this cause tells


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at one place."""

    calculated: Calculated | None
    measured: Measured | None
    entries: Sequence[Entry] = ()
    unseen: Mapping[int, Measured | None] = field(default_factory=dict)
    silent: Sequence[int] = ()


def causes_of(facts: Facts, yardstick: Yardstick) -> list[Cause]:
    """Return what may explain that measured and calculated differ, the most probable first."""
    found = [*_sources(facts), *_devices(facts)]
    sums, measured, rules = facts.calculated, facts.measured, yardstick.rules
    if sums is not None and measured is not None and sums.stack_kg and measured.kg:
        ratio = Fraction(measured.kg, sums.stack_kg)
        if max(ratio, 1 / ratio) < _WIDE * Fraction(PPM - rules.tolerance_ppm, PPM):
            found += [*_hours(measured, sums, rules), *_heat(facts, measured, sums, yardstick)]
        found += [*_ratios(ratio, rules, "measurement")]
    if not found:
        found.append(
            Cause(
                CauseKind.UNEXPLAINED,
                "None of the known causes fits; compare the copies of the readings with "
                "`tanlian locate`, and the activity data with invoices.",
            )
        )
    return found


def declared_causes(declared_kg: int, calculated_kg: int, rules: CalibreRules) -> list[Cause]:
    """Return why a declared figure is not what its activity data come to; empty where it is."""
    if declared_kg == calculated_kg:
        return []
    found = []
    if declared_kg and calculated_kg:
        found = [*_ratios(Fraction(declared_kg, calculated_kg), rules, "declaration")]
    return found or [
        Cause(
            CauseKind.DECLARED,
            f"The declared figure does not follow from these activity data, which come to "
            f"{calculated_kg} kg: another version of them was reported.",
            calculated_kg - declared_kg,
        )
    ]


def copy_causes(anchored_g: int, measured: Measured) -> list[Cause]:
    """Return why readings do not weigh what was anchored; empty where they do."""
    if measured.mass_g == anchored_g:
        return []
    return [
        Cause(
            CauseKind.COPY,
            f"These readings weigh {measured.mass_g} g, {anchored_g} g were anchored: the copy is "
            "another or incomplete; `tanlian locate` names what differs.",
        )
    ]


def _sources(facts: Facts) -> Iterator[Cause]:
    for source, measured in facts.unseen.items():
        if measured is None:
            yield Cause(
                CauseKind.SOURCE,
                f"Source {source} has activity data and no readings: its devices or its gateway "
                "are missing here.",
            )
        else:
            yield Cause(
                CauseKind.SOURCE,
                f"Source {source} has readings of {measured.kg} kg and no activity data: it is "
                "missing in the report.",
                measured.kg,
            )


def _devices(facts: Facts) -> Iterator[Cause]:
    if facts.silent and facts.measured is not None:
        names = ", ".join(map(str, facts.silent))
        yield Cause(CauseKind.DEVICE, f"No readings came from the registered device {names}.")


def _ratios(ratio: Fraction, rules: CalibreRules, what: str) -> Iterator[Cause]:
    """Recognise a mistaken unit, else a slip of the decimal point."""
    larger = max(ratio, 1 / ratio)
    known = [(CauseKind.UNIT, one.name, one.ratio) for one in rules.unit_ratios]
    known += [
        (CauseKind.SCALE, f"the decimal point slipped by {power} places", Fraction(10**power))
        for power in _POWERS
        if all(one.ratio != 10**power for one in rules.unit_ratios)
    ]
    near = [
        (abs(larger / wanted - 1), kind, name, wanted)
        for kind, name, wanted in known
        if abs(larger / wanted - 1) * PPM
        <= (rules.tolerance_ppm if wanted >= _WIDE else rules.fit_ppm)
    ]
    if near:
        _, kind, name, wanted = min(near, key=lambda one: one[0])
        yield Cause(kind, f"The {what} is off by a factor of {_decimal(wanted)}: {name}.")


def _hours(measured: Measured, sums: Calculated, rules: CalibreRules) -> Iterator[Cause]:
    whole = measured.hours
    if not measured.measured_hours:
        return
    below = measured.kg < sums.stack_kg
    usual_g = measured.measured_g // measured.measured_hours
    if below and measured.missing_hours * PPM > rules.unmeasured_ppm * whole:
        yield Cause(
            CauseKind.MISSING_HOURS,
            f"{measured.missing_hours} of {whole} hours are missing and count as nothing.",
            -(usual_g * measured.missing_hours // 1_000),
        )
    if measured.substituted_hours * PPM > rules.unmeasured_ppm * whole:
        surplus = measured.substituted_g - usual_g * measured.substituted_hours
        if (surplus > 0) != below:
            yield Cause(
                CauseKind.SUBSTITUTION,
                f"{measured.substituted_hours} of {whole} hours are substituted, with "
                f"{surplus // 1_000} kg more than the measured hours suggest.",
                surplus // 1_000,
            )


def _heat(
    facts: Facts, measured: Measured, sums: Calculated, yardstick: Yardstick
) -> Iterator[Cause]:
    """Tell a wrong quantity from a wrong factor by the heat that both calibres know."""
    if not sums.heat_mj or not measured.heat_mj or not measured.measured_hours:
        return
    seen_mj = measured.heat_mj * measured.hours // measured.measured_hours  # for all hours
    if abs(Fraction(seen_mj, sums.heat_mj) - 1) * PPM > yardstick.tolerance_ppm:
        yield Cause(
            CauseKind.QUANTITY,
            f"The fuel in the activity data stands for {sums.heat_mj // 1_000} GJ, the devices "
            f"measured {seen_mj // 1_000} GJ: the quantity or its heat is wrong.",
        )
        return
    used = Fraction(sums.stack_kg * 1_000, sums.heat_mj)
    shown = Fraction(measured.measured_g, measured.heat_mj)
    sentence = (
        f"The heat agrees, the emission per heat does not: {_decimal(used)} g/MJ calculated, "
        f"{_decimal(shown)} g/MJ measured: the emission factor is wrong"
    )
    better = _better_factor(facts, measured, yardstick)
    sentence += f"; {better} would fit." if better else "."
    yield Cause(CauseKind.FACTOR, sentence)


def _better_factor(facts: Facts, measured: Measured, yardstick: Yardstick) -> str:
    """The fuel or factor set with which the calculation comes nearest to the measurement."""
    stack = facts.calculated.stack_kg if facts.calculated else 0
    factors, gases = yardstick.factors, yardstick.gases
    nearest, name = Fraction(yardstick.tolerance_ppm, PPM), ""
    for entry in facts.entries:
        if entry.line.method is not Method.FUEL or entry.line.basis is Basis.MEASURED_CARBON:
            continue
        own = calculated(entry, factors, gases).stack_kg
        for other, key in _other_fuels(entry, factors):
            line = replace(entry.line, key=key, basis=_without_carbon(entry.line.basis), carbon=0)
            try:
                kilograms = calculated(replace(entry, line=line), other, gases).stack_kg
            except InvalidInput:
                continue  # that fuel has another unit, or no default heat
            distance = abs(Fraction(stack - own + kilograms, measured.kg) - 1)
            if distance < nearest:
                nearest, name = distance, f"{key} of the set {other.name}"
    return name


def _other_fuels(entry: Entry, factors: FactorSet) -> Iterator[tuple[FactorSet, str]]:
    for name in set_names():
        other = factor_set(name)
        for key in other.fuels:
            if (other.name, key) != (factors.name, entry.line.key):
                yield other, key


def _without_carbon(basis: Basis) -> Basis:
    if basis is Basis.MEASURED_HEAT_AND_CARBON:
        return Basis.MEASURED_HEAT
    return Basis.DEFAULT if basis is Basis.MEASURED_AIR_DRY_CARBON else basis


def _decimal(value: Fraction) -> str:
    """Two decimals, rounded down; whole numbers without."""
    hundredths = value.numerator * 100 // value.denominator
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}" if rest else str(whole)
