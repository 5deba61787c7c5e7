"""The door of a demonstration: a link that lets its one browser sign in as the people of the run.

Only people whom a demonstration made come in by a door; nobody else can be made one of them. The
link works once and binds the browser that used it by a cookie; both end after some hours. Coming in
counts as signing in, not as giving the password: sensitive acts still ask for it.
"""

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from tanlian.accounts import audit_log, sign_in
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import DoorClosed
from tanlian.accounts.people import Person, person
from tanlian.accounts.secrets_box import digest, new_token
from tanlian.accounts.tables import door_people, doors, users

OPEN_SECONDS = 8 * 60 * 60


def let_in(db: Connection, who: Person) -> None:
    """Let a person of a demonstration come in by doors."""
    db.execute(insert(door_people).values(user_id=who.id))


def make(db: Connection, origin: Origin) -> str:
    """Return the token of a new door, for a link that works once.

    Raises:
        DoorClosed: the installation has no people of a demonstration.
    """
    if db.scalar(select(door_people.c.user_id).limit(1)) is None:
        raise DoorClosed(
            "Nobody may come in by a door here: doors are for the people whom `tanlian demo` "
            "makes. Invite people with `tanlian web invite`."
        )
    token = new_token()
    db.execute(insert(doors).values(token_hash=digest(token), expires_at=origin.now + OPEN_SECONDS))
    audit_log.record(db, origin, "door made", "demonstration")
    return token


def open_door(db: Connection, origin: Origin, token: str) -> str:
    """Use a link; returns the secret for the cookie of the browser that it is bound to now.

    Raises:
        DoorClosed: unknown, used or expired.
    """
    browser = new_token()
    fresh = (
        (doors.c.token_hash == digest(token))
        & doors.c.browser_hash.is_(None)
        & (doors.c.expires_at > origin.now)
    )
    if db.execute(update(doors).where(fresh).values(browser_hash=digest(browser))).rowcount != 1:
        raise DoorClosed("This link is unknown, used or expired; make another one.")
    audit_log.record(db, origin, "door opened", "demonstration")
    return browser


def people_behind(db: Connection, browser: str | None, now: int) -> list[Person]:
    """Return whom this browser may sign in as, by organisation.

    Raises:
        DoorClosed: it used no link, or too long ago.
    """
    _check(db, browser, now)
    query = (
        select(users.c.id)
        .join(door_people, door_people.c.user_id == users.c.id)
        .where(users.c.active)
        .order_by(users.c.organisation, users.c.id)
    )
    return [person(db, row[0]) for row in db.execute(query).all()]


def enter(db: Connection, origin: Origin, browser: str | None, user_id: int) -> str:
    """Sign in as a person behind the door; returns the token of the session.

    Raises:
        DoorClosed: this browser has no open door, or the person does not stand behind it.
    """
    for who in people_behind(db, browser, origin.now):
        if who.id == user_id:
            audit_log.record(db, origin, "came in by the door", who.login, by=who)
            return sign_in.new_session(db, who, origin.now, confirmed_at=0)
    raise DoorClosed("Nobody of that number comes in by this door.")


def sweep(db: Connection, now: int) -> int:
    """Delete doors that are over; returns how many."""
    return db.execute(delete(doors).where(doors.c.expires_at <= now)).rowcount


def _check(db: Connection, browser: str | None, now: int) -> None:
    held = (doors.c.browser_hash == digest(browser or "")) & (doors.c.expires_at > now)
    if db.scalar(select(doors.c.token_hash).where(held)) is None:
        raise DoorClosed("This browser has no open door; use a link of `tanlian web door`.")
