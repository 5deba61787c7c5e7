"""Signing in with password and one-time code, and the sessions that follow."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Connection, Engine

from tanlian.accounts import audit_log, passwords, throttle
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import SessionEnded, SignInRefused
from tanlian.accounts.people import Person, matching_step, person
from tanlian.accounts.secrets_box import SecretsBox, digest, new_token
from tanlian.accounts.tables import sessions, users

IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 60 * 60
CONFIRMED_SECONDS = 5 * 60  # a sensitive act asks for the password when the last time is older


@dataclass(frozen=True, slots=True)
class Session:
    person: Person
    token_hash: str
    confirmed_at: int

    def is_confirmed(self, now: int) -> bool:
        """Whether the password was given recently enough for a sensitive act."""
        return now - self.confirmed_at < CONFIRMED_SECONDS


def sign_in(
    engine: Engine, box: SecretsBox, origin: Origin, *, login: str, password: str, code: str
) -> tuple[str, Person]:
    """Return the token of a new session, for a cookie, and who signed in.

    Failures are counted, by login and by network address, in a transaction of their own: a refusal
    must not undo its own count.

    Raises:
        SignInRefused: login, password or code is wrong, or the person may not sign in any more.
        TooManyAttempts: after several failures.
    """
    # whoever types the password into the field of the login must not find it in the database
    subjects = (f"login:{box.mark(login.casefold())}", f"address:{origin.address[:64]}")
    with engine.begin() as db:
        for subject in subjects:
            throttle.check(db, subject, origin.now)
    with engine.begin() as db:
        found = _right_person(db, box, origin.now, login=login, password=password, code=code)
        if found is not None:
            for subject in subjects:
                throttle.succeeded(db, subject)
            audit_log.record(db, origin, "signed in", found.login, by=found)
            return new_session(db, found, origin.now, confirmed_at=origin.now), found
    with engine.begin() as db:
        for subject in subjects:
            throttle.failed(db, subject, origin.now)
        known = db.scalar(select(users.c.login).where(users.c.login == login.casefold()))
        audit_log.record(db, origin, "sign-in refused", known or "an unknown login")
    raise SignInRefused("Login, password or code is wrong.")


def session(db: Connection, token: str, now: int) -> Session:
    """Return the session of a token, and note that it was used.

    Raises:
        SessionEnded: unknown, idle for 30 minutes, older than 12 hours, or the person was removed.
    """
    key = digest(token)
    row = db.execute(select(sessions).where(sessions.c.token_hash == key)).mappings().one_or_none()
    ended = SessionEnded("Your session has ended; sign in again.")
    if row is None or _is_over(row["created_at"], row["seen_at"], now):
        raise ended
    who = person(db, row["user_id"])
    if not who.active:
        raise ended
    if now - row["seen_at"] >= IDLE_SECONDS // 30:  # spares a write for each request of a page
        db.execute(update(sessions).where(sessions.c.token_hash == key).values(seen_at=now))
    return Session(who, key, row["confirmed_at"])


def confirm(engine: Engine, origin: Origin, current: Session, password: str) -> None:
    """Ask for the password again before a sensitive act.

    Raises:
        SignInRefused: the password is wrong.
        TooManyAttempts: after several failures.
    """
    subject = f"confirm:{current.person.id}"
    with engine.begin() as db:
        throttle.check(db, subject, origin.now)
        stored = db.scalar(select(users.c.password_hash).where(users.c.id == current.person.id))
        if passwords.matches(stored, password):
            throttle.succeeded(db, subject)
            mine = sessions.c.token_hash == current.token_hash
            db.execute(update(sessions).where(mine).values(confirmed_at=origin.now))
            return
        throttle.failed(db, subject, origin.now)
    raise SignInRefused("The password is wrong.")


def sign_out(db: Connection, token: str) -> None:
    db.execute(delete(sessions).where(sessions.c.token_hash == digest(token)))


def sweep(db: Connection, now: int) -> int:
    """Delete sessions that are over; returns how many."""
    over = or_(
        sessions.c.created_at <= now - LONGEST_SECONDS, sessions.c.seen_at <= now - IDLE_SECONDS
    )
    return db.execute(delete(sessions).where(over)).rowcount


def _right_person(
    db: Connection, box: SecretsBox, now: int, *, login: str, password: str, code: str
) -> Person | None:
    row = (
        db.execute(select(users).where(users.c.login == login.casefold())).mappings().one_or_none()
    )
    if not passwords.matches(row["password_hash"] if row else None, password) or row is None:
        return None
    secret = box.open(row["totp_secret"]).decode()
    step = matching_step(secret, code, now, after=row["totp_last_step"])
    if step is None or not row["active"]:
        return None
    unused = (users.c.id == row["id"]) & (users.c.totp_last_step < step)
    if db.execute(update(users).where(unused).values(totp_last_step=step)).rowcount != 1:
        return None  # another request used the same code at the same moment
    if passwords.is_outdated(row["password_hash"]):
        renewed = passwords.rehashed(password)
        db.execute(update(users).where(users.c.id == row["id"]).values(password_hash=renewed))
    return person(db, row["id"])


def new_session(db: Connection, who: Person, now: int, *, confirmed_at: int) -> str:
    """Return the token of a new session; `confirmed_at` is when the password was given."""
    token = new_token()
    db.execute(
        insert(sessions).values(
            token_hash=digest(token),
            user_id=who.id,
            created_at=now,
            seen_at=now,
            confirmed_at=confirmed_at,
        )
    )
    return token


def _is_over(created_at: int, seen_at: int, now: int) -> bool:
    return now - created_at >= LONGEST_SECONDS or now - seen_at >= IDLE_SECONDS
