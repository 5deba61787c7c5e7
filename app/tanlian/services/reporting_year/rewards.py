"""Rewards and penalties of the year: cases opened, one appealed, the yearly check run."""

from collections.abc import Sequence

from tanlian.domain.credit_rating import CheckKind
from tanlian.domain.errors import TanlianError
from tanlian.domain.incentives import ONE_COIN, Trigger
from tanlian.services.report.figures import thousands
from tanlian.services.reporting_year.reports import Course, Filing
from tanlian.services.reporting_year.stage import Stage, statement

GAS_OF_A_CHECK = 2_000_000  # one organisation looked at, with every case that it can open
CHECKED_AT_ONCE = 6  # so that a call fits the smallest block a network may have, 16 million gas
MOST_PATIENCE_SECONDS = 60  # a run waits no longer; other rules than the demonstration's may
DAY = 86_400


def reward_and_penalise(stage: Stage, filings: Sequence[Filing]) -> None:
    """The honest apply for their reward; the falsified one is punished and appeals in vain."""
    for one in filings:
        if one.course is Course.FALSIFIED:
            _penalise(stage, one)
    rule = stage.read("incentives", "rule", stage.year, int(Trigger.HONEST_REPORT))
    if rule.wait_seconds > MOST_PATIENCE_SECONDS:
        stage.say(f"- honest reports are rewarded after {rule.wait_seconds // DAY} days")
        return
    accepted = [
        stage.read("emissions", "record_of", one.organisation, stage.year).accepted_at
        for one in filings
    ]
    stage.wait_until(max(accepted) + rule.wait_seconds + 1, "until nobody can object any more")
    honest = [one for one in filings if one.course is not Course.FALSIFIED]
    stage.each(
        [
            stage.act(
                one.emitter.member, "incentives", "open_case", int(Trigger.HONEST_REPORT),
                one.organisation, stage.year, 0,
            )
            for one in honest
        ],
        [f"{one.emitter.member.name} is rewarded for its honest report" for one in honest],
    )  # fmt: skip


def check_year(stage: Stage) -> None:
    """Run the yearly check to its end: it opens every case that holds, and rates everybody."""
    check = stage.consortium.access.contracts["periodic_check"]
    regulator = stage.consortium.regulator
    try:
        stage.consortium.access.act(
            regulator, "periodic_check", "open_round", int(CheckKind.YEAR), stage.year, 1
        )
    except TanlianError as error:  # such as a year that is not over yet
        stage.say(f"- the yearly check waits: {error.user_message}")
        return
    number = int(check.read("round_of", int(CheckKind.YEAR), stage.year, 1))
    call = check.call("advance", number, CHECKED_AT_ONCE, gas=GAS_OF_A_CHECK * CHECKED_AT_ONCE)
    with stage.consortium.narrator.progress("the yearly check") as advance:
        while not (state := check.read("round", number)).finished_at:
            regulator.send(call)
            walked = state.member_count * int(state.on_verifiers) + state.cursor
            advance(walked, 2 * state.member_count)
    cases = stage.read("incentives", "case_count")
    stage.say(f"The yearly check is done; {cases} cases stand in the register.")


def _penalise(stage: Stage, one: Filing) -> None:
    name, organisation = one.emitter.member.name, one.organisation
    case = (int(Trigger.MISREPORT), organisation, stage.year, 0)
    found = stage.read("incentives", "assess", *case)
    coins = thousands(found.amount // ONE_COIN)
    stage.each(
        [stage.act(stage.regulator, "incentives", "open_case", *case)],
        [f"the misreport of {name} costs {coins} credit coins"],
    )
    number = stage.read("incentives", "case_of", *case)
    if not number:
        return
    stage.each(
        [stage.act(one.emitter.member, "incentives", "appeal", number, statement("appeal"))],
        [f"{name} appeals"],
    )
    stage.each(
        [
            stage.act(
                stage.regulator, "incentives", "decide_appeal", number, False,
                statement(f"the appeal of case {number} is rejected"),
            )
        ],
        ["the regulator rejects the appeal; the coins are deducted, what is missing stays a debt"],
    )  # fmt: skip
