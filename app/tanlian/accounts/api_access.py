"""Programs of a member: API keys, and answers remembered per idempotency key."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.fernet import Fernet
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import AnswerKnown, ApiKeyRefused, IdempotencyConflict
from tanlian.accounts.people import Person, person
from tanlian.accounts.sealing import mark
from tanlian.accounts.secrets_box import digest, new_token
from tanlian.accounts.tables import answers, api_keys
from tanlian.domain.errors import InvalidInput, NotFound

PREFIX = "tl_"  # so that secret scanners recognise a key that leaked
LONGEST_DAYS = 366
_DAY = 24 * 60 * 60
REMEMBERED_SECONDS = 2 * _DAY


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: int
    label: str
    may_write: bool
    signer: str | None
    sensitive: bool
    expires_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class ProgramSigner:
    """The key with which a program signs; `sensitive`: also acts that ask people again."""

    address: str
    secret: bytes
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is to be done once: its idempotency key and the SHA-256 of what it asks."""

    key: str
    request_hash: str

    @classmethod
    def of(cls, key: str, request: bytes) -> "Once":
        return cls(key, hashlib.sha256(request).hexdigest())


def issue(
    db: Connection,
    origin: Origin,
    by: Person,
    *,
    label: str,
    may_write: bool,
    days: int,
    signer: ProgramSigner | None = None,
) -> str:
    """Return a new API key; it is shown once and stored as a hash.

    The key of `signer` is stored encrypted with the token: only who holds the token can use it.

    Raises:
        InvalidInput: it would live longer than a year, or not at all.
    """
    if not 0 < days <= LONGEST_DAYS:
        raise InvalidInput(f"An API key lives between 1 and {LONGEST_DAYS} days.", days=days)
    token = PREFIX + new_token()
    db.execute(
        insert(api_keys).values(
            organisation=by.organisation,
            user_id=by.id,
            label=label,
            token_hash=digest(token),
            may_write=may_write,
            signer=signer.address if signer else None,
            signing=_box(token).encrypt(signer.secret) if signer else None,
            sensitive=signer.sensitive if signer else False,
            created_at=origin.now,
            expires_at=origin.now + days * _DAY,
        )
    )
    audit_log.record(db, origin, "API key issued", label, by=by)
    return token


def bearer(db: Connection, token: str, now: int, *, writes: bool) -> Person:
    """Return for whom a key speaks.

    Raises:
        ApiKeyRefused: unknown, expired, revoked, its person was removed, or it may only read.
    """
    key = db.execute(select(api_keys).where(api_keys.c.token_hash == digest(token)))
    row = key.mappings().one_or_none()
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= now:
        raise ApiKeyRefused("The API key is unknown, expired or revoked.")
    who = person(db, row["user_id"])
    if not who.active:
        raise ApiKeyRefused("The API key is unknown, expired or revoked.")
    if writes and not row["may_write"]:
        raise ApiKeyRefused("This API key may only read; issue one that may write.")
    return who


def signer_of(db: Connection, token: str) -> ProgramSigner | None:
    """Return the key with which a program signs; none where it signs itself."""
    query = select(api_keys).where(api_keys.c.token_hash == digest(token))
    row = db.execute(query).mappings().one_or_none()
    if row is None or row["signing"] is None:
        return None
    secret = _box(token).decrypt(row["signing"])
    return ProgramSigner(row["signer"], secret, row["sensitive"])


def keys_of(db: Connection, organisation: int) -> list[ApiKey]:
    query = select(api_keys).where(api_keys.c.organisation == organisation).order_by(api_keys.c.id)
    return [
        ApiKey(
            r["id"],
            r["label"],
            r["may_write"],
            r["signer"],
            r["sensitive"],
            r["expires_at"],
            r["revoked_at"],
        )
        for r in db.execute(query).mappings()
    ]


def revoke(db: Connection, origin: Origin, by: Person, number: int) -> None:
    """End a key of one's own organisation.

    Raises:
        NotFound: it has no live key of that number.
    """
    live = (
        (api_keys.c.id == number)
        & (api_keys.c.organisation == by.organisation)
        & (api_keys.c.revoked_at.is_(None))
    )
    change = update(api_keys).where(live).values(revoked_at=origin.now, signing=None)
    label = db.execute(change.returning(api_keys.c.label)).scalar_one_or_none()
    if label is None:
        raise NotFound(f"Your organisation has no live API key {number}.", number=number)
    audit_log.record(db, origin, "API key revoked", label, by=by)


def answer(db: Connection, organisation: int, once: Once) -> str | None:
    """Return the act that this request became; none if it is new.

    Raises:
        IdempotencyConflict: the key was used for another request.
    """
    owned = (answers.c.organisation == organisation) & (answers.c.key == once.key)
    row = db.execute(select(answers.c.request_hash, answers.c.act).where(owned)).one_or_none()
    if row is not None and row.request_hash != mark(db, once.request_hash):
        raise IdempotencyConflict(
            "This idempotency key was used for another request; use a new one."
        )
    return None if row is None else str(row.act)


def remember(db: Connection, organisation: int, once: Once, act: str, now: int) -> None:
    """Keep what a request became, in the transaction that stores the act.

    Raises:
        AnswerKnown: another request with this key came first; the transaction is to be given up.
    """
    try:
        db.execute(
            insert(answers).values(
                organisation=organisation,
                key=once.key,
                request_hash=mark(db, once.request_hash),
                act=act,
                created_at=now,
            )
        )
    except IntegrityError:
        raise AnswerKnown from None


def sweep(db: Connection, now: int) -> int:
    """Delete answers older than two days; returns how many."""
    old = answers.c.created_at <= now - REMEMBERED_SECONDS
    return db.execute(delete(answers).where(old)).rowcount


def _box(token: str) -> Fernet:
    """What only the holder of the token opens; the database has another hash of it."""
    key = hashlib.sha256(b"tanlian program key" + token.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
