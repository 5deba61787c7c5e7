"""The application put together from files and environment, and served."""

import logging
import secrets
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, url_for
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from tanlian import settings as configuration
from tanlian.accounts import api_access, doors, people, sign_in
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import DoorClosed
from tanlian.accounts.secrets_box import SecretsBox, new_token, secret_file
from tanlian.accounts.store import KEY_FILE, open_store
from tanlian.chain.errors import ChainError, ChainUnreachable
from tanlian.domain.target import Target
from tanlian.readmodel.belonging import OtherChain
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.queries import members
from tanlian.servers import listening
from tanlian.services.access import open_access, open_access_later
from tanlian.services.backup.backup import Installation
from tanlian.services.certificate_proof import CertificateProofs
from tanlian.services.chain_watch import ChainWatch
from tanlian.services.consortium import Member
from tanlian.services.demo_people import seat_people
from tanlian.services.evidence_desk import EvidenceDesk
from tanlian.services.networks import data_folder, network
from tanlian.services.outbox import Outbox
from tanlian.services.outgoing import Outgoing
from tanlian.services.projecting import read_model_of
from tanlian.services.reading_archive import ReadingArchive
from tanlian.settings import LOOPBACK, Settings, SettingsRefused
from tanlian.web.app import Office, create_app, now
from tanlian.web.config import WebConfig

log = logging.getLogger(__name__)

SWEEP_SECONDS = 300.0
OUTBOX_SECONDS = 10.0  # a person waits for what the outbox asks


@dataclass(frozen=True, slots=True)
class Places:
    """Where an installation keeps what the chain does not."""

    accounts: str
    secrets: Path
    documents: Path
    readings: Path

    @property
    def box_key(self) -> Path:
        return self.secrets / KEY_FILE

    @property
    def web_secret(self) -> Path:
        return self.secrets / "web.secret"


def places(settings: Settings, network: str, data: Path) -> Places:
    """Name the database, the secrets and the documents of a network's pages."""
    folder = Path(settings.folder) if settings.folder else data / f"web-{network}"
    accounts = settings.accounts or f"sqlite:///{folder / 'accounts.sqlite'}"
    readings = Path(settings.readings) if settings.readings else data / "emissions"
    return Places(accounts, folder, folder / "documents", readings)


def installation(target: Target, settings: Settings) -> Installation:
    """Name everything of an installation that is not on the chain; asks no node."""
    found = network(target)
    lies = places(settings, found.name, data_folder())
    gateways = tuple(Path(path) for path in settings.gateways)
    return Installation(
        found.name,
        found.chain_id,
        lies.accounts,
        lies.secrets,
        found.keys,
        found.book,
        lies.readings,
        gateways,
    )


@dataclass(frozen=True, slots=True)
class Application:
    """The pages and what works beside them."""

    app: Flask
    office: Office
    projector: Projector
    watch: ChainWatch


def build(target: Target, settings: Settings, data: Path) -> Application:
    """Open the databases and the chain, which may be away: the pages then read without it.

    `data` is the folder of the databases and secrets that the settings do not name.

    Raises:
        WrongChain, BookError: what is missing, and what to do.
    """
    try:
        access = open_access(target)
    except ChainUnreachable as error:
        log.warning("starting without the chain: %s", error.user_message)
        access = open_access_later(target)
    tables = read_model_of(access, data, settings.read_model)
    found = places(settings, access.network.name, data)
    watch = ChainWatch(access.network, access.book)
    box = SecretsBox.at(found.box_key)
    accounts = open_store(found.accounts, box)
    exporter = secret_file(found.secrets / "exporter.key", lambda: secrets.token_bytes(32))
    office = Office(
        accounts,
        box,
        tables,
        Outbox(accounts, access.hasty(OUTBOX_SECONDS), now),
        now,
        head=watch.head,
        sealing=watch.sealing,
        sealed_rules=watch.rules,
        prove=CertificateProofs(access, watch.head).bundle,
        readings=ReadingArchive(found.readings),
        evidence=EvidenceDesk(access, exporter),
        outgoing=_outgoing(settings),
    )
    app = create_app(_web_config(settings, found), office)
    return Application(app, office, Projector(tables, access.contracts), watch)


def invitation(target: Target, organisation: int, name: str, settings: Settings) -> str:
    """Invite a person from the command line; returns the path of the link.

    Raises:
        NotFound: no organisation has that number.
    """
    built = build(target, settings, data_folder())
    built.projector.catch_up()
    office = built.office
    with office.tables.connect() as db:
        members.member(db, organisation)
    with office.engine.begin() as db:
        origin = Origin("command line", office.now())
        token = people.invite(
            db, office.box, origin, organisation=organisation, name=name, by="operator"
        )
    with built.app.test_request_context():
        return url_for("join", token=token)


