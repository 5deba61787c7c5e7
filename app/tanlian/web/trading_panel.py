"""What a member can do in a session now: its account, its orders, the forms that fit the stage."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g
from sqlalchemy.engine import Connection

from tanlian.readmodel.queries import market
from tanlian.readmodel.queries.market import Quoted, Session, TradingAccount
from tanlian.services.acts.act import Act
from tanlian.services.acts.catalogue import catalogue
from tanlian.web import signing

STAGE_ONE = ("stage one: quotes", "stage one: additions only")
STAGE_TWO = ("stage two",)


@dataclass(frozen=True, slots=True)
class Panel:
    """`acts` are the forms to show; orders that stand can be changed while `may_change`."""

    account: TradingAccount
    orders: Sequence[Quoted]
    acts: Sequence[Act]
    may_change: bool
    signer: str
    once: str


def panel(db: Connection, session: Session, now: int) -> Panel | None:
    """Return the panel of the visitor's organisation; None for visitors who are not signed in."""
    if g.session is None:
        return None
    organisation, stage = g.session.person.organisation, session.stage(now)
    signers = signing.signers()
    return Panel(
        account=market.trading_account(db, session.instrument.token_id, organisation),
        orders=market.orders_of(db, session.id, organisation),
        acts=[catalogue()[name] for name in _fitting(stage)],
        may_change=stage in (STAGE_ONE[0], *STAGE_TWO),
        signer=signers[0].address if signers else "",
        once=secrets.token_urlsafe(12),
    )


def _fitting(stage: str) -> tuple[str, ...]:
    if stage in STAGE_ONE:
        return ("order.place",)
    if stage in STAGE_TWO:
        return ("order.trade-limit", "order.trade-market", "order.place")
    return ()
