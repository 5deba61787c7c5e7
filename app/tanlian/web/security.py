"""Headers and cookies that keep a page from being used against its reader."""

from flask import Flask, Request, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from tanlian.web.config import WebConfig

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_YEAR_SECONDS = 365 * 24 * 60 * 60


def install(app: Flask, config: WebConfig) -> None:
    """Set cookie flags, bounds on what is sent, and the headers of each answer."""
    app.config.update(
        SECRET_KEY=config.secret,
        SESSION_COOKIE_NAME="tanlian_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=not config.insecure_cookies,
        MAX_CONTENT_LENGTH=config.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=config.max_upload_bytes,
        MAX_FORM_PARTS=2_000,
    )
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    @app.before_request
    def refuse_other_names() -> ResponseReturnValue | None:
        """Links are made of the name the browser asked for; it must be one of the site's own."""
        if config.hosts and not host_is_trusted(request.host, config.hosts):
            return Response("This site does not go by that name.\n", 400, mimetype="text/plain")
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_SECONDS}")
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        return response


def set_secret_cookie(
    response: Response, config: WebConfig, name: str, value: str, *, seconds: int
) -> None:
    """Give the browser a secret that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="Lax",
        secure=not config.insecure_cookies,
    )


def local_target(asked: str | None, fallback: str) -> str:
    """Return where to go after signing in: a path of this site, never another host."""
    if asked is None or not asked.startswith("/") or asked.startswith("//") or "\\" in asked:
        return fallback
    if any(ord(character) < ord(" ") for character in asked):
        return fallback
    return asked


def client_address(incoming: Request) -> str:
    return incoming.remote_addr or "unknown"


def came_through_a_proxy(incoming: Request, config: WebConfig) -> bool:
    """Whether a request that seems to come from this machine may come from another one."""
    forwarded = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
    return bool(config.trusted_proxies) or any(name in incoming.headers for name in forwarded)
