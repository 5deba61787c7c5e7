"""The loop that executes bytecode: hot instructions here, on plain integers, the rest in py-evm.

py-evm calls two to five functions for each instruction, and most instructions only move words
about. This loop keeps the stack as a list of integers and the gas in a local variable, and hands
over to py-evm's own function for everything that touches state, calls or logs. The tests run
random programs through both.
"""

from typing import Any

from eth.exceptions import FullStack, Halt, InsufficientStack, InvalidJumpDestination, OutOfGas
from eth.vm.logic.invalid import InvalidOpcode
from eth_hash.auto import keccak
from lru import LRU

WORD = 2**256 - 1
JUMPDEST = 0x5B
STACK_LIMIT = 1024
CACHED_CODES = 500

_destinations: "LRU[bytes, frozenset[int]]" = LRU(CACHED_CODES)


def jump_destinations(code: bytes) -> frozenset[int]:
    """Positions that a jump may go to: every JUMPDEST that is not data of a PUSH."""
    known: frozenset[int] | None = _destinations.get(code)
    if known is None:
        found = []
        at = 0
        while at < len(code):
            instruction = code[at]
            if instruction == JUMPDEST:
                found.append(at)
            elif 0x60 <= instruction <= 0x7F:
                at += instruction - 0x5F
            at += 1
        known = _destinations[code] = frozenset(found)
    return known


