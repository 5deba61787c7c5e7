"""Invitations and the people who accept them."""

from dataclasses import dataclass

import pyotp
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from tanlian.accounts import audit_log, passwords
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import InvitationRefused, LoginTaken
from tanlian.accounts.secrets_box import SecretsBox, digest, new_token
from tanlian.accounts.tables import invitations, users
from tanlian.domain.errors import NotFound

INVITATION_SECONDS = 7 * 24 * 60 * 60
ISSUER = "Tanlian 碳链"  # what an authenticator app shows


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    organisation: int
    login: str
    name: str
    language: str
    active: bool


@dataclass(frozen=True, slots=True)
class Welcome:
    """What an invited person sees before choosing a login and a password."""

    organisation: int
    name: str
    totp_secret: str
    totp_uri: str


def invite(
    db: Connection, box: SecretsBox, origin: Origin, *, organisation: int, name: str, by: str
) -> str:
    """Return the token of a new invitation; the link with it is handed over out of band."""
    token = new_token()
    db.execute(
        insert(invitations).values(
            token_hash=digest(token),
            organisation=organisation,
            name=name,
            invited_by=by,
            totp_secret=box.lock(pyotp.random_base32().encode()),
            expires_at=origin.now + INVITATION_SECONDS,
        )
    )
    audit_log.record(db, origin, "invited", f"{name} into {organisation} by {by}")
    return token


def welcome(db: Connection, box: SecretsBox, token: str, now: int) -> Welcome:
    """Return what the holder of the token is shown.

    Raises:
        InvitationRefused: unknown, used or expired.
    """
    row = _open_invitation(db, token, now)
    secret = box.open(row["totp_secret"]).decode()
    uri = pyotp.TOTP(secret).provisioning_uri(name=row["name"], issuer_name=ISSUER)
    return Welcome(row["organisation"], row["name"], secret, uri)


def accept(
    db: Connection,
    box: SecretsBox,
    origin: Origin,
    *,
    token: str,
    login: str,
    password: str,
    code: str,
    language: str,
) -> Person:
    """Make the person; the code proves that the authenticator app holds the secret.

    Raises:
        InvitationRefused: unknown, used or expired invitation, or a wrong code.
        WeakPassword, LoginTaken: choose another.
    """
    row = _open_invitation(db, token, origin.now)
    secret = box.open(row["totp_secret"]).decode()
    step = matching_step(secret, code, origin.now, after=0)
    if step is None:
        raise InvitationRefused("The code is not the one your authenticator app shows now.")
    try:
        with db.begin_nested():
            created = db.execute(
                insert(users)
                .values(
                    organisation=row["organisation"],
                    login=login.casefold(),
                    name=row["name"],
                    language=language,
                    password_hash=passwords.hashed(password, login),
                    totp_secret=row["totp_secret"],
                    totp_last_step=step,
                    active=True,
                    created_at=origin.now,
                )
                .returning(users.c.id)
            ).scalar_one()
    except IntegrityError:
        raise LoginTaken(f"The login {login!r} is taken; choose another.") from None
    db.execute(update(invitations).where(invitations.c.id == row["id"]).values(used_at=origin.now))
    joined = person(db, created)
    audit_log.record(db, origin, "joined", login, by=joined)
    return joined


def person(db: Connection, user_id: int) -> Person:
    """Return one person.

    Raises:
        NotFound: nobody has that number.
    """
    row = db.execute(select(users).where(users.c.id == user_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no user {user_id}.", user_id=user_id)
    return _person(row)


def people_of(db: Connection, organisation: int) -> list[Person]:
    rows = db.execute(
        select(users).where(users.c.organisation == organisation).order_by(users.c.id)
    )
    return [_person(row) for row in rows.mappings()]


def deactivate(db: Connection, origin: Origin, user_id: int, by: Person) -> None:
    """Let a person of one's own organisation sign in no more.

    Raises:
        NotFound: nobody of the organisation has that number.
    """
    found = db.execute(
        update(users)
        .where(users.c.id == user_id, users.c.organisation == by.organisation)
        .values(active=False)
        .returning(users.c.login)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"Your organisation has no user {user_id}.", user_id=user_id)
    audit_log.record(db, origin, "deactivated", found, by=by)


def matching_step(secret: str, code: str, now: int, *, after: int) -> int | None:
    """Return the 30-second step of the code: the current or the last one, later than `after`."""
    totp = pyotp.TOTP(secret)
    current = now // totp.interval
    for step in (current, current - 1):
        if step > after and pyotp.utils.strings_equal(totp.at(step * totp.interval), code):
            return step
    return None


def _open_invitation(db: Connection, token: str, now: int) -> RowMapping:
    row = (
        db.execute(select(invitations).where(invitations.c.token_hash == digest(token)))
        .mappings()
        .one_or_none()
    )
    if row is None or row["used_at"] is not None or row["expires_at"] <= now:
        raise InvitationRefused(
            "This invitation is unknown, used or expired; ask your regulator for a new one."
        )
    return row


def _person(row: RowMapping) -> Person:
    return Person(
        row["id"], row["organisation"], row["login"], row["name"], row["language"], row["active"]
    )
