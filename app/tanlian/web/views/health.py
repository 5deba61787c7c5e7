"""For programs that watch this one: is it alive, does it serve, how is it doing."""

import hmac

from flask import Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from tanlian.web import current, readiness
from tanlian.web.guards import Forbidden, public
from tanlian.web.metrics import CONTENT_TYPE, Metrics
from tanlian.web.security import came_through_a_proxy

_LOCAL = ("127.0.0.1", "::1")


@public
def healthz() -> ResponseReturnValue:
    """Say that this process answers; nothing else is asked."""
    return jsonify(alive=True)


@public
def readyz() -> ResponseReturnValue:
    """Say whether pages can be served; `?strict` also asks for the chain.

    Without the chain pages still read, so a load balancer that took this process away for that
    would take all of them away.
    """
    found = readiness.of(current.office(), current.config())
    good = found.is_whole if "strict" in request.args else found.is_ready
    return make_response(jsonify(found.told()), 200 if good else 503)


@public
def metrics() -> ResponseReturnValue:
    """Give monitoring its figures, to whoever has the token, or is on this machine.

    Raises:
        Forbidden: neither.
    """
    token = current.config().metrics_token
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise Forbidden("The metrics need their bearer token.")
    elif request.remote_addr not in _LOCAL or came_through_a_proxy(request, current.config()):
        raise Forbidden("Without a token the metrics are told on this machine only.")
    found: Metrics = current.metrics()
    return Response(found.text(), content_type=CONTENT_TYPE)
