"""SIGKILL under load, and power cuts in the middle of a write."""

import random
import shutil
import threading

import pytest

from harness import chain_probe
from harness.killing import Sender, kill_repeatedly
from tanlian_node.embedded import EmbeddedChain, audit
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.folder import Folder


@pytest.mark.parametrize(("interval", "kills"), [(0.2, 5), (0, 3)])
def test_kill__random_moments_under_load__nothing_acknowledged_is_lost(tmp_path, interval, kills):
    outcome = kill_repeatedly(tmp_path, kills=kills, interval=interval, seed=kills)
    assert outcome.acknowledged > 20
    assert outcome.lost == []
    assert outcome.twice == []
    assert outcome.check.startswith("sound: ")


def test_power_cut__log_torn_at_any_byte__opens_with_a_sound_earlier_chain(tmp_path):
    """A disk that lost the end of the write-ahead log, as after a power cut, loses whole blocks."""
    whole = tmp_path / "whole"
    with EmbeddedChain(whole, interval=0, alloc=chain_probe.ALLOC) as running:
        stop = threading.Event()
        sender = Sender(chain_probe.EMITTER, batches=True)
        thread = threading.Thread(target=sender.run, args=(running.port, running.chain_id, stop))
        thread.start()
        while running.node.chain.head.number < 12:
            thread.join(0.05)
        stop.set()
        thread.join()
        head = running.node.chain.head.number
        torn = tmp_path / "torn"
        torn.mkdir()
        for name in ("genesis.json", "key", "chain.sqlite", "chain.sqlite-wal"):
            shutil.copy(whole / name, torn / name)
    log = (torn / "chain.sqlite-wal").read_bytes()
    random_ = random.Random(7)
    heads = set()
    for size in [len(log), *(random_.randrange(len(log) // 4, len(log)) for _ in range(8))]:
        cut = tmp_path / f"cut-{size}"
        shutil.copytree(torn, cut)
        (cut / "chain.sqlite-wal").write_bytes(log[:size])
        chain = Chain(Folder(cut))
        try:
            assert audit.check(chain, replay=True) == chain.head.number
            heads.add(chain.head.number)
        finally:
            chain.close()
    assert max(heads) == head
    assert len(heads) > 2


def test_commit__fails_in_the_middle_of_a_block__previous_block_stays_the_head(tmp_path):
    with EmbeddedChain(tmp_path / "c", interval=0, alloc=chain_probe.ALLOC) as running:
        rpc = chain_probe.RpcClient(running.port)
        rpc.call("eth_sendRawTransaction", _transfer(running, 0))
        chain = running.node.chain
        before = chain.head
        original = chain.store.writing

        class Failing:
            """A connection on which the last statement of a block fails."""

            def __init__(self, connection):
                self._connection = connection

            def execute(self, *arguments):
                return self._connection.execute(*arguments)

            def executemany(self, statement, rows):
                if statement.startswith("delete from pool"):
                    raise OSError(28, "No space left on device")
                return self._connection.executemany(statement, rows)

        from contextlib import contextmanager

        @contextmanager
        def writing():
            with original() as connection:
                yield Failing(connection)

        chain.store.writing = writing
        answer = rpc.answer("eth_sendRawTransaction", _transfer(running, 1))
        assert answer["error"] == {"code": -32603, "message": "Internal error"}
        assert chain.head == before
        chain.store.writing = original
        assert chain.store.row("select max(number) from blocks") == (before.number,)
        tx = rpc.call("eth_sendRawTransaction", _transfer(running, 2))
        assert rpc.receipt(tx)["status"] == "0x1"
        rpc.close()
    chain = Chain(Folder(tmp_path / "c"))
    try:
        audit.check(chain, replay=True)
    finally:
        chain.close()


def _transfer(running, nonce):
    return chain_probe.sign(
        chain_probe.VERIFIER, running.chain_id, nonce, to="0x" + "51" * 20, value=1
    )


def test_restart__waiting_transactions__are_still_there(tmp_path):
    with EmbeddedChain(tmp_path / "c", interval=3600, alloc=chain_probe.ALLOC) as running:
        rpc = chain_probe.RpcClient(running.port)
        hashes = [
            rpc.call("eth_sendRawTransaction", _transfer(running, nonce)) for nonce in (0, 1, 5)
        ]
        rpc.close()
    with EmbeddedChain(tmp_path / "c", interval=0) as running:
        rpc = chain_probe.RpcClient(running.port)
        assert rpc.receipt(hashes[0])["blockNumber"] == rpc.receipt(hashes[1])["blockNumber"]
        assert rpc.call("eth_getTransactionByHash", hashes[2])["blockHash"] is None
        assert rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x1"}
        rpc.close()
