"""The rules by which a figure is an anomaly, read from the data file beside this module."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from tanlian.domain.errors import InvalidInput

PPM = 1_000_000


class AnomalyKind(StrEnum):
    """What is conspicuous. The value is stable and names the rule."""

    QUARANTINED = "quarantined"
    SUBSTITUTION = "substitution"
    CALIBRE_GAP = "calibre_gap"
    MISREPORT = "misreport"
    REPEATED = "repeated"
    NOT_AS_ANCHORED = "not_as_anchored"
    FAR_FROM_SECTOR = "far_from_sector"
    LATE = "late"
    DEFAULT = "default"
    SHORTFALL = "shortfall"


@dataclass(frozen=True, slots=True)
class AnomalyRule:
    """Up to `most` nothing is listed; the unit is that of the kind."""

    kind: AnomalyKind
    most: int
    status: str
    source: str
    least_members: int


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One conspicuous figure of an emitter's year; `detail` says which of several."""

    kind: AnomalyKind
    organisation: int
    year: int
    figure: int
    most: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AnomalyRules:
    """All rules of one version."""

    version: str
    rules: dict[AnomalyKind, AnomalyRule]

    def judge(
        self, kind: AnomalyKind, organisation: int, year: int, figure: int, detail: str = ""
    ) -> list[Anomaly]:
        """Return the anomaly that a figure is; nothing where the rule lets it pass."""
        most = self.rules[kind].most
        return [Anomaly(kind, organisation, year, figure, most, detail)] if figure > most else []


@cache
def anomaly_rules() -> AnomalyRules:
    """Return the rules that the project ships.

    Raises:
        InvalidInput: a rule is missing in the file.
    """
    text = (files("tanlian.domain.anomalies") / "rules.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    try:
        rules = {
            kind: AnomalyRule(
                kind,
                document[kind]["most"],
                document[kind]["status"],
                document[kind]["source"],
                document[kind].get("least_members", 0),
            )
            for kind in AnomalyKind
        }
        return AnomalyRules(document["version"], rules)
    except KeyError as error:
        raise InvalidInput(f"The rules of anomalies lack {error}.") from error


def gap_ppm(first: int, second: int) -> int:
    """Return how far two figures lie apart, in millionths of the larger one, rounded up."""
    larger = max(first, second)
    return -(-abs(first - second) * PPM // larger) if larger else 0


def beyond_quartiles_ppm(value: int, lower_quartile: int, upper_quartile: int) -> int:
    """Return how far a figure lies beyond the quartiles, in millionths of their distance.

    Zero between them. Where the quartiles are one figure, any other lies as far out as can be.
    """
    beyond = max(lower_quartile - value, value - upper_quartile, 0)
    distance = upper_quartile - lower_quartile
    if not beyond:
        return 0
    return beyond * PPM // distance if distance else PPM * PPM
