"""Who may call the register of units."""

from harness.access.table import ACTIVE, BY_DEPLOYER, BY_MEMBERSHIP, BY_ROLE, REGULATORS, Row
from harness.consortium import CEA24, DOCUMENT, REASON, TONNE, deploy_register
from harness.facility import with_facility
from tanlian.domain.instrument import offset

CONTRACT = "CarbonLedger"
CREDIT = offset(7, 2024).token_id
CANCELLATION = 2
NO_SENDER = "custody: sender not an active member"
NOT_HIS = dict.fromkeys(("stranger", "suspended", "member"), "custody: not the owner's account")


def target(it):
    return it.ledger


world = with_facility


def wired():
    it = deploy_register()
    it.ledger.wire([], [], [], sender=it.deployer)
    return it


def hold(it, actor):
    """The emitter holds a tonne."""
    it.allocate(it.emitter, TONNE)


def _frozen(it, actor):
    it.ledger.freeze(it.emitter.org_id, CEA24, 5, REASON, sender=it.regulator.account)


def _frozen_holder(it, actor):
    it.ledger.freeze_holder(it.emitter.org_id, REASON, sender=it.regulator.account)


def _on_emitter(*rest):
    return lambda it, actor, _: (it.emitter.org_id, *rest)


BY_CONTRACT = dict.fromkeys(
    ("stranger", "suspended", "member"), "carbon_ledger: not an issuer of this kind"
)
ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: ([], [], []),
        world=deploy_register,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired),
    "issue": Row(
        allowed=frozenset(),
        refused=BY_CONTRACT,
        args=lambda it, actor, _: (it.trader.org_id, CREDIT, 5, DOCUMENT),
        contracts={"issuer of credits": lambda it: it.facility.address},
    ),
    "safeTransferFrom": Row(
        allowed=frozenset({"emitter"}),
        refused=NOT_HIS | {"suspended emitter": NO_SENDER},
        arrange=hold,
        args=lambda it, actor, _: (
            it.emitter.holder,
            (it.observer if actor is it.trader else it.trader).holder,
            CEA24,
            TONNE,
            b"",
        ),
    ),
    "safeBatchTransferFrom": Row(
        allowed=frozenset({"emitter"}),
        refused=NOT_HIS | {"suspended emitter": NO_SENDER},
        arrange=hold,
        args=lambda it, actor, _: (it.emitter.holder, it.facility.address, [CEA24], [5], b""),
    ),
    "setApprovalForAll": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        args=lambda it, actor, _: (it.facility.address, True),
    ),
    "retire": Row(
        allowed=frozenset({"emitter"}),
        refused=BY_MEMBERSHIP | {"member": "carbon_ledger: not the holder"},
        arrange=hold,
        args=_on_emitter(CEA24, TONNE, CANCELLATION, DOCUMENT),
        contracts={"retirer": lambda it: it.facility.address},
    ),
    "claw_back": Row(
        allowed=REGULATORS,
        refused=BY_ROLE,
        arrange=hold,
        args=_on_emitter(CEA24, TONNE, REASON, DOCUMENT),
        contracts={"issuer of allowances": lambda it: it.allocation.address},
    ),
    "freeze": Row(allowed=REGULATORS, refused=BY_ROLE, args=_on_emitter(CEA24, 5, REASON)),
    "unfreeze": Row(
        allowed=REGULATORS,
        refused=BY_ROLE,
        arrange=_frozen,
        args=_on_emitter(CEA24, 5, REASON),
    ),
    "freeze_holder": Row(allowed=REGULATORS, refused=BY_ROLE, args=_on_emitter(REASON)),
    "unfreeze_holder": Row(
        allowed=REGULATORS, refused=BY_ROLE, arrange=_frozen_holder, args=_on_emitter(REASON)
    ),
}
