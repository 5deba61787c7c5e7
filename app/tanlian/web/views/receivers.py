"""The page of webhooks: whom the organisation has told of its events, and how that goes."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tanlian.accounts import sign_in, webhooks
from tanlian.domain.errors import TanlianError
from tanlian.services.webhooks import kinds_of
from tanlian.web import current
from tanlian.web.guards import member


@member
def receivers() -> ResponseReturnValue:
    return _page()


@member
def add() -> ResponseReturnValue:
    """Have a receiver told from now on, after the password was given again."""
    office, session = current.office(), current.session()
    try:
        sign_in.confirm(office.engine, current.origin(), session, request.form.get("password", ""))
        _, secret = office.courier.subscribe(
            current.origin(),
            session.person,
            kinds_of(office.outbox.access.contracts),
            url=request.form.get("url", "").strip(),
            kinds=request.form.get("kinds", "").replace(",", " ").split(),
        )
    except TanlianError as error:
        return _page(refusal=error)
    return _page(secret=secret)


@member
def remove(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        webhooks.remove(db, current.origin(), current.session().person, number)
    return _page()


@member
def renew_secret(number: int) -> ResponseReturnValue:
    office, session = current.office(), current.session()
    try:
        sign_in.confirm(office.engine, current.origin(), session, request.form.get("password", ""))
    except TanlianError as error:
        return _page(refusal=error)
    with office.engine.begin() as db:
        secret = webhooks.renew_secret(db, office.box, current.origin(), session.person, number)
    return _page(secret=secret)


@member
def resume(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        webhooks.resume(db, current.origin(), current.session().person, number)
    return _page()


@member
def try_out(number: int) -> ResponseReturnValue:
    office = current.office()
    with office.engine.connect() as db:
        found = webhooks.webhook(db, current.session().person.organisation, number)
    try:
        status = office.courier.try_out(found)
    except TanlianError as error:
        return _page(refusal=error)
    return _page(said=gettext("The receiver answered: HTTP %(status)s.", status=status))


def _page(
    *, secret: str | None = None, said: str | None = None, refusal: TanlianError | None = None
) -> ResponseReturnValue:
    office = current.office()
    with office.engine.connect() as db:
        listed = webhooks.of_organisation(db, current.session().person.organisation)
    page = render_template(
        "webhooks.html", listed=listed, secret=secret, said=said, refusal=refusal,
        known=kinds_of(office.outbox.access.contracts),
    )  # fmt: skip
    return page, 200 if refusal is None else 422
