"""Documents: whose they are, encrypted, once, within bounds, and how long they stay."""

import pytest
from sqlalchemy import select

from tanlian.accounts import kept_documents
from tanlian.accounts.tables import kept_documents as table
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.identity import document_hash

REPORT = b"%PDF-1.7 the yearly report"
HASH = document_hash(REPORT).hex()


def kept(office, person, content=REPORT, name="report.pdf"):
    with office.engine.begin() as db:
        return kept_documents.keep(
            db, office.box, office.origin(), person, name=name, content=content
        )


def listed(office, organisation=1):
    with office.engine.connect() as db:
        return kept_documents.documents_of(db, organisation)


def test_keep__opens_as_it_was_and_lies_encrypted(office) -> None:
    one = kept(office, office.join("wang", 1))
    assert (one.sha256, one.name, one.type.kind, one.size) == (HASH, "report.pdf", "pdf", 26)
    with office.engine.connect() as db:
        assert kept_documents.content(db, office.box, one) == REPORT
        assert REPORT not in db.execute(select(table.c.content)).scalar_one()
        for digest in (HASH, "0x" + HASH, HASH.upper()):
            assert kept_documents.with_hash(db, 1, digest) == one


def test_keep__the_same_twice__is_one(office) -> None:
    person = office.join("wang", 1)
    first = kept(office, person)
    assert kept(office, office.join("zhao", 1), name="other name.pdf") == first
    assert listed(office) == [first]


def test_keep__refused_type_or_no_room__nothing_kept(office, monkeypatch) -> None:
    person = office.join("wang", 1)
    with pytest.raises(InvalidInput, match="not kept"):
        kept(office, person, b"MZ\x90\0")
    monkeypatch.setattr(kept_documents, "MOST_BYTES", len(REPORT))
    first = kept(office, person)
    with pytest.raises(InvalidInput, match=f"{len(REPORT)} is the most"):
        kept(office, person, b"x")
    assert listed(office) == [first]
    kept(office, office.join("li", 2), b"x")  # each organisation has room of its own


def test_another_organisation__neither_opens_nor_removes_it(office) -> None:
    one = kept(office, office.join("wang", 1))
    stranger = office.join("li", 2)
    with office.engine.begin() as db:
        with pytest.raises(NotFound, match="keeps no document"):
            kept_documents.document(db, 2, one.id)
        with pytest.raises(NotFound, match="keeps no document"):
            kept_documents.remove(db, office.origin(), stranger, one.id)
        assert kept_documents.with_hash(db, 2, HASH) is None
        assert kept_documents.at_hand(db, [(2, "0x" + HASH), (1, "0x" + HASH)]) == {
            (1, "0x" + HASH): one
        }
        kept_documents.mark_used(db, 2, [HASH], office.now)
    assert listed(office) == [one]


def test_remove__only_what_no_act_names(office) -> None:
    person = office.join("wang", 1)
    named, free = kept(office, person), kept(office, person, b"a draft")
    with office.engine.begin() as db:
        kept_documents.mark_used(db, 1, ["0x" + HASH], office.now)
        kept_documents.mark_used(db, 1, [HASH], office.now + 9)  # the first time counts
        kept_documents.remove(db, office.origin(), person, free.id)
        with pytest.raises(InvalidInput, match="An act names this document"):
            kept_documents.remove(db, office.origin(), person, named.id)
    (left,) = listed(office)
    assert (left.id, left.used_at) == (named.id, office.now)


def test_documents_of__page_by_page__newest_first(office) -> None:
    person = office.join("wang", 1)
    numbers = [kept(office, person, f"text {n}".encode()).id for n in range(5)]
    with office.engine.connect() as db:
        first = kept_documents.documents_of(db, 1, limit=3)
        rest = kept_documents.documents_of(db, 1, before=first[-1].id, limit=3)
    assert [one.id for one in (*first, *rest)] == numbers[::-1]
