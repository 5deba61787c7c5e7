"""Readings over HTTP: POST /readings takes a message or a list, GET /quarantine lists the rest."""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from tanlian.services.gateway.gateway import Answer, Gateway
from tanlian.services.gateway.messages import messages_of
from tanlian.services.gateway.store import Taken

MOST_BYTES = 4 * 1024 * 1024  # about 20,000 readings

Respond = Callable[[str, list[tuple[str, str]]], Any]


def application(gateway: Gateway) -> Callable[[dict[str, Any], Respond], Iterable[bytes]]:
    """Return the WSGI application of a gateway."""

    def serve(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        status, answer = _answer(gateway, environ)
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        respond(f"{status.value} {status.phrase}", headers)
        return [body]

    return serve


def _answer(gateway: Gateway, environ: dict[str, Any]) -> tuple[HTTPStatus, Any]:
    match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
        case "POST", "/readings":
            return _take(gateway, environ)
        case "GET", "/quarantine":
            return HTTPStatus.OK, [
                {
                    "number": q.number,
                    "received_at": q.received_at,
                    "origin": q.origin,
                    "reason": q.reason.value,
                    "detail": q.detail,
                }
                for q in gateway.store.quarantine()
            ]
        case _, ("/readings" | "/quarantine"):
            return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "POST /readings or GET /quarantine."}
        case _:
            return HTTPStatus.NOT_FOUND, {"error": "There are /readings and /quarantine."}


def _take(gateway: Gateway, environ: dict[str, Any]) -> tuple[HTTPStatus, Any]:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = -1
    if not 0 < length <= MOST_BYTES:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"1 to {MOST_BYTES} bytes."}
    payload = environ["wsgi.input"].read(length)
    origin = f"http {environ.get('REMOTE_ADDR', '')}"
    with gateway.store.together():
        answers = [gateway.take_message(one, origin) for one in messages_of(payload)]
    # 202: everything sent is on disk, be it as a reading or put aside
    return HTTPStatus.ACCEPTED, [_plain(answer) for answer in answers]


def _plain(answer: Answer) -> dict[str, Any]:
    if answer.taken is Taken.QUARANTINED and answer.doubt is not None:
        return {"taken": answer.taken.value, "reason": answer.doubt.value, "detail": answer.detail}
    return {"taken": answer.taken.value}
