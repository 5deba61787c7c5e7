"""Who may call the clearing house directly: nobody. It serves the market by delegatecall only."""

from harness.access.table import Row
from harness.consortium import CEA24
from harness.trading_floor import floor

CONTRACT = "ClearingHouse"


def target(it):
    return it.floor.house


world = floor


def _nobody(reason, *args):
    return Row(
        allowed=frozenset(),
        refused=dict.fromkeys(("stranger", "suspended", "member"), f"carbon_market: {reason}"),
        args=lambda it, actor, _: args,
    )


NOT_WIRED = "caller is not wired for this"
ROWS = {
    "list_instrument": _nobody(NOT_WIRED, CEA24),
    "open_session": _nobody(NOT_WIRED, CEA24, 0, 0, 0),
    "set_paused": _nobody(NOT_WIRED, 1, True),
    "clear": _nobody("not clearing now", 1, 10),
    "settle_block": _nobody(NOT_WIRED, 1, 8, 7, 6_000, 10),
    "discharge": _nobody(NOT_WIRED, 1, True),
    "close": _nobody("no such live session", 1, 10),
}
