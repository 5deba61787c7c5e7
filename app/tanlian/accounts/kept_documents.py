"""Documents behind acts: kept encrypted, under the SHA-256 that goes on chain, for who gave them.

A document belongs to one organisation. Whoever names the same hash in an act of its own gets
nothing by that: readers ask for the hash *and* for who kept it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.tables import kept_documents as kept
from tanlian.domain.document_types import TYPES, DocumentType, document_type, fitting_name
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.identity import document_hash

MOST_BYTES = 2**30  # of one organisation, before encryption


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """What is known of a document without opening it. Times in UTC seconds, `size` in bytes."""

    id: int
    organisation: int
    sha256: str
    name: str
    type: DocumentType
    size: int
    kept_by: int
    kept_at: int
    used_at: int | None


def keep(
    db: Connection, box: SecretsBox, origin: Origin, by: Person, *, name: str, content: bytes
) -> KeptDocument:
    """Keep a document; one that the organisation gave before stays as it is.

    Raises:
        InvalidInput: it is empty, of a type that is not kept, or more than there is room for.
    """
    found, digest = document_type(content), document_hash(content).hex()
    known = with_hash(db, by.organisation, digest)
    if known is not None:
        return known
    size = func.coalesce(func.sum(kept.c.size), 0)
    used: int = db.execute(select(size).where(_of(by.organisation))).scalar_one()
    if used + len(content) > MOST_BYTES:
        raise InvalidInput(
            f"Your organisation keeps {used:,} bytes of documents here, and {MOST_BYTES:,} is the "
            "most. Remove some that no act names, or give the SHA-256 and keep the file yourself."
        )
    row = insert(kept).values(
        organisation=by.organisation,
        sha256=digest,
        name=fitting_name(name, found),
        kind=found.kind,
        size=len(content),
        content=box.lock(content),
        kept_by=by.id,
        kept_at=origin.now,
    )
    try:
        with db.begin_nested():
            number: int = db.execute(row.returning(kept.c.id)).scalar_one()
    except IntegrityError:  # sent twice at a time
        number = db.execute(_query(by.organisation, kept.c.sha256 == digest)).mappings().one()["id"]
    else:
        audit_log.record(db, origin, "document kept", f"{number}: {digest}", by=by)
    return document(db, by.organisation, number)


def documents_of(
    db: Connection, organisation: int, *, before: int | None = None, limit: int = 50
) -> list[KeptDocument]:
    """Return an organisation's documents, newest first."""
    query = _query(organisation).order_by(kept.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(kept.c.id < before)
    return [_shown(row) for row in db.execute(query).mappings()]


def document(db: Connection, organisation: int, number: int) -> KeptDocument:
    """Return one of an organisation's documents.

    Raises:
        NotFound: it keeps none of that number.
    """
    row = db.execute(_query(organisation, kept.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Your organisation keeps no document {number}.", number=number)
    return _shown(row)


def with_hash(db: Connection, organisation: int, sha256: str) -> KeptDocument | None:
    """Return the document with a hash (hex, with or without 0x) that an organisation keeps."""
    row = db.execute(_query(organisation, kept.c.sha256 == _plain(sha256))).mappings().one_or_none()
    return None if row is None else _shown(row)


def at_hand(
    db: Connection, wanted: Collection[tuple[int, str]]
) -> dict[tuple[int, str], KeptDocument]:
    """Return which of some (organisation, hash) are kept, under the pairs as they were given."""
    plain = {
        (organisation, _plain(digest)): (organisation, digest) for organisation, digest in wanted
    }
    pairs = tuple_(kept.c.organisation, kept.c.sha256).in_(list(plain))
    rows = db.execute(select(*_KNOWN).where(pairs)).mappings()
    return {plain[row["organisation"], row["sha256"]]: _shown(row) for row in rows}


def content(db: Connection, box: SecretsBox, one: KeptDocument) -> bytes:
    """Return the bytes of a document.

    Raises:
        SecretUnreadable: what is stored was altered, or is of another installation.
    """
    locked = db.execute(select(kept.c.content).where(kept.c.id == one.id)).scalar_one()
    return box.open(locked)


def mark_used(db: Connection, organisation: int, hashes: Collection[str], now: int) -> None:
    """Note that an act names documents; they cannot be removed from now on."""
    change = update(kept).where(
        _of(organisation), kept.c.sha256.in_([_plain(h) for h in hashes]), kept.c.used_at.is_(None)
    )
    db.execute(change.values(used_at=now))


def remove(db: Connection, origin: Origin, by: Person, number: int) -> None:
    """Forget a document that no act has named.

    Raises:
        NotFound: the organisation keeps none of that number.
        InvalidInput: an act names it.
    """
    found = document(db, by.organisation, number)
    unused = (kept.c.id == number) & kept.c.used_at.is_(None)
    if db.execute(delete(kept).where(unused)).rowcount == 0:
        raise InvalidInput("An act names this document, so it is kept.", number=number)
    audit_log.record(db, origin, "document removed", f"{number}: {found.sha256}", by=by)


_KNOWN = [column for column in kept.c if column.name != "content"]


def _query(organisation: int, *more: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return select(*_KNOWN).where(_of(organisation), *more)


def _of(organisation: int) -> ColumnElement[bool]:
    return kept.c.organisation == organisation


def _plain(digest: str) -> str:
    return digest.removeprefix("0x").lower()


def _shown(row: RowMapping) -> KeptDocument:
    return KeptDocument(
        row["id"],
        row["organisation"],
        row["sha256"],
        row["name"],
        TYPES[row["kind"]],
        row["size"],
        row["kept_by"],
        row["kept_at"],
        row["used_at"],
    )
