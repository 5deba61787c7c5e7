"""Rewards and penalties: triggers, amounts and caps, as `contracts/Incentives.vy` computes them.

Amounts are millionths of a credit coin. Units are kilograms, thousandths of a day, or thousandths
of a lot, so that one rate counts per tonne, day or lot.
"""

import json
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from tanlian.domain.errors import InvalidInput, NotFound

ONE_COIN = 1_000_000
UNIT = 1_000
PPM = 1_000_000
DAY = 86_400
RELEASE_SECONDS = 14 * DAY  # how long announced coins may leave after the notice, as in CreditCoin


class Trigger(IntEnum):
    """What a rule is about; the numbers are those of the contract."""

    HONEST_REPORT = 1
    MISREPORT = 2
    LATE_REPORT = 3
    MISSING_REPORT = 4
    BELOW_BENCHMARK = 5
    BELOW_LAST_PERIOD = 6
    MARKET_DEFAULT = 7
    SHORTFALL = 8
    ENDORSEMENT_UPHELD = 9
    ENDORSEMENT_OVERTURNED = 10
    PENALTY_DECISION = 11
    REWARD_DECISION = 12


REWARDS = frozenset(
    {
        Trigger.HONEST_REPORT,
        Trigger.BELOW_BENCHMARK,
        Trigger.BELOW_LAST_PERIOD,
        Trigger.ENDORSEMENT_UPHELD,
        Trigger.REWARD_DECISION,
    }
)


class Rule(NamedTuple):
    """One rule, in the order of the contract's struct."""

    base: int
    rate_per_unit: int
    tolerance_ppm: int
    wait_seconds: int
    per_case: int
    per_period: int


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of one version, with the terms of voting and of the coin."""

    rules: dict[Trigger, Rule]
    rules_hash: bytes
    appeal_seconds: int
    vote_seconds: int
    delay_seconds: int
    quorum: int
    money_per_coin: int
    notice_seconds: int

    def in_order(self) -> list[Rule]:
        """Return the rules in the order of the triggers' numbers."""
        return [self.rules[trigger] for trigger in Trigger]


@dataclass(frozen=True, slots=True)
class Report:
    """What the chain knows of one report, and what it is compared with. Absent means unknown."""

    declared_kg: int
    verified_kg: int
    submitted_at: int | None
    deadline_at: int | None
    accepted_kg: int | None = None
    accepted_at: int | None = None
    verifier: int | None = None
    overturned: bool = False
    final_allocation_kg: int | None = None
    last_accepted_kg: int | None = None


@dataclass
class CapBook:
    """What is used of the caps per organisation, period and trigger."""

    used: dict[tuple[int, int, Trigger], int] = field(default_factory=lambda: defaultdict(int))

    def take(self, organisation: int, period: int, trigger: Trigger, rule: Rule, units: int) -> int:
        """Return the amount of a case and count it; 0 when the cap is reached."""
        key = (organisation, period, trigger)
        amount = min(case_amount(rule, units), rule.per_period - self.used[key])
        self.used[key] += amount
        return amount


