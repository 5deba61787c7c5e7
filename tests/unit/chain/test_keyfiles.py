import json
import logging
import stat

import pytest
from eth_account import Account

from tanlian.chain.errors import KeyfileError
from tanlian.chain.keyfiles import QUICK, Keyfiles, passphrase_for


@pytest.fixture
def keyfiles(tmp_path):
    return Keyfiles(tmp_path / "keys")


def test_create__new_key__opens_with_its_passphrase_in_any_tool(keyfiles):
    address = keyfiles.create("wu-steel", "secret", cost=QUICK)
    assert keyfiles.open("wu-steel", "secret").address == address
    assert keyfiles.address("wu-steel") == address
    content = json.loads(keyfiles.path("wu-steel").read_text())
    assert Account.from_key(Account.decrypt(content, "secret")).address == address
    assert keyfiles.aliases() == ["wu-steel"]


def test_create__file__is_for_its_owner_only(keyfiles):
    keyfiles.create("a", "secret", cost=QUICK)
    assert stat.S_IMODE(keyfiles.path("a").stat().st_mode) == 0o600


def test_create__name_taken__keeps_the_old_key(keyfiles):
    keyfiles.create("a", "secret", cost=QUICK)
    before = keyfiles.path("a").read_bytes()
    with pytest.raises(KeyfileError, match="There is a key 'a' already"):
        keyfiles.create("a", "secret", cost=QUICK)
    assert keyfiles.path("a").read_bytes() == before


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".hidden"])
def test_create__name_that_leaves_the_folder__is_refused(keyfiles, name):
    with pytest.raises(KeyfileError, match="no name for a key"):
        keyfiles.create(name, "secret", cost=QUICK)


def test_create__empty_passphrase__is_refused(keyfiles):
    with pytest.raises(KeyfileError, match="needs a passphrase"):
        keyfiles.create("a", "", cost=QUICK)
    assert keyfiles.aliases() == []


def test_open__wrong_passphrase__is_refused_and_not_repeated(keyfiles, caplog):
    caplog.set_level(logging.DEBUG)
    keyfiles.create("a", "secret", cost=QUICK)
    with pytest.raises(KeyfileError, match="does not open") as caught:
        keyfiles.open("a", "guess-4711")
    assert "guess-4711" not in str(caught.value) + caplog.text


def test_open__path__is_taken_as_it_is(keyfiles):
    address = keyfiles.create("a", "secret", cost=QUICK)
    assert keyfiles.open(str(keyfiles.path("a")), "secret").address == address


def test_open__missing__names_the_keys_there_are(keyfiles):
    keyfiles.create("a", "secret", cost=QUICK)
    with pytest.raises(KeyfileError, match=r"keys in .*: a"):
        keyfiles.open("b", "secret")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"address": "ab"}', "nonsense"])
def test_open__no_keyfile__is_refused(keyfiles, content):
    keyfiles.folder.mkdir()
    keyfiles.path("a").write_text(content)
    with pytest.raises(KeyfileError, match="keyfile"):
        keyfiles.open("a", "secret")


def test_passphrase__own_variable_before_the_shared_one__file_before_both(monkeypatch, tmp_path):
    monkeypatch.setenv("TANLIAN_PASSPHRASE", "shared")
    assert passphrase_for("wu-steel") == "shared"
    monkeypatch.setenv("TANLIAN_PASSPHRASE_WU_STEEL", "own")
    assert passphrase_for("wu-steel") == "own"
    assert passphrase_for("keys/wu-steel.json") == "own"
    file = tmp_path / "passphrase"
    file.write_text("filed \n")
    assert passphrase_for("wu-steel", file) == "filed "


def test_passphrase__none_anywhere__says_where_to_put_it(monkeypatch, tmp_path):
    monkeypatch.delenv("TANLIAN_PASSPHRASE", raising=False)
    with pytest.raises(KeyfileError, match="set TANLIAN_PASSPHRASE_A or TANLIAN_PASSPHRASE"):
        passphrase_for("a")
    with pytest.raises(KeyfileError, match="cannot be read"):
        passphrase_for("a", tmp_path / "missing")
