"""The credit rating 信用评判: a score from recorded facts by stated weights.

Anyone recomputes a score from the events of `PeriodicCheck`: old score plus the weights of what
held, within the bounds. The contract computes the same.
"""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files

from tanlian.domain.errors import InvalidInput
from tanlian.domain.incentives import DAY, Trigger

DUTY_MET = 0  # the bit beside those of the triggers


class CheckKind(IntEnum):
    """How often a check is made; the numbers are those of the contract."""

    MONTH = 1
    QUARTER = 2
    YEAR = 3


@dataclass(frozen=True, slots=True)
class RatingRules:
    """The stated rule of the rating."""

    start: int
    lowest: int
    highest: int
    most_upheld: int
    contest_seconds: int
    weights: tuple[int, ...]  # duty met, then the triggers 1 to 12
    masks: tuple[int, int, int, int]  # by kind of check; none for 0
    grades: tuple[tuple[str, int], ...]  # best first
    rules_hash: bytes

    def score(self, old: int, flags: int, upheld: int = 0, overturned: int = 0) -> int:
        """Return the score after a yearly check."""
        held = [weight for bit, weight in enumerate(self.weights) if flags >> bit & 1]
        held += [self.weights[Trigger.ENDORSEMENT_UPHELD]] * min(upheld, self.most_upheld)
        held += [self.weights[Trigger.ENDORSEMENT_OVERTURNED]] * overturned
        return max(self.lowest, min(self.highest, old + sum(held)))

    def grade(self, score: int) -> str:
        """Return the letter of a score."""
        return next(name for name, least in self.grades if score >= least)

    def reasons(self, flags: int) -> list[tuple[str, int]]:
        """Return what held and what it counted, for people."""
        names = ["duty_met", *(trigger.name.lower() for trigger in Trigger)]
        return [(names[bit], w) for bit, w in enumerate(self.weights) if flags >> bit & 1]


@dataclass(frozen=True, slots=True)
class PublishedRating:
    """One rating as the chain published or reviewed it."""

    round_id: int
    organisation: int
    old_score: int
    new_score: int
    flags: int
    upheld: int
    overturned: int


def unexplained(rules: RatingRules, ratings: Iterable[PublishedRating]) -> list[PublishedRating]:
    """Return the ratings that do not follow from their own facts by the rule; none is expected."""
    return [
        rating
        for rating in ratings
        if rules.score(rating.old_score, rating.flags, rating.upheld, rating.overturned)
        != rating.new_score
    ]


@cache
def load_rating_rules(name: str = "credit_rating_2024") -> RatingRules:
    """Return the shipped rule of that name."""
    return parse_rating_rules(files(__package__).joinpath("rules", f"{name}.toml").read_text())


def parse_rating_rules(text: str) -> RatingRules:
    """Read a rating rule.

    Raises:
        InvalidInput: a weight is missing, or a check names an unknown trigger.
    """
    raw = tomllib.loads(text)
    names = ["duty_met", *(trigger.name.lower() for trigger in Trigger)]
    if set(raw["weights"]) != set(names):
        raise InvalidInput("The rating needs a weight for the duty and each trigger.")
    masks = [0]
    for kind in CheckKind:
        listed = raw["checks"][kind.name.lower()]
        if not set(listed) <= set(names):
            raise InvalidInput(f"The check of each {kind.name.lower()} names an unknown trigger.")
        masks.append(sum(1 << names.index(name) for name in listed))
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return RatingRules(
        start=raw["start"],
        lowest=raw["lowest"],
        highest=raw["highest"],
        most_upheld=raw["most_upheld"],
        contest_seconds=raw["contest_days"] * DAY,
        weights=tuple(raw["weights"][name] for name in names),
        masks=(masks[0], masks[1], masks[2], masks[3]),
        grades=tuple(sorted(raw["grades"].items(), key=lambda item: -item[1])),
        rules_hash=sha256(canonical.encode()).digest(),
    )
