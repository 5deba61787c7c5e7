"""For whom a program speaks, and the key with which it signs."""

from flask import g, request

from tanlian.accounts import api_access, throttle
from tanlian.accounts.api_access import ProgramSigner
from tanlian.accounts.errors import ApiKeyRefused
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import digest
from tanlian.web import current
from tanlian.web.guards import bearer_token
from tanlian.web.security import client_address


def person_of(token: str, writes: bool) -> Person:
    """Return the person for whom an API key speaks; wrong keys slow their network address down.

    Raises:
        ApiKeyRefused, TooManyAttempts, TooManyRequests.
    """
    office = current.office()
    subject, now = f"api:{client_address(request)[:64]}", office.now()
    with office.engine.begin() as db:
        throttle.check(db, subject, now)
    try:
        with office.engine.begin() as db:
            found = api_access.bearer(db, token, now, writes=writes)
    except ApiKeyRefused:
        with office.engine.begin() as db:
            throttle.failed(db, subject, now)
        raise
    g.requests_left = current.rates().take(digest(token))
    return found


def person() -> Person:
    """The person of this request's API key."""
    found: Person = g.person
    return found


def signer() -> ProgramSigner | None:
    with current.office().engine.connect() as db:
        return api_access.signer_of(db, bearer_token())
