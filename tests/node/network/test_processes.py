"""Who starts and stops which process: twice at once, after crashes, and never somebody else's."""

import socket
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner

from harness.besu_network import description
from tanlian_node.besu import Besu
from tanlian_node.cli import main
from tanlian_node.errors import InvalidNetwork, RemovedOption
from tanlian_node.local import local_names, start_nodes, stop_nodes
from tanlian_node.network_file import parse_network
from tanlian_node.network_files import read_record, write_network
from tanlian_node.processes import configuration_argument, is_alive, running_pid

from .test_network_file import EXAMPLE

SLEEPER = "import time; time.sleep(300)"


@pytest.fixture
def besu(tmp_path):
    """A program that is started as Besu is and stays; it notes every start."""
    program = tmp_path / "besu"
    program.write_text(
        f'#!/bin/sh\necho "$1" >> {tmp_path / "starts"}\nexec {sys.executable} -c "{SLEEPER}" "$@"\n'
    )
    program.chmod(0o755)
    return Besu(program)


@pytest.fixture
def stopped(record):
    yield record
    stop_nodes(record)


def test_start_nodes__two_commands_at_once__every_node_once(stopped, besu, tmp_path):
    started = []

    def start():
        started.extend(start_nodes(stopped, besu, ""))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == sorted(node.name for node in stopped.nodes)
    for node in stopped.nodes:
        assert running_pid(stopped.node_folder(node.name)) is not None
    assert len((tmp_path / "starts").read_text().splitlines()) == 4


def test_running_pid__command_killed_before_it_noted_the_process__found_and_stopped(stopped, besu):
    start_nodes(stopped, besu, "", ["bank-1"])
    place = stopped.node_folder("bank-1")
    pid = running_pid(place)
    (place / "besu.pid").unlink()
    assert running_pid(place) == pid
    assert start_nodes(stopped, besu, "", ["bank-1"]) == []
    assert stop_nodes(stopped) == ["bank-1"]
    assert not is_alive(pid)


@pytest.mark.parametrize("words", [["besu"], ["var/network/nodes/bank-1/besu.log"], []])
def test_stop_nodes__pid_belongs_to_another_program_now__left_alone(record, words):
    place = record.node_folder("bank-1")
    with subprocess.Popen([sys.executable, "-c", SLEEPER, *words]) as other:
        (place / "besu.pid").write_text(f"{other.pid}\n")
        assert running_pid(place) is None
        assert stop_nodes(record) == []
        assert other.poll() is None
        other.kill()
    assert not (place / "besu.pid").exists()


def test_running_pid__node_of_another_network__is_not_ours(record, tmp_path):
    elsewhere = configuration_argument(tmp_path / "other" / "nodes" / "bank-1")
    with subprocess.Popen([sys.executable, "-c", SLEEPER, elsewhere]) as other:
        (record.node_folder("bank-1") / "besu.pid").write_text(f"{other.pid}\n")
        assert running_pid(record.node_folder("bank-1")) is None
        other.kill()


@pytest.mark.parametrize("text", ["", "garbage", "0", "-1"])
def test_running_pid__broken_file__none(record, text):
    (record.node_folder("bank-1") / "besu.pid").write_text(text)
    assert running_pid(record.node_folder("bank-1")) is None


def test_start_nodes__port_taken__refused_by_name_and_none_started(record, besu):
    port = int(record.node("verifier-1").rpc.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(
            InvalidNetwork, match=rf"Port {port} \(rpc_port of verifier-1\) is taken"
        ):
            start_nodes(record, besu, "")
        assert [node.name for node in record.nodes if nodes_pid(record, node.name)] == []
    assert start_nodes(record, besu, "", ["verifier-1"]) == ["verifier-1"]
    assert stop_nodes(record) == ["verifier-1"]


def nodes_pid(record, name):
    return running_pid(record.node_folder(name))


@pytest.mark.parametrize("name", ["config.toml", "genesis.json", "key"])
def test_start_nodes__file_missing__refused_by_name_and_none_started(record, besu, name):
    (record.node_folder("verifier-1") / name).unlink()
    (record.node_folder("verifier-1") / "data").mkdir()
    with pytest.raises(InvalidNetwork, match=f"verifier-1/{name} is missing"):
        start_nodes(record, besu, "")
    assert [node.name for node in record.nodes if nodes_pid(record, node.name)] == []


def test_local_names__node_of_a_welcomed_member__lies_elsewhere(record):
    place = record.node_folder("verifier-1")
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    assert local_names(record) == ["regulator-1", "exchange-1", "bank-1"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"name": "x"}'])
def test_read_record__damaged__says_what_writes_it_anew(record, text):
    (record.folder / "network.json").write_text(text)
    with pytest.raises(InvalidNetwork, match=r"is damaged .*writes it anew and keeps every key"):
        read_record(record.folder)


def test_write_network__removed_option__nothing_written(tmp_path):
    table = description()
    table["nodes"][2]["besu_options"] = {"privacy-enabled": True}
    with pytest.raises(RemovedOption):
        write_network(parse_network(table), tmp_path / "new", "for tests only", quick_keys=True)
    assert not (tmp_path / "new").exists()


def test_create__below_a_file__one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("TANLIAN_PASSPHRASE", "for tests only")
    (tmp_path / "file").write_text("kept")
    done = CliRunner().invoke(
        main, ["create", str(EXAMPLE), "--folder", str(tmp_path / "file" / "net")]
    )
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "Not a directory" in done.output
    assert (tmp_path / "file").read_text() == "kept"
