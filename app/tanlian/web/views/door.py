"""The door of a demonstration: one page of links that sign in by role, on this machine only."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tanlian.accounts import doors
from tanlian.accounts import sign_in as signing_in
from tanlian.accounts.errors import DoorClosed
from tanlian.readmodel.queries import members
from tanlian.settings import LOOPBACK
from tanlian.web import current
from tanlian.web.guards import SESSION_COOKIE, public
from tanlian.web.security import came_through_a_proxy, set_secret_cookie

DOOR_COOKIE = "tanlian_door"
_LOCAL = ("127.0.0.1", "::1")


@public
def open_door(token: str) -> ResponseReturnValue:
    """Bind the link to this browser, and go in; the link works no more."""
    _must_be_here()
    with current.office().engine.begin() as db:
        browser = doors.open_door(db, current.origin(), token)
    answer = make_response(redirect(url_for("door"), 303))
    set_secret_cookie(answer, current.config(), DOOR_COOKIE, browser, seconds=doors.OPEN_SECONDS)
    return answer


@public
def door() -> ResponseReturnValue:
    _must_be_here()
    office = current.office()
    with office.engine.begin() as db:
        found = doors.people_behind(db, request.cookies.get(DOOR_COOKIE), office.now())
    with current.tables() as db:
        names = members.names(db)
        roles = {who.organisation: members.roles_of(db, who.organisation) for who in found}
    return render_template("door.html", found=found, names=names, roles=roles)


@public
def enter(user_id: int) -> ResponseReturnValue:
    _must_be_here()
    browser = request.cookies.get(DOOR_COOKIE)
    with current.office().engine.begin() as db:
        before = request.cookies.get(SESSION_COOKIE)
        token = doors.enter(db, current.origin(), browser, user_id)
        if before is not None:
            signing_in.sign_out(db, before)
    answer = make_response(redirect(url_for("desk"), 303))
    longest = signing_in.LONGEST_SECONDS
    set_secret_cookie(answer, current.config(), SESSION_COOKIE, token, seconds=longest)
    return answer


def _must_be_here() -> None:
    """Let in only a browser on this machine that asked for this machine.

    Raises:
        DoorClosed: the pages are reached from elsewhere too, or this request came from there, or by
            a name that somebody else made point here.
    """
    config = current.config()
    name = request.host.rsplit(":", 1)[0].strip("[]")
    here = config.is_loopback and request.remote_addr in _LOCAL and name in LOOPBACK
    if not here or came_through_a_proxy(request, config):
        raise DoorClosed("The door of a demonstration opens on its own machine only.")
