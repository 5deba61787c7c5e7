"""Keys at hand: who can sign, what is unlocked, and asking again before sensitive acts."""

from dataclasses import dataclass

from flask import Response, request

from tanlian.accounts import keystore, sign_in
from tanlian.accounts import payees as trusted
from tanlian.accounts.errors import KeyLocked
from tanlian.accounts.payees import Payee
from tanlian.domain.errors import InvalidInput
from tanlian.readmodel.queries import members
from tanlian.services.acts.act import Act
from tanlian.services.outbox import key_from
from tanlian.web import current
from tanlian.web.security import set_secret_cookie

UNLOCKED_COOKIE = "tanlian_unlocked"


@dataclass(frozen=True, slots=True)
class Signer:
    """An account of the organisation; one that is not stored here signs in a wallet."""

    address: str
    label: str
    is_stored: bool
    is_unlocked: bool


def signers() -> list[Signer]:
    """Return the accounts that can sign for the organisation: unlocked ones first."""
    organisation = current.session().person.organisation
    with current.office().engine.connect() as db:
        stored = {key.address: key.label for key in keystore.keys_of(db, organisation)}
    with current.tables() as db:
        registered = members.accounts_of(db, organisation)
    unlocked = unlocked_address()
    found = [
        Signer(a, stored.get(a, ""), a in stored, a == unlocked)
        for a in (address.lower() for address in registered)
    ]
    return sorted(found, key=lambda s: (not s.is_unlocked, not s.is_stored, s.address))


def cookie() -> str | None:
    return request.cookies.get(UNLOCKED_COOKIE)


def unlocked_address() -> str | None:
    """Return the account whose key this browser has unlocked, if any."""
    office = current.office()
    try:
        with office.engine.begin() as db:
            secret = keystore.unlocked_key(db, current.session(), cookie(), office.now())
    except KeyLocked:
        return None
    return str(key_from(secret).address).lower()


def is_unlocked(account: str) -> bool:
    return unlocked_address() == account.lower()


def is_stored(account: str) -> bool:
    organisation = current.session().person.organisation
    with current.office().engine.connect() as db:
        return account.lower() in {key.address for key in keystore.keys_of(db, organisation)}


def check_account(account: str) -> None:
    """Refuse to act with an account of another organisation.

    Raises:
        InvalidInput: none was chosen, or it does not act for the organisation.
    """
    if account.lower() not in {signer.address for signer in signers()}:
        raise InvalidInput("Choose an account of your organisation to sign with.")


def is_ready(act: Act, account: str) -> bool:
    """Whether the act can be signed without asking anything more."""
    office, session = current.office(), current.session()
    if act.sensitive and not session.is_confirmed(office.now()):
        return False
    if current.window().needs_second_person(session.person, act):
        return False
    return is_unlocked(account)


def confirm_if_asked(act: Act) -> None:
    """Check the password that a sensitive act asks for when the last time is too long ago.

    Raises:
        SignInRefused: it is wrong. TooManyAttempts: after several failures.
    """
    office, session = current.office(), current.session()
    if act.sensitive and not session.is_confirmed(office.now()):
        password = request.form.get("password", "")
        sign_in.confirm(office.engine, current.origin(), session, password)


def unlock_if_asked(account: str) -> str | None:
    """Unlock the key with the passphrase that was given; returns the secret for the cookie.

    Raises:
        WrongPassphrase: the keyfile does not open.
    """
    passphrase = request.form.get("passphrase", "")
    if not passphrase or is_unlocked(account):
        return None
    with current.office().engine.begin() as db:
        return keystore.unlock(
            db, current.origin(), current.session(), address=account, passphrase=passphrase
        )


def keep_unlocked(answer: Response, secret: str) -> None:
    set_secret_cookie(
        answer, current.config(), UNLOCKED_COOKIE, secret, seconds=keystore.UNLOCKED_SECONDS
    )


def payees() -> list[Payee]:
    with current.office().engine.connect() as db:
        return trusted.payees_of(db, current.session().person.organisation)