def door(target: Target, settings: Settings, data: Path) -> str:
    """Make a one-time link for the people of a demonstration; returns its path. Asks no node.

    Raises:
        DoorClosed: the pages are reached from elsewhere too, or there are no such people.
    """
    if not settings.is_loopback or settings.trusted_proxies:
        raise DoorClosed(
            "Doors open on this machine only: they are refused while the pages listen beyond "
            "loopback or stand behind a proxy."
        )
    found = places(settings, network(target).name, data)
    engine = open_store(found.accounts, SecretsBox.at(found.box_key))
    try:
        with engine.begin() as db:
            token = doors.make(db, Origin("command line", now()))
    finally:
        engine.dispose()
    return f"enter/{token}"


def seat(target: Target, data: Path, members: Sequence[Member], passphrase: str) -> str:
    """Make the people of a demonstration's members; returns the path of a link for them."""
    settings = configuration.load(host=LOOPBACK[0])
    found = places(settings, network(target).name, data)
    box = SecretsBox.at(found.box_key)
    engine = open_store(found.accounts, box)
    try:
        seat_people(engine, box, members, passphrase, now())
    finally:
        engine.dispose()
    return door(target, settings, data)


@contextmanager
def serving(
    target: Target,
    host: str | None = None,
    port: int | None = None,
    *,
    data: Path | None = None,
    settings: Settings | None = None,
) -> Iterator[str]:
    """Serve the application while the block runs; yields its address. Port 0 takes a free one.

    Raises:
        PortTaken: another program listens there.
        CertificateUnusable: what is wrong with the certificate or its key.
        SettingsRefused: the configuration is wrong.
    """
    settings = settings or configuration.load(host=host, port=port)
    built = build(target, settings, data or data_folder())
    _begin(built.projector)
    stop = threading.Event()
    server = listening(built.app, settings)
    workers = [
        threading.Thread(target=server.run, name="web"),
        threading.Thread(target=built.watch.follow, args=(stop,), name="watch"),
        threading.Thread(target=built.office.outbox.follow, args=(stop,), name="delivery"),
        threading.Thread(target=built.office.courier.follow, args=(stop,), name="webhooks"),
        threading.Thread(target=_sweep, args=(built.office, stop), name="sweep"),
    ]
    if settings.projects:
        workers.append(
            threading.Thread(target=built.projector.follow, args=(stop,), name="projector")
        )
    for worker in workers:
        worker.start()
    try:
        yield server.address
    finally:
        stop.set()
        server.close()
        for worker in workers:
            worker.join()


def _begin(projector: Projector) -> None:
    """Bring the tables to the head before the first page; what cannot be now is made later."""
    try:
        projector.catch_up()
    except (ChainError, OtherChain) as error:
        log.warning("the pages begin with the tables as they are: %s", error.user_message)


def _outgoing(settings: Settings) -> Outgoing:
    """Decide where webhooks may go.

    Raises:
        SettingsRefused: the certificates cannot be used.
    """
    tls = ssl.create_default_context()
    if settings.webhook_ca:
        try:
            tls.load_verify_locations(settings.webhook_ca)
        except (OSError, ssl.SSLError) as error:
            raise SettingsRefused(
                f"webhook_ca names {settings.webhook_ca}, which cannot be used: {error}."
            ) from error
    return Outgoing(frozenset(host.lower() for host in settings.webhook_hosts), tls)


def sweep(engine: Engine, now: int) -> int:
    """Delete what is over: sessions, remembered answers; returns how many rows."""
    with engine.begin() as db:
        return sign_in.sweep(db, now) + api_access.sweep(db, now) + doors.sweep(db, now)


def _sweep(office: Office, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            gone = sweep(office.engine, office.now())
            if gone:
                log.info("swept", extra={"fields": {"rows": gone}})
        except SQLAlchemyError as error:
            log.warning("sweeping waits for the database: %s", error)
        stop.wait(SWEEP_SECONDS)


def _web_config(settings: Settings, found: Places) -> WebConfig:
    """Turn the settings into what the pages need; the secret that signs forms is made once."""
    return WebConfig(
        secret=secret_file(found.web_secret, lambda: new_token().encode()),
        title=settings.title,
        default_language=settings.default_language,
        trusted_proxies=settings.trusted_proxies,
        insecure_cookies=settings.sends_insecure_cookies,
        max_upload_bytes=settings.max_upload_bytes,
        hosts=settings.hosts,
        is_loopback=settings.is_loopback,
        streams=settings.streams,
        max_lag_seconds=settings.max_lag_seconds,
        metrics_token=settings.metrics_token,
        requests_per_minute=settings.requests_per_minute,
    )
