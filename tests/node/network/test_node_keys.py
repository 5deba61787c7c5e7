"""Keys at rest: made, kept private, opened with the right passphrase only."""

import json

import pytest

from harness.besu_network import PASSPHRASE
from tanlian_node.errors import BadKey
from tanlian_node.keys import (
    QUICK,
    address_of_public_key,
    create_keyfile,
    keyfile_address,
    new_node_key,
    open_keyfile,
    passphrase,
    read_node_key,
    write_node_key,
)


def test_write_node_key__read_again__same_key_and_private(tmp_path):
    key = new_node_key()
    write_node_key(tmp_path / "key", key)
    assert read_node_key(tmp_path / "key") == key
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert key.secret.hex() not in repr(key)
    assert address_of_public_key(key.public_key) == key.address


def test_write_node_key__taken__refused_and_unchanged(tmp_path):
    key = new_node_key()
    write_node_key(tmp_path / "key", key)
    with pytest.raises(BadKey, match="move it away first"):
        write_node_key(tmp_path / "key", new_node_key())
    assert read_node_key(tmp_path / "key") == key


@pytest.mark.parametrize("text", ["", "0x12", "zz" * 32, "11" * 33])
def test_read_node_key__no_key__refused(tmp_path, text):
    (tmp_path / "key").write_text(text)
    with pytest.raises(BadKey):
        read_node_key(tmp_path / "key")


def test_read_node_key__missing__refused(tmp_path):
    with pytest.raises(BadKey, match="There is no key"):
        read_node_key(tmp_path / "key")


def test_create_keyfile__opened__same_address(tmp_path):
    path = tmp_path / "bank.json"
    made = create_keyfile(path, PASSPHRASE, cost=QUICK)
    from tanlian_node.signer import LocalSigner

    assert LocalSigner(open_keyfile(path, PASSPHRASE)).address == made == keyfile_address(path)
    assert json.loads(path.read_text())["version"] == 3
    assert path.stat().st_mode & 0o077 == 0


def test_open_keyfile__wrong_passphrase_or_file__refused(tmp_path):
    path = tmp_path / "bank.json"
    create_keyfile(path, PASSPHRASE, cost=QUICK)
    with pytest.raises(BadKey, match="passphrase is wrong"):
        open_keyfile(path, "other")
    (tmp_path / "list.json").write_text("{}")
    with pytest.raises(BadKey, match="no V3 keyfile"):
        open_keyfile(tmp_path / "list.json", PASSPHRASE)
    with pytest.raises(BadKey, match="There is no keyfile"):
        open_keyfile(tmp_path / "none.json", PASSPHRASE)


def test_create_keyfile__taken_or_no_passphrase__refused(tmp_path):
    path = tmp_path / "bank.json"
    with pytest.raises(BadKey, match="needs a passphrase"):
        create_keyfile(path, "", cost=QUICK)
    assert not path.exists()
    create_keyfile(path, PASSPHRASE, cost=QUICK)
    before = path.read_bytes()
    with pytest.raises(BadKey, match="move it away first"):
        create_keyfile(path, PASSPHRASE, cost=QUICK)
    assert path.read_bytes() == before


def test_passphrase__file_before_environment__and_never_one_that_others_read(tmp_path, monkeypatch):
    monkeypatch.setenv("TANLIAN_PASSPHRASE", "from the environment")
    path = tmp_path / "passphrase"
    path.write_text("from the file\n")
    path.chmod(0o600)
    assert passphrase(path) == "from the file"
    assert passphrase() == "from the environment"
    path.chmod(0o644)
    with pytest.raises(BadKey, match="Other users can read"):
        passphrase(path)
    monkeypatch.delenv("TANLIAN_PASSPHRASE")
    with pytest.raises(BadKey, match="Set TANLIAN_PASSPHRASE"):
        passphrase()
    with pytest.raises(BadKey, match="no passphrase file"):
        passphrase(tmp_path / "none")


def test_address_of_public_key__no_point__refused():
    with pytest.raises(BadKey, match="no public key"):
        address_of_public_key("12")
