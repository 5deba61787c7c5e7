"""The store of encrypted documents, who was given access, and how access changes hands.

Blobs lie under their hash and are checked on every read. Grants are lines of a log in which each
names the hash of the line before, so that no grant disappears unseen.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tanlian.domain.errors import NotFound, TanlianError
from tanlian.proofs.merkle_sum import keccak
from tanlian.proofs.sealed_document import (
    DocumentRefused,
    OpenedDocument,
    SealedDocument,
    Sign,
    fingerprint,
    open_document,
    seal,
    unwrap,
    wrap,
)


class BlobDamaged(TanlianError):
    """A stored blob is not what its name says."""

    code = "blob_damaged"


class BlobStore(Protocol):
    """Bytes under their keccak-256 hash; a folder here, an object store elsewhere."""

    def put(self, blob: bytes) -> bytes:
        """Store bytes; return their hash."""
        ...

    def get(self, address: bytes) -> bytes:
        """Return the bytes with this hash."""
        ...


class FolderStore:
    """Blobs as files, two levels of folders deep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, blob: bytes) -> bytes:
        """Store bytes; they are on disk when this returns, wholly or not at all."""
        address = keccak(blob)
        path = self._path(address)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
                stream.write(blob)
                stream.flush()
                os.fsync(stream.fileno())
            Path(stream.name).replace(path)
        return address

    def get(self, address: bytes) -> bytes:
        """Return the bytes with this hash.

        Raises:
            NotFound: they are not here.
            BlobDamaged: the file holds other bytes.
        """
        try:
            blob = self._path(address).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"There is no document 0x{address.hex()} in this store.") from error
        if keccak(blob) != address:
            raise BlobDamaged(f"Document 0x{address.hex()} was changed on disk.")
        return blob

    def _path(self, address: bytes) -> Path:
        name = address.hex()
        return self._folder / name[:2] / name[2:4] / name


@dataclass(frozen=True, slots=True)
class Grant:
    """One line of the log: access to a document, given or replaced."""

    at: int
    document: str
    reader: str  # fingerprint of the reader's key
    reader_name: str
    given_by: str
    reason: str
    wrapped: str  # empty: access ended
    previous: str  # hash of the line before


@dataclass(frozen=True, slots=True)
class Reader:
    """Who may open a document."""

    name: str
    key: X25519PublicKey


