"""Secrets at rest: random tokens are kept as hashes, what must be read again is encrypted."""

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from tanlian.domain.errors import TanlianError


class SecretUnreadable(TanlianError):
    """A stored secret does not open with the key at hand."""

    code = "secret_unreadable"


def new_token() -> str:
    """Return 256 random bits, as text for a cookie or a link."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored of a random token; tokens are long, so one hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def secret_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return what a secret file holds, making it (readable by its owner only) where there is none.

    It appears whole or not at all, also when several processes start at once: all use one secret.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first; its secret is the one
                path.hardlink_to(draft)
        finally:
            Path(draft).unlink()
    return path.read_bytes()


@dataclass(frozen=True, slots=True)
class SecretsBox:
    """Encrypts with the key of this installation, which lies in a file outside the database."""

    key: bytes = field(repr=False)

    @classmethod
    def at(cls, path: Path) -> "SecretsBox":
        """Open the key file, making it (readable by its owner only) if it does not exist."""
        return cls(secret_file(path, Fernet.generate_key))

    def mark(self, text: str) -> str:
        """Return a mark that is the same for the same text and tells nothing of it without the key.

        For what people typed into the wrong field, such as a password as login.
        """
        return hmac.digest(self.key, text.encode(), "sha256").hex()[:32]

    def lock(self, secret: bytes) -> bytes:
        return Fernet(self.key).encrypt(secret)

    def open(self, locked: bytes) -> bytes:
        """Return the secret.

        Raises:
            SecretUnreadable: it was encrypted with the key of another installation, or altered.
        """
        try:
            return Fernet(self.key).decrypt(locked)
        except InvalidToken:
            raise SecretUnreadable(
                "A stored secret does not open; restore the key file that belongs to this database."
            ) from None
