"""Who may call the offset projects."""

from eth_utils import keccak

from harness.access.table import (
    ACTIVE,
    BY_DEPLOYER,
    BY_MEMBERSHIP,
    BY_ROLE,
    NOT_ACTIVE,
    REGULATORS,
    ROLE_MISSING,
    Row,
)
from harness.consortium import DOCUMENT
from harness.duties import START_OF_2025, deploy_duties, unwired_duties, wired_duties
from tanlian.domain.foreign_serials import registry_code

CONTRACT = "OffsetRegistry"
CODE = registry_code("CCER")
START = START_OF_2025 - 1_000
VERIFIERS = frozenset({"verifier", "other_verifier"})


def target(it):
    return it.offsets


world = deploy_duties


def registered(it, actor):
    return it.offsets.register("p", DOCUMENT, DOCUMENT, 1, 2**40, sender=it.trader.account)


def under_review(it, actor):
    project = registered(it, actor)
    it.offsets.open_review(project, sender=it.regulator.account)
    return project


def rejected(it, actor):
    project = under_review(it, actor)
    it.offsets.reject(project, DOCUMENT, "no", sender=it.regulator.account)
    return project


def approved(it, actor):
    return it.approved_project(it.trader)


def attested(it, actor):
    return it.offsets.attest(
        approved(it, actor), START, START_OF_2025, 5, DOCUMENT, sender=it.verifier.account
    )


def reversed_credit(it, actor):
    number, _ = it.credit(approved(it, actor), 5, START, START_OF_2025)
    it.offsets.revoke(number, "leak", DOCUMENT, sender=it.verifier.account)
    return number


def named(it, actor):
    it.offsets.name_registry(CODE, DOCUMENT, sender=it.regulator.account)
    return approved(it, actor)


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: (it.ledger.address,),
        world=unwired_duties,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired_duties),
    "register": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        args=lambda it, actor, _: ("p", DOCUMENT, DOCUMENT, 1, 2),
    ),
    "open_review": Row(
        allowed=REGULATORS, arrange=registered, args=lambda it, actor, project: (project,)
    ),
    "approve": Row(
        allowed=REGULATORS,
        arrange=under_review,
        args=lambda it, actor, project: (project, DOCUMENT, "sound"),
    ),
    "reject": Row(
        allowed=REGULATORS,
        arrange=under_review,
        args=lambda it, actor, project: (project, DOCUMENT, "no"),
    ),
    "resubmit": Row(
        allowed=frozenset({"trader"}),
        refused=BY_MEMBERSHIP | {"member": "offset_registry: not the owner"},
        arrange=rejected,
        args=lambda it, actor, project: (project, keccak(text="better")),
    ),
    "withdraw_project": Row(
        allowed=REGULATORS,
        arrange=approved,
        args=lambda it, actor, project: (project, DOCUMENT, "fraud"),
    ),
    "attest": Row(
        allowed=VERIFIERS,
        arrange=approved,
        args=lambda it, actor, project: (project, START, START_OF_2025, 5, DOCUMENT),
    ),
    "issue": Row(allowed=REGULATORS, arrange=attested, args=lambda it, actor, number: (number,)),
    "revoke": Row(
        allowed=REGULATORS | {"verifier"},
        refused=BY_MEMBERSHIP | {"member": ROLE_MISSING, "stranger": NOT_ACTIVE},
        arrange=attested,
        args=lambda it, actor, number: (number, "leak", DOCUMENT),
    ),
    "close_reversal": Row(
        allowed=REGULATORS,
        refused=BY_ROLE,
        arrange=reversed_credit,
        args=lambda it, actor, number: (number, DOCUMENT),
    ),
    "name_registry": Row(allowed=REGULATORS, args=lambda it, actor, _: (CODE, DOCUMENT)),
    "import_credits": Row(
        allowed=REGULATORS,
        arrange=named,
        args=lambda it, actor, project: (CODE, project, 2023, 1, 2, 0, DOCUMENT),
    ),
}
