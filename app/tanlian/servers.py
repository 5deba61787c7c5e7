"""The socket before the pages: plain HTTP on loopback or behind a proxy, or HTTPS of its own."""

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from waitress.server import create_server

from tanlian.domain.errors import TanlianError
from tanlian.settings import Settings
from tanlian.tls_front import LOOPBACK, Application, TlsFront, in_thread

CLOSING_SECONDS, LONGEST_CLOSING_SECONDS = 0.05, 10.0


class PortTaken(TanlianError):
    """The address is in use, or not one of this machine."""

    code = "port_taken"


class CertificateUnusable(TanlianError):
    """The certificate or its key cannot be read, opened, or do not belong together."""

    code = "certificate_unusable"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens: `run` serves until `close` is called from another thread."""

    address: str
    port: int
    run: Callable[[], None]
    close: Callable[[], None]


def listening(app: Flask, settings: Settings) -> Server:
    """Bind the address of the settings.

    Raises:
        PortTaken: another program listens there.
        CertificateUnusable: what is wrong with the certificate or its key.
    """
    try:
        if settings.certificate:
            return _https(app, settings)
        return _http(app, settings, settings.host, settings.port)
    except OSError as error:
        raise PortTaken(
            f"Nothing can listen at {settings.host}:{settings.port} ({error.strerror or error}); "
            "choose another --port.",
            port=settings.port,
        ) from error


def _http(app: Application, settings: Settings, host: str, port: int) -> Server:
    server: Any = create_server(  # type: ignore[no-untyped-call]
        app,
        host=host,
        port=port,
        threads=settings.threads + settings.streams,
        ident=None,  # nobody needs to know which server this is
    )
    closing, ended = threading.Event(), threading.Event()

    def run() -> None:
        try:
            server.run()
        except OSError:
            if not closing.is_set():  # the socket was closed under the loop on purpose
                raise
        finally:
            ended.set()

    def close() -> None:
        closing.set()
        server.close()
        ends = time.monotonic() + LONGEST_CLOSING_SECONDS
        while time.monotonic() < ends:
            # a browser that keeps its connection open, or came at the last moment, holds nothing up
            for channel in list(server.active_channels.values()):
                channel.will_close = True
            if ended.wait(CLOSING_SECONDS):
                return

    return Server(f"http://{host}:{server.effective_port}/", server.effective_port, run, close)


def _https(app: Flask, settings: Settings) -> Server:
    front = TlsFront(tls_context(settings))
    front.listen(settings.host, settings.port)
    inner = _http(front.naming_clients(app), settings, LOOPBACK, 0)

    def run() -> None:
        thread = in_thread(front, inner.port)
        inner.run()
        thread.join()

    def close() -> None:
        front.close()
        inner.close()

    return Server(f"https://{settings.host}:{front.port}/", front.port, run, close)


def tls_context(settings: Settings) -> ssl.SSLContext:
    """TLS 1.2 or later under the certificate that the settings name.

    Raises:
        CertificateUnusable: a file is missing, the passphrase wrong, or the key another one's.
    """
    certificate, key = Path(settings.certificate), Path(settings.certificate_key)
    for path, what in ((certificate, "certificate"), (key, "certificate_key")):
        if not path.is_file():
            raise CertificateUnusable(f"There is no file {str(path)!r} for {what}.", path=str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # a function instead of a text: without a passphrase OpenSSL would ask at the terminal
        context.load_cert_chain(certificate, key, lambda: _passphrase(settings))
    except (ssl.SSLError, ValueError) as error:
        raise CertificateUnusable(
            f"{certificate} and {key} cannot serve the pages: {error}. They are the chain (PEM, "
            "own certificate first) and its key; certificate_passphrase_file names the file of the "
            "key's passphrase.",
            path=str(certificate),
        ) from error
    return context


def _passphrase(settings: Settings) -> str:
    if not settings.certificate_passphrase_file:
        raise CertificateUnusable(
            "The certificate's key has a passphrase; name its file with "
            "certificate_passphrase_file."
        )
    try:
        return Path(settings.certificate_passphrase_file).read_text().rstrip("\r\n")
    except OSError as error:
        raise CertificateUnusable(
            f"The passphrase file {settings.certificate_passphrase_file} cannot be read: "
            f"{error.strerror}."
        ) from error
