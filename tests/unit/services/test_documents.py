"""Documents: named readers only, signed content, access that changes hands on the record."""

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from tanlian.chain.keys import Key
from tanlian.domain.errors import NotFound
from tanlian.proofs.merkle_sum import keccak
from tanlian.proofs.sealed_document import (
    DocumentRefused,
    fingerprint,
    new_reader_key,
    open_document,
    seal,
    unwrap,
    wrap,
)
from tanlian.services.documents import BlobDamaged, Documents, FolderStore, Reader

AUTHOR = Key(bytes(31) + b"\5")
CONTENT = b"coal 1,500,000 t, carbon 56.12 %" * 50


@pytest.fixture
def keys():
    return {name: new_reader_key() for name in ("verifier", "regulator", "outsider", "next")}


@pytest.fixture
def documents(tmp_path):
    clock = itertools.count(1_700_000_000)
    return Documents(FolderStore(tmp_path / "blobs"), tmp_path / "grants.log", lambda: next(clock))


def readers(keys, *names):
    return [Reader(name, keys[name].public_key()) for name in names]


def file(documents, keys, *names):
    return documents.file(
        CONTENT, "emitter", AUTHOR.sign, readers(keys, *(names or ("verifier", "regulator")))
    )


def test_file__named_readers__open_it_and_nobody_else(documents, keys):
    sealed = file(documents, keys)
    assert CONTENT not in sealed.blob
    assert sealed.address == keccak(sealed.blob)
    for name in ("verifier", "regulator"):
        assert documents.open(sealed.address, keys[name]).content == CONTENT
    with pytest.raises(DocumentRefused, match="not opened to this reader"):
        documents.open(sealed.address, keys["outsider"])
    assert documents.sealed(sealed.address).author() == AUTHOR.address.lower()


def test_file__same_content_twice__two_addresses(documents, keys):
    assert file(documents, keys).address != file(documents, keys).address


def test_unwrap__other_reader_or_other_document__refused(keys):
    sealed, key = seal(CONTENT, AUTHOR.sign)
    wrapped = wrap(key, sealed.address, keys["verifier"].public_key())
    assert unwrap(wrapped, sealed.address, keys["verifier"]) == key
    for other in (
        (wrapped, sealed.address, keys["outsider"]),
        (wrapped, bytes(32), keys["verifier"]),
    ):
        with pytest.raises(DocumentRefused, match="not wrapped for this reader"):
            unwrap(*other)


@pytest.mark.parametrize("place", [0, 20, 40, -1])
def test_open_document__any_byte_changed__refused(place):
    sealed, key = seal(CONTENT, AUTHOR.sign)
    blob = bytearray(sealed.blob)
    blob[place] ^= 1
    with pytest.raises(DocumentRefused):
        open_document(dataclasses.replace(sealed, blob=bytes(blob)), key)


def test_open_document__content_hash_of_another_content__refused():
    sealed, key = seal(CONTENT, AUTHOR.sign)
    with pytest.raises(DocumentRefused, match="not what its author signed"):
        open_document(dataclasses.replace(sealed, content_hash=bytes(32)), key)


def test_author__content_hash_exchanged__another_signer():
    sealed, _ = seal(CONTENT, AUTHOR.sign)
    forged = dataclasses.replace(sealed, content_hash=bytes(32))
    assert forged.author() != AUTHOR.address.lower()


def test_grant__by_a_reader__logged_and_only_readers_can(documents, keys):
    sealed = file(documents, keys, "regulator")
    with pytest.raises(DocumentRefused):
        documents.grant(
            sealed.address, keys["outsider"], *readers(keys, "verifier"), "outsider", "curious"
        )
    documents.grant(
        sealed.address, keys["regulator"], *readers(keys, "verifier"), "regulator", "assigned"
    )
    assert documents.open(sealed.address, keys["verifier"]).content == CONTENT
    log = documents.grants(sealed.address)
    assert [(g.reader_name, g.given_by, g.reason) for g in log] == [
        ("regulator", "emitter", "filed"), ("verifier", "regulator", "assigned")
    ]  # fmt: skip
    assert log[1].reader == fingerprint(keys["verifier"].public_key()).hex()


