import pyotp
import pytest

from tanlian.accounts import people

from .conftest import EMITTER, PASSWORD, REGULATOR


def signed_in(site, login="wang", organisation=EMITTER):
    site.join(login, organisation)
    browser = site.browser()
    assert browser.sign_in(login).status_code == 303
    return browser


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN,zh;q=0.9", "登录"), ("en", "Sign in"), ("fr", "登录")]
)
def test_sign_in__language_of_the_browser__decides(site, language, words) -> None:
    page = site.browser(language).get("sign_in")
    assert f"<h1>{words}</h1>" in page.text


def test_language__chosen__stays(site) -> None:
    browser = site.browser("en")
    answer = browser.post("language", {"back": "/sign-in"}, code="zh")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "<h1>登录</h1>" in browser.get("sign_in").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil", "x"])
def test_sign_in__target_elsewhere__goes_to_the_desk(site, target) -> None:
    site.join("wang", EMITTER)
    browser = site.browser()
    code = pyotp.TOTP(site.secrets["wang"]).at(site.now)
    given = {"login": "wang", "password": PASSWORD, "code": code}
    answer = browser.post("sign_in", given, next=target)
    assert (answer.status_code, answer.location) == (303, "/desk")


def test_page_of_members__signed_out__leads_through_sign_in_and_back(site) -> None:
    site.join("wang", EMITTER)
    browser = site.browser()
    first = browser.get("people")
    assert first.status_code == 303
    assert first.location == "/sign-in?next=/people"
    code = pyotp.TOTP(site.secrets["wang"]).at(site.now)
    given = {"login": "wang", "password": PASSWORD, "code": code}
    assert browser.post("sign_in", given, next="/people").location == "/people"
    assert "People of your organisation" in browser.get("people").text


def test_sign_in__wrong_code__says_so_and_sets_no_session(site) -> None:
    site.join("wang", EMITTER)
    browser = site.browser()
    answer = browser.sign_in("wang", code="000000")
    assert answer.status_code == 401
    assert "Login, password or code is wrong." in answer.text
    assert browser.get("people").status_code == 303


def test_sign_in__brute_force__slowed(site) -> None:
    site.join("wang", EMITTER)
    browser = site.browser()
    codes = [browser.sign_in("wang", code="000000").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert browser.sign_in("wang").status_code == 429


def test_sign_in__cookie__is_out_of_reach_of_scripts_and_other_sites(site) -> None:
    site.join("wang", EMITTER)
    cookie = site.browser().sign_in("wang").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_sign_out__session__ends(site) -> None:
    browser = signed_in(site)
    assert browser.post("sign_out", form="home").status_code == 303
    assert browser.get("people").status_code == 303


@pytest.mark.parametrize("endpoint", ["sign_in", "sign_out"])
def test_post__without_form_token__refused(site, endpoint) -> None:
    answer = site.browser().post(endpoint, form="")
    assert answer.status_code == 400
    assert "open it again" in answer.text


def test_join__invited_person__can_sign_in(site) -> None:
    token = site.invite(EMITTER, "Zhao Min")
    with site.office.engine.begin() as db:
        secret = people.welcome(db, site.office.box, token, site.now).totp_secret
    browser = site.browser()
    page = browser.get("join", token=token)
    assert secret in page.text
    given = {"login": "zhao", "password": PASSWORD, "code": pyotp.TOTP(secret).at(site.now)}
    assert browser.post("join", given, token=token).location == "/sign-in"
    site.secrets["zhao"], site.now = secret, site.now + 60
    assert browser.sign_in("zhao").status_code == 303
    assert browser.get("join", token=token).status_code == 422


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("password", "short", "at least 12 characters"),
        ("login", "a b", "letters, digits, dots or dashes"),
        ("login", "taken", "choose another"),
        ("code", "12345", "Six digits"),
    ],
)
def test_join__wrong_field__says_which_and_keeps_the_invitation(
    site, field, value, sentence
) -> None:
    site.join("taken", EMITTER)
    token = site.invite(EMITTER)
    with site.office.engine.begin() as db:
        secret = people.welcome(db, site.office.box, token, site.now).totp_secret
    given = {"login": "zhao", "password": PASSWORD, "code": pyotp.TOTP(secret).at(site.now)}
    answer = site.browser().post("join", {**given, field: value}, token=token)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'role="alert"' in answer.text
    assert site.browser().post("join", given, token=token).status_code == 303


def test_invite__regulator__gets_a_link_that_works(site) -> None:
    browser = signed_in(site, "reg", REGULATOR)
    answer = browser.post("invite", {"organisation": "2", "name": "Li Na"}, form="invite")
    link = answer.text.split('<code class="secret">')[1].split("<")[0]
    assert "Li Na" in site.browser().client.get(link, headers={"Accept-Language": "en"}).text


def test_invite__emitter__forbidden(site) -> None:
    browser = signed_in(site)
    answer = browser.get("invite")
    assert answer.status_code == 403
    assert "role does not include" in answer.text


def test_deactivate__person_of_another_organisation__not_found(site) -> None:
    theirs = site.join("theirs", REGULATOR)
    browser = signed_in(site)
    answer = browser.post("deactivate", form="people", user_id=theirs.id)
    assert answer.status_code == 404
    assert site.browser().sign_in("theirs").status_code == 303


def test_failure__program__gets_json(site) -> None:
    answer = site.browser().client.get("/nowhere", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        f"sessions/{2**63}",
        "sessions/" + "9" * 5_000,
        "supervision/99999999999999999999",
        f"certificates/{2**256}",
    ],
)
def test_number_in_an_address__too_great_for_the_tables__no_such_page(site, path) -> None:
    assert site.app.test_client().get(f"/{path}").status_code == 404
