"""Keys of those who read documents: X25519, as PEM files in a folder.

`NAME.pem` is the private key, encrypted with a passphrase, for its owner only; `NAME.pub` is the
public one, which others need to name this reader.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.proofs.sealed_document import new_reader_key
from tanlian.services.documents import Reader

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class ReaderKeys:
    """The folder of an organisation's keys for reading."""

    folder: Path

    def create(self, name: str, passphrase: str) -> X25519PrivateKey:
        """Make a key pair and its two files.

        Raises:
            InvalidInput: a key of this name exists, or the name is no file name.
        """
        if Path(name).name != name or not name:
            raise InvalidInput(f"{name!r} is no name for a file.", name=name)
        key = new_reader_key()
        private = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
        )
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(
                self.private_file(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY
            )
        except FileExistsError as error:
            raise InvalidInput(
                f"{self.private_file(name)} exists; a key is never overwritten. Take another "
                "name, and grant the new key access with the old one.",
                name=name,
            ) from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(private)
            file.flush()
            os.fsync(file.fileno())
        self.public_file(name).write_bytes(public)
        return key

    def private_file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def public_file(self, name: str) -> Path:
        return self.folder / f"{name}.pub"

    def reader(self, name: str) -> Reader:
        """Return a reader by the name of its public key in this folder."""
        return load_reader(self.public_file(name))


def open_private(path: Path, passphrase: str) -> X25519PrivateKey:
    """Open a private key.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no key for reading, or the passphrase does not open it.
    """
    try:
        key = load_pem_private_key(_bytes_of(path), passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInput(
            f"{path.name} is no encrypted key for reading, or the passphrase does not open it.",
            path=str(path),
        ) from error
    if not isinstance(key, X25519PrivateKey):
        raise InvalidInput(f"{path.name} is a key of another kind than for reading documents.")
    return key


def load_reader(path: Path) -> Reader:
    """Return the reader whose public key a file holds; its name is the file's.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no public key for reading.
    """
    try:
        key = load_pem_public_key(_bytes_of(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput(f"{path.name} is no public key for reading documents.") from error
    if not isinstance(key, X25519PublicKey):
        raise InvalidInput(f"{path.name} is a key of another kind than for reading documents.")
    return Reader(path.stem, key)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", path=str(path)) from error
