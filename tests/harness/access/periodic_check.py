"""Who may call the periodic check."""

import boa

from harness.access.table import ANYONE, BY_DEPLOYER, REGULATORS, Row
from harness.consortium import DOCUMENT, PERIOD, TONNE
from harness.duties import DEADLINE, deploy_duties, unwired_duties, wired_duties
from tanlian.domain.credit_rating import load_rating_rules

CONTRACT = "PeriodicCheck"
RULES = load_rating_rules()
UNRATED = "periodic_check: no rating to contest"
RATED = frozenset({"emitter", "other_emitter", "verifier", "other_verifier"})


def target(it):
    return it.check


world = deploy_duties


def year_over(it, actor):
    it.open_period()
    it.accept(it.emitter, TONNE)
    boa.env.timestamp = DEADLINE + 1


def opened(it, actor):
    year_over(it, actor)
    return it.check.open_round(3, PERIOD, 1)


def finished(it, actor):
    number = opened(it, actor)
    it.check.advance(number, 64)
    return number


def contested(it, actor):
    number = finished(it, actor)
    it.check.contest(number, DOCUMENT, sender=it.emitter.account)
    return number


def defaulted(it, actor):
    it.default(it.emitter, 5, 1_709_164_800)


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: tuple([it.membership.address] * 6),
        world=unwired_duties,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired_duties),
    "open_round": Row(allowed=ANYONE, arrange=year_over, args=lambda it, actor, _: (3, PERIOD, 1)),
    "advance": Row(allowed=ANYONE, arrange=opened, args=lambda it, actor, number: (number, 1)),
    "check_obligations": Row(allowed=ANYONE, arrange=defaulted, args=lambda it, actor, _: (1,)),
    "contest": Row(
        allowed=RATED | {f"suspended {name}" for name in RATED},
        refused={
            "stranger": "member_guard: not a member",
            "suspended": UNRATED,
            "member": UNRATED,
        },
        arrange=finished,
        args=lambda it, actor, number: (number, DOCUMENT),
    ),
    "review": Row(
        allowed=REGULATORS,
        arrange=contested,
        args=lambda it, actor, number: (number, it.emitter.org_id, DOCUMENT),
    ),
}
