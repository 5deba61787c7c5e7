"""Who may announce, pause and resume sessions."""

from harness.access.table import REGULATORS, Row
from harness.consortium import DOCUMENT
from harness.trading_floor import CEA25, floor
from tanlian.domain.instrument import allowance

CONTRACT = "TradingSessions"
EXCHANGE = frozenset({"exchange"})


def target(it):
    return it.floor.sessions


world = floor


def paused(it, actor):
    it.floor.sessions.pause_session(it.floor.session, DOCUMENT, sender=it.regulator.account)


ROWS = {
    "list_instrument": Row(allowed=EXCHANGE, args=lambda it, actor, _: (allowance(2026).token_id,)),
    "announce_session": Row(
        allowed=EXCHANGE, args=lambda it, actor, _: (it.floor.terms(instrument=CEA25),)
    ),
    "pause_session": Row(
        allowed=REGULATORS, args=lambda it, actor, _: (it.floor.session, DOCUMENT)
    ),
    "resume_session": Row(
        allowed=REGULATORS, arrange=paused, args=lambda it, actor, _: (it.floor.session,)
    ),
}
