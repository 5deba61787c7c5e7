"""To whom the organisation lets its money be paid out."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tanlian.accounts import payees as trusted
from tanlian.accounts import sign_in
from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.identity import reference_of
from tanlian.web import current, signing
from tanlian.web.guards import member

MAX_LABEL = 96


@member
def payees() -> ResponseReturnValue:
    return _page(None)


@member
def add() -> ResponseReturnValue:
    """Name a payee, after the password was given again; it can be used a day later."""
    office, session = current.office(), current.session()
    label, bank_account = request.form.get("label", "").strip(), request.form.get("account", "")
    try:
        sign_in.confirm(office.engine, current.origin(), session, request.form.get("password", ""))
        if not 0 < len(label) <= MAX_LABEL:
            raise InvalidInput(f"A payee needs a name of at most {MAX_LABEL} characters.")
        payee = "0x" + reference_of(bank_account).hex()
        with office.engine.begin() as db:
            trusted.add(db, current.origin(), session.person, payee=payee, label=label)
    except TanlianError as error:
        return _page(error)
    return redirect(url_for("payees"), 303)


@member
def remove(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        trusted.remove(db, current.origin(), current.session().person, number)
    return redirect(url_for("payees"), 303)


def _page(refusal: TanlianError | None) -> ResponseReturnValue:
    now = current.office().now()
    page = render_template("payees.html", payees=signing.payees(), now=now, refusal=refusal)
    return page, 200 if refusal is None else 422
