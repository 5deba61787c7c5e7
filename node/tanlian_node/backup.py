"""A node's backup: made while it is stopped, proved by a drill that opens the chain again."""

import hashlib
import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tanlian_node.access import open_rpc
from tanlian_node.besu import Besu
from tanlian_node.errors import BrokenBackup, UnsafeChange
from tanlian_node.network_files import NetworkRecord
from tanlian_node.processes import running_pid
from tanlian_node.rpc import Rpc

MANIFEST = "manifest.json"
SKIPPED = {"besu.log", "besu.pid", "besu.ports", "besu.networks"}
CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Head:
    """The last block before the backup: what the restored chain must have again."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    node: str
    chain_id: int
    head: Head
    files: dict[str, str]  # path in the archive -> SHA-256


def read_head(record: NetworkRecord, name: str) -> Head:
    block = open_rpc(record, name).head()
    return Head(int(block["number"], 16), block["hash"])


def backup_node(record: NetworkRecord, name: str, head: Head, archive: Path) -> Manifest:
    """Write the folder of a stopped node (key, configuration, chain) into one archive.

    Raises:
        UnsafeChange: the node runs; its database would be copied half-written.
    """
    place = record.node_folder(record.node(name).name)
    if running_pid(place) is not None:
        raise UnsafeChange(f"{name} runs; stop it first, its database has to be at rest.")
    files = {
        str(path.relative_to(place)): _digest(path)
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.name not in SKIPPED
    }
    manifest = Manifest(name, record.chain_id, head, files)
    archive.parent.mkdir(parents=True, exist_ok=True)
    draft = archive.with_name(archive.name + ".new")
    draft.touch(mode=0o600)  # the node's key is inside
    note = place / MANIFEST
    note.write_text(json.dumps(asdict(manifest), indent=1))
    with tarfile.open(draft, "w:gz", compresslevel=3) as tar:
        for relative in (MANIFEST, *files):
            tar.add(place / relative, arcname=relative)
    note.unlink()
    draft.replace(archive)
    return manifest


def restore_node(archive: Path, place: Path) -> Manifest:
    """Unpack a backup into an empty folder and check every file against the manifest.

    Raises:
        BrokenBackup: a file is missing, changed or does not belong there.
        UnsafeChange: the folder already holds a chain.
    """
    if (place / "data").exists():
        raise UnsafeChange(f"{place} holds a chain already; move it away first.")
    place.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as tar:
            _unpack(tar, place)
        table: dict[str, Any] = json.loads((place / MANIFEST).read_text())
    except (tarfile.TarError, OSError, ValueError) as error:
        raise BrokenBackup(f"{archive} cannot be read: {error}") from error
    (place / MANIFEST).unlink()
    manifest = Manifest(
        table["node"], table["chain_id"], Head(**table["head"]), dict(table["files"])
    )
    for relative, digest in manifest.files.items():
        path = place / relative
        if not path.is_file() or _digest(path) != digest:
            raise BrokenBackup(f"{archive}: {relative} is missing or was changed.")
    surplus = set(_files(place)) - set(manifest.files)
    if surplus:
        raise BrokenBackup(f"{archive}: {min(surplus)} is not in the manifest.")
    return manifest


def _unpack(tar: tarfile.TarFile, place: Path) -> None:
    """Take plain files inside of the folder only; Python before 3.11.4 has no filter for that."""
    for member in tar:
        name = PurePosixPath(member.name)
        source = tar.extractfile(member) if member.isreg() else None
        if source is None or name.is_absolute() or ".." in name.parts:
            raise tarfile.TarError(f"{member.name} is no plain file inside of the folder")
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with source, path.open("xb") as file:
            shutil.copyfileobj(source, file)
        path.chmod(member.mode & 0o700)


def drill(archive: Path, place: Path, besu: Besu, rpc_port: int, java_options: str) -> Head:
    """Restore a backup beside the running network and open its chain, without peers.

    The node of the drill gets a key of its own: two nodes with one validator key could seal two
    blocks of one height.

    Raises:
        BrokenBackup: the restored chain has another head than the backup says.
    """
    from tanlian_node.keys import new_node_key, write_node_key
    from tanlian_node.local import wait_until
    from tanlian_node.processes import end_processes

    manifest = restore_node(archive, place)
    (place / "key").unlink(missing_ok=True)
    write_node_key(place / "key", new_node_key())
    (place / "drill.toml").write_text(
        'genesis-file="genesis.json"\ndata-path="data"\nnode-private-key-file="key"\n'
        'data-storage-format="FOREST"\nsync-mode="FULL"\np2p-enabled=false\n'
        "discovery-enabled=false\nmin-gas-price=0\nrpc-http-enabled=true\n"
        f'rpc-http-host="127.0.0.1"\nrpc-http-port={rpc_port}\n'
    )
    process = besu.start(
        [f"--config-file={place.resolve() / 'drill.toml'}"],
        place,
        place / "besu.log",
        java_options,
    )
    rpc = Rpc(f"http://127.0.0.1:{rpc_port}")
    try:
        wait_until(lambda: rpc.height() >= 0, 90, "an answer of the restored node")
        block = rpc.call("eth_getBlockByNumber", hex(manifest.head.number), False)
    finally:
        end_processes([process.pid])
    if block is None or block["hash"] != manifest.head.hash:
        raise BrokenBackup(
            f"The restored chain does not hold block {manifest.head.number} of the backup."
        )
    return manifest.head


def _files(place: Path) -> Iterator[str]:
    return (str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            hashed.update(chunk)
    return hashed.hexdigest()
