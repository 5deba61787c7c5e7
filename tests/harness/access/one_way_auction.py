"""Who may call the one-way auction."""

import boa

from harness.access.table import ANYONE, BY_DEPLOYER, REGULATORS, Row
from harness.consortium import CEA24, DOCUMENT, NORTH, PERIOD, TONNE, YUAN
from harness.duties import DAY, START_OF_2025, deploy_duties, unwired_duties, wired_duties

CONTRACT = "OneWayAuction"
OPENS = START_OF_2025 + DAY
TERMS = (CEA24, 1, 1, 10, OPENS, OPENS + DAY, OPENS + 2 * DAY, False, DOCUMENT)
BIDDERS = frozenset({"emitter", "other_emitter", "trader"})
NOT_YOURS = "one_way_auction: not your bid"
NOT_THE_LEDGER = "one_way_auction: not the ledger"


def target(it):
    return it.auction


world = deploy_duties


def announced(it, actor):
    boa.env.timestamp = START_OF_2025
    return it.auction.announce(TERMS, sender=it.regulator.account)


def funded(it, actor):
    number = announced(it, actor)
    it.set_cap(10 * TONNE)
    it.allocation.set_aside(NORTH, PERIOD, TONNE, DOCUMENT, sender=it.regulator.account)
    it.ledger.safeTransferFrom(
        it.regulator.holder,
        it.auction.address,
        CEA24,
        TONNE,
        number.to_bytes(32, "big"),
        sender=it.regulator.account,
    )
    boa.env.timestamp = OPENS
    if actor:
        it.fund(actor, YUAN)
        it.money.approve(it.auction, YUAN, sender=actor.account)
    return number


def committed(it, actor):
    number = funded(it, None)
    sealed = it.auction.commitment_of(number, it.emitter.org_id, 1, 1, DOCUMENT)
    it.fund(it.emitter, YUAN)
    it.money.approve(it.auction, YUAN, sender=it.emitter.account)
    bid = it.auction.commit(number, sealed, YUAN, sender=it.emitter.account)
    boa.env.timestamp = OPENS + DAY + 1
    return bid


def revealed(it, actor):
    bid = committed(it, actor)
    it.auction.reveal(bid, 1, 1, DOCUMENT, sender=it.emitter.account)
    boa.env.timestamp = OPENS + 2 * DAY + 1
    return bid


def closed(it, actor):
    revealed(it, actor)
    it.auction.close_bidding(1)
    boa.env.time_travel(blocks=3)


def drawn(it, actor):
    closed(it, actor)
    it.auction.draw(1)


def skipped(it, actor):
    """Two bids, of which the better one was left out."""
    number = funded(it, None)
    it.fund(it.emitter, YUAN)
    it.money.approve(it.auction, YUAN, sender=it.emitter.account)
    for tick in (1, 2):
        sealed = it.auction.commitment_of(number, it.emitter.org_id, tick, 1, DOCUMENT)
        it.auction.commit(number, sealed, YUAN // 2, sender=it.emitter.account)
    boa.env.timestamp = OPENS + DAY + 1
    for bid, tick in ((1, 1), (2, 2)):
        it.auction.reveal(bid, tick, 1, DOCUMENT, sender=it.emitter.account)
    boa.env.timestamp = OPENS + 2 * DAY + 1
    it.auction.close_bidding(number)
    boa.env.time_travel(blocks=3)
    it.auction.draw(number)
    it.auction.rank(number, [1])


def cleared(it, actor):
    drawn(it, actor)
    it.auction.rank(1, [1])


def settled(it, actor):
    cleared(it, actor)
    it.auction.settle_bid(1)


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: (it.ledger.address, it.money.address),
        world=unwired_duties,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired_duties),
    "announce": Row(allowed=REGULATORS, args=lambda it, actor, _: (TERMS,)),
    "onERC1155Received": Row(
        allowed=frozenset(),
        refused=dict.fromkeys(("stranger", "suspended", "member"), NOT_THE_LEDGER),
        arrange=announced,
        args=lambda it, actor, number: (
            it.regulator.account,
            it.regulator.holder,
            CEA24,
            TONNE,
            number.to_bytes(32, "big"),
        ),
        contracts={"ledger": lambda it: it.ledger.address},
    ),
    "commit": Row(
        allowed=BIDDERS, arrange=funded, args=lambda it, actor, number: (number, DOCUMENT, YUAN)
    ),
    "reveal": Row(
        allowed=frozenset({"emitter", "suspended emitter"}),
        refused={
            "stranger": "member_guard: not a member",
            "suspended": NOT_YOURS,
            "member": NOT_YOURS,
        },
        arrange=committed,
        args=lambda it, actor, bid: (bid, 1, 1, DOCUMENT),
    ),
    "close_bidding": Row(allowed=ANYONE, arrange=revealed, args=lambda it, actor, _: (1,)),
    "draw": Row(allowed=ANYONE, arrange=closed, args=lambda it, actor, _: (1,)),
    "rank": Row(allowed=ANYONE, arrange=drawn, args=lambda it, actor, _: (1, [1])),
    "restart_ranking": Row(allowed=ANYONE, arrange=skipped, args=lambda it, actor, _: (1, 2)),
    "settle_bid": Row(allowed=ANYONE, arrange=cleared, args=lambda it, actor, _: (1,)),
    "pay_out": Row(allowed=ANYONE, arrange=settled, args=lambda it, actor, _: (1,)),
}
