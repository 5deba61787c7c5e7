"""Who may record, pay and declare what is owed after trades on margin."""

import boa

from harness.access.table import ANYONE, Row
from harness.market import HOUR
from harness.trading_floor import NOT_A_MEMBER, debt, floor_on_margin

CONTRACT = "MarginSettlement"
NOT_YOURS = "margin_settlement: not your debt"


def target(it):
    return it.floor.settlement


world = floor_on_margin


def past_due(it, actor):
    number = debt(it, actor)
    boa.env.time_travel(seconds=48 * HOUR)
    return number


ROWS = {
    "owe": Row(
        allowed=frozenset(),
        refused=dict.fromkeys(
            ("stranger", "suspended", "member"), "margin_settlement: not the market"
        ),
        args=lambda it, actor, _: (1,),
        contracts={"market": lambda it: it.floor.contract.address},
    ),
    "pay": Row(
        allowed=frozenset({"other_emitter", "suspended other_emitter"}),
        refused={"stranger": NOT_A_MEMBER, "suspended": NOT_YOURS, "member": NOT_YOURS},
        arrange=debt,
        args=lambda it, actor, number: (number,),
    ),
    "declare_default": Row(
        allowed=ANYONE, arrange=past_due, args=lambda it, actor, number: (number,)
    ),
}
