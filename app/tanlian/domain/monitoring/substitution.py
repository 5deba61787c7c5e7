"""What stands in for an hour that was not measured. Integers; the rule is named in the reading."""

from collections.abc import Sequence
from math import isqrt

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import Reading, ReadingStatus

HIGHEST = 1  # the highest of the measured hours
MEAN_PLUS_TWO_DEVIATIONS = 2  # of the measured hours, rounded up to the gram


def check_rule(rule: int) -> None:
    """Refuse a number that names no rule.

    Raises:
        InvalidInput: there is no such rule.
    """
    if rule not in {HIGHEST, MEAN_PLUS_TWO_DEVIATIONS}:
        raise InvalidInput(f"There is no substitution rule {rule}.")


def substitute_mass(rule: int, measured_g: Sequence[int]) -> int:
    """Return the mass that a rule puts in place of a missing hour; at least one hour is given.

    Raises:
        InvalidInput: there is no such rule.
    """
    check_rule(rule)
    if rule == HIGHEST:
        return max(measured_g)
    count, total = len(measured_g), sum(measured_g)
    # n^2 times the variance of the population, exactly
    spread = count * sum(mass * mass for mass in measured_g) - total * total
    root = isqrt(spread)
    root += root * root < spread
    return -(-(total + 2 * root) // count)


def fill(
    key: tuple[int, int, int], rule: int, measured_g: Sequence[int], least_hours: int
) -> Reading:
    """Return the reading for an hour without one: substituted, or missing for want of history.

    It has sequence 0, which no device uses, so that it stays visible for ever.
    """
    start, source, device = key
    if len(measured_g) < least_hours:
        return Reading(start, source, device, 0, 0, status=ReadingStatus.MISSING)
    mass_g = substitute_mass(rule, measured_g)
    return Reading(start, source, device, 0, mass_g, status=ReadingStatus.SUBSTITUTED, rule=rule)