def run(computation: Any) -> None:  # noqa: C901, PLR0912, PLR0915  # one loop, for speed
    """Execute a computation's code to its end; errors leave as py-evm's exceptions."""
    stream = computation.code
    code: bytes = stream._raw_code_bytes  # noqa: SLF001
    size = len(code)
    meter = computation._gas_meter  # noqa: SLF001
    memory = computation._memory  # noqa: SLF001
    octets: bytearray = memory._bytes  # noqa: SLF001
    stack: list[Any] = computation._stack.values  # noqa: SLF001
    pop, push = stack.pop, stack.append
    instructions = computation.opcodes
    message = computation.msg
    data: bytes = message.data_as_bytes
    here: bytes = message.storage_address
    world = computation.state.world
    destinations = jump_destinations(code)
    gas: int = meter.gas_remaining
    pc = 0
    handed_over = False
    try:
        while pc < size:
            op = code[pc]
            pc += 1
            if op >= 0x5F:
                if op <= 0x7F:  # PUSH0 .. PUSH32
                    width = op - 0x5F
                    gas -= 3 if width else 2
                    if width:
                        end = pc + width
                        value = int.from_bytes(code[pc:end], "big")
                        if end > size:
                            value <<= 8 * (end - size)
                        pc = end
                    else:
                        value = 0
                    if gas < 0:
                        raise OutOfGas("PUSH")
                    if len(stack) >= STACK_LIMIT:
                        raise FullStack("PUSH")
                    push(value)
                    continue
                if op <= 0x8F:  # DUP1 .. DUP16
                    gas -= 3
                    if gas < 0:
                        raise OutOfGas("DUP")
                    if len(stack) >= STACK_LIMIT:
                        raise FullStack("DUP")
                    push(stack[0x7F - op])
                    continue
                if op <= 0x9F:  # SWAP1 .. SWAP16
                    gas -= 3
                    if gas < 0:
                        raise OutOfGas("SWAP")
                    other = 0x8E - op
                    stack[-1], stack[other] = stack[other], stack[-1]
                    continue
            elif op >= 0x50:
                if op == 0x50:  # POP
                    gas -= 2
                    if gas < 0:
                        raise OutOfGas("POP")
                    pop()
                    continue
                if op == 0x57:  # JUMPI
                    gas -= 10
                    if gas < 0:
                        raise OutOfGas("JUMPI")
                    target = pop()
                    if pop():
                        if target not in destinations:
                            raise InvalidJumpDestination(f"{target}")
                        pc = target
                    continue
                if op == JUMPDEST:
                    gas -= 1
                    if gas < 0:
                        raise OutOfGas("JUMPDEST")
                    continue
                if op == 0x56:  # JUMP
                    gas -= 8
                    if gas < 0:
                        raise OutOfGas("JUMP")
                    target = pop()
                    if target not in destinations:
                        raise InvalidJumpDestination(f"{target}")
                    pc = target
                    continue
                if op == 0x54:  # SLOAD
                    slot = pop()
                    warm = world.is_storage_warm(here, slot)
                    gas -= 100 if warm else 2_100
                    if gas < 0:
                        raise OutOfGas("SLOAD")
                    if not warm:
                        world.mark_storage_warm(here, slot)
                    push(world.get_storage(here, slot))
                    continue
                if op in (0x51, 0x52):  # MLOAD, MSTORE
                    gas -= 3
                    start = pop()
                    end = start + 32
                    if end > len(octets):
                        old, new = len(octets) // 32, (end + 31) // 32
                        gas -= 3 * (new - old) + new * new // 512 - old * old // 512
                        if gas < 0:
                            raise OutOfGas("memory")
                        memory.extend(start, 32)
                        octets = memory._bytes  # noqa: SLF001
                    elif gas < 0:
                        raise OutOfGas("MLOAD or MSTORE")
                    if op == 0x51:
                        push(int.from_bytes(octets[start:end], "big"))
                    else:
                        octets[start:end] = pop().to_bytes(32, "big")
                    continue
            elif op <= 0x1D:
                if op >= 0x10:
                    gas -= 3
                    if gas < 0:
                        raise OutOfGas("comparison")
                    if op == 0x10:  # LT
                        push(1 if pop() < pop() else 0)
                        continue
                    if op == 0x11:  # GT
                        push(1 if pop() > pop() else 0)
                        continue
                    if op == 0x14:  # EQ
                        push(1 if pop() == pop() else 0)
                        continue
                    if op == 0x15:  # ISZERO
                        stack[-1] = 0 if stack[-1] else 1
                        continue
                    if op == 0x16:  # AND
                        push(pop() & pop())
                        continue
                    if op == 0x17:  # OR
                        push(pop() | pop())
                        continue
                    if op == 0x18:  # XOR
                        push(pop() ^ pop())
                        continue
                    if op == 0x19:  # NOT
                        stack[-1] = WORD - stack[-1]
                        continue
                    if op == 0x1B:  # SHL
                        shift, value = pop(), pop()
                        push((value << shift) & WORD if shift < 256 else 0)
                        continue
                    if op == 0x1C:  # SHR
                        shift, value = pop(), pop()
                        push(value >> shift if shift < 256 else 0)
                        continue
                    gas += 3  # the others go to py-evm, which charges by itself
                elif op in (0x01, 0x03):  # ADD, SUB
                    gas -= 3
                    if gas < 0:
                        raise OutOfGas("ADD or SUB")
                    left, right = pop(), pop()
                    push((left + right if op == 0x01 else left - right) & WORD)
                    continue
                elif op in (0x02, 0x04, 0x06):  # MUL, DIV, MOD
                    gas -= 5
                    if gas < 0:
                        raise OutOfGas("MUL, DIV or MOD")
                    left, right = pop(), pop()
                    if op == 0x02:
                        push((left * right) & WORD)
                    elif not right:
                        push(0)
                    else:
                        push(left // right if op == 0x04 else left % right)
                    continue
            elif op == 0x35:  # CALLDATALOAD
                gas -= 3
                if gas < 0:
                    raise OutOfGas("CALLDATALOAD")
                start = pop()
                piece = data[start : start + 32] if start < len(data) else b""
                push(int.from_bytes(piece, "big") << (8 * (32 - len(piece))))
                continue
            elif op == 0x20:  # KECCAK256
                start, length = pop(), pop()
                gas -= 30 + 6 * ((length + 31) // 32)
                end = start + length
                if length and end > len(octets):
                    old, new = len(octets) // 32, (end + 31) // 32
                    gas -= 3 * (new - old) + new * new // 512 - old * old // 512
                    if gas < 0:
                        raise OutOfGas("memory")
                    memory.extend(start, length)
                    octets = memory._bytes  # noqa: SLF001
                elif gas < 0:
                    raise OutOfGas("KECCAK256")
                piece = bytes(octets[start:end]) if length else b""
                push(int.from_bytes(keccak(piece), "big"))
                continue
            instruction = instructions.get(op) or InvalidOpcode(op)
            meter.gas_remaining = gas
            stream.program_counter = pc
            handed_over = True
            instruction(computation=computation)
            handed_over = False
            gas = meter.gas_remaining
            octets = memory._bytes  # noqa: SLF001
            if stack and isinstance(stack[-1], bytes):
                stack[-1] = int.from_bytes(stack[-1], "big")
    except Halt:
        return
    except IndexError as error:
        if handed_over:
            raise
        raise InsufficientStack(f"at {pc - 1}") from error
    meter.gas_remaining = gas
