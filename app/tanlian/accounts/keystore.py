"""The keys of organisations, encrypted; unlocked for a bounded time by one session.

An unlocked key is stored encrypted with a secret that only the browser holds (its cookie), so
neither the database nor the server's memory alone gives it away, and any server process can use it.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from eth_account import Account
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from tanlian.accounts import audit_log, passwords
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import KeyLocked, WrongPassphrase
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import new_token
from tanlian.accounts.sign_in import Session
from tanlian.accounts.tables import keys, sessions
from tanlian.domain.errors import InvalidInput, NotFound

UNLOCKED_SECONDS = 10 * 60


@dataclass(frozen=True, slots=True)
class StoredKey:
    address: str
    organisation: int
    label: str
    created_at: int


def keep(
    db: Connection, origin: Origin, by: Person, *, label: str, keyfile: Mapping[str, Any]
) -> StoredKey:
    """Store the V3 keyfile of one of the organisation's accounts.

    Raises:
        InvalidInput: it is no V3 keyfile with an address, or the address is stored already.
    """
    address = keyfile.get("address")
    if keyfile.get("version") != 3 or not isinstance(address, str) or "crypto" not in keyfile:
        raise InvalidInput("This is no Ethereum V3 keyfile; export one from your wallet.")
    full = "0x" + address.removeprefix("0x").lower()
    if db.scalar(select(keys.c.address).where(keys.c.address == full)) is not None:
        raise InvalidInput(f"The key of {full} is stored already.", address=full)
    db.execute(
        insert(keys).values(
            address=full,
            organisation=by.organisation,
            label=label,
            keyfile=dict(keyfile),
            created_at=origin.now,
        )
    )
    audit_log.record(db, origin, "key stored", full, by=by)
    return StoredKey(full, by.organisation, label, origin.now)


def make(
    db: Connection, origin: Origin, by: Person, *, label: str, passphrase: str
) -> tuple[StoredKey, bytes]:
    """Make a new key and store it encrypted; returns it with its secret, which is kept nowhere.

    Raises:
        WeakPassword: the passphrase is too short or too well known.
    """
    passwords.refuse_weak(passphrase, label)
    account = Account.create(secrets.token_hex(32))
    keyfile = Account.encrypt(bytes(account.key), passphrase)
    return keep(db, origin, by, label=label, keyfile=keyfile), bytes(account.key)


def exported(db: Connection, origin: Origin, by: Person, address: str) -> dict[str, Any]:
    """Return the encrypted keyfile of one of the organisation's keys, for a backup.

    Raises:
        NotFound: the organisation has no such key.
    """
    keyfile: dict[str, Any] = _keyfile(db, by.organisation, address)
    audit_log.record(db, origin, "key exported", address, by=by)
    return keyfile


def keys_of(db: Connection, organisation: int) -> list[StoredKey]:
    query = select(keys).where(keys.c.organisation == organisation).order_by(keys.c.created_at)
    return [
        StoredKey(r["address"], r["organisation"], r["label"], r["created_at"])
        for r in db.execute(query).mappings()
    ]


def unlock(
    db: Connection, origin: Origin, current: Session, *, address: str, passphrase: str
) -> str:
    """Open a key for ten minutes; returns the secret for the browser's cookie.

    Raises:
        NotFound: the organisation has no such key.
        WrongPassphrase: the keyfile does not open.
    """
    who = current.person
    keyfile = _keyfile(db, who.organisation, address)
    try:
        secret = bytes(Account.decrypt(json.dumps(keyfile), passphrase))
    except ValueError:
        raise WrongPassphrase("The passphrase does not open this key.") from None
    cookie = new_token()
    this = sessions.c.token_hash == current.token_hash
    db.execute(
        update(sessions)
        .where(this)
        .values(unlocked=_box(cookie).encrypt(secret), unlocked_until=origin.now + UNLOCKED_SECONDS)
    )
    audit_log.record(db, origin, "key unlocked", address, by=who)
    return cookie


def unlocked_key(db: Connection, current: Session, cookie: str | None, now: int) -> bytes:
    """Return the private key that this session unlocked.

    Raises:
        KeyLocked: nothing is unlocked, the time is over, or the cookie is not the one.
    """
    this = sessions.c.token_hash == current.token_hash
    row = db.execute(select(sessions.c.unlocked, sessions.c.unlocked_until).where(this)).one()
    locked = KeyLocked("Unlock your organisation's key first.")
    if cookie is None or row.unlocked is None or row.unlocked_until <= now:
        raise locked
    try:
        return _box(cookie).decrypt(row.unlocked)
    except InvalidToken:
        raise locked from None


def lock(db: Connection, current: Session) -> None:
    this = sessions.c.token_hash == current.token_hash
    db.execute(update(sessions).where(this).values(unlocked=None, unlocked_until=None))


def _keyfile(db: Connection, organisation: int, address: str) -> dict[str, Any]:
    mine = (keys.c.address == address.lower()) & (keys.c.organisation == organisation)
    keyfile: dict[str, Any] | None = db.scalar(select(keys.c.keyfile).where(mine))
    if keyfile is None:
        raise NotFound(f"Your organisation has no key {address}.", address=address)
    return keyfile


def _box(cookie: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(cookie.encode()).digest()))