class Documents:
    """Files documents for readers and hands access on. `now` is Unix seconds."""

    def __init__(self, blobs: BlobStore, log: Path, now: Callable[[], int]) -> None:
        self._blobs = blobs
        self._log = log
        self._now = now

    def file(
        self, content: bytes, author: str, sign: Sign, readers: list[Reader]
    ) -> SealedDocument:
        """Encrypt, sign and store a document for these readers."""
        sealed, key = seal(content, sign)
        self._blobs.put(sealed.blob)
        self._write_card(sealed)
        for reader in readers:
            self._grant(sealed.address, reader, author, "filed", key)
        return sealed

    def sealed(self, address: bytes) -> SealedDocument:
        """Return a stored document, encrypted as it is.

        Raises:
            NotFound: it is not here.
            BlobDamaged: its bytes or its card were changed on disk.
        """
        path = self._card(address)
        if not path.exists():
            raise NotFound(f"There is no document 0x{address.hex()} in this store.")
        try:
            card = json.loads(path.read_text())
            parts = (bytes.fromhex(card["content_hash"]), bytes.fromhex(card["signature"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BlobDamaged(f"The card of document 0x{address.hex()} is damaged.") from error
        return SealedDocument(self._blobs.get(address), *parts)

    def open(self, address: bytes, reader: X25519PrivateKey) -> OpenedDocument:
        """Open a document with a reader's key.

        Raises:
            DocumentRefused: this reader has no access.
        """
        sealed = self.sealed(address)
        last = self._last_grants(reader.public_key()).get(address.hex())
        if last is None or not last.wrapped:
            raise DocumentRefused(f"Document 0x{address.hex()} was not opened to this reader.")
        return open_document(sealed, unwrap(bytes.fromhex(last.wrapped), address, reader))

    def grant(
        self, address: bytes, holder: X25519PrivateKey, reader: Reader, given_by: str, reason: str
    ) -> None:
        """Let one who has access give it to another reader, or to the own new key."""
        opened = self.open(address, holder)
        self._grant(address, reader, given_by, reason, opened.key)

    def reseal(
        self,
        address: bytes,
        holder: X25519PrivateKey,
        *,
        author: str,
        sign: Sign,
        readers: list[Reader],
        reason: str,
    ) -> SealedDocument:
        """Seal the same content anew under another key for other readers, and end the old access.

        The new version has the content hash of the old one. Who read the old one has read it; the
        old key opens nothing new.
        """
        opened = self.open(address, holder)
        sealed, key = seal(opened.content, sign, opened.salt)
        self._blobs.put(sealed.blob)
        self._write_card(sealed)
        for reader in readers:
            self._grant(sealed.address, reader, author, reason, key)
        ended = {g.reader: g.reader_name for g in self.grants(address) if g.wrapped}
        for reader_id, name in ended.items():
            self._append(address, reader_id, name, author, reason=reason, wrapped=b"")
        return sealed

    def open_to(self, reader: X25519PublicKey) -> list[bytes]:
        """Return the documents that a reader may open now, in order."""
        last = self._last_grants(reader)
        return [bytes.fromhex(name) for name, grant in sorted(last.items()) if grant.wrapped]

    def _last_grants(self, reader: X25519PublicKey) -> dict[str, Grant]:
        """The newest line about a reader, by document: access, or its end."""
        mine = fingerprint(reader).hex()
        return {grant.document: grant for grant in self._read() if grant.reader == mine}

    def addresses(self) -> list[bytes]:
        """Return every document that the log or a card names, in order."""
        named = {grant.document for grant in self._read()}
        named |= {path.stem for path in (self._log.parent / "cards").glob("*.json")}
        return [bytes.fromhex(name) for name in sorted(named)]

    def contents(self) -> dict[bytes, bytes]:
        """Return what each document is, by address: a hash over its bytes and its author's word.

        A document that is damaged or gone has a hash that no whole one has.
        """
        found = {}
        for address in self.addresses():
            try:
                sealed = self.sealed(address)
                found[address] = keccak(sealed.blob + sealed.content_hash + sealed.signature)
            except TanlianError as error:
                found[address] = keccak(b"no document: " + error.code.encode())
        return found

    def grants(self, address: bytes | None = None) -> list[Grant]:
        """Return the log, of one document or of all.

        Raises:
            BlobDamaged: a line was changed or left out.
        """
        return [g for g in self._read() if address is None or g.document == address.hex()]

    def _read(self) -> Iterator[Grant]:
        previous = ""
        for number, line in enumerate(self._lines(), start=1):
            try:
                grant = Grant(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise BlobDamaged(f"Line {number} of {self._log.name} is no grant.") from error
            if grant.previous != previous:
                raise BlobDamaged(
                    f"Line {number} of {self._log.name} does not follow the one before."
                )
            previous = keccak(line.encode()).hex()
            yield grant

    def _grant(
        self, address: bytes, reader: Reader, given_by: str, reason: str, key: bytes
    ) -> None:
        wrapped = wrap(key, address, reader.key)
        name = fingerprint(reader.key).hex()
        self._append(address, name, reader.name, given_by, reason=reason, wrapped=wrapped)

    def _append(
        self,
        address: bytes,
        reader: str,
        reader_name: str,
        given_by: str,
        *,
        reason: str,
        wrapped: bytes,
    ) -> None:
        with self._alone():
            lines = self._lines()
            previous = keccak(lines[-1].encode()).hex() if lines else ""
            grant = Grant(
                self._now(),
                address.hex(),
                reader,
                reader_name,
                given_by,
                reason,
                wrapped.hex(),
                previous,
            )
            whole = sum(len(line.encode()) + 1 for line in lines)
            with self._log.open("a+b") as stream:
                stream.truncate(whole)  # what a power cut left of a line was never acknowledged
                stream.write(json.dumps(asdict(grant), sort_keys=True).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())

    def _lines(self) -> list[str]:
        """The whole lines of the log; one that a power cut left unfinished is not there."""
        text = self._log.read_bytes() if self._log.exists() else b""
        return [line.decode() for line in text.split(b"\n")[:-1]]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from adding a line between reading the last one and the next."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _card(self, address: bytes) -> Path:
        return self._log.parent / "cards" / f"{address.hex()}.json"

    def _write_card(self, sealed: SealedDocument) -> None:
        path = self._card(sealed.address)
        path.parent.mkdir(parents=True, exist_ok=True)
        card = {"content_hash": sealed.content_hash.hex(), "signature": sealed.signature.hex()}
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(card))
        draft.replace(path)
