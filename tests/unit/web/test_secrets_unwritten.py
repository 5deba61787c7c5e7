"""Secrets sent through every form are found neither in the log nor in the databases."""

import re
from pathlib import Path

import pyotp
import pytest

from tanlian.accounts import people

from .conftest import EMITTER, PASSWORD, REGULATOR
from .test_operation import log_lines

TYPED = "hunter2-mistyped-secret"
HARMLESS = {"csrf_token"}


def written(folder: Path) -> bytes:
    """Everything on disk: the databases with their journals."""
    return b"".join(path.read_bytes() for path in folder.rglob("*.sqlite*"))


def forms(site):
    """Every address that takes a form."""
    return [rule for rule in site.app.url_map.iter_rules() if "POST" in rule.methods]


def test_secrets__every_form__neither_log_nor_database(site, tmp_path) -> None:
    """Also in fields where they do not belong, such as a password typed as the login."""
    site.join("wang", EMITTER)
    site.join("reg", REGULATOR)
    with log_lines() as stream:
        for login in ("wang", "reg"):
            browser = site.browser()
            assert browser.sign_in(login).status_code == 303
            for rule in forms(site):
                values = {
                    name: TYPED if converter.__class__.__name__ == "UnicodeConverter" else 1
                    for name, converter in rule._converters.items()
                }
                fields = dict.fromkeys(
                    ("login", "password", "code", "passphrase", "keyfile", "secret", "token", "x"),
                    TYPED,
                )
                if rule.endpoint != "sign_out":
                    browser.post(rule.endpoint, fields, form="home", **values)
        given = {"login": TYPED, "password": PASSWORD, "code": "123456"}
        assert site.browser().post("sign_in", given).status_code == 401
        site.browser().sign_in("wang", password=TYPED)
        site.browser().client.get(
            f"/join/{TYPED}?next={TYPED}", headers={"Authorization": f"Bearer {TYPED}"}
        )
    log = stream.getvalue()
    assert log.count('"logger": "tanlian.requests"') > 10
    assert TYPED not in log
    assert TYPED.encode() not in written(tmp_path)


def test_secrets__invitation_sign_in_and_cookies__neither_log_nor_database(site, tmp_path) -> None:
    with log_lines() as stream:
        token = site.invite(EMITTER)
        with site.office.engine.begin() as db:
            secret = people.welcome(db, site.office.box, token, site.now).totp_secret
        browser = site.browser()
        browser.get("join", token=token)
        code = pyotp.TOTP(secret).at(site.now)
        given = {"login": "zhao", "password": PASSWORD, "code": code}
        assert browser.post("join", given, token=token).status_code == 303
        site.secrets["zhao"], site.now = secret, site.now + 60
        assert browser.sign_in("zhao").status_code == 303
        browser.get("people")
    cookie = browser.client.get_cookie("tanlian_session").value
    on_disk = written(tmp_path)
    for word in (token, secret, PASSWORD, cookie):
        assert word not in stream.getvalue()
        assert word.encode() not in on_disk


@pytest.mark.parametrize("where", ["form", "path"])
def test_secrets__quoted_by_an_error__blanked_in_its_trace(site, where) -> None:
    """An exception that quotes what somebody sent must not carry it into the log."""

    def broken(token: str = "") -> str:
        from flask import request

        raise RuntimeError(f"no idea what {token or request.form['password']} is")

    from tanlian.web.guards import public

    site.app.add_url_rule("/broken/<token>", "broken_path", public(broken))
    site.app.add_url_rule("/broken", "broken_form", public(broken), methods=["POST"])
    browser = site.browser()
    with log_lines() as stream:
        if where == "path":
            answer = browser.get("broken_path", token=TYPED)
        else:
            answer = browser.post("broken_form", {"password": TYPED})
    assert answer.status_code == 500
    assert "no idea" not in answer.text
    log = stream.getvalue()
    assert TYPED not in log
    assert "no idea what *** is" in log
    assert re.search(r'"request": "[0-9a-f]{32}"', log)
