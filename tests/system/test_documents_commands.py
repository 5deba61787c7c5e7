"""Documents from the command line: sealed, opened, granted, handed on, rotated, restored, damaged."""

import json
import shutil

import pytest
from click.testing import CliRunner

from tanlian.chain.keyfiles import QUICK, Keyfiles
from tanlian.chain.keys import Key, keccak
from tanlian.cli import main

CONTENT = b"coal 1,500,000 t, carbon 56.12 %"
PASSPHRASE = "open sesame"
EMITTER = keccak(b"test/emitter")


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A folder with a report, the emitter's keyfile and keys for reading of four parties."""
    monkeypatch.setenv("TANLIAN_DATA", str(tmp_path))
    monkeypatch.setenv("TANLIAN_PASSPHRASE", PASSPHRASE)
    Keyfiles(tmp_path / "embedded" / "keys").keep("emitter", EMITTER, PASSPHRASE, cost=QUICK)
    (tmp_path / "report.txt").write_bytes(CONTENT)
    for name in ("regulator", "verifier", "successor", "outsider"):
        made = run(tmp_path, "key", name, "--keys", tmp_path / "readers", store=False)
        assert made.exit_code == 0, made.output
    return tmp_path


def run(office, *arguments, store=True):
    more = ["--store", str(office / "documents")] if store else []
    return CliRunner().invoke(main, ["documents", *map(str, arguments), *more])


def good(office, *arguments):
    told = run(office, *arguments)
    assert told.exit_code == 0, told.output
    return told.output


def refused(office, reason, *arguments, status=1):
    """The command fails with this reason, and nothing in the store changed."""
    before = snapshot(office / "documents")
    told = run(office, *arguments)
    assert told.exit_code == status, told.output
    assert reason in told.output, told.output
    assert "Traceback" not in told.output
    assert snapshot(office / "documents") == before


