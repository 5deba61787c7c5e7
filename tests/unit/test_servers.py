"""HTTPS of the pages under the consortium's certificates, and what it refuses."""

import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask, Response, request, stream_with_context

from harness.besu_network import PASSPHRASE, secret
from tanlian import servers
from tanlian.servers import CertificateUnusable, PortTaken, listening
from tanlian.settings import Settings
from tanlian_node.ca import Purpose
from tanlian_node.ca_folder import CaFolder


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """The authority's folder, and settings that name a certificate of it for this machine."""
    folder = tmp_path_factory.mktemp("consortium")
    now = datetime.now(UTC)
    place = CaFolder(folder / "ca", PASSPHRASE, 20_261)
    place.create_root("trial", now)
    place.create_authority("exchange", secret("exchange"), now)
    for name in ("pages", "other"):
        place.issue(
            "exchange", name, secret(name), purpose=Purpose.NODE, now=now, hosts=("127.0.0.1",)
        )
    chain, key = place.export("exchange", "pages", folder / "web")
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    settings = Settings(
        port=0, threads=2, streams=2, certificate=str(chain), certificate_key=str(key),
        certificate_passphrase_file=str(passphrase),
    )  # fmt: skip
    return place, settings


@contextmanager
def serving(settings):
    app = Flask("pages")
    app.add_url_rule("/", "page", lambda: f"{request.scheme} {request.remote_addr}")
    app.add_url_rule("/size", "size", lambda: str(len(request.get_data())), methods=["POST"])
    app.add_url_rule("/echo", "echo", lambda: bytes(request.get_data()), methods=["POST"])
    go_on = threading.Event()

    @app.route("/stream")
    def stream():
        def parts():
            yield "data: first\n\n"
            go_on.wait(20)
            yield "data: second\n\n"

        return Response(stream_with_context(parts()), mimetype="text/event-stream")

    server = listening(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.address, go_on
    finally:
        go_on.set()
        server.close()
        thread.join()


def trusting(place):
    return ssl.create_default_context(cafile=place.folder / "root.pem")


def test_https__consortiums_root__page_and_stream_are_served(issued):
    place, settings = issued
    with serving(settings) as (address, go_on):
        with urllib.request.urlopen(address, context=trusting(place), timeout=20) as answer:
            assert answer.read() == b"https 127.0.0.1"
            assert not answer.headers.get("Server")
        with urllib.request.urlopen(
            f"{address}stream", context=trusting(place), timeout=20
        ) as live:
            assert live.readline() == b"data: first\n"  # before the rest is there
            go_on.set()
            assert b"second" in live.read()


def test_https__reader_who_does_not_know_the_root__refuses(issued):
    _, settings = issued
    with serving(settings) as (address, _), pytest.raises(urllib.error.URLError, match="CERT"):
        urllib.request.urlopen(address, timeout=20)


def test_https__plain_http_or_old_tls__no_page(issued):
    place, settings = issued
    with serving(settings) as (address, _):
        with pytest.raises((urllib.error.URLError, OSError)) as refused:
            urllib.request.urlopen(address.replace("https", "http"), timeout=20)
        assert getattr(refused.value, "code", 400) == 400
        old = trusting(place)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(address, context=old, timeout=20)


def test_https__many_who_connect_and_stay_silent__others_are_served_meanwhile(issued):
    place, settings = issued
    with serving(settings) as (address, _):
        port = int(address.rsplit(":", 1)[1].rstrip("/"))
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        try:
            began = time.monotonic()
            with urllib.request.urlopen(address, context=trusting(place), timeout=30) as answer:
                assert answer.status == 200
            # a handshake that somebody waits for holds him up for ten seconds
            assert time.monotonic() - began < 8
        finally:
            for one in silent:
                one.close()


def test_https__way_around_tls__refused_and_forged_headers_are_not_believed(issued, monkeypatch):
    place, settings = issued
    inner = []
    made = servers.create_server

    def remembering(*arguments, **named):
        server = made(*arguments, **named)
        inner.append(server.effective_port)
        return server

    monkeypatch.setattr(servers, "create_server", remembering)
    with serving(settings) as (address, _):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{inner[0]}/", timeout=20)
        assert refused.value.code == 403
        forged = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http"}
        question = urllib.request.Request(address, headers=forged)
        with urllib.request.urlopen(question, context=trusting(place), timeout=20) as answer:
            assert answer.read() == b"https 127.0.0.1"


def test_https__large_answers_and_many_at_once__whole(issued):
    place, settings = issued
    with serving(settings) as (address, _):
        body = bytes(range(256)) * 4_000

        def echo(_):
            question = urllib.request.Request(f"{address}echo", body)
            with urllib.request.urlopen(question, context=trusting(place), timeout=60) as answer:
                return answer.read() == body

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(echo, range(16)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"certificate": "/none.pem"}, "There is no file '/none.pem' for certificate"),
        ({"certificate_key": "/none.key"}, "There is no file '/none.key' for certificate_key"),
        ({"certificate_passphrase_file": ""}, "has a passphrase; name its file"),
        ({"certificate_passphrase_file": "/none"}, "cannot be read"),
    ],
)
def test_https__file_missing__says_which(issued, change, sentence):
    with pytest.raises(CertificateUnusable, match=sentence):
        listening(Flask("pages"), replace(issued[1], **change))


def test_https__key_of_another_certificate_or_wrong_passphrase__refused(issued, tmp_path):
    place, settings = issued
    _, other = place.export("exchange", "other", tmp_path)
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    for change in (
        {"certificate_key": str(other)},
        {"certificate_passphrase_file": str(wrong)},
        {"certificate": settings.certificate_key},
    ):
        with pytest.raises(CertificateUnusable, match="cannot serve the pages"):
            listening(Flask("pages"), replace(settings, **change))


@pytest.mark.parametrize("secure", [True, False])
def test_listening__port_in_use__says_so(issued, secure):
    settings = issued[1] if secure else Settings(port=0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match="another --port"):
            listening(Flask("pages"), replace(settings, port=port))
