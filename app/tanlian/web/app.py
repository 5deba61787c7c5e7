"""The web application, put together; nothing happens at import and nothing is global."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.engine import Engine

from tanlian.accounts import sign_in
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.sign_in import Session
from tanlian.domain.roles import Role
from tanlian.readmodel.checkpoints import Position, position
from tanlian.readmodel.queries import members
from tanlian.web import failures, formats, guards, language, security, urls
from tanlian.web.config import WebConfig
from tanlian.web.live import Live

STREAMS = 48  # pages that follow the market live; each holds a thread of the server


@dataclass(frozen=True, slots=True)
class Office:
    """What the views need: accounts and their key, the read model's tables, the clock."""

    engine: Engine
    box: SecretsBox
    tables: Engine
    now: Callable[[], int] = lambda: int(time.time())


def create_app(config: WebConfig, office: Office) -> Flask:
    """Return the application, ready for a WSGI server."""
    app = Flask(__name__)
    app.extensions["tanlian"] = office
    app.extensions["tanlian_config"] = config
    app.extensions["tanlian_live"] = Live(lambda: _block(office.tables), STREAMS)
    app.jinja_env.globals["title"] = config.title
    security.install(app, config)
    language.install(app, config.default_language)
    formats.install(app)
    CSRFProtect(app)
    failures.install(app)

    def session_of(token: str) -> Session:
        with office.engine.begin() as db:
            return sign_in.session(db, token, office.now())

    def roles_of(organisation: int) -> Role:
        with office.tables.connect() as db:
            return members.roles_of(db, organisation)

    def standing() -> Position | None:
        with office.tables.connect() as db:
            return position(db)

    app.jinja_env.globals["position"] = standing
    guards.install(app, session_of, roles_of)
    urls.install(app)
    return app


def _block(tables: Engine) -> int | None:
    with tables.connect() as db:
        here = position(db)
    return here.block if here else None
