"""A contract that counts what is done to it, and refuses one thing the second time."""

from dataclasses import dataclass
from functools import cache

from vyper.compiler import compile_code

from tanlian.chain.connection import Connection
from tanlian.chain.keys import Call, keccak
from tanlian.chain.transactions import Sender

SOURCE = """
# pragma version 0.4.3
count: public(HashMap[uint256, uint256])
total: public(uint256)
taken: bool

@external
def add(act: uint256):
    self.count[act] += 1
    self.total += 1

@external
def take():
    assert not self.taken, "counter: taken already"
    self.taken = True
"""
REASON = "counter: taken already"


@cache
def code() -> bytes:
    compiled = compile_code(SOURCE, output_formats=["bytecode"])
    return bytes.fromhex(compiled["bytecode"][2:])


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


@dataclass(frozen=True)
class Counter:
    """Where it stands; the same address for the same deployer."""

    connection: Connection
    address: str

    def add(self, act: int) -> Call:
        """Count one for an act."""
        return Call(self.address, selector("add(uint256)") + act.to_bytes(32, "big"), 0)

    def take(self, gas: int = 0) -> Call:
        """Succeed once."""
        return Call(self.address, selector("take()"), gas)

    def count(self, act: int) -> int:
        return self._read(selector("count(uint256)") + act.to_bytes(32, "big"))

    def total(self) -> int:
        return self._read(selector("total()"))

    def _read(self, data: bytes) -> int:
        question = {"to": self.address, "data": "0x" + data.hex()}
        return int(self.connection.request("eth_call", question, "latest"), 16)


def deploy_counter(sender: Sender) -> Counter:
    receipt = sender.send(Call(None, code(), 0))
    return Counter(sender.connection, receipt.contract_address)
