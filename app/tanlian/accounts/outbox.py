"""The outbox in the database: acts, their transactions, and the numbers that those use.

Nothing here asks the chain. Whoever adds transactions calls `lock` first, in the same database
transaction, so that two people or processes never number transactions of one account at once.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person
from tanlian.accounts.sealing import opened, sealed
from tanlian.accounts.tables import act_transactions, acts, approvals, signing_accounts
from tanlian.domain.errors import NotFound

DRAFTED: Final = "drafted"
ASKED: Final = "asked"
APPROVED: Final = "approved"
DECLINED: Final = "declined"
SIGNED: Final = "signed"  # of a transaction: kept, not handed over yet
SENT: Final = "sent"  # of a transaction only: a node has it
DONE: Final = "done"
REFUSED: Final = "refused"
OVERTAKEN: Final = "overtaken"
VOID: Final = "void"  # of a transaction only: no node ever takes it, and its number is free
WITHDRAWN: Final = "withdrawn"
LAPSED: Final = "lapsed"

TO_SIGN = frozenset({DRAFTED, APPROVED, OVERTAKEN})
UNSIGNED = TO_SIGN | {ASKED}
OPEN = UNSIGNED | {SIGNED}
ON_THEIR_WAY = frozenset({SIGNED, SENT})  # of transactions
NEVER = frozenset({OVERTAKEN, VOID})  # of transactions

NOTHING: Final = ""
HAND_OVER: Final = "hand-over"
CHAIN: Final = "chain"
POOL: Final = "pool"
NODE: Final = "node"
GAP: Final = "gap"  # a number before it is free: the chain takes none behind it

HERE: Final = "here"
WALLET: Final = "wallet"
PROGRAM: Final = "program"

DRAFT_SECONDS = 7 * 24 * 60 * 60
_ID_BYTES = 12  # 16 characters that nobody guesses

Told = dict[str, Any]  # an error: code, sentence, fields


@dataclass(frozen=True, slots=True)
class Act:
    """An act as it is stored; times in UTC seconds."""

    number: int
    id: str
    chain: str
    organisation: int
    user_id: int
    account: str
    act: str
    details: dict[str, Any]
    calls: list[dict[str, Any]]
    state: str
    waits_for: str
    approval: int | None
    tried_at: int | None
    offered_nonce: int | None
    created_at: int
    signed_at: int | None
    ended_at: int | None
    error: Told | None


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of an act."""

    id: int
    act: int
    position: int
    chain: str
    account: str
    nonce: int
    tx_hash: str
    raw: bytes | None
    signed_in: str
    state: str
    block: int | None
    gas_used: int | None
    error: Told | None


def add(
    db: Connection,
    origin: Origin,
    by: Person,
    *,
    chain: str,
    account: str,
    act: str,
    details: Mapping[str, Any],
    calls: Sequence[Mapping[str, Any]],
    tried_at: int | None,
    approval: int | None,
) -> str:
    """Store an act that nobody has signed yet; returns its id."""
    act_id = secrets.token_urlsafe(_ID_BYTES)
    db.execute(
        insert(acts).values(
            id=act_id,
            chain=chain,
            organisation=by.organisation,
            user_id=by.id,
            account=account,
            act=act,
            details=sealed(db, dict(details)),
            calls=sealed(db, [dict(call) for call in calls]),
            state=DRAFTED if approval is None else ASKED,
            waits_for=NOTHING if tried_at is not None else CHAIN,
            approval=approval,
            tried_at=tried_at,
            created_at=origin.now,
        )
    )
    audit_log.record(db, origin, "act drafted", f"{act_id}: {act}", by=by)
    return act_id


def act_of(db: Connection, organisation: int, act_id: str) -> Act:
    """Return an act of an organisation.

    Raises:
        NotFound: it has none of that id.
    """
    found = act_with(db, act_id)
    if found is None or found.organisation != organisation:
        raise NotFound(f"Your organisation has no act {act_id}.", act_id=act_id)
    return found


def act_with(db: Connection, act_id: str) -> Act | None:
    row = db.execute(select(acts).where(acts.c.id == act_id)).mappings().one_or_none()
    return None if row is None else _act(db, row)


def acts_numbered(db: Connection, numbers: Collection[int]) -> list[Act]:
    rows = db.execute(select(acts).where(acts.c.number.in_(numbers)).order_by(acts.c.number))
    return [_act(db, row) for row in rows.mappings()]


def acts_of(
    db: Connection, organisation: int, *, before: str | None, limit: int, open_only: bool
) -> list[Act]:
    """Return acts of an organisation, newest first, from behind the act `before` on."""
    query = select(acts).where(acts.c.organisation == organisation)
    if before is not None:
        query = query.where(acts.c.number < act_of(db, organisation, before).number)
    if open_only:
        query = query.where(acts.c.state.in_(OPEN))
    rows = db.execute(query.order_by(acts.c.number.desc()).limit(limit))
    return [_act(db, row) for row in rows.mappings()]


