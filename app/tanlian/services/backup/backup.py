"""Taking a back-up and bringing it back: database, secrets, documents, gateways, keys, book.

| in the folder   | what                                                                        |
|-----------------|-----------------------------------------------------------------------------|
| `manifest.json` | written last: when, of which network, every file with size and SHA-256      |
| `accounts.rows` | people, keyfiles, API keys, log …; not the sessions: people sign in again   |
| `folder/`       | secrets and documents                                                       |
| `readings/`     | copies of readings that the pages show and compare                          |
| `gateways/`     | each gateway's configuration, devices and store                             |
| `keys/`, `book.json` | keyfiles of the network's folder (encrypted), addresses of the contracts |

The tables that pages read are left out: they are made from the chain.
"""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection, Engine

from tanlian.accounts import outbox, store
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.tables import metadata
from tanlian.database import CHANGING, JOURNALS, MAKING, sqlite_file
from tanlian.readmodel.turn import WORKS
from tanlian.services.backup import rows
from tanlian.services.backup.errors import BackupRefused
from tanlian.services.gateway.settings import GatewaySettings

FORMAT = "tanlian back-up 1"
MANIFEST = "manifest.json"
ACCOUNTS = "accounts.rows"
# signed-out people must not be signed in again by bringing an old copy back
LEFT_OUT = ("sessions",)
_OWNER_ONLY = 0o700
_SQLITE = b"SQLite format 3\0"
_LOGS = (".jsonl", ".log")
_PASSING = (*(f".{work}" for work in WORKS), MAKING, CHANGING, *JOURNALS)


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the parts of an installation lie."""

    network: str
    chain_id: int
    accounts: str
    folder: Path
    keys: Path
    book: Path
    readings: Path
    gateways: tuple[Path, ...] = ()

    @property
    def box(self) -> SecretsBox:
        """What opens the encrypted rows of the accounts database."""
        return SecretsBox.at(self.folder / store.KEY_FILE)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a back-up holds."""

    made_at: str
    rows: dict[str, int]
    files: int
    bytes: int
    gateways: list[str] = field(default_factory=list)


