import re
from dataclasses import fields
from pathlib import Path

import pytest

from tanlian.settings import Settings, SettingsRefused, load, variable

DOCS = Path(__file__).parents[2] / "docs" / "app-operation.md"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "web.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_load__nothing_given__defaults() -> None:
    assert load(environment={}) == Settings()


def test_load__sources__command_line_over_environment_over_file(tmp_path) -> None:
    path = written(tmp_path, 'port = 1\nthreads = 20\ntitle = "Here"\nhosts = ["a", "b"]\n')
    found = load(path, {"TANLIAN_WEB_PORT": "2", "TANLIAN_WEB_THREADS": "30"}, port=3, host=None)
    assert (found.port, found.threads, found.title, found.hosts) == (3, 30, "Here", ("a", "b"))
    assert found.host == "127.0.0.1"


def test_load__file_named_by_the_environment__read(tmp_path) -> None:
    path = written(tmp_path, "port = 1\n")
    assert load(environment={"TANLIAN_WEB_CONFIG": str(path)}).port == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "'prot'; did you mean 'port'?"),
        ('port = "1"', "port in .* is a whole number"),
        ("port = true", "port in .* is a whole number"),
        ("port = 70000", "lies in 0..65535"),
        ('hosts = "a"', "is a list of texts"),
        ('default_language = "fr"', "one of zh, en"),
        ('accounts = "nonsense"', "no database URL"),
        ("port = ", "is no TOML"),
        ('certificate = "a.pem"', "go together"),
        ('accounts = "sqlite:///a"\nread_model = "sqlite:///a"', "one database; they need two"),
    ],
)
def test_load__wrong_file__says_what_and_where(tmp_path, text, sentence) -> None:
    with pytest.raises(SettingsRefused, match=sentence):
        load(written(tmp_path, text), {})


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("TANLIAN_WEB_PROT", "1", "did you mean 'port'?"),
        ("TANLIAN_WEB_PORT", "x", "'x'; it is a whole number"),
        ("TANLIAN_WEB_PROJECTS", "maybe", "may be 1 or 0"),
        ("TANLIAN_WEB_ACCOUNTS", "sqlite:///x", "it is called TANLIAN_ACCOUNTS"),
        ("TANLIAN_WEB_CONFIG", "/nowhere/x.toml", "cannot be read"),
    ],
)
def test_load__wrong_environment__says_which(name, text, sentence) -> None:
    with pytest.raises(SettingsRefused, match=re.escape(sentence)):
        load(environment={name: text})


@pytest.mark.parametrize("text", ['metrics_token = "t0ken"', 'accounts = "postgresql://a:pw@h/d"'])
def test_load__secret_in_a_file_that_others_read__refused(tmp_path, text) -> None:
    assert load(written(tmp_path, text), {}) != Settings()
    with pytest.raises(SettingsRefused, match="chmod 600"):
        load(written(tmp_path, text, 0o640), {})


def test_load__password_free_file__may_be_read_by_all(tmp_path) -> None:
    text = 'accounts = "postgresql://name@h/d"'
    assert load(written(tmp_path, text, 0o644), {}).accounts.startswith("postgresql")


def test_shown__secrets__are_masked() -> None:
    shown = str(Settings(metrics_token="t0ken", accounts="postgresql://a:geheim@h/d").shown())
    assert "t0ken" not in shown
    assert "geheim" not in shown
    assert "a:***@h/d" in shown


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, True),
        ({"host": "0.0.0.0"}, False),
        ({"trusted_proxies": 1}, False),
        ({"host": "0.0.0.0", "insecure_cookies": True}, True),
        ({"insecure_cookies": False}, False),
    ],
)
def test_insecure_cookies__by_default__on_loopback_without_a_proxy(given, sent) -> None:
    assert Settings(**given).sends_insecure_cookies is sent


def test_documentation__table__has_every_key_with_variable_and_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*?) \|", DOCS.read_text(), re.MULTILINE)
    defaults = Settings()
    assert {name: (spelt, default) for name, spelt, default in rows} == {
        f.name: (variable(f.name), _told(getattr(defaults, f.name))) for f in fields(Settings)
    }


def _told(default: object) -> str:
    if default in ("", (), None):
        return ""
    return (
        {True: "`true`", False: "`false`"}.get(default)
        if isinstance(default, bool)
        else f"`{default}`"
    )
