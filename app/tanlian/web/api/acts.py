"""Acts by programs: drafted, tried out, signed with the program's key or by the program itself."""

from contextlib import suppress
from typing import Any

from flask import Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from tanlian.accounts.errors import ActClosed
from tanlian.domain.errors import InvalidInput
from tanlian.readmodel.queries import members
from tanlian.services.acts import catalogue
from tanlian.services.acts.act import Act, FieldsRefused
from tanlian.services.outbox import key_from
from tanlian.services.submitted import Submitted
from tanlian.web import current
from tanlian.web.api import programs
from tanlian.web.api.lists import number
from tanlian.web.guards import program
from tanlian.web.language import sentence_of

MOST = 500
WAIT_SECONDS = 4
LONGEST_IDEMPOTENCY_KEY = 64


@program(writes=False)
def acts() -> ResponseReturnValue:
    limit = number("limit", 50, least=1, most=MOST)
    before = request.args.get("before")
    found = current.outbox().acts_of(programs.person().organisation, before=before, limit=limit)
    following = found[-1].id if len(found) == limit else None
    return jsonify(items=[shown(one) for one in found], next=following)


@program(writes=False)
def act(act_id: str) -> ResponseReturnValue:
    return jsonify(shown(current.outbox().act(programs.person(), act_id)))


@program(writes=False)
def unsigned(act_id: str) -> ResponseReturnValue:
    return jsonify(items=current.outbox().unsigned(programs.person(), act_id))


@program(writes=True)
def signed(act_id: str) -> ResponseReturnValue:
    """Take transactions that the program signed, in the order of `unsigned`."""
    given = _body().get("raw")
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise InvalidInput('Send the signed transactions: {"raw": ["0x..."]}.')
    try:
        raws = [bytes.fromhex(one.removeprefix("0x")) for one in given]
    except ValueError:
        raise InvalidInput("A signed transaction is no hex text.") from None
    current.outbox().take_signed(current.origin(), programs.person(), act_id, raws)
    return _answer(current.outbox().wait(act_id, WAIT_SECONDS))


@program(writes=True)
def withdraw(act_id: str) -> ResponseReturnValue:
    current.outbox().withdraw(current.origin(), programs.person(), act_id)
    return _answer(current.outbox().act(programs.person(), act_id))


@program(writes=True)
def do(name: str) -> ResponseReturnValue:
    """Do an act of the catalogue with the values of the body."""
    declared, values, who = catalogue.act(name), _body(), programs.person()
    account, is_dry, is_unsigned = _account(), _flag("dry_run"), _flag("unsigned")
    window, once = current.window(), _once()
    try:
        if is_dry:
            calls = declared.calls_for(window.desk(who, account), values)
            return jsonify(calls=[{"to": c.to, "data": "0x" + c.data.hex()} for c in calls])
        act_id = window.submit(current.origin(), who, declared, values, account=account, once=once)
    except FieldsRefused as refused:
        return _fields_refused(refused)
    submitted = current.outbox().act(who, act_id)
    if submitted.state == "drafted" and not is_unsigned:
        submitted = _sign(declared, submitted)
    return _answer(submitted)


def _flag(name: str) -> bool:
    given = request.args.get(name, "false")
    if given not in {"true", "false"}:
        raise InvalidInput(f"{name} is true or false.", name=name)
    return given == "true"


def _sign(declared: Act, submitted: Submitted) -> Submitted:
    """Sign with the program's key, where it has one that may sign this."""
    signer = programs.signer()
    if signer is None or (declared.sensitive and not signer.sensitive):
        return submitted
    if signer.address.lower() != submitted.account.lower():
        return submitted
    key = key_from(signer.secret)
    with suppress(ActClosed):  # the same request came twice at a time: the other signs
        current.outbox().sign(current.origin(), programs.person(), submitted.id, key)
    return current.outbox().wait(submitted.id, WAIT_SECONDS)


def shown(one: Submitted) -> dict[str, Any]:
    """Return an act as programs see it."""
    return {
        "id": one.id,
        "act": one.act,
        "values": one.details,
        "account": one.account,
        "state": one.state,
        "why": one.why,
        "error": _error(one.error),
        "created_at": one.created_at,
        "signed_at": one.signed_at,
        "ended_at": one.ended_at,
        "transactions": [
            {
                "position": tx.position,
                "tx_hash": tx.tx_hash,
                "state": tx.state,
                "block": tx.block,
                "error": _error(tx.error),
            }
            for tx in one.transactions
        ],
    }


def _error(error: Any) -> dict[str, Any] | None:
    return None if error is None else {"code": error.code, "message": sentence_of(error)}


def _answer(one: Submitted) -> Response:
    status = 200 if one.state not in {"drafted", "asked", "signed"} else 202
    return make_response(jsonify(shown(one)), status)


def _fields_refused(refused: FieldsRefused) -> Response:
    fields = {name: sentence_of(error) for name, error in refused.errors.items()}
    return make_response(
        jsonify(code=refused.code, message=refused.user_message, fields=fields), 422
    )


def _body() -> dict[str, Any]:
    """Return the JSON object of the body.

    Raises:
        InvalidInput: it is none.
    """
    found = request.get_json(silent=True, force=True) if request.data else {}
    if not isinstance(found, dict):
        raise InvalidInput("The body must be a JSON object with the act's fields.")
    return found


def _once() -> str:
    """Return the idempotency key, which makes a repeated request one act.

    Raises:
        InvalidInput: it is missing or too long.
    """
    found = request.headers.get("Idempotency-Key", "")
    if not 0 < len(found) <= LONGEST_IDEMPOTENCY_KEY:
        raise InvalidInput("Send a header Idempotency-Key of 1 to 64 characters.")
    return found


def _account() -> str:
    """Return the account that signs: the one asked for, the program's, or the organisation's first.

    Raises:
        InvalidInput: it does not act for the organisation, or there is none.
    """
    signer, organisation = programs.signer(), programs.person().organisation
    with current.tables() as db:
        known = members.accounts_of(db, organisation)
    wanted = request.args.get("account", signer.address if signer else "").lower()
    if wanted and wanted not in known:
        raise InvalidInput("The account does not act for your organisation.", account=wanted)
    if not known:
        raise InvalidInput("Your organisation has no account.")
    return wanted or known[0]
