"""What makes a reading believable by itself: figures in range and in proportion, time possible."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Self

from tanlian.domain.errors import InvalidInput
from tanlian.domain.monitoring.substitution import check_rule
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading, ReadingStatus


class Doubt(StrEnum):
    """Why a reading is put aside instead of taken. The value is stable and listed."""

    MALFORMED = "malformed"
    UNKNOWN_DEVICE = "unknown device"
    WRONG_SIGNATURE = "wrong signature"
    REPLAYED = "replayed with another content"
    OUT_OF_SEQUENCE = "out of sequence"
    LATE = "late: its batch is closed"
    OTHER_PERIOD = "outside the logbook's period"
    FUTURE = "future-dated"
    NOT_AN_HOUR = "not one full hour"
    OUT_OF_RANGE = "out of range"
    OUT_OF_PROPORTION = "mass out of proportion to heat"


@dataclass(frozen=True, slots=True)
class Range:
    """What one kind of source can emit."""

    least_g_per_mj: int
    most_g_per_mj: int
    most_g_per_hour: int


@dataclass(frozen=True, slots=True)
class MonitoringRules:
    """The rules of a gateway, of one version."""

    version: str
    future_seconds: int
    grace_seconds: int
    ranges: Mapping[str, Range]
    substitution_rule: int
    substitution_hours: int
    substitution_least_hours: int

    def __post_init__(self) -> None:
        check_rule(self.substitution_rule)
        if not 1 <= self.substitution_least_hours <= self.substitution_hours:
            raise InvalidInput("A substitution needs at least one hour, and at most those it asks.")

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Read the rules from a parsed TOML document.

        Raises:
            InvalidInput: a rule is missing, or is none.
        """
        try:
            return cls(
                version=document["version"],
                future_seconds=document["clock"]["future_seconds"],
                grace_seconds=document["clock"]["grace_seconds"],
                ranges={
                    name: Range(r["least_g_per_mj"], r["most_g_per_mj"], r["most_g_per_hour"])
                    for name, r in document["plausibility"].items()
                },
                substitution_rule=document["substitution"]["rule"],
                substitution_hours=document["substitution"]["hours"],
                substitution_least_hours=document["substitution"]["least_hours"],
            )
        except KeyError as error:
            raise InvalidInput(f"The monitoring rules lack {error}.") from error
        except (TypeError, AttributeError) as error:
            raise InvalidInput(f"The monitoring rules cannot be read: {error}.") from error

    def doubt(self, reading: Reading, kind: str, now: int) -> Doubt | None:
        """Return why a reading of a kind of source is not believable, or None.

        Raises:
            InvalidInput: there is no range for this kind of source.
        """
        if (limits := self.ranges.get(kind)) is None:
            raise InvalidInput(f"The monitoring rules have no range for {kind}.")
        if reading.start + reading.duration_s > now + self.future_seconds:
            return Doubt.FUTURE
        if reading.start % SECONDS_PER_HOUR or reading.duration_s != SECONDS_PER_HOUR:
            return Doubt.NOT_AN_HOUR
        measured = reading.status is ReadingStatus.MEASURED and not reading.rule
        if not measured or reading.mass_g > limits.most_g_per_hour:
            return Doubt.OUT_OF_RANGE  # substituting is not for devices
        least, most = limits.least_g_per_mj, limits.most_g_per_mj
        unheated = reading.heat_mj == 0 and not least  # such a kind may emit without fuel
        if unheated or least * reading.heat_mj <= reading.mass_g <= most * reading.heat_mj:
            return None
        return Doubt.OUT_OF_PROPORTION


@cache
def demonstration_rules() -> MonitoringRules:
    """Return the rules that the project ships, which are for demonstration."""
    text = (files("tanlian.domain.monitoring") / "rules.toml").read_text()
    return MonitoringRules.parse(tomllib.loads(text))