def open_counts(db: Connection) -> dict[str, int]:
    """Return how many acts have not ended, by state, over all organisations."""
    query = select(acts.c.state, func.count()).where(acts.c.state.in_(OPEN)).group_by(acts.c.state)
    return {row[0]: row[1] for row in db.execute(query)}


def steps_of(db: Connection, numbers: Collection[int]) -> dict[int, list[Step]]:
    """Return the transactions of acts, by the acts' numbers: in their order, older ones first."""
    query = select(act_transactions).where(act_transactions.c.act.in_(numbers))
    rows = db.execute(query.order_by(act_transactions.c.position, act_transactions.c.id))
    found: dict[int, list[Step]] = {number: [] for number in numbers}
    for row in rows.mappings():
        found[row["act"]].append(_step(row))
    return found


def current(steps: Iterable[Step]) -> dict[int, Step]:
    """Return the newest transaction of each position."""
    return {step.position: step for step in sorted(steps, key=lambda step: step.id)}


def unsigned_positions(act: Act, steps: Iterable[Step]) -> list[int]:
    """Return the calls that no transaction stands for, or one that can never happen."""
    standing = current(steps)
    return [
        position
        for position in range(len(act.calls))
        if position not in standing or standing[position].state == OVERTAKEN
    ]


def lock(db: Connection, chain: str, account: str) -> None:
    """Keep everybody else from numbering transactions of an account until this transaction ends.

    It writes, and must be the first statement: SQLite lets one writer in at a time.
    """
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    row = dialect.insert(signing_accounts).values(chain=chain, account=account, signed=1)
    db.execute(
        row.on_conflict_do_update(
            index_elements=[signing_accounts.c.chain, signing_accounts.c.account],
            set_={"signed": signing_accounts.c.signed + 1},
        )
    )


def free_numbers(
    db: Connection, chain: str, account: str, first: int, count: int, *, used: int
) -> list[int]:
    """Return the next `count` numbers of an account that no transaction here has, lowest first:
    those that a void one left behind the `used` ones that are in blocks, then from `first` on.

    A number of a transaction that was overtaken is not free: the other one used it.
    """
    mine = act_transactions.c
    query = select(mine.nonce).where(
        mine.chain == chain, mine.account == account, mine.nonce >= first, mine.state != VOID
    )
    taken = set(db.execute(query).scalars())
    free = [n for n in gaps(db, chain, {account}).get(account, ()) if used <= n < first][:count]
    number = first
    while len(free) < count:
        if number not in taken:
            free.append(number)
        number += 1
    return free


def gaps(db: Connection, chain: str, accounts: Collection[str]) -> dict[str, list[int]]:
    """Return the numbers that void transactions left and no other one here has, lowest first."""
    mine, other = act_transactions.alias("mine"), act_transactions.alias("other")
    has_another = exists().where(
        other.c.chain == mine.c.chain,
        other.c.account == mine.c.account,
        other.c.nonce == mine.c.nonce,
        other.c.state != VOID,
    )
    query = select(mine.c.account, mine.c.nonce).where(
        mine.c.chain == chain, mine.c.account.in_(accounts), mine.c.state == VOID, ~has_another
    )
    found: dict[str, list[int]] = {}
    for account, nonce in db.execute(query.distinct().order_by(mine.c.account, mine.c.nonce)):
        found.setdefault(account, []).append(nonce)
    return found


def number_stands(db: Connection, chain: str, account: str, nonce: int) -> bool:
    """Whether a transaction that may still happen, or happened, has this number."""
    mine = act_transactions.c
    query = select(mine.id).where(
        mine.chain == chain,
        mine.account == account,
        mine.nonce == nonce,
        mine.state.not_in(NEVER),
    )
    return db.scalar(query) is not None


def hash_stands(db: Connection, tx_hash: str) -> bool:
    """Whether a transaction is known here."""
    mine = act_transactions.c
    return db.scalar(select(mine.id).where(mine.tx_hash == tx_hash)) is not None


def add_step(
    db: Connection,
    act: Act,
    position: int,
    *,
    nonce: int,
    tx_hash: str,
    raw: bytes | None,
    signed_in: str,
    state: str,
) -> None:
    db.execute(
        insert(act_transactions).values(
            act=act.number,
            position=position,
            chain=act.chain,
            account=act.account,
            nonce=nonce,
            tx_hash=tx_hash,
            raw=raw,
            signed_in=signed_in,
            state=state,
        )
    )


def move(db: Connection, act: Act, before: Collection[str], **values: Any) -> bool:
    """Change an act if it still is in one of the states; says whether it was."""
    if "calls" in values:
        values["calls"] = sealed(db, values["calls"])
    mine = (acts.c.number == act.number) & acts.c.state.in_(before)
    return db.execute(update(acts).where(mine).values(**values)).rowcount == 1