def case_amount(rule: Rule, units: int) -> int:
    """Return base + rate x units, floored once to the millionth coin, at most the cap of a case."""
    linear = rule.base + Fraction(rule.rate_per_unit * units, UNIT)
    return min(linear.numerator // linear.denominator, rule.per_case)


def report_units(  # noqa: PLR0911 - one return per trigger
    trigger: Trigger, rule: Rule, report: Report, now: int
) -> int | None:
    """Return the units a report counts under a trigger, or None where the trigger does not hold."""
    if rule.per_case == 0:
        return None
    match trigger:
        case Trigger.MISSING_REPORT:
            return _missing(rule, report, now)
        case Trigger.LATE_REPORT:
            return _late(report)
        case Trigger.HONEST_REPORT | Trigger.MISREPORT:
            return _accuracy(trigger, rule, report, now)
        case Trigger.BELOW_BENCHMARK:
            return _saving(rule, report, report.final_allocation_kg, now)
        case Trigger.BELOW_LAST_PERIOD:
            return _saving(rule, report, report.last_accepted_kg, now)
        case Trigger.ENDORSEMENT_UPHELD:
            upheld = not report.overturned and _undisputed(rule, report, now)
            return 0 if upheld else None
        case Trigger.ENDORSEMENT_OVERTURNED:
            if report.accepted_kg is None or not report.overturned:
                return None
            return abs(report.accepted_kg - report.verified_kg)
        case _:
            raise InvalidInput(f"{trigger.name.lower()} is not about a report.")


def load_rules(name: str = "incentives_2024") -> RuleBook:
    """Return the shipped rules of that name.

    Raises:
        NotFound: none have it.
    """
    shipped = {
        entry.name.removesuffix(".toml"): entry
        for entry in files(__package__).joinpath("rules").iterdir()
        if entry.name.startswith("incentives_")
    }
    if name not in shipped:  # which people may type
        raise NotFound(
            f"There are no incentive rules {name!r}; there are {', '.join(sorted(shipped))}.",
            name=name,
        )
    return parse_rules(shipped[name].read_text("utf-8"))


def parse_rules(text: str) -> RuleBook:
    """Read a rule file; every trigger must have its rule.

    Raises:
        InvalidInput: a rule is missing, or an amount is finer than a millionth coin.
    """
    raw = tomllib.loads(text)
    rules: dict[Trigger, Rule] = {}
    for trigger in Trigger:
        row = raw.get(trigger.name.lower())
        if row is None:
            raise InvalidInput(f"There is no rule for {trigger.name.lower()}.")
        rules[trigger] = Rule(
            base=_scaled(row, "base", ONE_COIN),
            rate_per_unit=_scaled(row, "rate", ONE_COIN),
            tolerance_ppm=_scaled(row, "tolerance", PPM),
            wait_seconds=_span(row, "wait"),
            per_case=_scaled(row, "per_case", ONE_COIN),
            per_period=_scaled(row, "per_period", ONE_COIN),
        )
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return RuleBook(
        rules=rules,
        rules_hash=sha256(canonical.encode()).digest(),
        appeal_seconds=_span(raw, "appeal"),
        vote_seconds=_span(raw, "vote"),
        delay_seconds=_span(raw, "delay"),
        quorum=int(raw["quorum"]),
        money_per_coin=_scaled(raw, "money_per_coin_yuan", ONE_COIN),
        notice_seconds=_span(raw, "release_notice"),
    )


def _scaled(row: dict[str, Any], name: str, scale: int) -> int:
    value = Fraction(row[name]) * scale
    if value.denominator != 1 or value < 0:
        raise InvalidInput(f"{name} = {row[name]!r} is negative or too fine.", figure=name)
    return value.numerator


def _span(row: dict[str, Any], name: str) -> int:
    """A span in seconds, which a file states in days or, for demonstrations, in seconds."""
    days, seconds = f"{name}_days", f"{name}_seconds"
    if (days in row) == (seconds in row):
        raise InvalidInput(f"There must be either {days} or {seconds}.", figure=name)
    return int(row[days]) * DAY if days in row else int(row[seconds])


def _missing(rule: Rule, report: Report, now: int) -> int | None:
    if report.deadline_at is None:
        return None
    until = report.deadline_at + rule.wait_seconds
    still_missing = report.submitted_at is None or report.submitted_at > until
    return 0 if now > until and still_missing else None


def _late(report: Report) -> int | None:
    if report.submitted_at is None or report.deadline_at is None:
        return None
    days = -((report.deadline_at - report.submitted_at) // DAY)  # a day begun counts
    return days * UNIT if report.submitted_at > report.deadline_at else None


def _accuracy(trigger: Trigger, rule: Rule, report: Report, now: int) -> int | None:
    if report.accepted_kg is None or report.submitted_at is None or report.deadline_at is None:
        return None
    gap = abs(report.declared_kg - report.accepted_kg)
    tolerated = report.accepted_kg * rule.tolerance_ppm // PPM
    if trigger is Trigger.MISREPORT:
        return gap - tolerated if gap > tolerated else None
    in_time = report.submitted_at <= report.deadline_at
    honest = gap <= tolerated and in_time and _undisputed(rule, report, now)
    return report.accepted_kg if honest else None


def _saving(rule: Rule, report: Report, reference_kg: int | None, now: int) -> int | None:
    unreported = report.submitted_at is None or report.deadline_at is None
    if unreported or reference_kg is None or report.accepted_kg is None:
        return None
    saved = reference_kg - reference_kg * rule.tolerance_ppm // PPM - report.accepted_kg
    return saved if saved > 0 and _undisputed(rule, report, now) else None


def _undisputed(rule: Rule, report: Report, now: int) -> bool:
    return report.accepted_at is not None and now > report.accepted_at + rule.wait_seconds
