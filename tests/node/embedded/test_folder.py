"""One folder, one chain, one process: and a helpful sentence for whatever else is tried."""

import json
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from harness import chain_probe
from harness.killing import Victim
from tanlian_node.cli import main
from tanlian_node.embedded import EmbeddedChain, audit, initialise
from tanlian_node.embedded import genesis as genesis_document
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import (
    FolderCorruptError,
    FolderLockedError,
    FolderMismatchError,
    FolderMissingError,
    GenesisError,
    PortInUseError,
)
from tanlian_node.embedded.folder import Folder
from tanlian_node.embedded.genesis import Genesis

STARTED_BY_MISTAKE = "the chain started although it must not"


def _start(path, **arguments):
    """Try to start a chain that must refuse."""
    with EmbeddedChain(path, **arguments):
        pytest.fail(STARTED_BY_MISTAKE)


def test_start__folder_of_a_running_chain__refused_and_the_first_goes_on(tmp_path):
    with EmbeddedChain(tmp_path, interval=0) as running:
        with pytest.raises(FolderLockedError, match="is in use by process"):
            _start(tmp_path)
        assert chain_probe.RpcClient(running.port).call("eth_chainId") == hex(running.chain_id)


def test_start__second_process_on_one_folder__refused(tmp_path):
    initialise(tmp_path)
    victim = Victim(tmp_path, 1)
    try:
        second = subprocess.run(
            [
                *(sys.executable, "-m", "tanlian_node.cli", "chain", "start"),
                *("--data", str(tmp_path), "--port", "0"),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert second.returncode == 1
        assert f"is in use by process {victim.process.pid}" in second.stderr
    finally:
        victim.stop()


def test_start__after_sigkill__lock_is_free(tmp_path):
    initialise(tmp_path)
    Victim(tmp_path, 1).kill()
    with EmbeddedChain(tmp_path) as running:
        assert running.node.chain.head.number >= 0


def test_start__other_chain_id__refused(tmp_path):
    initialise(tmp_path, chain_id=77)
    with pytest.raises(FolderMismatchError, match="holds chain 77, not 78"):
        _start(tmp_path, chain_id=78)
    with EmbeddedChain(tmp_path, chain_id=77) as running:
        assert running.chain_id == 77


def test_start__other_genesis_given__refused_and_the_same_accepted(tmp_path):
    first = genesis_document.document(validators=[b"\1" * 20])
    initialise(tmp_path, genesis=first)
    with pytest.raises(FolderMismatchError, match="a chain with another genesis"):
        _start(tmp_path, genesis=genesis_document.document(validators=[b"\2" * 20]))
    with EmbeddedChain(tmp_path, genesis=first) as running:
        assert running.node.chain.head.number >= 0


def test_start__allow_on_an_existing_chain__refused(tmp_path):
    initialise(tmp_path)
    result = CliRunner().invoke(
        main, ["chain", "start", "--data", str(tmp_path), "--allow", "0x" + "11" * 20]
    )
    assert result.exit_code == 1
    assert "--allow is for a new chain" in result.output
    assert not (tmp_path / "permissions_config.toml").exists()


def test_start__genesis_changed_afterwards__refused(tmp_path):
    with EmbeddedChain(tmp_path, interval=0):
        pass
    document = json.loads((tmp_path / "genesis.json").read_text())
    document["gasLimit"] = "0x1c9c380"
    (tmp_path / "genesis.json").write_text(json.dumps(document))
    with pytest.raises(FolderMismatchError, match=r"genesis\.json is not the one"):
        _start(tmp_path)


def test_start__port_in_use__refused_and_lock_freed(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} on 127.0.0.1 is in use"):
            _start(tmp_path, port=port)
    with EmbeddedChain(tmp_path) as running:
        assert running.port > 0


def test_start__database_overwritten__refused(tmp_path):
    initialise(tmp_path)
    (tmp_path / "chain.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(FolderCorruptError, match="is no chain database"):
        _start(tmp_path)


def test_start__key_missing__refused(tmp_path):
    initialise(tmp_path)
    (tmp_path / "key").unlink()
    with pytest.raises(FolderMissingError, match="without it no block can be sealed"):
        _start(tmp_path)


def test_initialise__twice__refused_and_key_kept(tmp_path):
    initialise(tmp_path)
    key = (tmp_path / "key").read_text()
    with pytest.raises(FolderMismatchError, match="already holds a chain"):
        initialise(tmp_path)
    assert (tmp_path / "key").read_text() == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"zeroBaseFee": False}, "free gas only"),
        ({"cancunTime": 5}, "Cancun's rules"),
        ({"pragueTime": 0}, "remove config.pragueTime"),
        ({"contractSizeLimit": 99_999}, "limit of 24576 bytes"),
        ({"chainId": "many"}, "malformed"),
    ],
)
def test_genesis__rules_we_do_not_run__refused(change, sentence):
    document = genesis_document.document(validators=[b"\1" * 20])
    document["config"].update(change)
    with pytest.raises(GenesisError, match=sentence):
        Genesis.parse(document)


