"""A throw-away network of real Besu processes for tests, with accounts that can pay one another."""

import json
import os
import socket
import time
from collections import Counter
from pathlib import Path

from eth_account import Account
from eth_keys import keys
from eth_utils import keccak, to_checksum_address

from tanlian_node.access import open_rpc
from tanlian_node.besu import Besu
from tanlian_node.errors import NodeUnreachable, RpcRefused
from tanlian_node.local import (
    PATIENCE_VARIABLE,
    kill_node,
    start_nodes,
    stop_nodes,
    wait_for_height,
    wait_until,
)
from tanlian_node.network_file import parse_network
from tanlian_node.network_files import write_network
from tanlian_node.processes import running_pid

PASSPHRASE = "for tests only"
CHAIN_ID = 20_261
SLUGS = ("regulator", "exchange", "bank", "verifier", "emitter", "observer")
SINK = "0x00000000000000000000000000000000000051a7"


def patience():
    """How many times longer than on a machine at rest things may take here."""
    return float(os.environ.get(PATIENCE_VARIABLE, "1"))


def free_ports(count):
    """Ports that were free a moment ago; sockets are held together so that none comes twice."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def secret(name):
    return keccak(text=f"tanlian test account {name}")


def address(name):
    return keys.PrivateKey(secret(name)).public_key.to_address()


def description(count=4, senders=(), **network):
    """What a network.toml would say: one validator per organisation, ephemeral ports."""
    ports = iter(free_ports(3 * count))
    return {
        "network": {
            "name": "trial",
            "chain_id": CHAIN_ID,
            "besu_version": 25,
            "validators": "contract",
            **network,
        },
        "organisations": [
            {"id": number + 1, "slug": slug, "account": address(slug)}
            for number, slug in enumerate(SLUGS[:count])
        ],
        "nodes": [
            {
                "name": f"{slug}-1",
                "organisation": slug,
                "p2p_port": next(ports),
                "rpc_port": next(ports),
                "metrics_port": next(ports),
            }
            for slug in SLUGS[:count]
        ],
        "alloc": {address(name): 10**24 for name in senders},
        "accounts": [address(name) for name in senders],
    }


class BesuNetwork:
    """Start, hurt and watch a network; every figure comes from the nodes themselves."""

    def __init__(self, folder: Path, besu: Besu, table, genesis_patch=None):
        self.besu = besu
        self.table = table
        self.record = write_network(parse_network(table), folder, PASSPHRASE, quick_keys=True)
        self.names = [node.name for node in self.record.nodes]
        self.java = ""
        if genesis_patch is not None:
            content = json.loads((folder / "genesis.json").read_text())
            genesis_patch(content)
            for path in (
                folder / "genesis.json",
                *(self.record.node_folder(name) / "genesis.json" for name in self.names),
            ):
                path.write_text(json.dumps(content))

    def start(self, *names, wait=True):
        chosen = list(names) or self.names
        began = time.monotonic()
        start_nodes(self.record, self.besu, self.java, chosen)
        if wait:
            wait_for_height(self.record, 1, chosen)
        return time.monotonic() - began

    def stop(self, *names):
        return stop_nodes(self.record, names or None)

    def kill(self, *names):
        for name in names:
            kill_node(self.record, name)

    def is_running(self, name):
        return running_pid(self.record.node_folder(name)) is not None

    def rpc(self, name):
        return open_rpc(self.record, name)

    def height(self, name):
        return self.rpc(name).height()

    def wait_for_growth(self, blocks, seconds, *names):
        chosen = names or tuple(self.names)
        start = max(self.height(name) for name in chosen)
        return wait_until(
            lambda: all(self.height(name) >= start + blocks for name in chosen),
            seconds,
            f"{blocks} more blocks",
            self.record,
        )

    def block(self, name, number, *, full=False):
        # a node can know a number a moment before it serves the block
        for _ in range(50):
            found = self.rpc(name).call("eth_getBlockByNumber", hex(number), full)
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{name} has no block {number}")

    def block_hashes(self, name, up_to):
        answers = self.rpc(name).batch(
            [("eth_getBlockByNumber", (hex(number), False)) for number in range(up_to + 1)]
        )
        return [block["hash"] for block in answers]

    def payment(self, sender, nonce, value=1, gas=21_000, data="0x", to=SINK, price=0):
        """A signed transfer without fee."""
        fields = {
            "chainId": CHAIN_ID,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": price,
            "maxPriorityFeePerGas": price,
            "to": to_checksum_address(to),
            "value": value,
            "data": data,
            "type": 2,
        }
        signed = Account.sign_transaction(fields, secret(sender))
        return "0x" + signed.raw_transaction.hex(), "0x" + signed.hash.hex()

    def send(self, name, *raws):
        """Send raw transactions in one batch; the hashes, or the refusals."""
        return self.rpc(name).batch([("eth_sendRawTransaction", (raw,)) for raw in raws])

    def settle(self, name, transactions, seconds=60, through=None):
        """Wait until every (raw, hash) is in a block; send again what a node lost. Resent count."""
        resent = 0
        deadline = time.monotonic() + seconds * patience()
        missing = list(transactions)
        quiet_until = time.monotonic() + 8
        while missing and time.monotonic() < deadline:
            receipts = self.rpc(name).batch(
                [("eth_getTransactionReceipt", (hashed,)) for _, hashed in missing]
            )
            missing = [
                one for one, receipt in zip(missing, receipts, strict=True) if receipt is None
            ]
            if missing and time.monotonic() > quiet_until:
                answers = self.send(through or name, *(raw for raw, _ in missing))
                resent += sum(1 for answer in answers if not isinstance(answer, RpcRefused))
                quiet_until = time.monotonic() + 8
            time.sleep(0.3)
        assert not missing, f"{len(missing)} transactions are in no block"
        return resent

    def occurrences(self, name):
        """How often each transaction hash is in the chain of a node."""
        counted = Counter()
        head = self.height(name)
        for start in range(0, head + 1, 200):
            numbers = range(start, min(start + 200, head + 1))
            for block in self.rpc(name).batch(
                [("eth_getBlockByNumber", (hex(number), False)) for number in numbers]
            ):
                counted.update(block["transactions"])
        return counted

    def answers(self, name):
        try:
            self.height(name)
        except (NodeUnreachable, RpcRefused):
            return False
        return True
