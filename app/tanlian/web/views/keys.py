"""The keys of an organisation: storing, making, unlocking, exporting them."""

import json

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tanlian.accounts import keystore, sign_in
from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.services.organisations import consent_of
from tanlian.services.outbox import key_from
from tanlian.web import current, signing
from tanlian.web.guards import member
from tanlian.web.security import local_target

MAX_KEYFILE_BYTES = 64 * 1024
MAX_LABEL = 64


@member
def keys() -> ResponseReturnValue:
    return _page(None)


@member
def upload() -> ResponseReturnValue:
    """Keep an encrypted keyfile that the organisation already has."""
    try:
        with current.office().engine.begin() as db:
            keystore.keep(
                db, current.origin(), current.session().person, label=_label(), keyfile=_keyfile()
            )
    except TanlianError as error:
        return _page(error)
    return redirect(url_for("keys"), 303)


@member
def make() -> ResponseReturnValue:
    """Make a key here; a form then adds its account to the organisation."""
    who = current.session().person
    try:
        if request.form.get("passphrase") != request.form.get("again"):
            raise InvalidInput("The two passphrases differ; type the same twice.")
        with current.office().engine.begin() as db:
            stored, secret = keystore.make(
                db,
                current.origin(),
                who,
                label=_label(),
                passphrase=request.form.get("passphrase", ""),
            )
            consent = consent_of(current.outbox().access, key_from(secret), who.organisation)
    except TanlianError as error:
        return _page(error)
    form = url_for(
        "act_form",
        name="account.add",
        next=url_for("keys"),
        account=stored.address,
        consent="0x" + consent.hex(),
    )
    return redirect(form, 303)


@member
def unlock() -> ResponseReturnValue:
    try:
        secret = signing.unlock_if_asked(request.form.get("address", ""))
    except TanlianError as error:
        return _page(error)
    answer = make_response(redirect(_next(), 303))
    if secret is not None:
        signing.keep_unlocked(answer, secret)
    return answer


@member
def lock() -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        keystore.lock(db, current.session())
    answer = make_response(redirect(_next(), 303))
    answer.delete_cookie(signing.UNLOCKED_COOKIE)
    return answer


@member
def export(address: str) -> ResponseReturnValue:
    """Hand out the keyfile, encrypted as it is, after the password was given again."""
    office, session = current.office(), current.session()
    try:
        password = request.form.get("password", "")
        sign_in.confirm(office.engine, current.origin(), session, password)
        with office.engine.begin() as db:
            keyfile = keystore.exported(db, current.origin(), session.person, address)
    except TanlianError as error:
        return _page(error)
    return Response(
        json.dumps(keyfile),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{address}.json"'},
    )


def _page(refusal: TanlianError | None) -> ResponseReturnValue:
    page = render_template("keys.html", signers=signing.signers(), refusal=refusal, next=_next())
    return page, 200 if refusal is None else 422


def _next() -> str:
    return local_target(request.args.get("next"), url_for("keys"))


def _label() -> str:
    label = request.form.get("label", "").strip()
    if not 0 < len(label) <= MAX_LABEL:
        raise InvalidInput(f"A key needs a name of at most {MAX_LABEL} characters.")
    return label


def _keyfile() -> dict[str, object]:
    """Read the uploaded keyfile.

    Raises:
        InvalidInput: none, too large, or no JSON object.
    """
    upload_ = request.files.get("keyfile")
    content = upload_.read(MAX_KEYFILE_BYTES + 1) if upload_ is not None else b""
    refused = InvalidInput("This is no Ethereum V3 keyfile; export one from your wallet.")
    if not content or len(content) > MAX_KEYFILE_BYTES:
        raise refused
    try:
        found = json.loads(content)
    except ValueError:
        raise refused from None
    if not isinstance(found, dict):
        raise refused
    return found