def open_steps(db: Connection, chain: str) -> list[Step]:
    """Return the transactions of a chain whose end is not known, in the order of their numbers."""
    mine = act_transactions.c
    query = select(act_transactions).where(mine.chain == chain, mine.state.in_(ON_THEIR_WAY))
    rows = db.execute(query.order_by(mine.account, mine.nonce)).mappings()
    return [_step(row) for row in rows]


def change_step(db: Connection, step: Step, **values: Any) -> None:
    mine = act_transactions.c.id == step.id
    db.execute(update(act_transactions).where(mine).values(**values))


def wait_for(db: Connection, chain: str, reason: str, numbers: Collection[int] | None) -> None:
    """Note why acts on their way stand still; all of the chain where `numbers` is None."""
    standing = (acts.c.chain == chain) & (acts.c.state == SIGNED) & (acts.c.waits_for != reason)
    if numbers is not None:
        standing &= acts.c.number.in_(numbers)
    db.execute(update(acts).where(standing).values(waits_for=reason))


def offered(db: Connection, chain: str) -> list[Act]:
    """Return the acts that were offered to a wallet and for which none has answered."""
    query = select(acts).where(
        acts.c.chain == chain, acts.c.state.in_(TO_SIGN), acts.c.offered_nonce.is_not(None)
    )
    return [_act(db, row) for row in db.execute(query.order_by(acts.c.number)).mappings()]


def settle(db: Connection, origin: Origin, number: int) -> str | None:
    """End an act whose transactions have all ended; returns its new state, None while it goes on.

    A refused or void one makes it refused, also where others took effect; one that was overtaken
    leaves it to be signed again.
    """
    (act,) = acts_numbered(db, [number])
    standing = current(steps_of(db, [number])[number])
    if act.state != SIGNED or len(standing) < len(act.calls):
        return None
    ended = [standing[position] for position in sorted(standing)]
    if any(step.state in ON_THEIR_WAY for step in ended):
        return None
    becomes = {REFUSED: REFUSED, VOID: REFUSED, OVERTAKEN: OVERTAKEN}  # the first one found
    failed = next((step for state in becomes for step in ended if step.state == state), None)
    state = DONE if failed is None else becomes[failed.state]
    error = None
    if failed is not None and failed.error is not None:
        fields = {**failed.error["fields"], "step": failed.position + 1}
        error = {**failed.error, "fields": fields}
    values = {"state": state, "waits_for": NOTHING, "ended_at": origin.now, "error": error}
    if not move(db, act, [SIGNED], **values):
        return None
    record(db, origin, f"act {state}", act)
    return state


def close_unsigned(db: Connection, now: int) -> None:
    """Close every act that nobody has signed, as far as this database knows."""
    values = {"state": LAPSED, "waits_for": NOTHING, "ended_at": now}
    db.execute(update(acts).where(acts.c.state.in_(UNSIGNED)).values(**values))


def on_their_way(db: Connection) -> dict[str, int]:
    """How many signed acts have not ended, by what they wait for."""
    query = select(acts.c.waits_for, func.count()).where(acts.c.state == SIGNED)
    return {row[0]: row[1] for row in db.execute(query.group_by(acts.c.waits_for))}


def lapse(db: Connection, origin: Origin) -> int:
    """Close what nobody signed within a week, or approved within a day; returns how many."""
    late = acts.c.created_at <= origin.now - DRAFT_SECONDS
    expired = select(approvals.c.id).where(
        approvals.c.expires_at <= origin.now, approvals.c.status.in_(("asked", "approved"))
    )
    over = or_(
        acts.c.state.in_((DRAFTED, ASKED, APPROVED)) & late,
        acts.c.state.in_((ASKED, APPROVED)) & acts.c.approval.in_(expired),
        (acts.c.state == OVERTAKEN) & (acts.c.ended_at <= origin.now - DRAFT_SECONDS),
    )
    values = {"state": LAPSED, "waits_for": NOTHING, "ended_at": origin.now}
    closed = db.execute(update(acts).where(over).values(**values).returning(acts)).mappings().all()
    for row in closed:
        record(db, origin, "act lapsed", _act(db, row))
    return len(closed)


@dataclass(frozen=True, slots=True)
class _Actor:
    id: int
    organisation: int


def record(
    db: Connection, origin: Origin, what: str, act: "Act", by: audit_log.Actor | None = None
) -> None:
    """Add a line about an act to the log, in the name of who drafted it where nobody is named."""
    who = by or _Actor(act.user_id, act.organisation)
    audit_log.record(db, origin, what, f"{act.id}: {act.act}", by=who)


def _act(db: Connection, row: RowMapping) -> Act:
    read = {"details": opened(db, row["details"]), "calls": opened(db, row["calls"])}
    return Act(**{**row, **read})


def _step(row: RowMapping) -> Step:
    return Step(**row)
