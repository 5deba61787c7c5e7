"""HTTPS before the pages' server: the TLS of every connection ends here, in one thread.

The pages' server speaks plain HTTP. Where no proxy stands in front, this does: it listens, shakes
hands, and passes the bytes on over loopback. A client that connects and stays silent costs no
thread and ends with the handshake's time-out. Who the client is, the pages learn from a table of
the inner connections' ports, not from headers that a client could forge.
"""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 10.0
MOST_CONNECTIONS = 1_000
BACKLOG = 256
CHUNK = 2**16
LOOPBACK = "127.0.0.1"

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]


class TlsFront:
    """Listens with TLS at an address and passes on to a port of loopback."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._clients: dict[int, str] = {}  # port of the inner connection -> address of the client
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._inner_port = 0
        self.port = 0

    def listen(self, host: str, port: int) -> None:
        """Take the address; clients wait until `run` serves them.

        Raises:
            OSError: it is in use, or not one of this machine.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self.port = self._listener.getsockname()[1]

    def run(self, inner_port: int) -> None:
        """Pass connections on until `close`."""
        self._inner_port = inner_port
        self._loop.run_until_complete(self._run())
        self._loop.close()

    def close(self) -> None:
        """End every connection; may be called from another thread, also before `run`."""
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._ended.set)

    def naming_clients(self, application: Application) -> Application:
        """The application, told the client's address and that it came by HTTPS.

        Whoever reaches the inner port by himself is refused: that would be a way around TLS.
        """

        def named(environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
            client = self._clients.get(int(environment.get("REMOTE_PORT") or 0))
            if client is None:
                start_response("403 Forbidden", [("Content-Type", "text/plain")])
                return [b"These pages are served by HTTPS.\n"]
            return application(
                {**environment, "REMOTE_ADDR": client, "wsgi.url_scheme": "https"}, start_response
            )

        return named

    async def _run(self) -> None:
        server = await asyncio.start_server(
            self._serve,
            sock=self._listener,
            backlog=BACKLOG,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
        )
        async with server:
            await self._ended.wait()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, after its handshake."""
        client = str(writer.get_extra_info("peername")[0])
        try:
            if len(self._clients) >= MOST_CONNECTIONS:
                log.warning("connection refused: %s are open", MOST_CONNECTIONS)
                return
            inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, self._inner_port)
            own_port = inner_writer.get_extra_info("sockname")[1]
            self._clients[own_port] = client
            try:
                await _join((reader, inner_writer), (inner_reader, writer))
            finally:
                del self._clients[own_port]
                inner_writer.close()
        except (OSError, ssl.SSLError) as error:
            log.info("connection of %s ended: %s", client, error)
        finally:
            writer.close()


async def _join(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Pass bytes on both ways until one of the two sides ends."""
    tasks = [asyncio.create_task(_pump(*way)) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()


def in_thread(front: TlsFront, inner_port: int) -> threading.Thread:
    """Start passing on in a thread of its own."""
    thread = threading.Thread(target=front.run, args=(inner_port,), name="tls")
    thread.start()
    return thread
