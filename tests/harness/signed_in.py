"""People who are signed in, for pages over a real chain: a session without the form in between."""

import time
from dataclasses import dataclass

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from tanlian.accounts import people, sign_in
from tanlian.accounts.audit_log import Origin
from tanlian.web.app import Office
from tanlian.web.guards import SESSION_COOKIE

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person signs in with, beside PASSWORD."""

    login: str
    secret: str


def joined(office: Office, organisation: int, language: str = "en") -> Credentials:
    """Invite a person of an organisation and let the person join, a minute ago.

    An empty language is that of the browser.
    """
    login = f"person-{organisation}-{time.monotonic_ns()}"[:32]
    before = Origin("test", office.now() - 60)
    with office.engine.begin() as db:
        token = people.invite(
            db, office.box, before, organisation=organisation, name="Wang Li", by="test"
        )
        secret = people.welcome(db, office.box, token, before.now).totp_secret
        people.accept(
            db, office.box, before, token=token, login=login, password=PASSWORD,
            code=pyotp.TOTP(secret).at(before.now), language=language,
        )  # fmt: skip
    return Credentials(login, secret)


def session_token(office: Office, organisation: int, language: str = "en") -> str:
    """Let a person of an organisation join and sign in; returns the cookie."""
    who, now = joined(office, organisation, language), office.now()
    found, _ = sign_in.sign_in(
        office.engine, office.box, Origin("test", now), login=who.login, password=PASSWORD,
        code=pyotp.TOTP(who.secret).at(now),
    )  # fmt: skip
    return found


def client_of(app: Flask, office: Office, organisation: int, language: str = "en") -> FlaskClient:
    """Return a browser without scripts in which a person of the organisation is signed in."""
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, session_token(office, organisation))
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client
