"""The door of a demonstration opens on its own machine, for one browser, and nowhere else."""

import pytest

from tanlian.accounts import doors
from tanlian.web.app import create_app
from tanlian.web.config import WebConfig

from .conftest import EMITTER, REGULATOR, Browser


@pytest.fixture
def demo(site):
    """Two people of a demonstration, and one who is none."""
    for login, organisation in (("wang", EMITTER), ("zhao", REGULATOR)):
        who = site.join(login, organisation)
        with site.office.engine.begin() as db:
            doors.let_in(db, who)
    site.join("real", REGULATOR)
    return site


def link(site) -> str:
    with site.office.engine.begin() as db:
        return doors.make(db, site_origin(site))


def site_origin(site):
    from tanlian.accounts.audit_log import Origin

    return Origin("test", site.now)


def test_door__link__one_page_of_people_and_one_click_signs_in(demo) -> None:
    browser = demo.browser()
    answer = browser.get("open_door", token=link(demo))
    assert (answer.status_code, answer.location) == (303, "/enter")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    page = browser.get("door").text
    assert page.count('action="/enter/as/') == 2
    assert "Organisation 1" in page
    assert "Organisation 2" in page
    answer = browser.post("enter", form="door", user_id=1)
    assert (answer.status_code, answer.location) == (303, "/desk")
    assert browser.get("desk").status_code == 200
    browser.post("enter", form="door", user_id=2)  # another role, the first session is over
    assert browser.get("people").status_code == 200


def test_door__somebody_real__cannot_be_entered(demo) -> None:
    browser = demo.browser()
    browser.get("open_door", token=link(demo))
    assert browser.post("enter", form="door", user_id=3).status_code == 403
    assert browser.get("people").status_code == 303


def test_door__link_again__refused_for_another_browser(demo) -> None:
    token = link(demo)
    assert demo.browser().get("open_door", token=token).status_code == 303
    other = demo.browser()
    assert other.get("open_door", token=token).status_code == 403
    assert other.get("door").status_code == 403
    assert other.post("enter", form="home", user_id=1).status_code == 403


def test_enter__without_form_token__refused(demo) -> None:
    browser = demo.browser()
    browser.get("open_door", token=link(demo))
    assert browser.post("enter", form="", user_id=1).status_code == 400
    assert browser.get("people").status_code == 303


@pytest.mark.parametrize(
    ("config", "headers", "address"),
    [
        ({"is_loopback": False}, {}, "127.0.0.1"),
        ({"trusted_proxies": 1}, {}, "127.0.0.1"),
        ({}, {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1"),
        ({}, {"Via": "1.1 proxy"}, "127.0.0.1"),
        ({}, {"Host": "evil.example"}, "127.0.0.1"),  # a name that its owner made point here
        ({}, {"Host": "evil.example:8000"}, "127.0.0.1"),
        ({}, {}, "198.51.100.7"),
    ],
)
def test_door__reached_from_elsewhere__refused_and_the_link_stays(
    demo, config, headers, address
) -> None:
    app = create_app(WebConfig(secret=b"s" * 32, insecure_cookies=True, **config), demo.office)
    token = link(demo)
    client = app.test_client()
    for path in (f"/enter/{token}", "/enter"):
        answer = client.get(path, headers=headers, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == 403, path
        assert "tanlian_door" not in answer.headers.get("Set-Cookie", "")
    assert demo.browser().get("open_door", token=token).status_code == 303


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "localhost", "[::1]:8000"])
def test_door__names_of_this_machine__open_it(demo, host) -> None:
    browser = Browser(demo, demo.app.test_client(), "en")
    browser.headers["Host"] = host
    assert browser.get("open_door", token=link(demo)).status_code == 303
