"""Duties of the year: rules published, units surrendered, shortfalls recorded, the rest kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tanlian.domain.instrument import allowance
from tanlian.domain.profiles import Profile, parse_profile, profile, profile_text
from tanlian.services.report.figures import thousands
from tanlian.services.reporting_year.stage import Emitter, Stage

PATTERN = ("cn", 2024)  # the rules that the demonstration's are made from
KG_PER_TONNE = 1_000
SURRENDER_SECONDS = 6
SURRENDER_SECONDS_OF_A_NETWORK = 30  # by pace: a proposer that is away costs tens of seconds
CARRY_SECONDS = 3_600
MOST_ITEMS = 32


def rules_of(year: int, deadline_at: int) -> Profile:
    """Return the year's rules: those of the pattern, with dates that a run can sit out."""
    pattern = profile(*PATTERN)
    changes: dict[str, object] = {
        "surrender_deadline": _moment(deadline_at),
        "carry_deadline": _moment(deadline_at + CARRY_SECONDS),
        "acceptance_grace_days": 0,
        "last_vintage": year,
        "carry_into_vintage": year + 1,
    }
    figures = dict(pattern.figures)
    for name, value in changes.items():
        source = "demonstration: shortened so that a run of minutes shows every step"
        figures[name] = replace(figures[name], value=value, status="K", source=source)
    found = replace(
        pattern,
        period=year,
        title=f"Demonstration rules, compliance year {year}",
        title_zh=f"演示规则 {year}年度",
        figures=figures,
    )
    return parse_profile(profile_text(found))


def open_period(stage: Stage) -> None:
    """Open the year for surrender; the rules lie in the run folder, their hash on the chain."""
    now = stage.consortium.access.connection.now()
    seconds = SURRENDER_SECONDS if stage.pace == 1 else SURRENDER_SECONDS_OF_A_NETWORK * stage.pace
    found = rules_of(stage.year, now + seconds)
    path = stage.run.path / "rules" / f"cn_{stage.year}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(profile_text(found), encoding="utf-8")
    stage.consortium.access.act(
        stage.consortium.regulator, "compliance", "open_period", stage.year,
        tuple(found.compliance_rules()),
    )  # fmt: skip
    stage.say(f"The rules of {stage.year}: {path}")


def surrender(stage: Stage, emitters: Sequence[Emitter]) -> None:
    """Let everybody surrender what it holds, up to its duty; the oldest vintage first."""
    acts, words = [], []
    for one in emitters:
        organisation = one.member.organisation
        left = stage.read("compliance", "duty", organisation, stage.year).outstanding_kg
        items: list[tuple[int, int]] = []
        for token, held in _holdings(stage, organisation):
            amount = min(held // KG_PER_TONNE * KG_PER_TONNE, left)
            if amount and len(items) < MOST_ITEMS:
                items.append((token, amount))
                left -= amount
        if items:
            given = sum(amount for _, amount in items)
            acts.append(stage.act(one.member, "compliance", "surrender", stage.year, items))
            words.append(
                f"{one.member.name} surrenders {thousands(given // KG_PER_TONNE)} t, "
                f"{thousands(left // KG_PER_TONNE)} t are missing"
            )
    stage.each(acts, words)


def after_deadline(stage: Stage, emitters: Sequence[Emitter]) -> None:
    """Record shortfalls, as anyone may, and carry over what is left of the year's allowances."""
    deadline = stage.read("compliance", "rules", stage.year).deadline_at
    stage.wait_until(deadline + 1, "until the deadline of surrender")
    short, rest = [], []
    for one in emitters:
        organisation = one.member.organisation
        duty = stage.read("compliance", "duty", organisation, stage.year)
        if duty.duty_kg > duty.in_time_kg:
            short.append(one)
        elif kept := dict(_holdings(stage, organisation)).get(allowance(stage.year).token_id, 0):
            limit = stage.read("compliance", "carry_over_limit", organisation, stage.year)
            rest.append((one, min(kept, limit) // KG_PER_TONNE * KG_PER_TONNE))
    stage.each(
        [
            stage.act(
                stage.witness, "compliance", "record_shortfall", e.member.organisation, stage.year
            )
            for e in short
        ],
        [
            f"the shortfall of {e.member.name} is recorded and cut from its next allocation"
            for e in short
        ],
    )
    token = allowance(stage.year).token_id
    carried = [(one, amount) for one, amount in rest if amount]
    stage.each(
        [
            stage.act(one.member, "compliance", "carry_over", stage.year, token, amount)
            for one, amount in carried
        ],
        [
            f"{one.member.name} carries {thousands(amount // KG_PER_TONNE)} t over"
            for one, amount in carried
        ],
    )


def _holdings(stage: Stage, organisation: int) -> list[tuple[int, int]]:
    """What an organisation is free to surrender by vintage, the oldest first."""
    rules = stage.read("compliance", "rules", stage.year)
    ledger = stage.consortium.access.contracts.ledger
    tokens = [
        allowance(vintage).token_id
        for vintage in range(rules.first_vintage, rules.last_vintage + 1)
    ]
    held = stage.consortium.access.contracts.read_many(
        ledger.reading("free_holding", organisation, token) for token in tokens
    )
    return [(token, amount) for token, amount in zip(tokens, held, strict=True) if amount]


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
