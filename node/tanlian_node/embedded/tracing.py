"""Executing a transaction again and writing down every step (debug_trace*)."""

from dataclasses import dataclass, field
from typing import Any

from eth.exceptions import Halt, Revert
from eth.vm.logic.invalid import InvalidOpcode

from tanlian_node.embedded import machine
from tanlian_node.embedded.simulation import halt_reason, revert_reason
from tanlian_node.embedded.views import Json, data

NAMES = {"SUICIDE": "SELFDESTRUCT"}


@dataclass
class Options:
    memory: bool = True
    stack: bool = True
    storage: bool = True

    @classmethod
    def parse(cls, wanted: dict[str, Any]) -> "Options":
        """Read a request's options; like Besu, show memory only if any option is given."""
        return cls(
            memory=bool(wanted)
            and bool(wanted.get("enableMemory", not wanted.get("disableMemory", False))),
            stack=not wanted.get("disableStack", False),
            storage=not wanted.get("disableStorage", False),
        )


@dataclass
class Recorder:
    """The steps of one transaction, and the calls that they make."""

    options: Options
    steps: list[Json] = field(default_factory=list)
    storage: dict[bytes, dict[str, str]] = field(default_factory=dict)
    open_calls: list[Json] = field(default_factory=list)
    outermost: Json = field(default_factory=dict)
    last_operation: str = "CALL"
    open_steps: list[tuple[Json, Any]] = field(default_factory=list)

    def begin_call(self, computation: Any) -> None:
        message = computation.msg
        if self.open_steps:  # what a call costs includes the gas that it hands on
            step, caller = self.open_steps[-1]
            step["gasCost"] = step["gas"] - caller.gas_left
        kind = self.last_operation if self.open_calls else "CREATE" if message.is_create else "CALL"
        call: Json = {
            "type": kind,
            "from": data(message.sender),
            "to": data(message.code_address or message.storage_address),
            "value": hex(message.value),
            "gas": hex(message.gas),
            "gasUsed": "0x0",
            "input": data(message.code if message.is_create else message.data_as_bytes),
        }
        if self.open_calls:
            self.open_calls[-1].setdefault("calls", []).append(call)
        else:
            self.outermost = call
        self.open_calls.append(call)

    def end_call(self, computation: Any) -> None:
        call = self.open_calls.pop()
        call["gasUsed"] = hex(int(computation.get_gas_used()))
        output = bytes(computation.output)
        if output:
            call["output"] = data(output)
        if computation.is_error:
            reverted = machine.has_reverted(computation)
            call["error"] = "execution reverted" if reverted else halt_reason(computation.error)
            if reverted and (reason := revert_reason(output)):
                call["revertReason"] = reason

    def step(self, computation: Any, operation: Any, counter: int) -> Json:
        name = getattr(operation, "mnemonic", None) or operation.__wrapped__.mnemonic
        self.last_operation = name
        step: Json = {
            "pc": counter,
            "op": NAMES.get(name, name),
            "gas": computation.gas_left,
            "gasCost": 0,
            "depth": computation.msg.depth + 1,
        }
        values = computation.stack_values
        if self.options.stack:
            step["stack"] = [_compact(value) for value in values]
        if self.options.memory:
            memory = computation.memory_bytes
            step["memory"] = ["0x" + memory[at : at + 32].hex() for at in range(0, len(memory), 32)]
        if self.options.storage:
            self._note_storage(computation, name, values)
            if found := self.storage.get(computation.msg.storage_address):
                step["storage"] = dict(found)
        self.steps.append(step)
        return step

    def _note_storage(self, computation: Any, name: str, values: list[Any]) -> None:
        if name not in ("SLOAD", "SSTORE") or len(values) < (1 if name == "SLOAD" else 2):
            return
        address = computation.msg.storage_address
        slot = _integer(values[-1])
        value = (
            computation.state.get_storage(address, slot)
            if name == "SLOAD"
            else _integer(values[-2])
        )
        self.storage.setdefault(address, {})[f"0x{slot:064x}"] = f"0x{value:064x}"


class TracingComputation(machine.Computation):
    """py-evm's own functions for every step, with a recorder looking on."""

    @classmethod
    def apply_computation(
        cls,
        state: Any,
        message: Any,
        transaction_context: Any,
        parent_computation: Any = None,
    ) -> Any:
        computation = super().apply_computation(
            state, message, transaction_context, parent_computation
        )
        state.recorder.end_call(computation)
        return computation

    def begin(self, parent: Any) -> None:
        self.state.recorder.begin_call(self)
        super().begin(parent)

    def run(self) -> None:
        recorder: Recorder = self.state.recorder
        for opcode in self.code:
            operation: Any = self.opcodes.get(opcode) or InvalidOpcode(opcode)
            step = recorder.step(self, operation, self.code.program_counter - 1)
            recorder.open_steps.append((step, self))
            try:
                operation(computation=self)
            except Halt:
                step["gasCost"] = step["gas"] - self.gas_left
                break
            except Exception as error:
                if isinstance(error, Revert):
                    step["reason"] = data(self.reverted_with)
                else:
                    step["error"] = halt_reason(error)
                raise
            finally:
                recorder.open_steps.pop()
            step["gasCost"] = step["gasCost"] or step["gas"] - self.gas_left


class TracingState(machine.State):
    computation_class = TracingComputation
    recorder: Recorder


def struct_log(recorder: Recorder, gas: int, computation: Any) -> Json:
    """The default form of a trace."""
    return {
        "gas": gas,
        "failed": bool(computation.is_error),
        "returnValue": bytes(computation.output).hex(),
        "structLogs": recorder.steps,
    }


def call_tree(recorder: Recorder, gas: int, limit: int) -> Json:
    """The form of `callTracer`: who called whom, with what, and how it ended."""
    return {**recorder.outermost, "gas": hex(limit), "gasUsed": hex(gas)}


def _integer(value: Any) -> int:
    return value if isinstance(value, int) else int.from_bytes(value, "big")


def _compact(value: Any) -> str:
    return hex(_integer(value))
