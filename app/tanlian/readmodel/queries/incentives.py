"""Coin accounts, cases with their history, amendments of the rules. Coins in 10^-6."""

from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.holder import holder_address
from tanlian.domain.incentives import RELEASE_SECONDS, Rule, Trigger
from tanlian.domain.market_states import CaseState
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables import balances
from tanlian.readmodel.tables.incentives import (
    amendment_rules,
    amendments,
    cases,
    coin_accounts,
    coin_entries,
    votes,
)

_COIN = "coin"  # beside the money in `balances`


@dataclass(frozen=True, slots=True)
class CoinAccount:
    """An organisation's coins. What is locked waits for open cases."""

    organisation: int
    balance: int
    debt: int
    locked: int
    announced: int
    movable_at: int | None  # from when the announced coins may leave

    @property
    def movable_until(self) -> int | None:
        """The last second in which the announced coins may leave."""
        return None if self.movable_at is None else self.movable_at + RELEASE_SECONDS

    @property
    def free(self) -> int:
        """What could be announced and leave: nothing while there is a debt."""
        return 0 if self.debt else max(0, self.balance - self.locked)


@dataclass(frozen=True, slots=True)
class CoinEntry:
    """A movement in a coin account; `money` in micro-yuan moved the other way."""

    event: str
    coins: int
    money: int
    incoming: bool
    debt_after: int
    case: int | None
    other: int | None
    block: int
    log_index: int
    time: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Case:
    """A reward or penalty from its opening to its end. `subject` depends on the trigger."""

    id: int
    organisation: int
    trigger: Trigger
    period: int
    subject: int
    units: int
    opened_amount: int
    amount: int
    version: int
    state: CaseState
    opened_at: int
    appeal_until: int | None
    signer: str
    appealed_at: int | None
    appeal_document: str | None
    closed_at: int | None
    close_document: str | None
    closed_by: str | None
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """Rules put to the vote. `rules` are empty where the chain's events do not hold them."""

    id: int
    from_period: int
    rules_hash: str
    appeal_seconds: int
    voting_ends_at: int
    yes: int
    no: int
    proposed_at: int
    enacted_at: int | None
    tx_hash: str
    rules: dict[Trigger, Rule]

    @property
    def is_enacted(self) -> bool:
        return self.enacted_at is not None


@dataclass(frozen=True, slots=True)
class Vote:
    amendment: int
    organisation: int
    in_favour: bool
    time: int
    tx_hash: str


def coin_account(db: Connection, organisation: int) -> CoinAccount:
    """Return an organisation's coins; one without any has zeros."""
    held = select(balances.c.amount).where(
        balances.c.token == _COIN, balances.c.holder == holder_address(organisation)
    )
    query = select(coin_accounts).where(coin_accounts.c.organisation == organisation)
    row = db.execute(query).mappings().one_or_none()
    balance = db.scalar(held) or 0
    if row is None:
        return CoinAccount(organisation, balance, 0, 0, 0, None)
    return made(CoinAccount, row, balance=balance, movable_at=row["movable_at"] or None)


def coin_entries_of(
    db: Connection, organisation: int, *, before: tuple[int, int] | None = None, limit: int = 50
) -> list[CoinEntry]:
    """Return the movements of a coin account, newest first.

    `before` is the (block, log index) of the last one seen.
    """
    place = (coin_entries.c.block, coin_entries.c.log_index)
    query = select(coin_entries).where(coin_entries.c.organisation == organisation)
    if before is not None:
        query = query.where(tuple_(*place) < before)
    query = query.order_by(*(column.desc() for column in place)).limit(limit)
    return [made(CoinEntry, row) for row in db.execute(query).mappings()]


def case(db: Connection, number: int) -> Case:
    """Return one case.

    Raises:
        NotFound: none has that number.
    """
    row = db.execute(select(cases).where(cases.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no case {number}.", number=number)
    return _case(row)


def cases_of(
    db: Connection,
    *,
    organisation: int | None = None,
    states: frozenset[CaseState] = frozenset(),
    before: int | None = None,
    limit: int = 50,
) -> list[Case]:
    """Return cases, newest first, below `before`."""
    query = select(cases)
    if organisation is not None:
        query = query.where(cases.c.organisation == organisation)
    if states:
        query = query.where(cases.c.status.in_(states))
    if before is not None:
        query = query.where(cases.c.id < before)
    query = query.order_by(cases.c.id.desc()).limit(limit)
    return [_case(row) for row in db.execute(query).mappings()]


def amendments_of(db: Connection, *, before: int | None = None, limit: int = 50) -> list[Amendment]:
    """Return the amendments, newest first, below `before`."""
    query = select(amendments)
    if before is not None:
        query = query.where(amendments.c.id < before)
    rows = db.execute(query.order_by(amendments.c.id.desc()).limit(limit)).mappings().all()
    return [_amendment(db, row) for row in rows]


def amendment(db: Connection, number: int) -> Amendment:
    """Return one amendment.

    Raises:
        NotFound: none has that number.
    """
    query = select(amendments).where(amendments.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no amendment {number}.", number=number)
    return _amendment(db, row)


def votes_cast(db: Connection, *, limit: int = 50) -> list[Vote]:
    """Return the votes on amendments, newest first."""
    query = select(votes).order_by(votes.c.time.desc(), votes.c.organisation).limit(limit)
    return [made(Vote, row) for row in db.execute(query).mappings()]


def _case(row: RowMapping) -> Case:
    return made(
        Case,
        row,
        trigger=Trigger(row["trigger"]),
        state=CaseState(row["status"]),
        appeal_until=row["appeal_until"] or None,
    )


def _amendment(db: Connection, row: RowMapping) -> Amendment:
    query = select(amendment_rules).where(amendment_rules.c.amendment == row["id"])
    rules = {
        Trigger(rule["trigger"]): Rule(*(rule[name] for name in Rule._fields))
        for rule in db.execute(query.order_by(amendment_rules.c.trigger)).mappings()
    }
    return made(Amendment, row, rules=rules)
