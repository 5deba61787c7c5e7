"""The web application, put together; nothing happens at import and nothing is global."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from tanlian.accounts import outbox, sign_in
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.sign_in import Session
from tanlian.domain.roles import Role
from tanlian.readmodel.checkpoints import Position, position, require_whole
from tanlian.readmodel.queries import members
from tanlian.services.certificate_proof import nothing_proved
from tanlian.services.chain_watch import Head, Sealing
from tanlian.services.evidence_desk import EvidenceDesk
from tanlian.services.outbox import Outbox
from tanlian.services.outgoing import Outgoing
from tanlian.services.reading_archive import ReadingArchive
from tanlian.services.webhooks import Courier
from tanlian.web import (
    converters,
    current,
    failures,
    formats,
    guards,
    language,
    readiness,
    request_log,
    security,
    urls,
)
from tanlian.web.api import programs
from tanlian.web.api import urls as api_urls
from tanlian.web.config import WebConfig
from tanlian.web.live import Live
from tanlian.web.metrics import Metrics
from tanlian.web.pictures import Pictures
from tanlian.web.words import OWN_PAGES

log = logging.getLogger(__name__)


def now() -> int:
    """The time, in UTC seconds."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Office:
    """What the views need: accounts and their key, the read model's tables, the outbox, the clock.

    What is asked of the chain never waits: `head` is its head as last asked, None while it does not
    answer; `sealing` who sealed a recent block; `sealed_rules` the hashes of rules that contracts
    hold. `prove` gives the bundle of evidence for a certificate made by a transaction.
    `readings` are the copies at hand, `evidence` hands out bundles where it can; `outgoing` decides
    where webhooks may go.
    """

    engine: Engine
    box: SecretsBox
    tables: Engine
    outbox: Outbox
    now: Callable[[], int] = now
    head: Callable[[], Head | None] = lambda: None
    sealing: Callable[[], Sealing | None] = lambda: None
    sealed_rules: Callable[[], dict[str, str]] = dict
    prove: Callable[[int, str], bytes] = nothing_proved
    readings: ReadingArchive = field(default_factory=lambda: ReadingArchive(None))
    evidence: EvidenceDesk | None = None
    outgoing: Outgoing = field(default_factory=Outgoing)

    @property
    def courier(self) -> Courier:
        return Courier(self.engine, self.tables, self.box, self.outgoing, self.now)


class Site(Flask):
    """Flask, but for the log of an error: an address may hold a token."""

    def log_exception(self, exc_info: Any) -> None:
        """Write down what broke, where it can be found by the id of the request."""
        log.error("broken: %s", request_log.route(), exc_info=exc_info)


def create_app(config: WebConfig, office: Office) -> Flask:
    """Return the application, ready for a WSGI server."""
    app = Site(__name__)
    app.extensions["tanlian"] = office
    app.extensions["tanlian_config"] = config
    app.extensions["tanlian_live"] = Live(lambda: _block(office.tables), config.streams)
    app.extensions["tanlian_pictures"] = Pictures()
    app.jinja_env.globals["title"] = config.title
    request_log.install(app, config)
    _measure(app, config, office)
    security.install(app, config)
    language.install(app, config.default_language)
    formats.install(app)
    csrf = CSRFProtect(app)
    failures.install(app)

    def session_of(token: str) -> Session:
        with office.engine.begin() as db:
            return sign_in.session(db, token, office.now())

    def roles_of(organisation: int) -> Role:
        with office.tables.connect() as db:
            require_whole(db)
            return members.roles_of(db, organisation)

    app.jinja_env.globals["position"] = current.standing
    app.jinja_env.globals["own_pages"] = OWN_PAGES
    guards.install(app, session_of, roles_of, programs.person_of)
    converters.install(app)
    urls.install(app)
    api_urls.install(app, csrf, config.requests_per_minute)
    return app


def _measure(app: Flask, config: WebConfig, office: Office) -> None:
    """Count requests, and tell the figures of this process when monitoring asks."""
    metrics = Metrics()
    app.extensions["tanlian_metrics"] = metrics
    live: Live = app.extensions["tanlian_live"]

    def figure(name: str) -> Callable[[], dict[tuple[str, ...], float]]:
        def read() -> dict[tuple[str, ...], float]:
            value = getattr(readiness.of(office, config), name)
            return {} if value is None else {(): float(value)}

        return read

    for name, attribute, meaning in (
        ("tanlian_projected_block", "block", "Block up to which the tables are."),
        ("tanlian_lag_blocks", "lag_blocks", "Blocks that the tables are behind the chain."),
        ("tanlian_lag_seconds", "lag_seconds", "Block time that the tables are behind the chain."),
        ("tanlian_chain_reachable", "chain", "1 while the chain answers."),
        ("tanlian_ready", "is_ready", "1 while pages can be served."),
    ):
        metrics.gauge(name, meaning, (), figure(attribute))
    metrics.gauge(
        "tanlian_open_streams", "Pages that follow the chain live.", (),
        lambda: {(): float(live.open_streams)},
    )  # fmt: skip
    metrics.gauge(
        "tanlian_acts_on_their_way", "Signed acts that the chain has not decided, by their wait.",
        ("waits_for",), lambda: _on_their_way(office.engine),
    )  # fmt: skip
    metrics.gauge(
        "tanlian_open_acts", "Acts that have not ended, by state.", ("state",),
        lambda: _open_acts(office.engine),
    )  # fmt: skip
    metrics.watch(app)


def _on_their_way(engine: Engine) -> dict[tuple[str, ...], float]:
    try:
        with engine.connect() as db:
            counts = outbox.on_their_way(db)
    except SQLAlchemyError:
        return {}
    waits = (outbox.HAND_OVER, outbox.POOL, outbox.CHAIN, outbox.NODE, outbox.GAP)
    return {(wait,): float(counts.get(wait, 0)) for wait in waits}


def _open_acts(accounts: Engine) -> dict[tuple[str, ...], float]:
    try:
        with accounts.connect() as db:
            counts = outbox.open_counts(db)
    except SQLAlchemyError:  # monitoring learns of it by tanlian_ready
        return {}
    return {(state,): float(counts.get(state, 0)) for state in outbox.OPEN}


def _block(tables: Engine) -> int | None:
    here = _position(tables)
    return here.block if here is not None and here.is_whole else None


def _position(tables: Engine) -> Position | None:
    try:
        with tables.connect() as db:
            return position(db)
    except SQLAlchemyError:  # the database is away or made anew; pages and streams wait for it
        return None
