"""The folder of a run, the chain beside it and the server of its reports."""

import socket
import urllib.error
import urllib.request

import pytest

from tanlian.domain.errors import InvalidInput
from tanlian.domain.target import Target
from tanlian.services.embedded_process import ChainNotStarted, embedded_chain
from tanlian.services.narration import SilentNarrator
from tanlian.services.report_server import serving
from tanlian.services.run_chain import free_port
from tanlian.services.run_folder import INSTITUTIONS, RunFolder


class Listener(SilentNarrator):
    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


def test_prepare__twice__keeps_every_secret(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.prepare()
    keys = {alias: folder.key(alias).address for alias in (*INSTITUTIONS, "emitter-1")}
    assert len(set(keys.values())) == 5
    folder.prepare()
    assert {alias: folder.key(alias).address for alias in keys} == keys
    for name in ("secret", "passphrase"):
        assert (folder.path / name).stat().st_mode & 0o077 == 0


def test_prepare__incentives__kept_by_a_folder_in_use(tmp_path):
    folder = RunFolder(tmp_path / "new")
    folder.prepare("incentives_demonstration")
    found = folder.network(Target())
    assert found.section("incentives")["rules"] == "incentives_demonstration"
    folder.chain.mkdir()
    folder.prepare()
    assert folder.incentives == "incentives_demonstration"
    older = RunFolder(tmp_path / "older")
    older.chain.mkdir(parents=True)
    older.prepare("incentives_demonstration")  # its contracts stand already, by other rules
    assert older.network(Target()).section("incentives")["rules"] == "incentives_2024"


def test_prepare__another_folder__other_keys(tmp_path):
    first, second = (RunFolder(tmp_path / name) for name in "ab")
    for folder in (first, second):
        folder.prepare()
    assert first.key("emitter-1").address != second.key("emitter-1").address
    assert first.key("bank").address != second.key("bank").address


def test_notes__written__read_back_and_damage_named(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.notes() == {}
    folder.note({"next_year": 2025})
    assert folder.notes() == {"next_year": 2025}
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InvalidInput, match="is damaged"):
        folder.notes()


def test_embedded_chain__folder_in_use__second_says_by_whom(tmp_path):
    with embedded_chain(tmp_path / "chain") as first:
        assert first.chain_id == 20260
        words = f"in use by process {first.process.pid}"
        with pytest.raises(ChainNotStarted, match=words), embedded_chain(tmp_path / "chain"):
            pass
        assert first.process.poll() is None
    assert first.process.poll() is not None
    with embedded_chain(tmp_path / "chain") as again:
        assert again.process.poll() is None


def test_free_port__taken__says_so_and_takes_any():
    listener = Listener()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port, listener) == 0
    assert listener.said == [f"Port {port} is taken; the chain takes a free one."]
    assert free_port(0, listener) == 0
    assert free_port(port, listener) == port


def test_serving__report__readable_and_nothing_outside_the_folder(tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "2024.html").write_text("<p>report")
    (tmp_path / "secret").write_text("hidden")
    with serving(reports) as address:
        with urllib.request.urlopen(address + "2024.html") as answer:
            assert answer.read() == b"<p>report"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        for path in ("../secret", "%2e%2e/secret", "none.html"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(address + path)
            assert refused.value.code == 404
