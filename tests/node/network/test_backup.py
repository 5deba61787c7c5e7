"""Backups: complete, private, and worth nothing if changed."""

import io
import tarfile

import pytest

from tanlian_node.backup import Head, backup_node, restore_node
from tanlian_node.errors import BrokenBackup, UnsafeChange

HEAD = Head(42, "0x" + "1" * 64)


@pytest.fixture
def archive(record, tmp_path):
    data = record.node_folder("bank-1") / "data" / "database"
    data.mkdir(parents=True)
    (data / "000001.sst").write_bytes(b"blocks" * 1_000)
    (record.node_folder("bank-1") / "besu.log").write_text("talk")
    backup_node(record, "bank-1", HEAD, tmp_path / "bank-1.tgz")
    return tmp_path / "bank-1.tgz"


def contents(place):
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and path.name != "besu.log"
    }


def test_restore_node__backup__same_files_without_the_log(record, archive, tmp_path):
    manifest = restore_node(archive, tmp_path / "restored")
    assert manifest.head == HEAD
    assert manifest.node == "bank-1"
    assert contents(tmp_path / "restored") == contents(record.node_folder("bank-1"))
    assert archive.stat().st_mode & 0o077 == 0
    assert not (record.node_folder("bank-1") / "manifest.json").exists()


def test_restore_node__onto_a_chain__refused_and_unchanged(record, archive):
    place = record.node_folder("bank-1")
    before = contents(place)
    with pytest.raises(UnsafeChange, match="holds a chain already"):
        restore_node(archive, place)
    assert contents(place) == before


def rewritten(archive, change):
    """The archive with its members changed: {name: bytes} -> {name: bytes}."""
    with tarfile.open(archive) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
    target = archive.with_name("changed.tgz")
    with tarfile.open(target, "w:gz") as tar:
        for name, content in change(members).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return target


SST = "data/database/000001.sst"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: {**m, SST: m[SST][:-1] + b"x"}, f"{SST} is missing or was changed"),
        (lambda m: {k: v for k, v in m.items() if k != SST}, f"{SST} is missing or was changed"),
        (lambda m: {**m, "data/extra": b"x"}, "data/extra is not in the manifest"),
        (lambda m: {k: v for k, v in m.items() if k != "manifest.json"}, "cannot be read"),
        (lambda m: {**m, "../outside": b"x"}, "outside is no plain file inside of the folder"),
        (lambda m: {**m, "data/../../outside": b"x"}, "outside is no plain file"),
        (lambda m: {**m, "/tmp/outside": b"x"}, "outside is no plain file"),
    ],
)
def test_restore_node__changed_archive__refused(archive, tmp_path, change, sentence):
    with pytest.raises(BrokenBackup, match=sentence):
        restore_node(rewritten(archive, change), tmp_path / "restored")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_restore_node__link_in_the_archive__refused_and_nothing_is_written_through_it(
    archive, tmp_path, kind
):
    target = rewritten(archive, dict)
    with tarfile.open(target, "w:gz") as tar:
        entry = tarfile.TarInfo("data")
        entry.type, entry.linkname = kind, str(tmp_path / "outside")
        tar.addfile(entry)
    with pytest.raises(BrokenBackup, match="data is no plain file inside of the folder"):
        restore_node(target, tmp_path / "restored")
    assert not (tmp_path / "outside").exists()


def test_restore_node__key_of_the_node__stays_private(archive, tmp_path):
    restore_node(archive, tmp_path / "restored")
    files = [path for path in (tmp_path / "restored").rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_restore_node__no_archive__refused(tmp_path):
    (tmp_path / "x.tgz").write_bytes(b"not an archive")
    with pytest.raises(BrokenBackup, match="cannot be read"):
        restore_node(tmp_path / "x.tgz", tmp_path / "restored")
