"""Who may call the settlement money."""

from eth_utils import keccak

from harness.access.table import (
    ACTIVE,
    BY_DEPLOYER,
    BY_MEMBERSHIP,
    BY_ROLE,
    Row,
)
from harness.consortium import REASON, deploy_register
from harness.facility import with_facility

CONTRACT = "SettlementToken"
BANKS = frozenset({"bank", "other_bank"})
NO_SENDER = "custody: sender not an active member"
BY_SENDER = {"stranger": NO_SENDER, "suspended": NO_SENDER}
PAYEE = keccak(text="bank account")


def target(it):
    return it.money


world = with_facility


def wired():
    it = deploy_register()
    it.money.wire([], sender=it.deployer)
    return it


def fund(it, actor):
    if actor:
        it.fund(actor, 100)


def request(it, actor):
    """A redemption of the emitter at the bank."""
    it.fund(it.emitter, 100)
    return it.money.request_redemption(it.bank.org_id, 100, PAYEE, sender=it.emitter.account)


def approval(it, actor):
    """The emitter lets the facility take its money."""
    it.fund(it.emitter, 100)
    it.money.approve(it.facility.address, 100, sender=it.emitter.account)


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: ([],),
        world=deploy_register,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired),
    "issue": Row(
        allowed=BANKS,
        refused=BY_ROLE,
        args=lambda it, actor, _: (it.trader.org_id, 5, keccak(text="payment")),
    ),
    "transfer": Row(
        allowed=ACTIVE,
        refused=BY_SENDER,
        arrange=fund,
        args=lambda it, actor, _: (it.trader.holder, 100),
    ),
    "transferFrom": Row(
        allowed=frozenset({"emitter"}),
        refused=dict.fromkeys(
            ("stranger", "suspended", "member"), "custody: not the owner's account"
        )
        | {"suspended emitter": NO_SENDER},
        arrange=approval,
        args=lambda it, actor, _: (
            (it.emitter.holder, it.observer.account, 100)
            if actor is not it.observer
            else (it.emitter.holder, it.trader.account, 100)
        ),
        contracts={"facility": lambda it: it.facility.address},
    ),
    "transferAndCall": Row(
        allowed=ACTIVE,
        refused=BY_SENDER,
        arrange=fund,
        args=lambda it, actor, _: (it.facility.address, 100, b"x"),
    ),
    "approve": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        args=lambda it, actor, _: (it.facility.address, 1),
    ),
    "request_redemption": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        arrange=fund,
        args=lambda it, actor, _: (
            # a suspended bank pays nobody, so that it is asked at the other one
            it.other_bank.org_id if actor is it.bank else it.bank.org_id,
            100,
            PAYEE,
        ),
    ),
    "pay_out": Row(
        allowed=frozenset({"bank"}),
        refused=BY_ROLE | {"other_bank": "settlement_token: another bank's redemption"},
        arrange=request,
        args=lambda it, actor, redemption: (redemption, keccak(text="payout")),
    ),
    "reject_redemption": Row(
        allowed=frozenset({"bank"}),
        refused=BY_ROLE | {"other_bank": "settlement_token: another bank's redemption"},
        arrange=request,
        args=lambda it, actor, redemption: (redemption, REASON),
    ),
    "cancel_redemption": Row(
        allowed=frozenset({"emitter", "suspended emitter"}),
        refused={
            "stranger": "member_guard: not a member",
            "suspended": "settlement_token: another member's redemption",
            "member": "settlement_token: another member's redemption",
        },
        arrange=request,
        args=lambda it, actor, redemption: (redemption,),
    ),
}
