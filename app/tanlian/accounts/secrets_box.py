"""Secrets at rest: random tokens are kept as hashes, what must be read again is encrypted."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from tanlian.domain.errors import TanlianError

_OWNER_ONLY = 0o600


class SecretUnreadable(TanlianError):
    """A stored secret does not open with the key at hand."""

    code = "secret_unreadable"


def new_token() -> str:
    """Return 256 random bits, as text for a cookie or a link."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored of a random token; tokens are long, so one hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SecretsBox:
    """Encrypts with the key of this installation, which lies in a file outside the database."""

    fernet: Fernet

    @classmethod
    def at(cls, path: Path) -> "SecretsBox":
        """Open the key file, making it (readable by its owner only) if it does not exist."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
        return cls(Fernet(path.read_bytes()))

    def lock(self, secret: bytes) -> bytes:
        return self.fernet.encrypt(secret)

    def open(self, locked: bytes) -> bytes:
        """Return the secret.

        Raises:
            SecretUnreadable: it was encrypted with the key of another installation, or altered.
        """
        try:
            return self.fernet.decrypt(locked)
        except InvalidToken:
            raise SecretUnreadable(
                "A stored secret does not open; restore the key file that belongs to this database."
            ) from None
