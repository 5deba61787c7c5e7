"""Exact transaction gas on py-evm: intrinsic + calldata + execution - refund, cold access each time.

One VM state, no blocks and no signatures of transactions (the sender is stated). titanoboa leaves the
intrinsic gas out and keeps slots warm between calls, so its figures are not a transaction's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import eth_abi
from eth import constants
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.vm.forks.cancun import CancunVM
from eth.vm.spoof import SpoofTransaction
from eth_utils import keccak, to_canonical_address

CHAIN_ID = 20_261
GAS = 2**50


class Reverted(Exception):
    """A transaction that was expected to succeed did not."""


@dataclass(frozen=True)
class Receipt:
    """What a transaction cost and left."""

    gas: int
    output: bytes
    calldata: bytes
    logs: tuple[tuple[bytes, tuple[int, ...], bytes], ...]


class MiniChain:
    """One state on which transactions are run and measured."""

    def __init__(self, timestamp: int) -> None:
        chain = MiningChain.configure(
            "Mini",
            vm_configuration=((constants.GENESIS_BLOCK_NUMBER, CancunVM),),
            chain_id=CHAIN_ID,
        )
        genesis = {
            "difficulty": 0,
            "gas_limit": 2**60,
            "timestamp": timestamp,
            "coinbase": bytes(20),
        }
        self._chain = chain.from_genesis(AtomicDB(), genesis, {})
        self._vm = self._chain.get_vm()
        self._state = self._vm.state
        self.timestamp = timestamp

    @property
    def timestamp(self) -> int:
        return self._state.timestamp

    @timestamp.setter
    def timestamp(self, moment: int) -> None:
        self._state.execution_context._timestamp = moment

    def send(self, sender: bytes, to: bytes, data: bytes) -> Receipt:
        """Run one transaction with a cold access list and return its exact cost."""
        unsigned = self._vm.get_transaction_builder().new_unsigned_dynamic_fee_transaction(
            chain_id=CHAIN_ID,
            nonce=self._state.get_nonce(sender),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=0,
            gas=GAS,
            to=to,
            value=0,
            data=data,
            access_list=(),
        )
        transaction = SpoofTransaction(unsigned, from_=sender, y_parity=0, r=1, s=1)
        executor = self._state.get_transaction_executor()
        computation = executor.build_computation(
            executor.build_evm_message(transaction), transaction
        )
        used = GAS - computation.get_gas_remaining()
        refund = min(computation.get_gas_refund(), used // 5)
        self._state.lock_changes()
        self._state.clear_transient_storage()
        if computation.is_error:
            raise Reverted(f"{computation.error!r} {computation.output!r}")
        output = computation.output if to else computation.msg.storage_address
        return Receipt(used - refund, output, data, computation.get_log_entries())

    def deploy(self, artifact: dict[str, Any], *args: Any, sender: bytes) -> "Deployed":
        data = bytes.fromhex(artifact["bytecode"][2:])
        for entry in artifact["abi"]:
            if entry["type"] == "constructor":
                data += eth_abi.encode([_type(i) for i in entry["inputs"]], args)
        receipt = self.send(sender, b"", data)
        code = self._state.get_code(receipt.output)
        return Deployed(self, receipt.output, artifact["abi"], len(code))


class Deployed:
    """A contract on the mini chain; `send` by function name."""

    def __init__(
        self, chain: MiniChain, address: bytes, abi: Sequence[dict[str, Any]], size: int
    ) -> None:
        self.chain = chain
        self.address = address
        self.size = size  # with the immutables, as EIP-170 counts it
        self._functions = {e["name"]: e for e in abi if e["type"] == "function"}

    def send(self, sender: bytes | str, name: str, *args: Any) -> Receipt:
        function = self._functions[name]
        types = [_type(i) for i in function["inputs"]]
        selector = keccak(text=f"{name}({','.join(types)})")[:4]
        return self.chain.send(
            to_canonical_address(sender), self.address, selector + eth_abi.encode(types, args)
        )

    def call(self, sender: bytes | str, name: str, *args: Any) -> Any:
        """Return the decoded output; the call is a transaction without a price here."""
        receipt = self.send(sender, name, *args)
        types = [_type(o) for o in self._functions[name]["outputs"]]
        decoded = eth_abi.decode(types, receipt.output)
        return decoded[0] if len(decoded) == 1 else decoded


def _type(entry: dict[str, Any]) -> str:
    if entry["type"].startswith("tuple"):
        inner = ",".join(_type(component) for component in entry["components"])
        return f"({inner}){entry['type'][5:]}"
    return str(entry["type"])