def take(installation: Installation, target: Path) -> Taken:
    """Copy everything into a new folder; it has its name only when it is whole.

    Raises:
        BackupRefused: the folder exists, or something of the installation is not there.
    """
    if target.exists():
        raise BackupRefused(f"{target} exists; name a folder that does not.")
    draft = target.with_name(f"{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=_OWNER_ONLY)
    engine = store.open_store(installation.accounts, installation.box)
    try:
        # first the rows, then what they may refer to: documents are only ever added
        counts = rows.dump(engine, metadata, draft / ACCOUNTS, LEFT_OUT)
    finally:
        engine.dispose()
    _copy_tree(installation.folder, draft / "folder", sqlite_file(installation.accounts))
    _copy_tree(installation.keys, draft / "keys", None)
    _copy_tree(installation.readings, draft / "readings", None)
    if installation.book.exists():
        shutil.copyfile(installation.book, draft / "book.json")
    for path in installation.gateways:
        _copy_gateway(path, draft / "gateways" / path.stem)
    taken = _seal(draft, installation, counts)
    draft.rename(target)
    _sync(target.parent)
    return taken


def check(folder: Path) -> dict[str, Any]:
    """Return the manifest of a back-up whose files are all there and unchanged.

    Raises:
        BackupRefused: it is none, or is damaged: names the first file that is.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BackupRefused(f"{folder} holds no back-up: {MANIFEST} is missing.") from error
    except ValueError as error:
        raise BackupRefused(f"{folder / MANIFEST} is damaged: {error}.") from error
    if manifest.get("format") != FORMAT:
        raise BackupRefused(f"{folder} is no back-up of the form {FORMAT!r}.")
    listed: dict[str, str] = manifest["files"]
    for name, digest in listed.items():
        path = folder / name
        if path.is_symlink() or not path.is_file() or _digest(path) != digest:
            raise BackupRefused(f"{path} is missing or was changed; this back-up is damaged.")
    for path in _files(folder):
        name = str(path.relative_to(folder))
        if name not in listed and name != MANIFEST:
            raise BackupRefused(f"{path} is not part of the back-up; it was put there later.")
    return manifest


def restore(installation: Installation, folder: Path) -> dict[str, int]:
    """Bring a back-up into an installation that has none of it; returns the rows of each table.

    Raises:
        BackupRefused: the back-up is damaged or of another network, or something is in the way.
    """
    manifest = check(folder)
    if manifest["chain_id"] != installation.chain_id:
        raise BackupRefused(
            f"The back-up is of chain {manifest['chain_id']}, not of {installation.chain_id}; "
            "name its --network.",
        )
    copies = list(_destinations(installation, folder))
    for source, target in copies:
        if target.exists() and _digest(target) != _digest(source):
            raise BackupRefused(f"{target} exists and is another one; move it away first.")
    for source, target in copies:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)

    # the rows come last: an attempt that was interrupted can simply be repeated
    def opened(revision: str) -> Engine:
        return store.open_store(installation.accounts, installation.box, revision)

    return rows.load(opened, metadata, folder / ACCOUNTS, _close_drafts)


def _close_drafts(db: Connection, tables: Mapping[str, Table]) -> None:
    """Close what was not signed: it may have been since, and would happen a second time."""
    if "acts" in tables:
        outbox.close_unsigned(db, int(time.time()))


def _destinations(installation: Installation, folder: Path) -> Iterator[tuple[Path, Path]]:
    """Each file of a back-up with its place in the installation."""
    places = {
        "folder": installation.folder,
        "keys": installation.keys,
        "readings": installation.readings,
    }
    for part, place in places.items():
        for path in _files(folder / part):
            yield path, place / path.relative_to(folder / part)
    if (folder / "book.json").exists():
        yield folder / "book.json", installation.book
    known = {path.stem: path for path in installation.gateways}
    for gateway in sorted((folder / "gateways").glob("*")):
        if gateway.name not in known:
            raise BackupRefused(
                f"The back-up holds the gateway {gateway.name!r}, which the setting `gateways` "
                "does not name; add it, so that it is clear where it goes.",
            )
        place = known[gateway.name]
        for path in _files(gateway):
            inside = path.relative_to(gateway)
            yield path, place if str(inside) == "gateway.toml" else place.parent / inside


def _seal(draft: Path, installation: Installation, counts: dict[str, int]) -> Taken:
    paths = list(_files(draft))
    for path in paths:
        path.chmod(0o600)
        _sync(path)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = {
        "format": FORMAT,
        "made_at": made_at,
        "network": installation.network,
        "chain_id": installation.chain_id,
        "rows": counts,
        "files": {str(path.relative_to(draft)): _digest(path) for path in paths},
    }
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (draft / MANIFEST).chmod(0o600)
    _sync(draft / MANIFEST)
    size = sum(path.stat().st_size for path in paths)
    return Taken(made_at, counts, len(paths), size, [path.stem for path in installation.gateways])


def _copy_tree(source: Path, target: Path, without: Path | None) -> None:
    """Copy a folder in which others write: logs first, for they name what lies beside them."""
    paths = [
        path
        for path in _files(source)
        if not path.name.startswith((".", "tmp")) and not path.name.endswith(_PASSING)
    ]
    for path in sorted(paths, key=lambda path: (path.suffix not in _LOGS, path)):
        if without is None or path.resolve() != without.resolve():
            _copy(path, target / path.relative_to(source))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if is_database:
        with closing(sqlite3.connect(source)) as ours, closing(sqlite3.connect(target)) as theirs:
            ours.backup(theirs)
        return
    if source.suffix in _LOGS:
        whole, newline, _ = source.read_bytes().rpartition(b"\n")  # a line may be half written
        target.write_bytes(whole + newline)
        return
    shutil.copyfile(source, target)


def _copy_gateway(path: Path, target: Path) -> None:
    if not path.exists():
        raise BackupRefused(f"{path}, named by the setting `gateways`, is missing.")
    settings = GatewaySettings.load(path)
    _copy(path, target / "gateway.toml")
    for part in (settings.store, settings.devices_file):
        inside = part.relative_to(path.parent) if part.is_relative_to(path.parent) else None
        if inside is None or not part.exists():
            raise BackupRefused(f"{part}, named by {path}, is missing or lies outside its folder.")
        _copy(part, target / inside)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
