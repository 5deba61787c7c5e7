"""People of a demonstration come in by one link, find their desks, and sign with their key."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness.founded import found, ok
from harness.served import served
from tanlian.bootstrap import seat, serving
from tanlian.domain.roles import Role
from tanlian.services.consortium import Member

PASSPHRASE = "0123456789abcdef" * 4  # as a run's folder has it
SEATS = {"regulator": (1, Role.REGULATOR), "bank": (3, Role.BANK), "seller": (4, Role.EMITTER)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("door")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        members = [
            Member(number, f"The {alias}", role, 1, chain.key(alias))
            for alias, (number, role) in SEATS.items()
        ]
        with serving(chain.target, "127.0.0.1", 0, data=folder) as address:
            yield chain, folder, address, members


class Browser:
    def __init__(self, address: str) -> None:
        self.address = address
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def read(self, path: str, form: dict | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(
            self.address + path, data, {"Accept-Language": "en", "Accept": "text/html"}
        )
        with self._opener.open(request, timeout=30) as answer:
            return answer.read().decode()

    def press(self, page: str, words: str) -> str:
        """Press the button of the form that holds these words."""
        (form,) = (f for f in re.findall(r"<form.*?</form>", page, re.DOTALL) if words in f)
        action = re.search(r'action="([^"]+)"', form)[1].lstrip("/")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1]
        return self.read(action, {"csrf_token": token})


def test_seat__link__each_role_by_one_click(demo) -> None:
    chain, folder, address, members = demo
    browser = Browser(address)
    page = browser.read(seat(chain.target, folder, members, PASSPHRASE))
    assert page.count("/enter/as/") == 2 * len(SEATS)
    names = re.findall(r'<button class="door">([^<]+)<', page)
    assert len(set(names)) == len(names)
    for name in names:
        desk = browser.press(page, name.strip())
        assert name.strip() in desk
        page = browser.read("enter")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        Browser(address).read("enter")


def test_seat__again__nobody_twice_and_a_new_link(demo) -> None:
    chain, folder, address, members = demo
    first = seat(chain.target, folder, members, PASSPHRASE)
    second = seat(chain.target, folder, members, PASSPHRASE)
    assert first != second
    assert Browser(address).read(second).count("/enter/as/") == 2 * len(SEATS)


def test_door_command__link__works_and_is_refused_beyond_loopback(demo) -> None:
    chain, folder, address, _ = demo
    link = ok(chain, "web", "door", "--address", address, "--data", folder).strip()
    assert link.startswith(f"{address}enter/")
    assert "/enter/as/" in Browser("").read(link)
    beyond = chain.run("web", "door", "--data", folder, TANLIAN_WEB_HOST="0.0.0.0")
    assert (beyond.exit_code, "this machine only" in beyond.output) == (1, True)


def test_door_command__no_demonstration__refused(demo, tmp_path) -> None:
    chain = demo[0]
    result = chain.run("web", "door", "--data", tmp_path)
    assert (result.exit_code, "Nobody may come in by a door here" in result.output) == (1, True)


def test_key__of_the_member__opens_with_the_passphrase_of_the_run(demo) -> None:
    chain, folder, address, members = demo
    browser = Browser(address)
    page = browser.read(seat(chain.target, folder, members, PASSPHRASE))
    name = re.findall(r'<button class="door">([^<]+)<', page)[0].strip()
    browser.press(page, name)
    page = browser.read("keys")
    key = chain.key("regulator").address.lower()
    assert key in page.lower()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    given = {"csrf_token": token, "address": key, "passphrase": PASSPHRASE}
    assert "nlocked" in browser.read("keys/unlock", given)
