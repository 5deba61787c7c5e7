"""HTTP on loopback: a WSGI application over the dispatcher, served by waitress."""

import errno
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import waitress.server
import waitress.wasyncore

from tanlian_node.embedded.errors import PortInUseError
from tanlian_node.embedded.rpc import Dispatcher

THREADS = 16
LONGEST_ANSWER = 10  # seconds that an answer may still take when the server stops
LARGEST_BODY = 32 * 1024 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_create_server: Any = waitress.server.create_server  # waitress has no types
_sockets: Any = waitress.wasyncore
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Application:
    """The WSGI application; answers only requests that were addressed to this machine itself.

    A page from elsewhere can make a browser send requests to loopback under a name of its own
    (DNS rebinding), so the name in the request counts too.
    """

    def __init__(self, dispatcher: Dispatcher, hosts: Iterable[str] = ()) -> None:
        self._dispatcher = dispatcher
        self._hosts = LOOPBACK | set(hosts)

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> list[bytes]:
        host = str(environ.get("HTTP_HOST", "localhost")).rsplit(":", 1)[0]
        if host not in self._hosts:
            return _answer(start, "403 Forbidden", b'{"message":"Host not authorized."}')
        if environ["REQUEST_METHOD"] == "GET":
            if environ.get("PATH_INFO") in ("/liveness", "/readiness"):
                return _answer(start, "200 OK", b'{"status":"UP"}')
            return _answer(start, "405 Method Not Allowed", b"")
        if environ["REQUEST_METHOD"] != "POST":
            return _answer(start, "405 Method Not Allowed", b"")
        understood, body = self._dispatcher.answer(environ["wsgi.input"].read())
        return _answer(start, "200 OK" if understood else "400 Bad Request", body)


def _answer(start: StartResponse, status: str, body: bytes) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class Server:
    """waitress in a thread of its own."""

    def __init__(self, application: Application, *, host: str, port: int) -> None:
        # more requests at once than threads is no news
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._channels: dict[int, Any] = {}
        self._ending = threading.Event()
        try:
            self._server: Any = _create_server(
                application,
                map=self._channels,
                host=host,
                port=port,
                threads=THREADS,
                max_request_body_size=LARGEST_BODY,
                channel_timeout=300,
                ident=None,
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUseError(
                f"port {port} on {host} is in use: stop what listens there, or choose another "
                "with --port (0 takes any free one)"
            ) from error
        self.port = int(self._server.effective_port)
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._run, name="rpc", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests; those being answered are answered."""
        self._ending.set()
        if self._thread.is_alive():
            self._server.pull_trigger()
            self._thread.join()

    def _run(self) -> None:
        def turn(seconds: float) -> None:
            _sockets.loop(timeout=seconds, use_poll=True, map=self._channels, count=1)

        while not self._ending.is_set():
            turn(1.0)
        self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=LONGEST_ANSWER)
        for _ in range(3):  # let finished answers leave
            turn(0.02)
        _sockets.close_all(self._channels)
