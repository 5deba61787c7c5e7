"""`tanlian web config|backup|restore` as an operator uses them, beside pages that run."""

import json
import urllib.request

import pytest

from harness.founded import found, ok
from harness.served import served
from tanlian.bootstrap import serving


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        yield chain


def test_config__file_and_environment__told_without_secrets(market, tmp_path) -> None:
    path = tmp_path / "web.toml"
    path.write_text('metrics_token = "t0ken"\nport = 9000\n')
    path.chmod(0o600)
    said = ok(market, "web", "config", "--config", path, TANLIAN_WEB_THREADS="20")
    told = json.loads(said)
    assert (told["port"], told["threads"], told["metrics_token"]) == (9000, 20, "***")


@pytest.mark.parametrize("verb", [("config",), ("serve",), ("backup", "x"), ("invite", "1", "W")])
def test_config__misspelt_key__every_verb_says_so_and_does_nothing(market, tmp_path, verb) -> None:
    path = tmp_path / "web.toml"
    path.write_text("prot = 9000\n")
    result = market.run("web", *verb, "--config", path)
    assert result.exit_code == 1
    assert "did you mean 'port'?" in result.output


def test_backup__while_serving__restored_elsewhere_invitation_still_good(market, tmp_path) -> None:
    copy = tmp_path / "copy"
    with serving(market.target, "127.0.0.1", 0):
        link = ok(market, "web", "invite", 1, "Wang Li").strip()
        said = ok(market, "web", "backup", copy)
    assert str(copy) in said
    elsewhere = {
        "TANLIAN_DATA": str(tmp_path / "new"),
        "TANLIAN_WEB_FOLDER": str(tmp_path / "new" / "web"),
    }
    # the keyfiles and the book are the running network's own and the same: they may stay
    assert "rows are back" in ok(market, "web", "restore", copy, **elsewhere)
    again = market.run("web", "restore", copy, **elsewhere)
    assert (again.exit_code, "already holds rows" in again.output) == (1, True)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in elsewhere.items():
            environment.setenv(name, value)
        with serving(market.target, "127.0.0.1", 0) as address:
            path = link.removeprefix("http://127.0.0.1:8000/")
            request = urllib.request.Request(address + path, headers={"Accept-Language": "en"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert "Wang Li" in answer.read().decode()
