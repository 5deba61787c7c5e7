"""Who may propose, accept and settle block trades."""

from harness.access.table import ACTIVE, ANYONE, BY_MEMBERSHIP, NOT_ACTIVE, Row
from harness.trading_floor import (
    NOT_A_MEMBER,
    block_offer,
    floor,
    fund,
    proposal,
    signed_block,
)

CONTRACT = "BlockTrades"
NOT_YOURS = "block_trades: not your proposal"
BOTH_SUSPENDED = frozenset({"suspended emitter", "suspended other_emitter"})


def target(it):
    return it.floor.blocks


world = floor


def both_funded(it, actor):
    for member in (it.emitter, it.other_emitter):
        fund(it, member)


ROWS = {
    "propose": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        args=lambda it, actor, _: block_offer(
            it, it.other_emitter if actor is it.trader else it.trader
        ),
    ),
    "withdraw": Row(
        allowed=frozenset({"emitter", "suspended emitter"}),
        refused={"stranger": NOT_A_MEMBER, "suspended": NOT_YOURS, "member": NOT_YOURS},
        arrange=proposal,
        args=lambda it, actor, number: (number,),
    ),
    "accept": Row(
        allowed=frozenset({"other_emitter"}),
        refused=BY_MEMBERSHIP | {"member": "block_trades: not addressed to you"},
        arrange=proposal,
        args=lambda it, actor, number: (number,),
    ),
    # Anyone may bring the two signatures; a suspended party's does not count.
    "settle_signed": Row(
        allowed=ANYONE - BOTH_SUSPENDED,
        refused={"suspended": NOT_ACTIVE},
        arrange=both_funded,
        args=lambda it, actor, _: signed_block(it, it.other_emitter, it.emitter),
    ),
}
