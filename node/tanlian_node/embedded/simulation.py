"""Transactions that are only imagined: calls, gas estimates, access lists."""

import re
from collections.abc import Sequence
from typing import Any

from eth.exceptions import VMError
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from tanlian_node.embedded import errors, machine
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import Refusal, RpcError
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.overrides import Override
from tanlian_node.embedded.transactions import AccessList, Transaction
from tanlian_node.embedded.world import Layer

ERROR_SELECTOR = bytes.fromhex("08c379a0")
CALL_STIPEND = 2_300
TOLERANCE = 0.015  # relative, Besu's --estimate-gas-tolerance-ratio
INVALID_OPCODE = re.compile(r"0x[0-9a-f]+")
PRECOMPILES = frozenset(number.to_bytes(20, "big") for number in range(1, 11))
HALTS = {  # py-evm's errors in the words of Besu's exceptional halts
    "OutOfGas": "Out of gas",
    "InvalidInstruction": "Invalid opcode",
    "InvalidJumpDestination": "Bad jump destination",
    "InsufficientStack": "Stack underflow",
    "FullStack": "Stack overflow",
    "StackDepthLimit": "Too many stack items",
    "WriteProtection": "Illegal state change",
    "OutOfBoundsRead": "Out of bounds",
    "ContractCreationCollision": "Address already exists",
}


class Simulation:
    """Runs one imagined transaction as often as wanted on the same state."""

    def __init__(
        self,
        chain: Chain,
        layer: Layer,
        header: Header,
        wanted: Transaction,
        overrides: Sequence[Override] = (),
    ) -> None:
        self._chain = chain
        self._layer = layer
        self._header = header
        self._wanted = wanted
        self._overrides = overrides
        self.state: machine.State | None = None

    def run(self, **changes: Any) -> tuple[Transaction, Any]:
        """Execute on a fresh copy; give the transaction as it ran, and py-evm's computation.

        Raises:
            RpcError: the transaction cannot even begin.
        """
        state = self.state = self._chain.state_on(self._layer, self._header)
        world = state.world
        for override in self._overrides:
            override.apply(world)
        sender = self._wanted.sender
        transaction = self._wanted.copy(nonce=world.get_nonce(sender), **changes)
        if transaction.gas < transaction.minimal_gas:
            raise _explained(
                errors.INTRINSIC_GAS_EXCEEDS_LIMIT,
                f"intrinsic gas cost {transaction.minimal_gas} exceeds gas limit {transaction.gas}",
            )
        balance = world.get_balance(sender)
        if balance < transaction.upfront_cost:
            raise _explained(
                errors.UPFRONT_COST_EXCEEDS_BALANCE,
                f"transaction up-front cost {transaction.upfront_cost:#x} exceeds transaction "
                f"sender account balance {balance:#x}",
            )
        world.lock_changes()
        try:
            return transaction, state.execute(transaction)
        except VMError as error:
            raise _halted(error) from error

    def output(self) -> bytes:
        """What the call returns.

        Raises:
            RpcError: it reverts or halts, in Besu's form.
        """
        _, computation = self.run()
        raise_if_failed(computation)
        return bytes(computation.output)

    def estimate(self) -> int:
        """The smallest gas limit, within a tolerance, with which the transaction succeeds."""
        limit = min(self._wanted.gas, self._header.gas_limit)
        if not self._wanted.data and self._succeeds(self._wanted.minimal_gas):
            return self._wanted.minimal_gas
        transaction, computation = self.run(gas=limit)
        raise_if_failed(computation)
        spent = transaction.gas - int(computation.get_gas_remaining())
        low, high = spent - 1, limit
        guess = min(int((spent + CALL_STIPEND) * 64 / 63), limit)
        low, high = (low, guess) if self._succeeds(guess) else (guess, high)
        while low + 1 < high and (high - low) / high >= TOLERANCE:
            middle = (low + high) // 2
            low, high = (low, middle) if self._succeeds(middle) else (middle, high)
        return high

    def _succeeds(self, gas: int) -> bool:
        try:
            return not self.run(gas=gas)[1].is_error
        except RpcError:
            return False

    def access_list(self) -> tuple[AccessList, int, bool]:
        """Which addresses and slots it touches, the gas it needs naming them, and its success."""
        _, computation = self.run()
        touched = self._touched()
        transaction, computation = self.run(access_list=touched)
        touched = self._touched()
        return touched, machine.gas_used(transaction, computation), not computation.is_error

    def _touched(self) -> AccessList:
        assert self.state is not None
        slots: dict[bytes, set[int]] = {}
        for key in self.state.world.warm:
            if isinstance(key, tuple):
                slots.setdefault(key[0], set()).add(key[1])
            else:
                slots.setdefault(key, set())
        free = {self._wanted.sender, self._wanted.to, self._header.coinbase, *PRECOMPILES}
        return tuple(
            (address, tuple(sorted(found)))
            for address, found in sorted(slots.items())
            if found or address not in free
        )


def raise_if_failed(computation: Any) -> None:
    """Refuse with Besu's error if a computation has reverted or halted."""
    if not computation.is_error:
        return
    if machine.has_reverted(computation):
        output = bytes(computation.output)
        reason = revert_reason(output)
        message = errors.EXECUTION_REVERTED.message + (f" ({reason})" if reason else "")
        raise RpcError(Refusal(errors.EXECUTION_REVERTED.code, message), "0x" + output.hex())
    raise _halted(computation.error)


def revert_reason(output: bytes) -> str | None:
    """The text of Error(string), if that is what a call reverted with."""
    if output[:4] != ERROR_SELECTOR:
        return None
    try:
        (reason,) = abi_decode(["string"], output[4:])
    except DecodingError:
        return "ABI decode error"
    return str(reason)


def halt_reason(error: BaseException) -> str:
    """Name a fault of the machine as Besu names it."""
    name = type(error).__name__
    reason = HALTS.get(name, name)
    if name == "InvalidInstruction" and (found := INVALID_OPCODE.search(str(error))):
        return f"{reason}: {found[0]}"
    return reason


def _halted(error: BaseException) -> RpcError:
    return _explained(errors.EXECUTION_HALTED, halt_reason(error))


def _explained(refusal: Refusal, reason: str) -> RpcError:
    return RpcError(Refusal(refusal.code, f"{refusal.message} ({reason})"))
