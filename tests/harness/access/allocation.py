"""Who may call the allocation."""

from harness.access.table import BY_DEPLOYER, REGULATORS, Row
from harness.consortium import DOCUMENT, NORTH, PERIOD, TONNE, deploy_register
from harness.facility import with_facility

CONTRACT = "Allocation"


def target(it):
    return it.allocation


world = with_facility


def wired():
    it = deploy_register()
    it.allocation.wire([], sender=it.deployer)
    return it


def capped(it, actor):
    it.set_cap(100 * TONNE)


def allocated(it, actor):
    it.allocate(it.emitter, 10 * TONNE)


def _on_emitter(amount_kg):
    return lambda it, actor, _: (it.emitter.org_id, PERIOD, amount_kg, DOCUMENT)


def _on_both(it, actor, _):
    grants = [(it.emitter.org_id, TONNE), (it.other_emitter.org_id, TONNE)]
    return PERIOD, grants, True, DOCUMENT


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: ([],),
        world=deploy_register,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired),
    "set_plan": Row(
        allowed=REGULATORS,
        args=lambda it, actor, _: (NORTH, PERIOD, TONNE, TONNE, TONNE, DOCUMENT),
    ),
    "pre_allocate": Row(allowed=REGULATORS, arrange=capped, args=_on_emitter(TONNE)),
    "finalise": Row(allowed=REGULATORS, arrange=allocated, args=_on_emitter(TONNE)),
    "top_up": Row(allowed=REGULATORS, arrange=allocated, args=_on_emitter(TONNE)),
    "claw_back": Row(allowed=REGULATORS, arrange=allocated, args=_on_emitter(TONNE)),
    "pre_allocate_many": Row(allowed=REGULATORS, arrange=capped, args=_on_both),
    "finalise_many": Row(allowed=REGULATORS, arrange=capped, args=_on_both),
    "set_aside": Row(
        allowed=REGULATORS,
        arrange=capped,
        args=lambda it, actor, _: (NORTH, PERIOD, TONNE, DOCUMENT),
    ),
    "reduce_next": Row(
        allowed=frozenset(),
        refused=dict.fromkeys(("stranger", "suspended", "member"), "allocation: not a recorder"),
        args=lambda it, actor, _: (it.emitter.org_id, TONNE, DOCUMENT),
        contracts={"recorder": lambda it: it.facility.address},
    ),
}
