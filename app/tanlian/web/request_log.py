"""One log line a request, with an id that the answer carries too; never a secret in a line.

A line names the route, not the address: addresses hold tokens (invitations) and query strings hold
whatever somebody typed. Of what stands in the route only whole numbers are written.
"""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, has_request_context, request

from tanlian.logs import JsonLines
from tanlian.web.config import WebConfig

log = logging.getLogger("tanlian.requests")

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_SHORTEST_SECRET = 4  # shorter texts are no secrets, and blanking them would blank everything
_HARMLESS_FIELDS = frozenset({"organisation", "name", "back", "language", "login"})


def install(app: Flask, config: WebConfig) -> None:
    """Give each request an id and a line; an id given by a trusted proxy is kept."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        given = request.headers.get(HEADER, "") if config.trusted_proxies else ""
        g.request_id = given if _GIVEN.match(given) else uuid4().hex

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        if request.endpoint != "static":
            log.info("request", extra={"fields": _line(response)})
        return response


def formatter() -> logging.Formatter:
    """Return how lines are written: with the request's id, without the request's secrets."""
    return JsonLines(context, scrub)


def context() -> Mapping[str, Any]:
    """What is known of the request at hand."""
    if not has_request_context() or "request_id" not in g:
        return {}
    return {"request": g.request_id}


def scrub(text: str) -> str:
    """Take what this request brought in secret out of a text: an error may quote it."""
    if not has_request_context():
        return text
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def route() -> str:
    """The address of the request as the table of routes has it."""
    return request.url_rule.rule if request.url_rule is not None else "unknown"


def elapsed_seconds() -> float:
    return time.perf_counter() - float(g.began)


def _line(response: Response) -> dict[str, Any]:
    who = g.session.person if g.get("session") is not None else None
    return {
        "method": request.method,
        "route": route(),
        **{n: v for n, v in (request.view_args or {}).items() if isinstance(v, int)},
        "status": response.status_code,
        "ms": round(elapsed_seconds() * 1000, 1),
        "address": request.remote_addr,
        "person": who.id if who else None,
        "acts_for": who.organisation if who else None,
    }


def _secrets() -> Iterator[str]:
    brought = [
        *request.cookies.values(),
        *(value for name, value in request.form.items() if name not in _HARMLESS_FIELDS),
        *(value for name, value in request.args.items() if name != "next"),
        *(value for value in (request.view_args or {}).values() if isinstance(value, str)),
        *request.headers.get("Authorization", "").split(),
    ]
    yield from {secret for secret in brought if len(secret) >= _SHORTEST_SECRET}
