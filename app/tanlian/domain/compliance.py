"""Duties, limits, carry-over and penalties as arithmetic, in whole kilograms and cents.

`contracts/Compliance.vy` computes the same; the tests hold both against each other.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tanlian.domain.errors import InvalidInput
from tanlian.domain.profiles import KG_PER_TONNE, PPM, Profile


class ComplianceCode(StrEnum):
    """The standing of a duty, in the letters of the EU registry."""

    OPEN = "-"  # the deadline has not passed
    SURRENDERED = "A"  # at least the duty, in time or later
    SHORT = "B"  # less than the duty
    UNREPORTED = "C"  # no accepted emissions at the deadline


@dataclass(frozen=True, slots=True)
class FineRange:
    """The smallest and largest fine for a shortfall, in cents (fen) of the profile's currency."""

    minimum: int
    maximum: int


def duty_kg(accepted_kg: int, unit_kg: int) -> int:
    """Round accepted emissions to whole units, half up; nothing else is rounded after this."""
    return (accepted_kg + unit_kg // 2) // unit_kg * unit_kg


def offset_limit_kg(duty: int, limit_ppm: int) -> int:
    """Return how much of a duty offsets may cover, floored to the kilogram (the market gains)."""
    return duty * limit_ppm // PPM


def shortfall_kg(duty: int, surrendered_in_time: int) -> int:
    """Return what was missing at the deadline; what is paid later does not lower it."""
    return max(0, duty - surrendered_in_time)


def carry_over_limit_kg(
    holding: int, net_sold: int, *, base: int, multiplier_ppm: int, unlimited: bool
) -> int:
    """Return the most that may be carried over: min(base + multiplier x net sold, holding).

    Net sales below zero (net purchases) count as zero. The product is floored.
    """
    if unlimited:
        return holding
    return min(base + max(0, net_sold) * multiplier_ppm // PPM, holding)


def next_allocation_cut_kg(shortfall: int, cut_ppm: int) -> int:
    """Return what a shortfall takes from the next allocation, floored."""
    return shortfall * cut_ppm // PPM


def compliance_code(
    *, accepted: bool, duty: int, surrendered: int, deadline_passed: bool
) -> ComplianceCode:
    """Return the letter of a duty's standing."""
    if accepted and surrendered >= duty:
        return ComplianceCode.SURRENDERED
    if not deadline_passed:
        return ComplianceCode.OPEN
    return ComplianceCode.SHORT if accepted else ComplianceCode.UNREPORTED


def fine_range(rules: Profile, shortfall: int, mean_price_cents: int | None = None) -> FineRange:
    """Return the fine that the law of a profile asks for a shortfall.

    Args:
        rules: the profile of the year.
        shortfall: missing kilograms.
        mean_price_cents: mean price of the month before the deadline, where the law needs it.

    Raises:
        InvalidInput: the profile needs a mean price and none was given.
    """
    tonnes = Fraction(shortfall, KG_PER_TONNE)
    if "fine_per_tonne_cents" in rules.figures:
        fixed = int(rules.figure("fine_per_tonne_cents").value) * tonnes
        return FineRange(int(fixed), int(fixed))
    if mean_price_cents is None:
        raise InvalidInput("The fine depends on the mean price of the month before the deadline.")
    low, high = (
        int(rules.figure(name).value) * mean_price_cents * tonnes
        for name in ("fine_minimum_multiple", "fine_maximum_multiple")
    )
    return FineRange(int(low), int(high))