def test_genesis__field_missing__named(tmp_path):
    document = genesis_document.document(validators=[b"\1" * 20])
    del document["config"]["chainId"]
    with pytest.raises(GenesisError, match="lacks 'chainId'"):
        initialise(tmp_path, genesis=document)
    assert not (tmp_path / "genesis.json").exists()


def test_genesis__code_and_storage__are_there_from_the_start(tmp_path):
    account = "0x" + "77" * 20
    alloc = {account: {"balance": "5", "code": "0x6001", "storage": {"0x0": "0x7", "0x09": "0x0"}}}
    with EmbeddedChain(tmp_path, alloc=alloc) as running:
        rpc = chain_probe.RpcClient(running.port)
        assert rpc.call("eth_getCode", account, "0x0") == "0x6001"
        assert int(rpc.call("eth_getStorageAt", account, "0x0", "0x0"), 16) == 7
        assert int(rpc.call("eth_getStorageAt", account, "0x9", "0x0"), 16) == 0
        assert rpc.call("eth_getBalance", account, "earliest") == "0x5"


def test_check__one_byte_of_a_transaction_changed__named(tmp_path):
    with EmbeddedChain(tmp_path, interval=0, alloc=chain_probe.ALLOC) as running:
        chain_probe.play(chain_probe.RpcClient(running.port))
    chain = Chain(Folder(tmp_path))
    try:
        assert audit.check(chain, replay=True) == 10
        with chain.store.writing() as connection:
            connection.execute(
                "update transactions set cumulative_gas=cumulative_gas+1 where block=4"
            )
        with pytest.raises(FolderCorruptError, match="block 4 lost receipts"):
            audit.check(chain)
    finally:
        chain.close()


def test_commands__init_start_info_stop__each_says_what_it_did(tmp_path):
    runner = CliRunner()
    data = ["--data", str(tmp_path)]
    missing = runner.invoke(main, ["chain", "info", *data])
    assert missing.exit_code == 1
    assert "holds no chain: make one with tanlian-node chain init" in missing.output
    made = runner.invoke(main, ["chain", "init", *data, "--chain-id", "4711"])
    assert made.exit_code == 0
    assert "chain 4711 laid out" in made.output
    victim = Victim(tmp_path, 1)
    facts = json.loads(runner.invoke(main, ["chain", "info", "--json", *data]).output)
    assert facts["chain_id"] == 4711
    assert facts["process"] == victim.process.pid
    stopped = runner.invoke(main, ["chain", "stop", *data])
    assert stopped.output.endswith("stopped\n")
    assert victim.process.wait(10) == 0
    assert victim.process.stdout.read() == "stopped\n"
    again = runner.invoke(main, ["chain", "stop", *data])
    assert "no chain runs" in again.output
    checked = runner.invoke(main, ["chain", "check", "--replay", *data])
    assert "sound: " in checked.output


def test_start__wrong_chain_id_on_the_command_line__one_sentence(tmp_path):
    initialise(tmp_path, chain_id=77)
    result = CliRunner().invoke(
        main, ["chain", "start", "--data", str(tmp_path), "--chain-id", "5", "--port", "0"]
    )
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "holds chain 77, not 5" in result.output


def test_genesis__validators_in_a_contract__headers_list_none(tmp_path):
    from harness.besu_network import description
    from tanlian_node.genesis import Seat
    from tanlian_node.genesis import genesis as besu_genesis
    from tanlian_node.network_file import parse_network

    network = parse_network(description(count=4))
    seats = [Seat("0x" + f"{n:02x}" * 20, n) for n in range(1, 5)]
    document = besu_genesis(network, seats, {seat.address: seat.organisation for seat in seats})
    with EmbeddedChain(tmp_path, interval=0, genesis=document, development=True) as running:
        header = running.node.sealer.mine()
        assert running.chain_id == network.chain_id
    from tanlian_node.embedded.header import Extra

    extra = Extra.decode(header.extra_data)
    assert extra.validators == ()
    assert len(extra.seals) == 1
