"""Who may call the credit coin."""

import boa

from harness.access.table import ACTIVE, ANYONE, BY_DEPLOYER, BY_MEMBERSHIP, NOT_ACTIVE, Row
from harness.consortium import YUAN
from harness.duties import COIN, DAY, deploy_duties, unwired_duties, wired_duties

CONTRACT = "CreditCoin"
BY_CONTRACT = dict.fromkeys(
    ("stranger", "suspended", "member"), "credit_coin: not the incentives contract"
)
INCENTIVES = {"incentives": lambda it: it.incentives.address}
UNPAID = "credit_coin: more than the debt"
NO_COINS = "credit_coin: balance too small"
NO_SENDER = "credit_coin: sender not an active member"


def target(it):
    return it.coin


world = deploy_duties


def locked(it, actor):
    it.penalise(it.emitter, COIN)


def indebted(it, actor):
    case = it.penalise(it.emitter, COIN)
    boa.env.timestamp += 15 * DAY + 1
    it.incentives.settle(case)
    fund(it, it.emitter)


def fund(it, actor):
    if actor:
        it.fund(actor, 100 * YUAN)
        it.money.approve(it.coin, 100 * YUAN, sender=actor.account)


def rewarded(it, actor):
    if actor:
        it.coin.reward(actor.org_id, COIN, 0, sender=it.incentives.address)


def movable(it, actor):
    it.give_coins(it.emitter, 5 * COIN)
    it.coin.announce_release(5 * COIN, sender=it.emitter.account)
    it.coin.approve(it.trader.account, COIN, sender=it.emitter.account)
    fund(it, it.regulator)
    it.coin.fund(100 * YUAN, sender=it.regulator.account)
    boa.env.timestamp += 7 * DAY


def collectable(it, actor):
    """The indebted emitter received coins from another."""
    case = it.penalise(it.emitter, COIN)
    it.give_coins(it.other_emitter, COIN)
    it.coin.announce_release(COIN, sender=it.other_emitter.account)
    boa.env.timestamp += 15 * DAY + 1
    it.incentives.settle(case)
    it.coin.transfer(it.emitter.account, COIN, sender=it.other_emitter.account)


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: (it.membership.address, it.money.address),
        world=unwired_duties,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired_duties),
    "reward": Row(
        allowed=frozenset(),
        refused=BY_CONTRACT,
        args=lambda it, actor, _: (it.emitter.org_id, COIN, 1),
        contracts=INCENTIVES,
    ),
    "deduct": Row(
        allowed=frozenset(),
        refused=BY_CONTRACT,
        args=lambda it, actor, _: (it.emitter.org_id, COIN, 1),
        contracts=INCENTIVES,
    ),
    "lock": Row(
        allowed=frozenset(),
        refused=BY_CONTRACT,
        args=lambda it, actor, _: (it.emitter.org_id, COIN),
        contracts=INCENTIVES,
    ),
    "unlock": Row(
        allowed=frozenset(),
        refused=BY_CONTRACT,
        arrange=locked,
        args=lambda it, actor, _: (it.emitter.org_id, COIN),
        contracts=INCENTIVES,
    ),
    "announce_release": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        arrange=rewarded,
        args=lambda it, actor, _: (COIN,),
    ),
    "redeem": Row(
        allowed=frozenset({"emitter"}),
        refused={"stranger": NOT_ACTIVE, "suspended": NOT_ACTIVE, "member": NO_COINS},
        arrange=movable,
        args=lambda it, actor, _: (COIN,),
    ),
    "pay_debt": Row(
        allowed=frozenset({"emitter"}),
        refused={
            "stranger": "member_guard: not a member",
            "suspended": UNPAID,
            "member": UNPAID,
            # The debt may be paid, but the money of a suspended organisation does not move.
            "suspended emitter": "custody: sender not an active member",
        },
        arrange=indebted,
        args=lambda it, actor, _: (COIN,),
    ),
    "collect_debt": Row(
        allowed=ANYONE, arrange=collectable, args=lambda it, actor, _: (it.emitter.org_id,)
    ),
    "fund": Row(
        allowed=ACTIVE, refused=BY_MEMBERSHIP, arrange=fund, args=lambda it, actor, _: (YUAN,)
    ),
    "transfer": Row(
        allowed=frozenset({"emitter"}),
        refused={"stranger": NOT_ACTIVE, "suspended": NOT_ACTIVE, "member": NO_COINS},
        arrange=movable,
        args=lambda it, actor, _: (
            (it.other_verifier if actor is it.verifier else it.verifier).account,
            COIN,
        ),
    ),
    "transferFrom": Row(
        allowed=frozenset({"emitter", "trader", "suspended trader"}),
        refused=dict.fromkeys(("stranger", "suspended", "member"), "erc20: insufficient allowance")
        | {"suspended emitter": NO_SENDER},
        arrange=movable,
        args=lambda it, actor, _: (
            it.emitter.account,
            (it.other_verifier if actor is it.verifier else it.verifier).account,
            COIN,
        ),
    ),
    "approve": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        args=lambda it, actor, _: (it.trader.account, COIN),
    ),
}
