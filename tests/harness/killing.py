"""Killing an embedded chain with SIGKILL while clients send, and counting what it lost."""

import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from eth_account import Account
from eth_utils import keccak

from harness.chain_probe import RpcClient, sign
from tanlian_node.embedded import initialise

SINK = "0x" + "51" * 20
BATCH = 7  # transactions in one request of every other sender


@dataclass
class Sender:
    """One account and what it was promised."""

    account: object
    batches: bool
    acknowledged: dict[int, str] = field(default_factory=dict)  # hash by nonce

    def run(self, port, chain_id, stop):
        """Send one after another until the server is gone."""
        client = RpcClient(port)
        try:
            nonce = int(client.call("eth_getTransactionCount", self.account.address, "pending"), 16)
            while not stop.is_set():
                count = BATCH if self.batches else 1
                raws = [
                    sign(self.account, chain_id, nonce + n, to=SINK, value=1, data=b"\1" * 40)
                    for n in range(count)
                ]
                if self.batches:
                    answers = client.post(
                        [
                            {
                                "jsonrpc": "2.0",
                                "id": 1,
                                "method": "eth_sendRawTransaction",
                                "params": [raw],
                            }
                            for raw in raws
                        ]
                    )
                    hashes = [answer["result"] for answer in answers]
                else:
                    hashes = [client.call("eth_sendRawTransaction", raws[0])]
                self.acknowledged.update(zip(range(nonce, nonce + count), hashes, strict=True))
                nonce += count
        except (OSError, HTTPException, ValueError):
            pass  # the server was killed in the middle of an answer
        finally:
            client.close()


@dataclass
class Outcome:
    kills: int
    acknowledged: int
    lost: list[str]
    twice: list[str]
    starts: list[float]
    head: int
    check: str


class Victim:
    """The chain's process."""

    def __init__(self, folder, interval):
        self._folder = folder
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tanlian_node.cli", "chain", "start"),
                *("--data", str(folder), "--port", "0", "--interval", str(interval)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line.startswith("ready: "):
            raise RuntimeError(line + self.process.stdout.read())
        self.seconds = time.monotonic() - begin
        self.port = int(line.split()[1].rsplit(":", 1)[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()


def kill_repeatedly(folder, *, kills, interval, senders=4, seed=0, longest=0.7, progress=None):
    """Kill the chain at random moments under load; then look for every acknowledged transaction."""
    random_ = random.Random(seed)
    accounts = [Account.from_key(keccak(text=f"killed sender {n}")) for n in range(senders)]
    data = Path(folder) / "chain"
    genesis = initialise(
        data, alloc={account.address: {"balance": hex(10**20)} for account in accounts}
    ).genesis()
    crowd = [Sender(account, batches=n % 2 == 1) for n, account in enumerate(accounts)]
    starts = []
    for done in range(kills):
        victim = Victim(data, interval)
        starts.append(victim.seconds)
        _demand_no_gap(victim.port, crowd)
        stop = threading.Event()
        threads = [
            threading.Thread(target=sender.run, args=(victim.port, genesis.chain_id, stop))
            for sender in crowd
        ]
        for thread in threads:
            thread.start()
        time.sleep(random_.uniform(0.0, longest))
        victim.kill()
        stop.set()
        for thread in threads:
            thread.join()
        if progress is not None:
            progress(done + 1, sum(len(sender.acknowledged) for sender in crowd))
    return _count(data, interval, crowd, kills, starts)


def _demand_no_gap(port, crowd):
    """After a restart the chain must know every nonce that it has acknowledged."""
    client = RpcClient(port)
    for sender in crowd:
        known = int(client.call("eth_getTransactionCount", sender.account.address, "pending"), 16)
        promised = max(sender.acknowledged, default=-1) + 1
        if known < promised:
            raise AssertionError(f"{sender.account.address}: {promised} promised, {known} known")
    client.close()


def _count(data, interval, crowd, kills, starts):
    victim = Victim(data, interval)
    starts.append(victim.seconds)
    client = RpcClient(victim.port)
    hashes = [tx for sender in crowd for tx in sender.acknowledged.values()]
    end = time.monotonic() + 60
    while client.call("txpool_status") != {"pending": "0x0", "queued": "0x0"}:
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    head = int(client.call("eth_blockNumber"), 16)
    seen = {}
    for number in range(head + 1):
        for tx in client.call("eth_getBlockByNumber", hex(number), False)["transactions"]:
            seen[tx] = seen.get(tx, 0) + 1
    client.close()
    victim.stop()
    check = subprocess.run(
        [
            *(sys.executable, "-m", "tanlian_node.cli", "chain", "check"),
            *("--data", str(data), "--replay"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(
        kills=kills,
        acknowledged=len(hashes),
        lost=[tx for tx in hashes if tx not in seen],
        twice=[tx for tx, times in seen.items() if times > 1],
        starts=starts,
        head=head,
        check=(check.stdout + check.stderr).strip().splitlines()[-1],
    )