def test_reseal__verifier_replaced__new_one_reads_old_one_does_not_content_proved_equal(
    documents, keys
):
    old = file(documents, keys)
    new = documents.reseal(
        old.address, keys["regulator"], author="emitter", sign=AUTHOR.sign,
        readers=readers(keys, "next", "regulator"), reason="verifier replaced",
    )  # fmt: skip
    assert new.address != old.address
    assert new.content_hash == old.content_hash
    assert documents.open(new.address, keys["next"]).content == CONTENT
    for address in (old.address, new.address):
        with pytest.raises(DocumentRefused):
            documents.open(address, keys["verifier"])
    reasons = [(g.reader_name, g.reason, bool(g.wrapped)) for g in documents.grants(old.address)]
    assert reasons[2:] == [
        ("verifier", "verifier replaced", False), ("regulator", "verifier replaced", False)
    ]  # fmt: skip


def test_rotation__reader_gets_a_new_key__everything_opens_again_after_a_restart(
    documents, keys, tmp_path
):
    filed = [file(documents, keys, "verifier").address for _ in range(3)]
    for address in filed:
        documents.grant(
            address, keys["verifier"], Reader("verifier", keys["next"].public_key()), "verifier",
            "key rotated",
        )  # fmt: skip
    restored = Documents(FolderStore(tmp_path / "blobs"), tmp_path / "grants.log", lambda: 0)
    assert [restored.open(address, keys["next"]).content for address in filed] == [CONTENT] * 3


def test_store__file_changed_or_gone__said_so(documents, keys, tmp_path):
    address = file(documents, keys).address
    (path,) = (p for p in (tmp_path / "blobs").rglob("*") if p.is_file())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BlobDamaged, match="changed on disk"):
        documents.open(address, keys["verifier"])
    path.unlink()
    with pytest.raises(NotFound):
        documents.open(address, keys["verifier"])
    with pytest.raises(NotFound):
        documents.sealed(bytes(32))


@pytest.mark.parametrize("tamper", ["drop", "change"])
def test_grants__a_line_changed_or_left_out__noticed(documents, keys, tmp_path, tamper):
    file(documents, keys, "verifier", "regulator", "next")
    log = tmp_path / "grants.log"
    lines = log.read_text().splitlines()
    lines = (
        [lines[0], lines[2]]
        if tamper == "drop"
        else [lines[0].replace("filed", "moved"), *lines[1:]]
    )
    log.write_text("\n".join(lines) + "\n")
    with pytest.raises(BlobDamaged, match=r"Line 2 of grants\.log"):
        documents.grants()


def test_log__line_torn_by_a_power_cut__is_no_grant_and_the_next_line_follows(
    documents, keys, tmp_path
):
    sealed = file(documents, keys, "regulator")
    log = tmp_path / "grants.log"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"at": 17, "docu')
    assert len(documents.grants()) == 1
    documents.grant(
        sealed.address, keys["regulator"], *readers(keys, "verifier"), "regulator", "assigned"
    )
    assert [g.reader_name for g in documents.grants()] == ["regulator", "verifier"]
    assert log.read_bytes().startswith(whole)


def test_log__whole_line_that_is_no_grant__named(documents, keys, tmp_path):
    file(documents, keys, "regulator")
    log = tmp_path / "grants.log"
    log.write_bytes(log.read_bytes() + b"nonsense\n")
    with pytest.raises(BlobDamaged, match=r"Line 2 of grants\.log is no grant"):
        documents.grants()


def test_grant__by_many_at_once__no_line_lost_and_the_chain_whole(documents, keys):
    sealed = file(documents, keys, "regulator")
    named = [Reader(f"reader {n}", new_reader_key().public_key()) for n in range(24)]

    def give(reader):
        documents.grant(sealed.address, keys["regulator"], reader, "regulator", "assigned")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, named))
    assert {g.reader_name for g in documents.grants()} == {
        "regulator", *(reader.name for reader in named)
    }  # fmt: skip
