"""Receivers that an organisation has told of its events, and how far each was told.

Deliveries are at least once and in order: the place of the last event is stored after the receiver
took it. A receiver that fails is tried again ever later, and paused after some days.
"""

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.tables import webhooks
from tanlian.domain.errors import InvalidInput, NotFound

MOST = 8  # of an organisation
SECRET_BYTES = 32
PREFIX = "whsec_"  # of secrets, as in Standard Webhooks
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 5, 60 * 60
PATIENCE_SECONDS = 3 * 24 * 60 * 60  # of failures until a receiver is paused
OVERLAP_SECONDS = 24 * 60 * 60  # in which a former secret signs too
LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver; `kinds` are contracts or contract.Event, none of them: everything.

    `failing_since`, `retry_at`, `paused_at` and `tried_at` are UTC seconds; `answer` says what the
    last try came to.
    """

    id: int
    organisation: int
    url: str
    kinds: tuple[str, ...]
    block: int
    log_index: int
    failures: int
    failing_since: int | None
    retry_at: int
    paused_at: int | None
    tried_at: int | None
    answer: str | None
    created_at: int
    secret: bytes = field(repr=False)  # encrypted, like the former one
    former_secret: bytes | None = field(repr=False)
    former_until: int | None

    def secrets(self, now: int) -> list[bytes]:
        """Return the encrypted secrets that sign now, the newest first."""
        former = self.former_secret
        return [self.secret, *([former] if former and now < (self.former_until or 0) else [])]

    def wants(self, contract: str, event: str) -> bool:
        return not self.kinds or contract in self.kinds or f"{contract}.{event}" in self.kinds


def add(
    db: Connection,
    box: SecretsBox,
    origin: Origin,
    by: Person,
    *,
    url: str,
    kinds: tuple[str, ...],
    after: tuple[int, int],
) -> tuple[int, str]:
    """Have a receiver told of everything behind `after` (block, log index).

    Returns its number and the secret that signs what it is sent, shown once.

    Raises:
        InvalidInput: it is told already, or the organisation has too many receivers.
    """
    owned = webhooks.c.organisation == by.organisation
    if db.execute(select(func.count()).select_from(webhooks).where(owned)).scalar_one() >= MOST:
        raise InvalidInput(f"An organisation has at most {MOST} webhooks; remove one first.")
    secret, (block, log_index) = _new_secret(), after
    try:
        number: int = db.execute(
            insert(webhooks)
            .values(
                organisation=by.organisation,
                user_id=by.id,
                url=url,
                kinds=list(kinds),
                secret=box.lock(secret.encode()),
                block=block,
                log_index=log_index,
                failures=0,
                retry_at=origin.now,
                created_at=origin.now,
            )
            .returning(webhooks.c.id)
        ).scalar_one()
    except IntegrityError:
        raise InvalidInput("This address has a webhook already; remove that one first.") from None
    audit_log.record(db, origin, "webhook added", url, by=by)
    return number, secret


def of_organisation(db: Connection, organisation: int) -> list[Webhook]:
    query = select(webhooks).where(webhooks.c.organisation == organisation)
    return [_webhook(row) for row in db.execute(query.order_by(webhooks.c.id)).mappings()]


def webhook(db: Connection, organisation: int, number: int) -> Webhook:
    """Return one receiver of an organisation.

    Raises:
        NotFound: it has none of that number.
    """
    owned = (webhooks.c.id == number) & (webhooks.c.organisation == organisation)
    row = db.execute(select(webhooks).where(owned)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Your organisation has no webhook {number}.", number=number)
    return _webhook(row)


def remove(db: Connection, origin: Origin, by: Person, number: int) -> None:
    """Tell a receiver nothing any more.

    Raises:
        NotFound: the organisation has none of that number.
    """
    found = webhook(db, by.organisation, number)
    db.execute(delete(webhooks).where(webhooks.c.id == found.id))
    audit_log.record(db, origin, "webhook removed", found.url, by=by)


def renew_secret(db: Connection, box: SecretsBox, origin: Origin, by: Person, number: int) -> str:
    """Return a new secret; for a day the former one signs too.

    Raises:
        NotFound: the organisation has none of that number.
    """
    found, secret = webhook(db, by.organisation, number), _new_secret()
    _change(
        db,
        found.id,
        secret=box.lock(secret.encode()),
        former_secret=found.secret,
        former_until=origin.now + OVERLAP_SECONDS,
    )
    audit_log.record(db, origin, "webhook secret renewed", found.url, by=by)
    return secret


def resume(db: Connection, origin: Origin, by: Person, number: int) -> None:
    """Try a failing or paused receiver again now; it is told everything since it was paused.

    Raises:
        NotFound: the organisation has none of that number.
    """
    found = webhook(db, by.organisation, number)
    _change(db, found.id, failures=0, failing_since=None, paused_at=None, retry_at=origin.now)
    audit_log.record(db, origin, "webhook resumed", found.url, by=by)


def due(db: Connection, now: int) -> list[Webhook]:
    """Return the receivers that may be told something now, the one waiting longest first."""
    query = select(webhooks).where(webhooks.c.paused_at.is_(None), webhooks.c.retry_at <= now)
    order = (webhooks.c.tried_at.is_not(None), webhooks.c.tried_at, webhooks.c.id)
    return [_webhook(row) for row in db.execute(query.order_by(*order)).mappings()]


def passed(db: Connection, number: int, place: tuple[int, int]) -> None:
    """Note that everything up to a place (block, log index) was not wanted."""
    _go_on(db, number, place)


def delivered(db: Connection, number: int, place: tuple[int, int], answer: str, now: int) -> None:
    """Note that the receiver took the event at a place."""
    _change(
        db, number, failures=0, failing_since=None, tried_at=now, answer=answer[:LONGEST_ANSWER]
    )
    _go_on(db, number, place)


def failed(db: Connection, one: Webhook, answer: str, now: int, *, for_good: bool = False) -> None:
    """Note a failure; the next try comes ever later, and after three days of them none.

    The waits double, each a random part shorter, so that receivers are not all tried at once.
    """
    wait = min(FIRST_WAIT_SECONDS * 2 ** min(one.failures, 20), LONGEST_WAIT_SECONDS)
    since = one.failing_since or now
    is_over = for_good or now - since >= PATIENCE_SECONDS
    _change(
        db,
        one.id,
        failures=one.failures + 1,
        failing_since=since,
        retry_at=now + wait - secrets.randbelow(wait // 4 + 1),
        paused_at=now if is_over else None,
        tried_at=now,
        answer=answer[:LONGEST_ANSWER],
    )


def _go_on(db: Connection, number: int, place: tuple[int, int]) -> None:
    """Move a receiver's place forth, never back: who lost its turn may come with an old one."""
    block, log_index = place
    is_behind = (webhooks.c.block < block) | (
        (webhooks.c.block == block) & (webhooks.c.log_index < log_index)
    )
    mine = (webhooks.c.id == number) & is_behind
    db.execute(update(webhooks).where(mine).values(block=block, log_index=log_index))


def _change(db: Connection, number: int, **values: Any) -> None:
    db.execute(update(webhooks).where(webhooks.c.id == number).values(**values))


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(
        row["id"],
        row["organisation"],
        row["url"],
        tuple(row["kinds"]),
        row["block"],
        row["log_index"],
        row["failures"],
        row["failing_since"],
        row["retry_at"],
        row["paused_at"],
        row["tried_at"],
        row["answer"],
        row["created_at"],
        row["secret"],
        row["former_secret"],
        row["former_until"],
    )
