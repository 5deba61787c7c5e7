"""Our loop against py-evm's, on random bytecode: gas, output, storage, logs and failure equal."""

import pytest
from eth.vm.forks.cancun.computation import CancunComputation
from hypothesis import given
from hypothesis import strategies as st

from tanlian_contracts import artifact, names
from tanlian_node.embedded import machine
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.embedded_chain import initialise
from tanlian_node.embedded.folder import Folder
from tanlian_node.embedded.interpreter import jump_destinations
from tanlian_node.embedded.transactions import Transaction
from tanlian_node.embedded.world import World

CODE_AT = b"\xcc" * 20
SENDER = b"\xee" * 20


class Plain(machine.State):
    """Our state under py-evm's own loop."""

    computation_class = CancunComputation


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("interpreter") / "c"
    initialise(folder, alloc={"0x" + SENDER.hex(): {"balance": hex(10**20)}})
    chain = Chain(Folder(folder), durable=False)
    yield chain
    chain.close()


def _run(chain, kind, code, data, gas):
    header = chain.next_header(1_700_000_000)
    world = World(chain.layer(chain.head))
    world.set_code(CODE_AT, code)
    world.set_storage(CODE_AT, 1, 5)
    world.lock_changes()
    state = kind(world, machine.context(header, chain.chain_id, ()))
    computation = state.execute(
        Transaction(sender=SENDER, to=CODE_AT, data=data, value=3, gas=gas, nonce=0)
    )
    slots = {slot: world.get_storage(CODE_AT, slot) for slot in (0, 1, 2, 3, 32, 255)}
    return {
        "failed": computation.is_error,
        "output": computation.output,
        "gas": computation.get_gas_remaining(),
        "refund": computation.get_gas_refund(),
        "logs": computation.get_log_entries(),
        "slots": slots,
    }


small = st.sampled_from([0, 1, 2, 3, 31, 32, 33, 64, 255, 256])
edge = st.sampled_from([2**255, 2**256 - 1, 2**255 - 1, 2**64, 2**31])
numbers = st.one_of(small, small, edge, st.integers(0, 2**256 - 1))


def _push(number):
    octets = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
    return bytes([0x5F + len(octets)]) + octets


arithmetic = st.sampled_from([*range(0x01, 0x0C), *range(0x10, 0x1E)]).map(lambda op: bytes([op]))
words = st.one_of(st.just(b"\x5f"), numbers.map(_push))
reads = st.sampled_from(
    [bytes([op]) for op in (*range(0x30, 0x40), *range(0x41, 0x4B), 0x58, 0x59, 0x5A)]
)
moves = st.sampled_from([bytes([op]) for op in (0x50, 0x80, 0x81, 0x83, 0x8F, 0x90, 0x91, 0x9F)])
memory = st.tuples(small.map(_push), st.sampled_from([b"\x51", b"\x52", b"\x53", b"\x35"])).map(
    b"".join
)
hashing = st.tuples(small.map(_push), small.map(_push), st.just(b"\x20")).map(b"".join)
stateful = st.tuples(small.map(_push), st.sampled_from([b"\x54", b"\x55", b"\x5c", b"\x5d"])).map(
    b"".join
)
logging = st.tuples(
    small.map(_push), small.map(_push), st.sampled_from([b"\xa0", b"\xa1", b"\xa2"])
).map(b"".join)
jumps = st.tuples(st.integers(0, 120).map(_push), st.sampled_from([b"\x56", b"\x57", b"\x5b"])).map(
    b"".join
)
ends = st.sampled_from(
    [b"\x00", b"\xf3", b"\xfd", b"\xfe", b"\x5b", b"\x0c", b"\x1e", b"\xf0", b"\xfa"]
)
programs = st.lists(
    st.one_of(
        words,
        words,
        words,
        arithmetic,
        arithmetic,
        reads,
        moves,
        memory,
        hashing,
        stateful,
        logging,
        jumps,
        ends,
    ),
    max_size=60,
).map(b"".join)
gases = st.sampled_from([21_500, 25_000, 60_000, 400_000])


@given(programs, st.binary(max_size=70), gases)
def test_run__random_program__same_as_py_evm(lab, program, data, gas):
    # words first, so that most programs get further than an empty stack
    code = b"".join(_push(n) for n in (7, 2**256 - 1, 0, 32, 1, 2**255, 64, 3)) + program
    if gas >= 21_000 + 16 * len(data):
        assert _run(lab, machine.State, code, data, gas) == _run(lab, Plain, code, data, gas)


@given(st.binary(max_size=120), gases)
def test_run__random_bytes__same_as_py_evm(lab, code, gas):
    assert _run(lab, machine.State, code, b"", gas) == _run(lab, Plain, code, b"", gas)


@pytest.mark.parametrize(
    "code",
    [
        "60",  # a PUSH without its byte
        "7f01",
        "5b5f56",  # an endless loop until the gas is gone
        "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f" * 65,  # more words than the stack takes
        "8f",
        "9f",
        "6001600101600052602060 00f3".replace(" ", ""),
        "7f" + "ff" * 32 + "51",  # memory beyond all gas
        "7f" + "ff" * 32 + "5f20",
        "600556 605b 5b 00".replace(" ", ""),  # a JUMPDEST that is data
    ],
)
def test_run__edges__same_as_py_evm(lab, code):
    octets = bytes.fromhex(code)
    assert _run(lab, machine.State, octets, b"", 100_000) == _run(lab, Plain, octets, b"", 100_000)


@pytest.mark.parametrize("name", names())
def test_run__every_contract_of_the_package__same_as_py_evm(lab, name):
    """Construct it without arguments, then call what came out with each of its selectors."""
    from eth_utils.abi import abi_to_signature, function_signature_to_4byte_selector

    found = artifact(name)
    initcode = bytes.fromhex(found["bytecode"].removeprefix("0x")) + bytes(1024)
    built = _run(lab, machine.State, initcode, b"", 10_000_000)
    assert built == _run(lab, Plain, initcode, b"", 10_000_000)
    runtime = built["output"] if not built["failed"] else initcode
    for entry in found["abi"]:
        if entry["type"] == "function":
            selector = function_signature_to_4byte_selector(abi_to_signature(entry))
            data = selector + (1).to_bytes(32, "big") * 6
            ours = _run(lab, machine.State, runtime, data, 1_000_000)
            assert ours == _run(lab, Plain, runtime, data, 1_000_000)


@given(st.binary(max_size=200))
def test_jump_destinations__any_code__same_as_py_evm(code):
    from eth.vm.code_stream import CodeStream

    stream = CodeStream(code)
    expected = {at for at, op in enumerate(code) if op == 0x5B and stream.is_valid_opcode(at)}
    assert jump_destinations(code) == expected