def snapshot(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"}


def public(office, name):
    return office / "readers" / f"{name}.pub"


def private(office, name):
    return office / "readers" / f"{name}.pem"


def seal(office, *readers):
    named = [part for name in readers for part in ("--to", public(office, name))]
    return good(office, "seal", office / "report.txt", *named, "--as", "emitter").splitlines()[0]


def opened(office, document, name):
    out = office / f"{name}-{document[:10]}.txt"
    good(office, "open", document, "--key", private(office, name), "--out", out)
    return out.read_bytes()


def test_seal_open__named_readers__have_the_content_and_nobody_else(office):
    document = seal(office, "regulator", "verifier")
    assert opened(office, document, "regulator") == opened(office, document, "verifier") == CONTENT
    refused(
        office, "was not opened to this reader", "open", document, "--key",
        private(office, "outsider"), "--out", office / "stolen.txt",
    )  # fmt: skip
    assert not (office / "stolen.txt").exists()
    assert CONTENT not in b"".join(snapshot(office / "documents").values())


def test_open__file_exists__not_overwritten(office):
    document = seal(office, "regulator")
    (office / "mine.txt").write_text("mine")
    refused(
        office, "mine.txt exists", "open", document, "--key", private(office, "regulator"),
        "--out", office / "mine.txt",
    )  # fmt: skip
    assert (office / "mine.txt").read_text() == "mine"


def test_grant__by_a_reader__logged_and_an_outsider_cannot(office):
    document = seal(office, "regulator")
    grant = ("grant", document, "--to", public(office, "verifier"), "--reason", "assigned")
    refused(office, "was not opened to this reader", *grant, "--key", private(office, "outsider"))
    good(office, *grant, "--key", private(office, "regulator"))
    assert opened(office, document, "verifier") == CONTENT
    lines = good(office, "log", document).splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == [
        f"regulator may open {document}  by emitter: filed",
        f"verifier may open {document}  by regulator: assigned",
    ]
    rows = json.loads(good(office, "log", "--json"))
    assert [(row["reader_name"], row["open"]) for row in rows] == [
        ("regulator", True), ("verifier", True)
    ]  # fmt: skip


def test_reseal__verifier_replaced__successor_reads_the_same_and_the_former_nothing_new(office):
    old = seal(office, "regulator", "verifier")
    new = good(
        office, "reseal", old, "--to", public(office, "regulator"), "--to",
        public(office, "successor"), "--reason", "verifier replaced", "--key",
        private(office, "regulator"), "--as", "emitter",
    ).splitlines()[0]  # fmt: skip
    assert new != old
    assert opened(office, new, "successor") == CONTENT
    for document in (old, new):
        refused(
            office, "was not opened to this reader", "open", document, "--key",
            private(office, "verifier"), "--out", office / "late.txt",
        )  # fmt: skip
    assert "verifier lost access" in good(office, "log", old)
    cards = [
        json.loads((office / "documents" / "cards" / f"{d[2:]}.json").read_text())
        for d in (old, new)
    ]
    assert cards[0]["content_hash"] == cards[1]["content_hash"]


def test_rotate__then_restored_from_a_backup__the_new_key_opens_without_the_old(office):
    documents = [seal(office, "regulator", "verifier"), seal(office, "verifier")]
    closed = seal(office, "outsider")
    shutil.copytree(office / "documents", office / "before")
    run(office, "key", "verifier-2", "--keys", office / "readers", store=False)
    told = good(
        office, "rotate", "--key", private(office, "verifier"), "--to", public(office, "verifier-2")
    )
    assert "verifier-2 may open 2 documents." in told
    shutil.copytree(office / "documents", office / "after")
    private(office, "verifier").unlink()
    shutil.rmtree(office / "documents")
    refused(office, "is no store of documents", "log")
    shutil.copytree(office / "after", office / "documents")
    good(office, "verify")
    for document in documents:
        assert opened(office, document, "verifier-2") == CONTENT
    refused(
        office, "was not opened to this reader", "open", closed, "--key",
        private(office, "verifier-2"), "--out", office / "closed.txt",
    )  # fmt: skip
    # a backup from before the rotation: somebody who still reads lets the new key in again
    shutil.rmtree(office / "documents")
    shutil.copytree(office / "before", office / "documents")
    refused(
        office, "was not opened to this reader", "open", documents[0], "--key",
        private(office, "verifier-2"), "--out", office / "early.txt",
    )  # fmt: skip
    good(
        office, "grant", documents[0], "--to", public(office, "verifier-2"), "--reason",
        "restored from before the rotation", "--key", private(office, "regulator"),
    )  # fmt: skip
    (office / f"verifier-2-{documents[0][:10]}.txt").unlink()
    assert opened(office, documents[0], "verifier-2") == CONTENT


def test_verify__whole_store__says_who_signed_each(office):
    document = seal(office, "regulator")
    author = Key(EMITTER).address
    assert f"ok  {document}: signed by {author.lower()}" in good(
        office, "verify", "--author", author
    )
    other = "0x" + "11" * 20
    refused(office, "not by 0x1111", "verify", document, "--author", other)


def blob(office, document):
    return office / "documents" / "blobs" / document[2:4] / document[4:6] / document[2:]


@pytest.mark.parametrize("at", [0, 20, -1])
def test_verify__a_byte_of_a_document_changed__named(office, at):
    document = seal(office, "regulator")
    seal(office, "regulator")
    path = blob(office, document)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    refused(office, f"BAD {document}: Document {document} was changed on disk", "verify")
    refused(
        office, "was changed on disk", "open", document, "--key", private(office, "regulator"),
        "--out", office / "bad.txt",
    )  # fmt: skip
    assert not (office / "bad.txt").exists()


def test_verify__document_gone_or_its_card_damaged__named(office):
    gone, damaged = seal(office, "regulator"), seal(office, "regulator")
    blob(office, gone).unlink()
    (office / "documents" / "cards" / f"{damaged[2:]}.json").write_text("{}")
    refused(office, f"BAD {gone}: There is no document", "verify")
    refused(office, f"BAD {damaged}: The card", "verify")


def test_verify__line_of_the_log_left_out__refused(office):
    for _ in range(3):
        seal(office, "regulator")
    log = office / "documents" / "grants.log"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text(lines[0] + lines[2])
    refused(office, "Line 2 of grants.log does not follow", "verify")


@pytest.mark.parametrize(
    ("arguments", "reason", "status"),
    [
        (("open", "0x12", "--key", "{pem}", "--out", "x"), "is no address of a document", 2),
        (("open", "00" * 32, "--key", "{pem}", "--out", "x"), "There is no document", 1),
        (("open", "00" * 32, "--key", "{pub}", "--out", "x"), "is no encrypted key for reading", 1),
        (("seal", "{file}", "--to", "{pem}", "--as", "emitter"), "is no public key for reading", 1),
        (("seal", "{file}", "--to", "{pub}", "--as", "nobody"), "There is no keyfile", 1),
        (("key", "regulator", "--keys", "{readers}"), "a key is never overwritten", 1),
        (("key", "../escape", "--keys", "{readers}"), "is no name for a file", 1),
    ],
)  # fmt: skip
def test_documents__wrong_input__named(office, arguments, reason, status):
    seal(office, "regulator")
    names = {
        "{pem}": private(office, "regulator"), "{pub}": public(office, "regulator"),
        "{file}": office / "report.txt", "{readers}": office / "readers",
    }  # fmt: skip
    before = snapshot(office / "documents")
    told = run(office, *(names.get(a, a) for a in arguments), store=arguments[0] != "key")
    assert told.exit_code == status, told.output
    assert reason in told.output
    assert snapshot(office / "documents") == before


def test_open__wrong_passphrase__named(office, monkeypatch):
    document = seal(office, "regulator")
    monkeypatch.setenv("TANLIAN_PASSPHRASE_REGULATOR", "guess")
    refused(
        office, "the passphrase does not open it", "open", document, "--key",
        private(office, "regulator"), "--out", office / "x.txt",
    )  # fmt: skip


def test_key__private_file__readable_for_the_owner_only_and_encrypted(office):
    path = private(office, "regulator")
    assert path.stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in path.read_bytes()


def compare(office, *more):
    stores = (office / "documents", office / "copy")
    return run(office, "compare", *stores, *more, store=False)


def test_compare__two_stores__every_difference_named_with_who_signed(office):
    documents = [seal(office, "regulator") for _ in range(40)]
    shutil.copytree(office / "documents", office / "copy")
    same = compare(office)
    assert same.exit_code == 0, same.output
    assert "0 documents differ, found with 1 comparisons." in same.output
    added = seal(office, "verifier")
    content = bytearray(blob(office, documents[7]).read_bytes())
    content[-1] ^= 1
    blob(office, documents[7]).write_bytes(content)
    other = office / "copy" / "blobs" / documents[20][2:4] / documents[20][4:6] / documents[20][2:]
    other.unlink()
    told = compare(office, "--json")
    assert told.exit_code == 1
    found = json.loads(told.output)
    author = Key(EMITTER).address.lower()
    rows = {row["document"]: row for row in found["differences"]}
    assert set(rows) == {added, documents[7], documents[20]}
    assert (rows[added]["side"], rows[added]["first_signer"]) == ("only in the first copy", author)
    assert (rows[documents[7]]["first_signer"], rows[documents[7]]["second_signer"]) == (
        "blob_damaged", author,
    )  # fmt: skip
    assert rows[documents[20]]["second_signer"] == "not_found"
    assert found["comparisons"] < 30
    assert "3 documents differ" in compare(office).output


def test_compare__no_store__named(office):
    seal(office, "regulator")
    (office / "copy").mkdir()
    assert "copy is no store of documents" in compare(office).output
