"""The virtual machine: py-evm's Cancun rules over our world state and transactions."""

from collections.abc import Iterable
from typing import Any

import eth.vm.forks.cancun.computation
import eth.vm.forks.cancun.state
from eth._utils.address import generate_contract_address
from eth.exceptions import Revert
from eth.vm.execution_context import ExecutionContext
from eth.vm.message import Message
from eth_utils.logging import get_extended_debug_logger

from tanlian_node.embedded import interpreter
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.transactions import Transaction
from tanlian_node.embedded.world import World

# py-evm's types admit only its own transactions and database; ours have the same shape
_Computation: Any = eth.vm.forks.cancun.computation.CancunComputation
_Executor: Any = eth.vm.forks.cancun.state.CancunTransactionExecutor
_State: Any = eth.vm.forks.cancun.state.CancunState
_Message: Any = Message
_Context: Any = ExecutionContext
_contract_address: Any = generate_contract_address


NO_PRECOMPILE = object()


class Computation(_Computation):  # type: ignore[misc]
    """One message call, executed by our own loop."""

    @classmethod
    def apply_computation(
        cls,
        state: Any,
        message: Any,
        transaction_context: Any,
        parent_computation: Any = None,
    ) -> Any:
        with cls(state, message, transaction_context) as computation:
            computation.begin(parent_computation)
            precompile = computation.precompiles.get(message.code_address, NO_PRECOMPILE)
            if precompile is NO_PRECOMPILE:
                computation.run()
            else:
                precompile(computation)
        return computation

    def begin(self, parent: Any) -> None:
        """Do what py-evm does between making a computation and executing it."""
        if self.is_origin_computation:
            self.contracts_created = []
            if self.msg.is_create:
                self.consume_initcode_gas_cost(self)
        if parent is not None:
            self.contracts_created = parent.contracts_created
        if self.msg.is_create:
            self.contracts_created.append(self.msg.storage_address)

    def run(self) -> None:
        interpreter.run(self)

    @property
    def gas_left(self) -> int:
        return int(self._gas_meter.gas_remaining)

    @property
    def stack_values(self) -> list[int | bytes]:
        values: list[int | bytes] = self._stack.values
        return values

    @property
    def memory_bytes(self) -> bytes:
        return bytes(self.memory_read_bytes(0, len(self._memory)))

    @property
    def reverted_with(self) -> bytes:
        return bytes(self._output)


class Executor(_Executor):  # type: ignore[misc]
    def validate_transaction(self, transaction: Transaction) -> None:
        """Leave it to whoever calls: the pool and the sealer have checked already."""

    def build_evm_message(self, transaction: Transaction) -> Any:
        state = self.vm_state
        fee = transaction.gas * state.get_gas_price(transaction)
        if fee:
            state.delta_balance(transaction.sender, -fee)
        state.increment_nonce(transaction.sender)
        if transaction.to:
            target, data, code = None, transaction.data, state.get_code(transaction.to)
        else:
            nonce = state.get_nonce(transaction.sender) - 1
            target = _contract_address(transaction.sender, nonce)
            data, code = b"", transaction.data
        return _Message(
            gas=transaction.gas - transaction.intrinsic_gas,
            to=transaction.to,
            sender=transaction.sender,
            value=transaction.value,
            data=data,
            code=code,
            create_address=target,
        )


class State(_State):  # type: ignore[misc]
    """py-evm's state of one block in the making."""

    computation_class = Computation
    transaction_executor_class = Executor
    logger = get_extended_debug_logger("tanlian_node.embedded.machine")

    def __init__(self, world: World, context: Any) -> None:
        self.execution_context = context
        self._account_db = world
        self.world = world

    def snapshot(self) -> tuple[bytes, int]:
        return self.world.state_root, self.world.record()

    def revert(self, snapshot: tuple[bytes, int]) -> None:
        self.world.discard(snapshot[1])

    def commit(self, snapshot: tuple[bytes, int]) -> None:
        """Keep what was done since; outer snapshots can still be reverted to."""

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        return self.world.transient.get((address, slot), b"")

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        self.world.set_transient(address, slot, value)

    def clear_transient_storage(self) -> None:
        self.world.transient.clear()

    def execute(self, transaction: Transaction) -> Any:
        """Run a transaction that has been checked; give py-evm's computation."""
        return self.apply_transaction(transaction)


def has_reverted(computation: Any) -> bool:
    """Whether a computation ended with REVERT, not by a fault of its own."""
    return bool(computation.is_error) and isinstance(computation.error, Revert)


def gas_used(transaction: Transaction, computation: Any) -> int:
    """Gas that the transaction pays for, refunds deducted."""
    remaining = int(computation.get_gas_remaining())
    spent = transaction.gas - remaining
    return spent - min(int(computation.get_gas_refund()), spent // 5)


def context(header: Header, chain_id: int, ancestors: Iterable[bytes]) -> Any:
    """Tell the machine about the block that it executes in."""
    return _Context(
        coinbase=header.coinbase,
        timestamp=header.timestamp,
        block_number=header.number,
        difficulty=header.difficulty,
        mix_hash=header.mix_hash,
        gas_limit=header.gas_limit,
        prev_hashes=ancestors,
        chain_id=chain_id,
        base_fee_per_gas=header.base_fee,
        excess_blob_gas=0,
    )
