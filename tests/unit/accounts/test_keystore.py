import json

import pytest
from eth_account import Account
from sqlalchemy import select

from tanlian.accounts import keystore, sign_in
from tanlian.accounts.errors import KeyLocked, WeakPassword, WrongPassphrase
from tanlian.accounts.tables import keys, sessions
from tanlian.domain.errors import InvalidInput, NotFound

from .conftest import PASSWORD

SECRET = bytes(range(1, 33))
KEYFILE = Account.encrypt(SECRET, "open sesame", iterations=2)
ADDRESS = "0x" + KEYFILE["address"].lower().removeprefix("0x")


@pytest.fixture
def member(office):
    return office.join("wang", 1)


@pytest.fixture
def current(office, member):
    with office.engine.begin() as db:
        keystore.keep(db, office.origin(), member, label="trading", keyfile=KEYFILE)
    return session_of(office, "wang")


def session_of(office, login):
    token, _ = sign_in.sign_in(
        office.engine,
        office.box,
        office.origin(),
        login=login,
        password=PASSWORD,
        code=office.code(login),
    )
    with office.engine.begin() as db:
        return sign_in.session(db, token, office.now)


def unlock(office, current, passphrase="open sesame"):
    with office.engine.begin() as db:
        return keystore.unlock(db, office.origin(), current, address=ADDRESS, passphrase=passphrase)


def key_of(office, current, cookie):
    with office.engine.begin() as db:
        return keystore.unlocked_key(db, current, cookie, office.now)


def test_unlock__right_passphrase__key_for_ten_minutes(office, current) -> None:
    cookie = unlock(office, current)
    office.now += keystore.UNLOCKED_SECONDS - 1
    assert key_of(office, current, cookie) == SECRET
    office.now += 1
    with pytest.raises(KeyLocked, match="Unlock"):
        key_of(office, current, cookie)


def test_unlock__wrong_passphrase__stays_locked(office, current) -> None:
    with pytest.raises(WrongPassphrase):
        unlock(office, current, passphrase="open barley")
    with pytest.raises(KeyLocked):
        key_of(office, current, "anything")


@pytest.mark.parametrize("cookie", [None, "", "a guess"])
def test_unlocked_key__without_the_cookie__locked(office, current, cookie) -> None:
    unlock(office, current)
    with pytest.raises(KeyLocked):
        key_of(office, current, cookie)


def test_unlocked_key__other_session__locked(office, current) -> None:
    cookie = unlock(office, current)
    office.now += 60
    with pytest.raises(KeyLocked):
        key_of(office, session_of(office, "wang"), cookie)


def test_lock__unlocked_key__gone(office, current) -> None:
    cookie = unlock(office, current)
    with office.engine.begin() as db:
        keystore.lock(db, current)
    with pytest.raises(KeyLocked):
        key_of(office, current, cookie)


def test_unlock__database__never_holds_the_key(office, current) -> None:
    unlock(office, current)
    with office.engine.begin() as db:
        stored = [*db.execute(select(keys)).all(), *db.execute(select(sessions)).all()]
    text = repr(stored)
    assert SECRET.hex() not in text
    assert repr(SECRET)[2:-1] not in text
    assert "open sesame" not in text


def test_unlock__key_of_another_organisation__not_found(office, current) -> None:
    office.join("zhao", 2)
    with pytest.raises(NotFound, match="Your organisation has no key"):
        unlock(office, session_of(office, "zhao"))


@pytest.mark.parametrize(
    "broken",
    [{}, {"version": 3}, {**KEYFILE, "version": 1}, {**KEYFILE, "address": None}],
)
def test_keep__no_v3_keyfile__refused(office, member, broken) -> None:
    with office.engine.begin() as db, pytest.raises(InvalidInput, match="V3 keyfile"):
        keystore.keep(
            db, office.origin(), member, label="x", keyfile=json.loads(json.dumps(broken))
        )
    with office.engine.begin() as db:
        assert keystore.keys_of(db, 1) == []


def test_keep__stored_already__refused_even_for_others(office, current) -> None:
    other = office.join("zhao", 2)
    with office.engine.begin() as db, pytest.raises(InvalidInput, match="stored already"):
        keystore.keep(db, office.origin(), other, label="mine", keyfile=KEYFILE)
    with office.engine.begin() as db:
        assert keystore.keys_of(db, 2) == []


def test_make__new_key__opens_with_its_passphrase_only(office, current) -> None:
    who = current.person
    with office.engine.begin() as db:
        stored, secret = keystore.make(
            db, office.origin(), who, label="second", passphrase="a long passphrase"
        )
        keyfile = keystore.exported(db, office.origin(), who, stored.address)
    assert Account.from_key(secret).address.lower() == stored.address
    assert bytes(Account.decrypt(keyfile, "a long passphrase")) == secret
    with office.engine.begin() as db, pytest.raises(WrongPassphrase, match="does not open"):
        keystore.unlock(
            db, office.origin(), current, address=stored.address, passphrase="a long passphrasf"
        )


def test_make__weak_passphrase__nothing_stored(office, current) -> None:
    with office.engine.begin() as db, pytest.raises(WeakPassword, match="12 characters"):
        keystore.make(db, office.origin(), current.person, label="second", passphrase="short")
    with office.engine.begin() as db:
        assert [key.address for key in keystore.keys_of(db, 1)] == [ADDRESS]


def test_exported__key_of_another_organisation__not_found(office, current) -> None:
    outsider = office.join("outsider", 2)
    with office.engine.begin() as db, pytest.raises(NotFound, match="has no key"):
        keystore.exported(db, office.origin(), outsider, ADDRESS)
