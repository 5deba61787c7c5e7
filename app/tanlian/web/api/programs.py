"""For whom a program speaks, and the key with which it signs."""

from flask import g

from tanlian.accounts import api_access
from tanlian.accounts.api_access import ProgramSigner
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import digest
from tanlian.web import current
from tanlian.web.guards import bearer_token


def person_of(token: str, writes: bool) -> Person:
    """Return the person for whom an API key speaks.

    Wrong keys are not slowed down: a key is 256 random bits, and slowing a network address would
    stop the good keys behind it.

    Raises:
        ApiKeyRefused, TooManyRequests.
    """
    office = current.office()
    with office.engine.connect() as db:
        found = api_access.bearer(db, token, office.now(), writes=writes)
    g.requests_left = current.rates().take(digest(token))
    return found


def person() -> Person:
    """The person of this request's API key."""
    found: Person = g.person
    return found


def signer() -> ProgramSigner | None:
    with current.office().engine.connect() as db:
        return api_access.signer_of(db, bearer_token())
