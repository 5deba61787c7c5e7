"""Requests to addresses that members give: never into the operator's own network.

A name is resolved once, each address it has is looked at, and the connection goes to the address
that was looked at. Redirects are not followed, the answer's body is not read, and the whole takes
a bounded time, the look-up of the name included.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from tanlian.domain.errors import InvalidInput, TanlianError

LONGEST_URL = 512
LOOK_UP_SECONDS = 5.0
CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
_GIVEN_OUT = ipaddress.ip_network("2000::/3")  # beyond it: site-local, IPv4 in other clothes
_TRANSLATED = ipaddress.ip_network("2002::/16")  # leads to IPv4
# a look-up cannot be broken off: those that were given up go on until the system gives them up
_LOOK_UPS = threading.BoundedSemaphore(256)


def addresses_of(host: str, port: int) -> list[str]:
    """Return the IP addresses of a name, by the system's resolver, which may take its time.

    Raises:
        OSError, UnicodeError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Undelivered(TanlianError):
    """The receiver was not reached, or may not be."""

    code = "undelivered"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`trusted` are the hosts that may lie in private networks and need no HTTPS; `tls` decides
    which certificates are believed; `seconds` bound an exchange, once connected.
    """

    trusted: frozenset[str] = frozenset()
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = WHOLE_SECONDS
    look_up_seconds: float = LOOK_UP_SECONDS
    look_up: Callable[[str, int], list[str]] = addresses_of

    def check(self, url: str) -> SplitResult:
        """Return the parts of an address to which something may be sent.

        Raises:
            InvalidInput: what is wrong with it.
        """
        if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise InvalidInput(
                f"An address has at most {LONGEST_URL} printable ASCII characters, no spaces."
            )
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise InvalidInput("This is no address; write https://host/path.") from None
        if parts.scheme not in {"https", "http"} or not host:
            raise InvalidInput("This is no address; write https://host/path.")
        if parts.username is not None or parts.password is not None or parts.fragment or port == 0:
            raise InvalidInput("An address has no user, password, fragment or port 0 in it.")
        if parts.scheme == "http" and host not in self.trusted:
            raise InvalidInput("Receivers are reached by HTTPS only; write https://host/path.")
        return parts

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a body; returns the HTTP status.

        Raises:
            InvalidInput: nothing may be sent there.
            Undelivered: why there was no answer.
        """
        parts = self.check(url)
        host = str(parts.hostname)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            line = self._connected(host, port)
            if parts.scheme == "https":
                line = self.tls.wrap_socket(
                    line, server_hostname=host, do_handshake_on_connect=False
                )
        except (OSError, UnicodeError) as error:
            raise Undelivered(f"{host} cannot be reached: {_reason(error)}.") from error
        # an answer that drips in would hold the thread for as long as it likes
        clock = threading.Timer(self.seconds, _cut, (line,))
        clock.start()
        connection = http.client.HTTPConnection(host, port)
        connection.sock = line
        try:
            if isinstance(line, ssl.SSLSocket):
                line.do_handshake()
            connection.request("POST", path, body, {"Host": parts.netloc, **headers})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Undelivered(f"{host} gave no answer: {_reason(error)}.") from error
        finally:
            clock.cancel()
            line.close()

    def _connected(self, host: str, port: int) -> socket.socket:
        addresses = self._looked_up(host, port)
        if host not in self.trusted and not all(is_public(one) for one in addresses):
            raise Undelivered(
                f"{host} lies in a private network. An operator can allow it: `webhook_hosts`."
            )
        return socket.create_connection((addresses[0], port), timeout=CONNECT_SECONDS)

    def _looked_up(self, host: str, port: int) -> list[str]:
        """Ask for the addresses of a name in a thread of its own, for no longer than is allowed."""
        if not _LOOK_UPS.acquire(blocking=False):
            raise Undelivered("Too many names are being looked up; try again in a minute.")
        found = Future[list[str]]()

        def ask() -> None:
            try:
                found.set_result(self.look_up(host, port))
            except (OSError, UnicodeError) as error:
                found.set_exception(error)
            finally:
                _LOOK_UPS.release()

        threading.Thread(target=ask, name="look-up", daemon=True).start()
        try:
            return found.result(self.look_up_seconds)
        except FutureTimeout:
            raise Undelivered(
                f"The name {host} was not found within {self.look_up_seconds:.0f} seconds."
            ) from None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        if one.ipv4_mapped is not None:
            one = one.ipv4_mapped
        elif one not in _GIVEN_OUT or one in _TRANSLATED:
            return False
    return one.is_global and not one.is_multicast


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # it ended just now
        line.shutdown(socket.SHUT_RDWR)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
