"""Who may call the rewards and penalties."""

import boa
from eth_utils import keccak

from harness.access.table import ANYONE, BY_DEPLOYER, BY_MEMBERSHIP, MEMBERS, REGULATORS, Row
from harness.consortium import DOCUMENT, PERIOD, TONNE
from harness.duties import COIN, DAY, deploy_duties, unwired_duties, wired_duties
from tanlian.domain.incentives import load_rules

CONTRACT = "Incentives"
BOOK = load_rules()
HASH = keccak(text="rules")
VOTERS = frozenset(MEMBERS) - {"trader", "observer"}
NOT_YOURS = "incentives: not your case"


def target(it):
    return it.incentives


world = deploy_duties


def honest(it, actor):
    it.accept(it.emitter, TONNE)
    boa.env.timestamp += 8 * DAY


def penalised(it, actor):
    return it.penalise(it.emitter, COIN)


def appealed(it, actor):
    case = penalised(it, actor)
    it.incentives.appeal(case, DOCUMENT, sender=it.emitter.account)
    return case


def overdue(it, actor):
    case = penalised(it, actor)
    boa.env.timestamp += 16 * DAY
    return case


def proposed(it, actor):
    return it.incentives.propose_rules(
        2030, BOOK.in_order(), HASH, DAY, sender=it.regulator.account
    )


def adopted(it, actor):
    number = proposed(it, actor)
    for voter in (it.regulator, it.bank, it.operator):
        it.incentives.vote(number, True, sender=voter.account)
    boa.env.timestamp += 45 * DAY
    return number


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: tuple([it.membership.address] * 6),
        world=unwired_duties,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired_duties),
    "open_case": Row(
        allowed=REGULATORS | {"emitter"},
        refused=BY_MEMBERSHIP | {"member": "incentives: not entitled to apply"},
        arrange=honest,
        args=lambda it, actor, _: (1, it.emitter.org_id, PERIOD, 0),
        contracts={"periodic check": lambda it: it.check.address},
    ),
    "open_decision": Row(
        allowed=REGULATORS,
        args=lambda it, actor, _: (11, it.emitter.org_id, PERIOD, DOCUMENT, COIN),
    ),
    "appeal": Row(
        allowed=frozenset({"emitter", "suspended emitter"}),
        refused={
            "stranger": "member_guard: not a member",
            "suspended": NOT_YOURS,
            "member": NOT_YOURS,
        },
        arrange=penalised,
        args=lambda it, actor, case: (case, DOCUMENT),
    ),
    "decide_appeal": Row(
        allowed=REGULATORS, arrange=appealed, args=lambda it, actor, case: (case, True, DOCUMENT)
    ),
    "settle": Row(allowed=ANYONE, arrange=overdue, args=lambda it, actor, case: (case,)),
    "propose_rules": Row(
        allowed=REGULATORS, args=lambda it, actor, _: (2030, BOOK.in_order(), HASH, DAY)
    ),
    "vote": Row(allowed=VOTERS, arrange=proposed, args=lambda it, actor, number: (number, True)),
    "enact": Row(allowed=ANYONE, arrange=adopted, args=lambda it, actor, number: (number,)),
}
