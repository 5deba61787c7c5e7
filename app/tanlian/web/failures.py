"""Errors as pages (or JSON for programs): what happened, and what to do next."""

import logging
from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tanlian.domain.errors import NotFound, TanlianError
from tanlian.web import current
from tanlian.web.language import sentence_of
from tanlian.web.request_log import route

log = logging.getLogger(__name__)

STATUS_OF = {
    "sign_in_refused": HTTPStatus.UNAUTHORIZED,
    "session_ended": HTTPStatus.UNAUTHORIZED,
    "api_key_refused": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "door_closed": HTTPStatus.FORBIDDEN,
    "too_many_attempts": HTTPStatus.TOO_MANY_REQUESTS,
    "too_many_requests": HTTPStatus.TOO_MANY_REQUESTS,
    "too_many_streams": HTTPStatus.SERVICE_UNAVAILABLE,
    "undelivered": HTTPStatus.BAD_GATEWAY,
    "idempotency_conflict": HTTPStatus.CONFLICT,
    "chain_unreachable": HTTPStatus.SERVICE_UNAVAILABLE,
    "tables_being_made": HTTPStatus.SERVICE_UNAVAILABLE,
    "database_away": HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_SECONDS = 5
_UNDEFINED_TABLE = "42P01"  # PostgreSQL's code


class DatabaseAway(TanlianError):
    """A database of the pages does not answer, or has no tables."""

    code = "database_away"


def install(app: Flask) -> None:
    @app.errorhandler(TanlianError)
    def refused(error: TanlianError) -> Response:
        status = STATUS_OF.get(error.code)
        if status is None:
            is_absent = isinstance(error, NotFound)
            status = HTTPStatus.NOT_FOUND if is_absent else HTTPStatus.UNPROCESSABLE_ENTITY
        answer = _answer(status, error.code, sentence_of(error))
        return _told_to_wait(answer, error)

    @app.errorhandler(OperationalError)
    @app.errorhandler(ProgrammingError)
    def database_away(error: DBAPIError) -> Response:
        """Tell to come again; whoever keeps the tables is at it."""
        state = getattr(error.orig, "sqlstate", None)
        if isinstance(error, ProgrammingError) and state != _UNDEFINED_TABLE:
            raise error
        log.warning("a database does not answer: %s: %s", route(), error.orig)
        return refused(
            DatabaseAway(
                "What the pages keep cannot be read at this moment. Try again soon; nothing was "
                "sent twice."
            )
        )

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> Response:
        sentence = gettext("This form is too old or was not opened here; open it again.")
        return _answer(HTTPStatus.BAD_REQUEST, "stale_form", sentence)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or 500)
        sentences = {
            HTTPStatus.NOT_FOUND: gettext("There is no such page."),
            HTTPStatus.METHOD_NOT_ALLOWED: gettext("This page cannot be used that way."),
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext("That is too large; send a smaller file."),
        }
        sentence = sentences.get(status) or gettext("The request could not be read.")
        answer = _answer(status, status.name.lower(), sentence)
        if isinstance(error, MethodNotAllowed) and error.valid_methods is not None:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    @app.errorhandler(500)
    def broken(_error: Exception) -> Response:
        log.error("request failed: %s %s", request.method, route())
        sentence = gettext("Something broke on our side. It was recorded; nothing was sent twice.")
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", sentence)


def _told_to_wait(answer: Response, error: TanlianError) -> Response:
    wait = error.fields.get("retry_after")
    if "retry_at" in error.fields:
        wait = max(error.fields["retry_at"] - current.office().now(), 1)
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _answer(status: HTTPStatus, code: str, sentence: str) -> Response:
    answer = _told(status, code, sentence)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        if request.method == "GET":
            answer.headers["Refresh"] = str(RETRY_SECONDS)  # a browser asks again by itself
    return answer


def _told(status: HTTPStatus, code: str, sentence: str) -> Response:
    wants_json = request.path.startswith("/api/") or (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )
    if wants_json:
        return make_response(jsonify(code=code, message=sentence), status)
    return make_response(render_template("failure.html", sentence=sentence, code=code), status)
