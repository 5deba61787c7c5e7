"""Money of organisations: balances, redemptions, and what is owed for trades on margin."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from tanlian.domain.holder import holder_address
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables import balances, obligations, redemptions, sessions
from tanlian.readmodel.tables.acts import money_issues

MONEY = "money"  # the name of the token in the tables


@dataclass(frozen=True, slots=True)
class MoneyIssue:
    """Money that a bank issued against a payment; micro-yuan."""

    bank: int
    reference: str
    organisation: int
    amount: int
    time: int
    block: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Redemption:
    """Money handed back to a bank. `state` is requested, paid out, rejected or cancelled."""

    id: int
    organisation: int
    bank: int
    amount: int
    payee: str
    state: str
    reference: str | None
    time: int


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a buyer on margin still owes. `state` is owed, paid or defaulted."""

    id: int
    session: int
    instrument: int
    buyer: int
    seller: int
    lots: int
    state: str
    time: int


def balance(db: Connection, organisation: int) -> int:
    """Return an organisation's money in micro-yuan, outside of its trading accounts."""
    holder = holder_address(organisation)
    mine = (balances.c.token == MONEY) & (balances.c.holder == holder)
    return int(db.scalar(select(balances.c.amount).where(mine)) or 0)


def redemptions_of(
    db: Connection,
    *,
    organisation: int | None = None,
    bank: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Redemption]:
    """Return redemptions, newest first, of a member or addressed to a bank."""
    query = select(redemptions).order_by(redemptions.c.id.desc()).limit(limit)
    if organisation is not None:
        query = query.where(redemptions.c.organisation == organisation)
    if bank is not None:
        query = query.where(redemptions.c.bank == bank)
    if before is not None:
        query = query.where(redemptions.c.id < before)
    names = Redemption.__slots__
    return [Redemption(**{n: row[n] for n in names}) for row in db.execute(query).mappings()]


def obligations_of(db: Connection, organisation: int, *, limit: int = 200) -> list[Obligation]:
    """Return the payments that an organisation owes or is owed, newest first."""
    mine = or_(obligations.c.buyer == organisation, obligations.c.seller == organisation)
    query = (
        select(obligations, sessions.c.instrument)
        .join(sessions, sessions.c.id == obligations.c.session)
        .where(mine)
        .order_by(obligations.c.id.desc())
        .limit(limit)
    )
    names = Obligation.__slots__
    return [Obligation(**{n: row[n] for n in names}) for row in db.execute(query).mappings()]


def money_issued(db: Connection, organisation: int, *, limit: int = 50) -> list[MoneyIssue]:
    """Return payments in that an organisation made or, as a bank, recorded, newest first."""
    mine = or_(money_issues.c.organisation == organisation, money_issues.c.bank == organisation)
    place = (money_issues.c.block.desc(), money_issues.c.reference.desc())
    query = select(money_issues).where(mine).order_by(*place).limit(limit)
    return [made(MoneyIssue, row) for row in db.execute(query).mappings()]
