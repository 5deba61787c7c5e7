"""The application put together from files and environment, and served."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from waitress.server import create_server

from tanlian.accounts import people
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.secrets_box import SecretsBox, new_token
from tanlian.accounts.store import open_store
from tanlian.domain.errors import TanlianError
from tanlian.domain.target import Target
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.queries import members
from tanlian.services.access import open_access
from tanlian.services.networks import data_folder
from tanlian.services.projecting import read_model_of
from tanlian.web.app import STREAMS, Office, create_app
from tanlian.web.config import WebConfig

log = logging.getLogger(__name__)

ACCOUNTS_VARIABLE = "TANLIAN_ACCOUNTS"  # database URL of people and keys
PROXIES_VARIABLE = "TANLIAN_TRUSTED_PROXIES"
INSECURE_VARIABLE = "TANLIAN_INSECURE_COOKIES"
THREADS_FOR_PAGES = 16
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OWNER_ONLY = 0o600


class PortTaken(TanlianError):
    """The address is in use, or not one of this machine."""

    code = "port_taken"


def web_config(folder: Path, host: str) -> WebConfig:
    """Read what the installation decides; the secret that signs cookies is made at the first start.

    Cookies need HTTPS, except on loopback, where there is none.
    """
    path = folder / "web.secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_token())
    insecure = os.environ.get(INSECURE_VARIABLE, "1" if host in _LOOPBACK else "0")
    return WebConfig(
        secret=path.read_bytes(),
        trusted_proxies=int(os.environ.get(PROXIES_VARIABLE, "0")),
        insecure_cookies=insecure == "1",
    )


def build_app(target: Target, host: str, data: Path) -> tuple[Flask, Projector]:
    """Open the databases and the chain; returns the application and what keeps its tables.

    `data` is the folder of the databases and secrets that the environment does not name.

    Raises:
        ChainUnreachable, WrongChain, BookError: what is missing, and what to do.
    """
    access = open_access(target)
    tables = read_model_of(access, data)
    folder = data / f"web-{access.network.name}"
    accounts = os.environ.get(ACCOUNTS_VARIABLE, f"sqlite:///{folder / 'accounts.sqlite'}")
    office = Office(open_store(accounts), SecretsBox.at(folder / "accounts.key"), tables)
    return create_app(web_config(folder, host), office), Projector(tables, access.contracts)


def invitation(target: Target, organisation: int, name: str) -> str:
    """Invite a person from the command line; returns the path of the link.

    Raises:
        NotFound: no organisation has that number.
    """
    app, projector = build_app(target, _LOOPBACK[0], data_folder())
    projector.catch_up()
    office: Office = app.extensions["tanlian"]
    with office.tables.connect() as db:
        members.member(db, organisation)
    with office.engine.begin() as db:
        origin = Origin("command line", office.now())
        token = people.invite(
            db, office.box, origin, organisation=organisation, name=name, by="operator"
        )
    with app.test_request_context():
        return url_for("join", token=token)


@contextmanager
def serving(target: Target, host: str, port: int, *, data: Path | None = None) -> Iterator[str]:
    """Serve the application while the block runs; yields its address. Port 0 takes a free one.

    Raises:
        PortTaken: another program listens there.
    """
    app, projector = build_app(target, host, data or data_folder())
    projector.catch_up()
    stop = threading.Event()
    try:
        server: Any = create_server(app, host=host, port=port, threads=THREADS_FOR_PAGES + STREAMS)
    except OSError as error:
        raise PortTaken(
            f"Nothing can listen at {host}:{port} ({error.strerror}); choose another --port.",
            port=port,
        ) from error
    workers = (
        threading.Thread(target=projector.follow, args=(stop,), name="projector"),
        threading.Thread(target=_run, args=(server, stop), name="web"),
    )
    for worker in workers:
        worker.start()
    try:
        yield f"http://{host}:{server.effective_port}/"
    finally:
        stop.set()
        server.close()
        for worker in workers:
            worker.join()


def _run(server: Any, stop: threading.Event) -> None:
    try:
        server.run()
    except OSError:
        if not stop.is_set():  # the socket was closed under the loop on purpose
            raise
