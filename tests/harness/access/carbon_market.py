"""Who may call the market."""

from harness.access.table import ACTIVE, ANYONE, BY_DEPLOYER, BY_MEMBERSHIP, SUSPENDED, Row
from harness.consortium import CEA24
from harness.market import LOT, REFERENCE, RICH, TICK
from harness.trading_floor import (
    CEA25,
    LOTS,
    NOT_A_MEMBER,
    TRADERS,
    continuous,
    debt,
    debt_word,
    floor,
    floor_on_margin,
    fund,
    proposal,
    standing_ask,
    unwired,
    wired,
)
from tanlian.domain.market_events import quote, quote_words

CONTRACT = "CarbonMarket"
INACTIVE = "carbon_market: not an active member"
NOT_WIRED = dict.fromkeys(
    ("stranger", "suspended", "member"), "carbon_market: caller is not wired for this"
)
# Orders ask the standing, the role and the account in this sequence.
BY_RIGHT = {
    "stranger": INACTIVE,
    "suspended": INACTIVE,
    "member": "carbon_market: role may not trade this side",
}
OWN = ACTIVE | SUSPENDED  # a suspended member takes home what is its own
NO_ACCOUNT = {"stranger": NOT_A_MEMBER}
NOT_YOURS = "carbon_market: not your order"
ONE = (REFERENCE * TICK, LOT)
SESSIONS = {"sessions": lambda it: it.floor.sessions.address}


def target(it):
    return it.floor.contract


world = floor


def approve(it, actor):
    if actor:
        it.fund(actor, 100)
        it.money.approve(it.floor.contract, 100, sender=actor.account)


def after_closing(it, actor):
    continuous(it, actor)
    it.floor.to_close()


ROWS = {
    "wire": Row(
        allowed=frozenset({"deployer"}),
        refused=BY_DEPLOYER,
        args=lambda it, actor, _: (
            it.floor.sessions.address,
            it.floor.settlement.address,
            it.floor.blocks.address,
        ),
        world=unwired,
    ),
    "seal": Row(allowed=frozenset({"deployer"}), refused=BY_DEPLOYER, world=wired),
    "onERC1155Received": Row(
        allowed=frozenset(),
        refused=NOT_WIRED,
        args=lambda it, actor, _: (it.emitter.account, it.emitter.holder, CEA24, LOT, b""),
        contracts={"ledger": lambda it: it.ledger.address},
    ),
    "deposit_money": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        arrange=approve,
        args=lambda it, actor, _: (CEA24, 100),
    ),
    "withdraw_units": Row(
        allowed=OWN,
        refused=NO_ACCOUNT,
        arrange=fund,
        args=lambda it, actor, _: (CEA24, LOTS * LOT),
    ),
    "withdraw_money": Row(
        allowed=OWN, refused=NO_ACCOUNT, arrange=fund, args=lambda it, actor, _: (CEA24, RICH)
    ),
    "move_money": Row(
        allowed=OWN,
        refused=NO_ACCOUNT,
        arrange=fund,
        args=lambda it, actor, _: (CEA24, CEA25, RICH),
    ),
    "list_instrument": Row(
        allowed=frozenset(),
        refused=NOT_WIRED,
        args=lambda it, actor, _: (CEA24,),
        contracts=SESSIONS,
    ),
    "open_session": Row(
        allowed=frozenset(),
        refused=NOT_WIRED,
        args=lambda it, actor, _: (CEA25, 0, 0, 0),
        contracts=SESSIONS,
    ),
    "set_paused": Row(
        allowed=frozenset(),
        refused=NOT_WIRED,
        args=lambda it, actor, _: (it.floor.session, True),
        contracts=SESSIONS,
    ),
    "place": Row(
        allowed=TRADERS,
        refused=BY_RIGHT,
        arrange=fund,
        args=lambda it, actor, _: (it.floor.session, True, *ONE),
    ),
    "place_many": Row(
        allowed=TRADERS,
        refused=BY_RIGHT,
        arrange=fund,
        args=lambda it, actor, _: (
            it.floor.session,
            quote_words([quote(False, REFERENCE, 1)]),
            True,
        ),
    ),
    # Anyone may bring signed quotes; those without a right are reported.
    "place_signed": Row(allowed=ANYONE, args=lambda it, actor, _: (it.floor.session, [])),
    "skip_nonces": Row(allowed=OWN, refused=NO_ACCOUNT, args=lambda it, actor, _: (CEA24, 5)),
    "cancel": Row(
        allowed=frozenset({"emitter", "suspended emitter"}),
        refused={"stranger": NOT_A_MEMBER, "suspended": NOT_YOURS, "member": NOT_YOURS},
        arrange=standing_ask,
        args=lambda it, actor, order: (order,),
    ),
    "amend": Row(
        allowed=frozenset({"emitter"}),
        refused=BY_MEMBERSHIP | {"member": NOT_YOURS},
        arrange=standing_ask,
        args=lambda it, actor, order: (order, *ONE),
    ),
    "clear": Row(
        allowed=ANYONE,
        arrange=lambda it, actor: it.floor.to_clearing(),
        args=lambda it, actor, _: (it.floor.session, 10),
    ),
    "trade_limit": Row(
        allowed=TRADERS,
        refused=BY_RIGHT,
        arrange=continuous,
        args=lambda it, actor, _: (it.floor.session, True, *ONE, 5),
    ),
    "trade_market": Row(
        allowed=TRADERS,
        refused=BY_RIGHT,
        arrange=continuous,
        args=lambda it, actor, _: (it.floor.session, False, LOT, 5),
    ),
    "discharge": Row(
        allowed=frozenset(),
        refused=NOT_WIRED,
        arrange=debt,
        args=lambda it, actor, _: (debt_word(it), True),
        contracts={"margin settlement": lambda it: it.floor.settlement.address},
        world=floor_on_margin,
    ),
    "settle_block": Row(
        allowed=frozenset(),
        refused=NOT_WIRED,
        arrange=proposal,
        args=lambda it, actor, _: (
            it.floor.session,
            it.other_emitter.org_id,
            it.emitter.org_id,
            REFERENCE,
            10,
        ),
        contracts={"block desk": lambda it: it.floor.blocks.address},
    ),
    "close": Row(
        allowed=ANYONE,
        arrange=after_closing,
        args=lambda it, actor, _: (it.floor.session, 10),
    ),
}
