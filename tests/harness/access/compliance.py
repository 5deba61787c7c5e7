"""Who may call the duties."""

import boa

from harness.access.table import ANYONE, BY_DEPLOYER, NOT_ACTIVE, REGULATORS, Row
from harness.consortium import CEA24, DOCUMENT, PERIOD, TONNE
from harness.duties import DEADLINE, deploy_duties, unwired_duties, wired_duties
from tanlian.domain.profiles import profile

CONTRACT = "Compliance"
RULES = profile("cn", 2024).compliance_rules()
NOT_A_MEMBER = "member_guard: not a member"
NO_DUTY = "compliance: no accepted emissions"
NOTHING_HELD = "erc1155: burn amount exceeds balance"


def target(it):
    return it.compliance


world = deploy_duties


def duty(it, actor):
    it.open_period()
    it.allocate(it.emitter, 2 * TONNE)
    it.accept(it.emitter, TONNE)


def short(it, actor):
    duty(it, actor)
    boa.env.timestamp = DEADLINE + 1


def recorded(it, actor):
    short(it, actor)
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    it.accept(it.emitter, 0)


def met(it, actor):
    duty(it, actor)
    it.surrender(it.emitter, (CEA24, TONNE))
    boa.env.timestamp = DEADLINE + 1


def lapsed(it, actor):
    duty(it, actor)
    boa.env.timestamp = RULES.carry_deadline_at + 1


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: tuple([it.membership.address] * 4),
        world=unwired_duties,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired_duties),
    "open_period": Row(allowed=REGULATORS, args=lambda it, actor, _: (PERIOD, RULES)),
    "surrender": Row(
        allowed=frozenset({"emitter", "suspended emitter"}),
        refused={"stranger": NOT_A_MEMBER, "suspended": NO_DUTY, "member": NO_DUTY},
        arrange=duty,
        args=lambda it, actor, _: (PERIOD, [(CEA24, TONNE)]),
    ),
    "record_shortfall": Row(
        allowed=ANYONE, arrange=short, args=lambda it, actor, _: (it.emitter.org_id, PERIOD)
    ),
    "correct_shortfall": Row(
        allowed=ANYONE, arrange=recorded, args=lambda it, actor, _: (it.emitter.org_id, PERIOD)
    ),
    "record_net_sales": Row(
        allowed=REGULATORS,
        arrange=duty,
        args=lambda it, actor, _: (it.emitter.org_id, PERIOD, 1, DOCUMENT),
    ),
    "carry_over": Row(
        allowed=frozenset({"emitter"}),
        refused={"stranger": NOT_ACTIVE, "suspended": NOT_ACTIVE, "member": NOTHING_HELD},
        arrange=met,
        args=lambda it, actor, _: (PERIOD, CEA24, TONNE),
    ),
    "lapse": Row(
        allowed=ANYONE, arrange=lapsed, args=lambda it, actor, _: (it.emitter.org_id, PERIOD, CEA24)
    ),
}
