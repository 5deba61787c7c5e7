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
from tanlian.web import failures, formats, guards, language, security, urls
from tanlian.web.config import WebConfig


@dataclass(frozen=True, slots=True)
class Office:
    """What the views need of people: the accounts database, its key, and the clock."""

    engine: Engine
    box: SecretsBox
    roles_of: Callable[[int], Role]
    now: Callable[[], int] = lambda: int(time.time())


def create_app(config: WebConfig, office: Office) -> Flask:
    """Return the application, ready for a WSGI server."""
    app = Flask(__name__)
    app.extensions["tanlian"] = office
    app.extensions["tanlian_config"] = config
    app.jinja_env.globals["title"] = config.title
    security.install(app, config)
    language.install(app, config.default_language)
    formats.install(app)
    CSRFProtect(app)
    failures.install(app)

    def session_of(token: str) -> Session:
        with office.engine.begin() as db:
            return sign_in.session(db, token, office.now())

    guards.install(app, session_of, office.roles_of)
    urls.install(app)
    return app
