"""A receiver of webhooks on this machine, which checks every message as a stranger would."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """`answers` are the statuses of the next answers, 200 when there are none left."""

    url: str = ""
    secret: str = ""
    answers: list[int] = field(default_factory=list)
    taken: list[tuple[str, dict]] = field(default_factory=list)  # id and message, verified
    refused: list[str] = field(default_factory=list)

    def take(self, headers, body: bytes) -> int:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            names = ("webhook-id", "webhook-timestamp", "webhook-signature")
            try:
                message = Webhook(self.secret).verify(body, {name: headers[name] for name in names})
            except Exception as error:
                self.refused.append(f"{type(error).__name__}: {error}")
                return 400
            self.taken.append((headers["webhook-id"], message))
        return status

    @property
    def ids(self) -> list[str]:
        return [one for one, _ in self.taken]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            status = receiver.take(
                self.headers, self.rfile.read(int(self.headers["Content-Length"]))
            )
            self.send_response(status)
            if status == 302:
                self.send_header("Location", receiver.url + "elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
