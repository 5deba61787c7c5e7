"""The folder of one embedded chain: genesis, sealing keys, allowlist, database, and its lock."""

import errno
import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import IO

import coincurve

from tanlian_node.embedded.errors import (
    FolderCorruptError,
    FolderLockedError,
    FolderMismatchError,
    FolderMissingError,
)
from tanlian_node.embedded.genesis import Genesis


class Folder:
    """Paths inside the folder, and the lock that keeps a second process out."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    @property
    def genesis_file(self) -> Path:
        return self.path / "genesis.json"

    @property
    def key_file(self) -> Path:
        return self.path / "key"

    @property
    def database(self) -> Path:
        return self.path / "chain.sqlite"

    @property
    def permissions_file(self) -> Path:
        return self.path / "permissions_config.toml"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def is_initialised(self) -> bool:
        return self.genesis_file.exists()

    def acquire(self) -> None:
        """Take the lock until `release` or the end of the process, however it ends.

        Raises:
            FolderLockedError: another process runs a chain in this folder.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        handle = self.lock_file.open("a+", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.seek(0)
            owner = handle.read().strip() or "unknown"
            handle.close()
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise FolderLockedError(
                f"{self.path} is in use by process {owner}: stop it first "
                f"(tanlian-node chain stop --data {self.path}), or use another folder"
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        self._lock = handle

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def owner(self) -> int | None:
        """The process that runs the chain, if one does."""
        try:
            with self.lock_file.open("r+", encoding="utf-8") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(handle.read().strip() or 0) or None
        except FileNotFoundError:
            return None
        return None

    def write(self, genesis: Genesis, keys: list[coincurve.PrivateKey]) -> None:
        """Lay out a new chain; the genesis comes last, as the sign that all is there."""
        if self.is_initialised:
            raise FolderMismatchError(f"{self.path} already holds a chain")
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("".join(f"0x{key.to_hex().rjust(64, '0')}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        draft = self.genesis_file.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(genesis.document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.genesis_file)

    def genesis(self) -> Genesis:
        if not self.is_initialised:
            raise FolderMissingError(
                f"{self.path} holds no chain: make one with "
                f"tanlian-node chain init --data {self.path}"
            )
        return Genesis.read(self.genesis_file)

    def private_keys(self) -> list[coincurve.PrivateKey]:
        """The sealing keys, one a line, as in Besu's file of this name."""
        try:
            lines = self.key_file.read_text(encoding="ascii").split()
            return [coincurve.PrivateKey(bytes.fromhex(line.removeprefix("0x"))) for line in lines]
        except FileNotFoundError as error:
            raise FolderMissingError(
                f"{self.key_file} is missing: without it no block can be sealed; restore it"
            ) from error
        except ValueError as error:
            raise FolderCorruptError(f"{self.key_file} holds no private key in hex") from error


def new_key() -> coincurve.PrivateKey:
    return coincurve.PrivateKey(secrets.token_bytes(32))
