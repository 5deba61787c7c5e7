"""Webhooks for programs: whom the organisation has told of its events."""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tanlian.accounts import webhooks
from tanlian.accounts.webhooks import Webhook
from tanlian.domain.errors import InvalidInput
from tanlian.services.webhooks import kinds_of
from tanlian.web import current
from tanlian.web.api import programs
from tanlian.web.api.lists import cursor
from tanlian.web.guards import program


@program(writes=False)
def receivers() -> ResponseReturnValue:
    with current.office().engine.connect() as db:
        found = webhooks.of_organisation(db, programs.person().organisation)
    return jsonify(items=[shown(one) for one in found])


@program(writes=True)
def add() -> ResponseReturnValue:
    """Have a receiver told; the secret that signs is answered once."""
    office, given = current.office(), request.get_json(silent=True)
    if not isinstance(given, dict) or set(given) - {"url", "kinds", "after"}:
        raise InvalidInput('Send {"url": "https://...", "kinds": ["market.Traded"]}.')
    url, kinds, after = given.get("url"), given.get("kinds", []), given.get("after")
    is_list = isinstance(kinds, list) and all(isinstance(one, str) for one in kinds)
    if not isinstance(url, str) or not is_list or not isinstance(after, str | None):
        raise InvalidInput('Send {"url": "https://...", "kinds": ["market.Traded"]}.')
    known = kinds_of(office.outbox.access.contracts)
    place = None if after is None else cursor(after)
    number, secret = office.courier.subscribe(
        current.origin(), programs.person(), known, url=url, kinds=kinds, after=place
    )
    return jsonify(_one(number) | {"secret": secret}), 201


@program(writes=False)
def one(number: int) -> ResponseReturnValue:
    return jsonify(_one(number))


@program(writes=True)
def remove(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        webhooks.remove(db, current.origin(), programs.person(), number)
    return "", 204


@program(writes=True)
def renew_secret(number: int) -> ResponseReturnValue:
    office = current.office()
    with office.engine.begin() as db:
        secret = webhooks.renew_secret(db, office.box, current.origin(), programs.person(), number)
    return jsonify(_one(number) | {"secret": secret})


@program(writes=True)
def resume(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        webhooks.resume(db, current.origin(), programs.person(), number)
    return jsonify(_one(number))


@program(writes=True)
def try_out(number: int) -> ResponseReturnValue:
    """Send a message about nothing; answers with the receiver's status."""
    office = current.office()
    with office.engine.connect() as db:
        found = webhooks.webhook(db, programs.person().organisation, number)
    return jsonify(status=office.courier.try_out(found))


def _one(number: int) -> dict[str, Any]:
    with current.office().engine.connect() as db:
        return shown(webhooks.webhook(db, programs.person().organisation, number))


def shown(one: Webhook) -> dict[str, Any]:
    """Return a receiver as programs see it."""
    return {
        "id": one.id,
        "url": one.url,
        "kinds": list(one.kinds),
        "after": f"{one.block}.{one.log_index}",
        "failures": one.failures,
        "failing_since": one.failing_since,
        "retry_at": one.retry_at if one.failures else None,
        "paused_at": one.paused_at,
        "tried_at": one.tried_at,
        "answer": one.answer,
        "created_at": one.created_at,
    }
