"""A person at a browser without scripts, over HTTP: joins, signs in, fills in the forms it sees."""

import html
import re
import time
from pathlib import Path

import pyotp
import requests

from harness.founded import ok
from harness.served import PASSPHRASE, Served

PASSWORD = "correct horse battery"
_FORM = re.compile(r"<form\b(?P<head>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
_TEXT_INPUT = re.compile(r'<input id="[\w-]+" name="[\w-]+" value="[^"]+"[^>]*>')
_INPUT = re.compile(r'<input\b[^>]*type="hidden"[^>]*>')


def _named(tag: str) -> tuple[str, str]:
    name, value = (re.search(rf'\b{part}="([^"]*)"', tag) for part in ("name", "value"))
    assert name
    return name[1], html.unescape(value[1]) if value else ""


class Page:
    """An answer as a reader sees it."""

    def __init__(self, answer: requests.Response) -> None:
        self.status = answer.status_code
        self.url = answer.url
        self.headers = answer.headers
        self.html = answer.text

    @property
    def text(self) -> str:
        words = re.sub(r"<(script|style).*?</\1>", " ", self.html, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", words)))

    @property
    def alerts(self) -> list[str]:
        found = re.findall(r'role="alert"(?! hidden)[^>]*>(.*?)</', self.html, re.DOTALL)
        return [html.unescape(one).strip() for one in found]

    @property
    def state(self) -> str:
        """The state of the act that the page is about."""
        found = re.search(r'data-state="(\w+)"', self.html)
        assert found, self.text
        return found[1]

    def link(self, words: str) -> str:
        """The address behind the first link with these words."""
        for address, inside in re.findall(r'<a\b[^>]*href="([^"]*)"[^>]*>(.*?)</a>', self.html):
            if inside.strip() == words:
                return html.unescape(address)
        raise AssertionError(f"no link {words!r} on {self.url}: {self.text}")

    def form(self, marker: str) -> tuple[str, dict[str, str]]:
        """Action and hidden fields of the first form that contains the marker."""
        for found in _FORM.finditer(self.html):
            if marker in found[0]:
                action = re.search(r'action="([^"]*)"', found["head"])
                hidden = dict(_named(tag) for tag in _INPUT.findall(found["body"]))
                return html.unescape(action[1]) if action else "", hidden
        raise AssertionError(f"no form with {marker!r} on {self.url}: {self.text}")


class Visitor:
    """`address` ends with a slash; the language is that of the browser."""

    def __init__(self, address: str, language: str = "en") -> None:
        self.address = address
        self.http = requests.Session()
        self.http.headers.update({"Accept-Language": language, "Accept": "text/html"})
        self.login, self.secret, self._last_step = "", "", 0

    def get(self, path: str) -> Page:
        return Page(self.http.get(self.address + path.lstrip("/"), timeout=30))

    def send(self, page: Page, marker: str, files=None, **fields: str) -> Page:
        """Send the form that contains the marker, with its hidden fields."""
        action, hidden = page.form(marker)
        url = requests.compat.urljoin(page.url, action or page.url)
        return Page(self.http.post(url, data={**hidden, **fields}, files=files, timeout=60))

    def join(self, chain: Served, organisation: int, login: str) -> "Visitor":
        """Be invited, join, and sign in."""
        out = ok(chain, "web", "invite", organisation, login)
        token = re.search(r"/join/([\w-]+)", out)
        assert token, out
        page = self.get(f"join/{token[1]}")
        secret = re.search(r"secret=([A-Z2-7]+)", html.unescape(page.html))
        assert secret, page.html
        self.login, self.secret = login, secret[1]
        answer = self.send(page, 'name="login"', login=login, password=PASSWORD, code=self.code())
        assert "Sign in" in answer.text, answer.text
        return self.sign_in()

    def code(self) -> str:
        """A code that was not used before: each counts once, and the one before the last is good."""
        now = int(time.time()) // 30
        for step in (now - 1, now):
            if step > self._last_step:
                self._last_step = step
                return pyotp.TOTP(self.secret).at(step * 30)
        raise AssertionError("both good codes of this half minute were used already")

    def sign_in(self) -> "Visitor":
        page = self.get("sign-in")
        answer = self.send(
            page, 'name="password"', login=self.login, password=PASSWORD, code=self.code()
        )
        assert "Sign out" in answer.text or "退出" in answer.text, answer.text
        return self

    def store_key(self, keyfile: Path) -> None:
        page = self.get("keys")
        with keyfile.open("rb") as content:
            answer = self.send(
                page, 'name="keyfile"', files={"keyfile": ("key.json", content)}, label="first key"
            )
        assert answer.status == 200, answer.alerts

    def lock(self) -> None:
        page = self.get("keys")
        if "/keys/lock" in page.html:
            page = self.send(page, "/keys/lock")
        assert "/keys/lock" not in page.html

    def unlock(self) -> None:
        page = self.get("keys")
        if "/keys/lock" in page.html:
            return
        answer = self.send(page, 'name="passphrase" type="password" autocomplete="off"',
                           passphrase=PASSPHRASE)  # fmt: skip
        assert "unlocked" in answer.text, answer.alerts

    def act(self, name: str, files=None, **fields: str) -> Page:
        """Open the form of an act, fill it in and send it."""
        return self.fill_in(self.get(f"acts/new/{name}"), files=files, **fields)

    def fill_in(self, form: Page, files=None, **fields: str) -> Page:
        """Send the form of an act with what it was filled in with beforehand, and more."""
        assert form.status == 200, form.text
        begun = dict(_named(tag) for tag in _TEXT_INPUT.findall(form.html))
        signer = re.search(
            r'<select id="signer".*?<option value="(0x[0-9a-f]+)"', form.html, re.DOTALL
        )
        given = {"signer": signer[1]} if signer else {}
        return self.send(form, 'class="act"', files=files, **{**begun, **given, **fields})

    def sign(self, page: Page, **given: str) -> Page:
        """Sign on the page of an act, with what it asks for."""
        asked = {}
        if 'id="password"' in page.html:
            asked["password"] = PASSWORD
        if 'id="passphrase"' in page.html:
            asked["passphrase"] = PASSPHRASE
        act_id = page.url.split("/acts/")[1].split("?")[0].split("/")[0]
        return self.send(page, f"{act_id}/sign", **{**asked, **given})


def joined(chain: Served, address: str, aliases: dict[int, str]) -> dict[int, Visitor]:
    """A person of each organisation, signed in, with its key stored and open."""
    people = {}
    for organisation, alias in aliases.items():
        people[organisation] = Visitor(address).join(chain, organisation, f"{alias}-one")
        people[organisation].store_key(chain.network.keys / f"{alias}.json")
        people[organisation].unlock()
    return people
