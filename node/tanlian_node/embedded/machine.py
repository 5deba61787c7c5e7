"""The virtual machine: py-evm's Cancun rules over our world state and transactions."""

from collections.abc import Iterable
from typing import Any

from eth._utils.address import generate_contract_address
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState, CancunTransactionExecutor
from eth.vm.message import Message

from tanlian_node.embedded.header import Header
from tanlian_node.embedded.transactions import Transaction
from tanlian_node.embedded.world import World


class Computation(CancunComputation):  # type: ignore[misc]
    """One message call; the loop of py-evm without its tests for debug logging."""


class Executor(CancunTransactionExecutor):  # type: ignore[misc]
    def validate_transaction(self, transaction: Transaction) -> None:
        """Leave it to whoever calls: the pool and the sealer have checked already."""

    def build_evm_message(self, transaction: Transaction) -> Message:
        state = self.vm_state
        fee = transaction.gas * state.get_gas_price(transaction)
        if fee:
            state.delta_balance(transaction.sender, -fee)
        state.increment_nonce(transaction.sender)
        if transaction.to:
            target, data, code = None, transaction.data, state.get_code(transaction.to)
        else:
            nonce = state.get_nonce(transaction.sender) - 1
            target = generate_contract_address(transaction.sender, nonce)
            data, code = b"", transaction.data
        return Message(
            gas=transaction.gas - transaction.intrinsic_gas,
            to=transaction.to,
            sender=transaction.sender,
            value=transaction.value,
            data=data,
            code=code,
            create_address=target,
        )


class State(CancunState):  # type: ignore[misc]
    """py-evm's state of one block in the making."""

    computation_class = Computation
    transaction_executor_class = Executor

    def __init__(self, world: World, context: ExecutionContext) -> None:
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


def gas_used(transaction: Transaction, computation: Any) -> int:
    """Gas that the transaction pays for, refunds deducted."""
    remaining = int(computation.get_gas_remaining())
    spent = transaction.gas - remaining
    return spent - min(int(computation.get_gas_refund()), spent // 5)


def context(header: Header, chain_id: int, ancestors: Iterable[bytes]) -> ExecutionContext:
    """Tell the machine about the block that it executes in."""
    return ExecutionContext(
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
