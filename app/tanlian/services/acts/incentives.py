"""Acts on cases: rewards and penalties, appeals, the rules themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.domain.incentives import Trigger, load_rules
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import (
    COINS,
    NUMBER,
    Field,
    choice,
    document,
    organisation,
    text,
    whole,
    year,
)

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

_TRIGGERS = {
    Trigger.HONEST_REPORT: N_("honest report"),
    Trigger.MISREPORT: N_("misreport"),
    Trigger.LATE_REPORT: N_("late report"),
    Trigger.MISSING_REPORT: N_("missing report"),
    Trigger.BELOW_BENCHMARK: N_("below the benchmark"),
    Trigger.BELOW_LAST_PERIOD: N_("below the last period"),
    Trigger.MARKET_DEFAULT: N_("default in the market"),
    Trigger.SHORTFALL: N_("shortfall"),
    Trigger.ENDORSEMENT_UPHELD: N_("endorsement upheld"),
    Trigger.ENDORSEMENT_OVERTURNED: N_("endorsement overturned"),
}
_DECISIONS = {
    Trigger.PENALTY_DECISION: N_("penalty"),
    Trigger.REWARD_DECISION: N_("reward"),
}


def _word(trigger: Trigger) -> str:
    return trigger.name.lower().replace("_", "-")


_CASE = Field("case", NUMBER, N_("Case"))
_TRIGGER = Field(
    "trigger",
    choice({_word(t): int(t) for t in _TRIGGERS}, {_word(t): n for t, n in _TRIGGERS.items()}),
    N_("Trigger"),
    N_("The contract checks it against what is on chain."),
)
_DECISION = Field(
    "decision",
    choice(
        {"penalty": int(Trigger.PENALTY_DECISION), "reward": int(Trigger.REWARD_DECISION)},
        {"penalty": N_("penalty"), "reward": N_("reward")},
    ),
    N_("Decision"),
)
_SUBJECT = Field(
    "subject",
    whole(0, 2**63 - 1),
    N_("Subject"),
    N_("The obligation of a default, the emitter of an endorsement; otherwise 0."),
    preset="0",
)
_OUTCOME = Field(
    "outcome",
    choice(
        {"granted": True, "dismissed": False},
        {"granted": N_("granted"), "dismissed": N_("dismissed")},
    ),
    N_("Outcome"),
)
_AMENDMENT = Field("amendment", NUMBER, N_("Amendment"))
_VOTE = Field(
    "vote", choice({"yes": True, "no": False}, {"yes": N_("yes"), "no": N_("no")}), N_("Vote")
)
_VOTERS = Role.REGULATOR | Role.EMITTER | Role.VERIFIER | Role.EXCHANGE | Role.BANK | Role.OPERATOR


def _propose(desk: Desk, values: Values) -> list[Call]:
    rules = load_rules(values["rules"])
    terms = (values["year"], rules.in_order(), rules.rules_hash, rules.appeal_seconds)
    return [desk.access.contracts["incentives"].call("propose_rules", *terms)]


CASES = (
    Act(
        "case",
        "open",
        N_("Open a case"),
        N_("Applies for a reward of your own, or for a penalty; one case for each occurrence."),
        Role.REGULATOR | Role.EMITTER | Role.VERIFIER | Role.EXCHANGE,
        (_TRIGGER, organisation(), year(), _SUBJECT),
        call("incentives", "open_case", "trigger", "organisation", "year", "subject"),
        sensitive=True,
        created=("CaseOpened", "case_id"),
        command="case open",
    ),
    Act(
        "case",
        "decide",
        N_("Open a case by decision"),
        N_("A penalty or reward by the document of a decision, within the caps."),
        Role.REGULATOR,
        (_DECISION, organisation(), year(), document(), Field("amount", COINS, N_("Coins"))),
        call(
            "incentives", "open_decision", "decision", "organisation", "year", "document", "amount"
        ),
        sensitive=True,
        created=("CaseOpened", "case_id"),
        command="case decide",
    ),
    Act(
        "case",
        "appeal",
        N_("Appeal against a penalty"),
        N_("In the time for it; nothing is deducted until it is decided."),
        Role.EMITTER | Role.VERIFIER | Role.TRADER,
        (_CASE, document()),
        call("incentives", "appeal", "case", "document"),
        sensitive=True,
        command="case appeal",
    ),
    Act(
        "case",
        "decide-appeal",
        N_("Decide an appeal"),
        N_("Granted: the case ends. Dismissed: the penalty is deducted."),
        Role.REGULATOR,
        (_CASE, _OUTCOME, document()),
        call("incentives", "decide_appeal", "case", "outcome", "document"),
        sensitive=True,
        command="case decide-appeal",
    ),
    Act(
        "case",
        "settle",
        N_("Settle a penalty"),
        N_("Deducts what nobody appealed; facts corrected since lower it or end it."),
        Role(0),
        (_CASE,),
        call("incentives", "settle", "case"),
        command="case settle",
    ),
)
RULES = (
    Act(
        "rules",
        "propose",
        N_("Propose rules of rewards and penalties"),
        N_("For years that have not begun when the vote and the delay are over."),
        Role.REGULATOR,
        (
            year(N_("From year"), "year"),
            Field("rules", text(96, "name"), N_("Rules"), N_("Shipped rules, by their name.")),
        ),
        _propose,
        sensitive=True,
        created=("RulesProposed", "amendment"),
        command="rules propose",
    ),
    Act(
        "rules",
        "vote",
        N_("Vote on proposed rules"),
        N_("Once for each organisation."),
        _VOTERS,
        (_AMENDMENT, _VOTE),
        call("incentives", "vote", "amendment", "vote"),
        sensitive=True,
        command="rules vote",
    ),
    Act(
        "rules",
        "enact",
        N_("Enact adopted rules"),
        N_("After the delay, and before their first year begins."),
        Role(0),
        (_AMENDMENT,),
        call("incentives", "enact", "amendment"),
        command="rules enact",
    ),
)
ACTS = (*CASES, *RULES)
