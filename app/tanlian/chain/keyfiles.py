"""Keys at rest: Ethereum V3 keyfiles in one folder, opened with a passphrase.

A passphrase comes from a file or from the environment, never from the command line (which other
users of the machine can read) and never into a log.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account

from tanlian.chain.errors import KeyfileError
from tanlian.chain.keys import Key, checksum

PASSPHRASE_VARIABLE = "TANLIAN_PASSPHRASE"  # noqa: S105 - the name of a variable
STRONG = 2**18  # scrypt's cost for keys that hold value: about 3 s to open
QUICK = 2**12  # for chains that are thrown away
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Keyfiles:
    """The folder that holds `<alias>.json`."""

    folder: Path

    def aliases(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def path(self, alias: str) -> Path:
        if not alias or "/" in alias or alias.startswith("."):
            raise KeyfileError(f"{alias!r} is no name for a key; use letters, digits and dashes.")
        return self.folder / f"{alias}.json"

    def create(self, alias: str, passphrase: str, *, cost: int = STRONG) -> str:
        """Make a new key, write its file, return its address."""
        return self.keep(alias, secrets.token_bytes(32), passphrase, cost=cost)

    def keep(self, alias: str, secret: bytes, passphrase: str, *, cost: int = STRONG) -> str:
        """Write the file of a given key; refuses to overwrite another.

        Raises:
            KeyfileError: the alias is taken, or the passphrase is empty.
        """
        path = self.path(alias)
        if path.exists():
            raise KeyfileError(
                f"There is a key {alias!r} already at {path}; choose another name.", path=str(path)
            )
        if not passphrase:
            raise KeyfileError(f"A key needs a passphrase; set {PASSPHRASE_VARIABLE}.")
        content = Account.encrypt(secret, passphrase, kdf="scrypt", iterations=cost)
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        return Key(secret).address

    def open(self, alias: str, passphrase: str) -> Key:
        """Open the key of an alias, or of a path to a keyfile.

        Raises:
            KeyfileError: no such file, no keyfile, or a wrong passphrase.
        """
        path = Path(alias) if alias.endswith(".json") else self.path(alias)
        content = _read(path, self)
        try:
            return Key(bytes(Account.decrypt(content, passphrase)))
        except ValueError as error:
            raise KeyfileError(
                f"The passphrase does not open {path}; check {PASSPHRASE_VARIABLE} or the "
                "passphrase file.",
                path=str(path),
            ) from error

    def address(self, alias: str) -> str:
        """The address that the file states, without opening it."""
        content = _read(self.path(alias), self)
        return checksum(str(content["address"]))


def _read(path: Path, keyfiles: Keyfiles) -> dict[str, object]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError as error:
        known = ", ".join(keyfiles.aliases()) or "none"
        raise KeyfileError(
            f"There is no keyfile {path}; keys in {keyfiles.folder}: {known}. "
            "Make one with `tanlian key new NAME`.",
            path=str(path),
        ) from error
    except ValueError as error:
        raise KeyfileError(f"{path} is no JSON keyfile.", path=str(path)) from error
    if not isinstance(content, dict) or "crypto" not in content or "address" not in content:
        raise KeyfileError(f"{path} is no Ethereum V3 keyfile.", path=str(path))
    return content


def passphrase_for(alias: str, file: Path | None = None) -> str:
    """Find the passphrase of a key: a file, else the key's own variable, else the shared one.

    For the key `wu-steel` the variables are TANLIAN_PASSPHRASE_WU_STEEL and TANLIAN_PASSPHRASE.
    """
    if file is not None:
        try:
            return file.read_text().rstrip("\r\n")
        except OSError as error:
            raise KeyfileError(
                f"The passphrase file {file} cannot be read: {error.strerror}.", path=str(file)
            ) from error
    stem = Path(alias).stem if alias.endswith(".json") else alias
    own = f"{PASSPHRASE_VARIABLE}_{stem.upper().replace('-', '_')}"
    for variable in (own, PASSPHRASE_VARIABLE):
        if variable in os.environ:
            return os.environ[variable]
    raise KeyfileError(
        f"No passphrase for key {stem!r}: set {own} or {PASSPHRASE_VARIABLE}, or name a file with "
        "--passphrase-file.",
        variable=own,
    )
