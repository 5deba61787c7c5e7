"""Keys of nodes and organisations: how they are made, kept and opened.

A node's key is the file Besu reads (hex, only its owner may read it). An organisation's key is an
Ethereum V3 keyfile; its passphrase comes from a file or from the environment, never from the
command line, and never reaches a log.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_keys.datatypes import PrivateKey, PublicKey
from eth_utils.exceptions import ValidationError

from tanlian_node.errors import BadKey

PASSPHRASE_VARIABLE = "TANLIAN_PASSPHRASE"  # noqa: S105 - the name of a variable
STRONG = 2**18  # scrypt's cost for keys that hold value: about 3 s to open
QUICK = 2**12  # for networks that are thrown away
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class NodeKey:
    """The key a node seals blocks and meets its peers with."""

    secret: bytes

    def __repr__(self) -> str:
        return f"NodeKey({self.address})"

    @property
    def public_key(self) -> str:
        """64 bytes in hex without prefix, as in an enode."""
        return PrivateKey(self.secret).public_key.to_hex()[2:]

    @property
    def address(self) -> str:
        return PrivateKey(self.secret).public_key.to_address()

    def sign_digest(self, digest: bytes) -> tuple[int, int, int]:
        """Sign 32 bytes: v (27 or 28), r, s."""
        signature = PrivateKey(self.secret).sign_msg_hash(digest)
        return signature.v + 27, signature.r, signature.s


def new_node_key() -> NodeKey:
    return NodeKey(secrets.token_bytes(32))


def address_of_public_key(public_key: str) -> str:
    """The address of a public key given as 64 bytes in hex."""
    try:
        address: str = PublicKey(bytes.fromhex(public_key.removeprefix("0x"))).to_address()
    except (ValueError, ValidationError) as error:
        raise BadKey(f"{public_key[:20]}... is no public key of 64 bytes in hex.") from error
    return address


def write_node_key(path: Path, key: NodeKey) -> None:
    """Write the key file that Besu reads; refuses to overwrite one."""
    if path.exists():
        raise BadKey(f"There is a key at {path} already; move it away first.", path=str(path))
    write_secret(path, "0x" + key.secret.hex() + "\n")


def read_node_key(path: Path) -> NodeKey:
    try:
        secret = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
    except FileNotFoundError as error:
        raise BadKey(f"There is no key at {path}.", path=str(path)) from error
    except ValueError as error:
        raise BadKey(f"{path} does not hold a key in hex.", path=str(path)) from error
    if len(secret) != 32:
        raise BadKey(f"{path} does not hold a key of 32 bytes.", path=str(path))
    return NodeKey(secret)


def create_keyfile(path: Path, passphrase: str, *, cost: int = STRONG) -> str:
    """Make a key, keep it as a V3 keyfile, return its address."""
    if path.exists():
        raise BadKey(f"There is a key at {path} already; move it away first.", path=str(path))
    if not passphrase:
        raise BadKey(f"A keyfile needs a passphrase; set {PASSPHRASE_VARIABLE} or name a file.")
    secret = secrets.token_bytes(32)
    content = Account.encrypt(secret, passphrase, kdf="scrypt", iterations=cost)
    write_secret(path, json.dumps(content))
    return PrivateKey(secret).public_key.to_address()


def open_keyfile(path: Path, passphrase: str) -> bytes:
    """The private key in a V3 keyfile.

    Raises:
        BadKey: no such file, not a keyfile, or another passphrase.
    """
    try:
        return bytes(Account.decrypt(json.loads(path.read_text()), passphrase))
    except FileNotFoundError as error:
        raise BadKey(f"There is no keyfile at {path}.", path=str(path)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadKey(
            f"{path} cannot be opened: the passphrase is wrong or it is no V3 keyfile.",
            path=str(path),
        ) from error


def keyfile_address(path: Path) -> str:
    """The address of a V3 keyfile, without its passphrase."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        return "0x" + str(content["address"]).removeprefix("0x").lower()
    except FileNotFoundError as error:
        raise BadKey(f"There is no keyfile at {path}.", path=str(path)) from error
    except (ValueError, KeyError) as error:
        raise BadKey(f"{path} is no V3 keyfile with an address.", path=str(path)) from error


def passphrase(file: Path | None = None) -> str:
    """The passphrase from a file, else from the environment.

    Raises:
        BadKey: neither is there, or others can read the file.
    """
    if file is not None:
        if not file.is_file():
            raise BadKey(f"There is no passphrase file at {file}.", path=str(file))
        if file.stat().st_mode & 0o077:
            raise BadKey(f"Other users can read {file}; run `chmod 600 {file}`.", path=str(file))
        return file.read_text().rstrip("\r\n")
    found = os.environ.get(PASSPHRASE_VARIABLE, "")
    if not found:
        raise BadKey(f"Set {PASSPHRASE_VARIABLE}, or name a passphrase file.")
    return found


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
