"""Who may open a page: every view says so, and a test walks all routes for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from tanlian.accounts.errors import ApiKeyRefused, SessionEnded
from tanlian.accounts.people import Person
from tanlian.accounts.sign_in import Session
from tanlian.domain.errors import TanlianError
from tanlian.domain.roles import Role
from tanlian.readmodel.checkpoints import TablesBeingMade

View = TypeVar("View", bound=Callable[..., Any])
SESSION_COOKIE = "tanlian_session"
_MARK = "__guard__"


class Forbidden(TanlianError):
    """The page belongs to another role."""

    code = "forbidden"


@dataclass(frozen=True, slots=True)
class Guard:
    """`roles` of which the visitor's organisation needs one; none named: any member. `public`: no
    sign-in at all. `program`: an API key instead of a session, which must be allowed to write where
    the view `writes`.
    """

    public: bool
    roles: Role
    program: bool = False
    writes: bool = False


def public(view: View) -> View:
    """Let anybody open the page."""
    return _guarded(view, Guard(public=True, roles=Role(0)))


def member(view: View) -> View:
    """Let any signed-in person open the page."""
    return _guarded(view, Guard(public=False, roles=Role(0)))


def allow(roles: Role) -> Callable[[View], View]:
    """Let people of organisations with one of the roles open the page."""

    def mark(view: View) -> View:
        return _guarded(view, Guard(public=False, roles=roles))

    return mark


def program(*, writes: bool) -> Callable[[View], View]:
    """Let programs with an API key use the view."""

    def mark(view: View) -> View:
        return _guarded(view, Guard(public=False, roles=Role(0), program=True, writes=writes))

    return mark


def install(
    app: Flask,
    session_of: Callable[[str], Session],
    roles_of: Callable[[int], Role],
    program_of: Callable[[str, bool], Person],
) -> None:
    """Check the guard of each request before its view runs.

    `session_of` turns a cookie into a session or raises SessionEnded; `roles_of` gives the roles of
    an organisation, none while it is suspended, or raises TablesBeingMade; `program_of` gives for
    whom an API key speaks or raises ApiKeyRefused.
    """

    @app.before_request
    def check() -> ResponseReturnValue | None:
        g.session, g.roles, g.person = None, Role(0), None
        if request.endpoint == "static":
            return None
        g.session = _session(session_of)
        if request.endpoint is None:
            return None
        guard = guard_of(current_app.view_functions[request.endpoint])
        if g.session is not None:
            g.roles = _roles(guard, roles_of)
        if guard.public:
            return None
        if guard.program:
            g.session = None
            g.person = program_of(bearer_token(), guard.writes)
            g.roles = roles_of(g.person.organisation)
            return None
        if g.session is None:
            return redirect(url_for("sign_in", next=request.full_path.rstrip("?")), 303)
        if guard.roles and not guard.roles & g.roles:
            raise Forbidden("Your organisation's role does not include this page.")
        return None


def _session(session_of: Callable[[str], Session]) -> Session | None:
    token = request.cookies.get(SESSION_COOKIE)
    try:
        return None if token is None else session_of(token)
    except SessionEnded:
        return None


def _roles(guard: Guard, roles_of: Callable[[int], Role]) -> Role:
    """The roles of who is signed in; a page for everybody, such as signing out, needs no tables."""
    try:
        return roles_of(g.session.person.organisation)
    except (TablesBeingMade, SQLAlchemyError):
        if not guard.public:
            raise
        return Role(0)


def bearer_token() -> str:
    """Return the API key of the request.

    Raises:
        ApiKeyRefused: it has none.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise ApiKeyRefused("Send your API key: Authorization: Bearer tl_...")
    return token.strip()


def guard_of(view: object) -> Guard:
    """Return the guard of a view; a view without one is a mistake, and nobody gets in."""
    found = getattr(view, _MARK, None)
    if not isinstance(found, Guard):
        raise Forbidden("Nobody has said who may open this page.")
    return found


def _guarded(view: View, guard: Guard) -> View:
    setattr(view, _MARK, guard)
    return view
