"""What belongs to the application and the request at hand."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import current_app, g, request
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import SessionEnded
from tanlian.accounts.sign_in import Session
from tanlian.database import snapshot
from tanlian.readmodel.checkpoints import Position, position, require_whole
from tanlian.services.acts.window import Window
from tanlian.web.config import WebConfig
from tanlian.web.live import Live
from tanlian.web.metrics import Metrics
from tanlian.web.pictures import Pictures
from tanlian.web.rates import Rates
from tanlian.web.security import client_address

PROJECTION_SECONDS = 3.0
LOOK_SECONDS = 0.05

if TYPE_CHECKING:
    from tanlian.services.outbox import Outbox
    from tanlian.web.app import Office


def office() -> "Office":
    found: Office = current_app.extensions["tanlian"]
    return found


def outbox() -> "Outbox":
    return office().outbox


def window() -> Window:
    """Where the people of an organisation act."""
    here = office()
    return Window(here.outbox.access, here.outbox, here.engine, here.tables, here.now)


@contextmanager
def tables() -> Iterator[Connection]:
    """One view of the read model, the same for all questions asked inside.

    Raises:
        TablesBeingMade: it would show a part of the past as if it were all.
    """
    with snapshot(office().tables) as db:
        require_whole(db)
        _note_standing(db)
        yield db


def standing() -> Position | None:
    """Return the block that all of a page is at least up to: that of its first question.

    None while the tables are empty, away, or made anew.
    """
    if "standing" not in g:
        try:
            with snapshot(office().tables) as db:
                _note_standing(db)
        except SQLAlchemyError:
            g.standing = None
    found: Position | None = g.standing
    return found


def _note_standing(db: Connection) -> None:
    if "standing" not in g:
        g.standing = position(db)


def chain_time() -> int:
    """Return the time that the next block will have at least, as anything sent now will see it.

    The newest block alone does not tell: a chain without empty blocks may have stood for hours.
    """
    here, now = standing(), office().now()
    return max(here.time, now) if here else now


def await_block(number: int) -> None:
    """Wait a moment until the tables have a block, so that the next page shows what it brought."""
    ends = time.monotonic() + PROJECTION_SECONDS
    while time.monotonic() < ends:
        with snapshot(office().tables) as db:
            here = position(db)
        if here is not None and here.block >= number:
            return
        time.sleep(LOOK_SECONDS)


def live() -> Live:
    found: Live = current_app.extensions["tanlian_live"]
    return found


def rates() -> Rates:
    found: Rates = current_app.extensions["tanlian_rates"]
    return found


def pictures() -> Pictures:
    found: Pictures = current_app.extensions["tanlian_pictures"]
    return found


def metrics() -> Metrics:
    found: Metrics = current_app.extensions["tanlian_metrics"]
    return found


def config() -> WebConfig:
    found: WebConfig = current_app.extensions["tanlian_config"]
    return found


def origin() -> Origin:
    """Where this request comes from, and when."""
    return Origin(client_address(request), office().now())


def session() -> Session:
    """The session of this request.

    Raises:
        SessionEnded: nobody is signed in (on public pages).
    """
    found: Session | None = g.session
    if found is None:
        raise SessionEnded("Sign in first.")
    return found
