"""The programs of an organisation: API keys, shown once, revoked at any time."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from tanlian.accounts import api_access, keystore, sign_in
from tanlian.accounts.api_access import ProgramSigner
from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.services.outbox import key_from
from tanlian.web import current, signing
from tanlian.web.guards import member

MAX_LABEL = 96
DAYS = 90


@member
def programs() -> ResponseReturnValue:
    return _page()


@member
def issue() -> ResponseReturnValue:
    """Issue a key, after the password was given again; it can sign with the unlocked key."""
    office, session = current.office(), current.session()
    label = request.form.get("label", "").strip()
    try:
        sign_in.confirm(office.engine, current.origin(), session, request.form.get("password", ""))
        if not 0 < len(label) <= MAX_LABEL:
            raise InvalidInput(f"A program needs a name of at most {MAX_LABEL} characters.")
        with office.engine.begin() as db:
            token = api_access.issue(
                db,
                current.origin(),
                session.person,
                label=label,
                may_write=request.form.get("may_write") == "yes",
                days=request.form.get("days", DAYS, type=int),
                signer=_signer() if request.form.get("may_sign") == "yes" else None,
            )
    except TanlianError as error:
        return _page(refusal=error)
    return _page(token=token)


@member
def revoke(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        api_access.revoke(db, current.origin(), current.session().person, number)
    return _page()


def _signer() -> ProgramSigner:
    """Return the unlocked key for the program.

    Raises:
        KeyLocked: none is unlocked.
    """
    office, session = current.office(), current.session()
    with office.engine.begin() as db:
        secret = keystore.unlocked_key(db, session, signing.cookie(), office.now())
    address = str(key_from(secret).address).lower()
    return ProgramSigner(address, secret, request.form.get("sensitive") == "yes")


def _page(*, token: str | None = None, refusal: TanlianError | None = None) -> ResponseReturnValue:
    office = current.office()
    with office.engine.connect() as db:
        listed = api_access.keys_of(db, current.session().person.organisation)
    page = render_template(
        "programs.html", listed=listed, token=token, refusal=refusal, now=office.now(),
        unlocked=signing.unlocked_address(), days=DAYS,
    )  # fmt: skip
    return page, 200 if refusal is None else 422
