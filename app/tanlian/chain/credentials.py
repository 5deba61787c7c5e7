"""How a node that other machines reach is entered: whose certificate counts, which token opens it.

Besu serves RPC beyond loopback with TLS and tokens (JWT); the files come from whoever runs the node
(`tanlian-node ca init`, `tanlian-node jwt`). Tokens end: their file is read anew at every request,
so that a new token takes effect without a restart.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from requests import PreparedRequest
from requests.auth import AuthBase

from tanlian.chain.errors import BadCredentials


@dataclass(frozen=True, slots=True)
class Credentials:
    """`authority` is the consortium's root certificate (PEM); the token's file holds one line."""

    authority: Path | None = None
    token_file: Path | None = None

    def request_arguments(self) -> dict[str, Any]:
        """What `requests` is to be told.

        Raises:
            BadCredentials: a file that is named is not there.
        """
        arguments: dict[str, Any] = {}
        if self.authority is not None:
            if not self.authority.is_file():
                raise BadCredentials(
                    f"There is no certificate {self.authority}; ask the node's operator for the "
                    "consortium's root.pem.",
                    path=str(self.authority),
                )
            arguments["verify"] = str(self.authority)
        if self.token_file is not None:
            arguments["auth"] = _Bearer(self.token_file)
            _token(self.token_file)
        return arguments


class _Bearer(AuthBase):
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {_token(self._path)}"
        return request


def _token(path: Path) -> str:
    try:
        token = path.read_text().strip()
    except OSError as error:
        raise BadCredentials(
            f"The token file {path} cannot be read ({error.strerror}); ask the node's operator for "
            "a token (`tanlian-node jwt`).",
            path=str(path),
        ) from error
    if not token:
        raise BadCredentials(f"The token file {path} is empty.", path=str(path))
    return token
