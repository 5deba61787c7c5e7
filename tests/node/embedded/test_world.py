"""Our state against py-evm's own account database, executing the same transactions."""

import random

import pytest
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.vm.forks.cancun.state import CancunState
from eth_utils import keccak, to_canonical_address

from harness import chain_probe
from tanlian_node.embedded import machine
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.embedded_chain import initialise
from tanlian_node.embedded.transactions import Transaction
from tanlian_node.embedded.world import World

pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode:DeprecationWarning")
# Everything that makes undoing hard: nested reverts, CREATE2, SELFDESTRUCT in the transaction of
# its creation, transient storage, value transfers, and slots written, zeroed and rewritten.
MAZE = """
# pragma version 0.4.3

kept: public(HashMap[uint256, uint256])
passing: transient(uint256)
seeds: HashMap[uint256, address]

interface Maze:
    def walk(seed: uint256, depth: uint256): payable

event Walked:
    seed: indexed(uint256)
    depth: uint256

@external
@payable
def walk(seed: uint256, depth: uint256):
    step: uint256 = seed % 9
    rest: uint256 = seed // 9
    slot: uint256 = rest % 7
    self.passing += seed % 5
    if step == 0:
        self.kept[slot] = rest
    elif step == 1:
        self.kept[slot] = 0
    elif step == 2:
        self.kept[slot] += self.passing
    elif step == 3:
        sent: bool = raw_call(convert(convert(slot + 4096, uint160), address), b"", value=min(msg.value, slot), revert_on_failure=False)
    elif step == 4:
        made: address = raw_create(concat(x"60", convert(convert(slot, uint8), bytes1), x"600055", x"33ff"), revert_on_failure=False)
        self.seeds[slot] = made
    elif step == 5:
        made: address = raw_create(x"6001600255600260035560016000f3", salt=keccak256(convert(seed, bytes32)), revert_on_failure=False)
    elif step == 6 and depth > 0:
        ok: bool = raw_call(self, abi_encode(rest, depth - 1, method_id=method_id("walk(uint256,uint256)")), value=msg.value // 2, revert_on_failure=False)
        ok = raw_call(self, abi_encode(rest // 3, depth - 1, method_id=method_id("walk(uint256,uint256)")), revert_on_failure=False)
    elif step == 7:
        assert slot > 2, "maze: a wall"
    log Walked(seed=seed, depth=depth)
    if step == 8:
        raise "maze: the end"
    if depth > 0 and rest > 0:
        extcall Maze(self).walk(rest, depth - 1)
"""


@pytest.fixture(scope="module")
def codes():
    import vyper

    maze = vyper.compile_code(MAZE, output_formats=["bytecode"])["bytecode"]
    return [bytes.fromhex(maze[2:]), chain_probe.compiled()]


class Reference:
    """py-evm's Cancun state as it is, with its own database."""

    def __init__(self, context, accounts):
        self._context = context
        self.state = CancunState.__new__(CancunState)
        from eth.db.account import AccountDB

        self.state.execution_context = context
        self.state._db = AtomicDB(MemoryDB())
        self.state._account_db = AccountDB(self.state._db, keccak(b"\x80"))
        for address, balance in accounts.items():
            self.state.set_balance(address, balance)
        self.state.lock_changes()

    def run(self, transaction):
        executor = type(
            "Executor",
            (CancunState.transaction_executor_class,),
            {"validate_transaction": lambda _self, _transaction: None},
        )(self.state)
        computation = executor(transaction)
        self.state.lock_changes()
        return computation

    def root(self):
        self.state.persist()
        return self.state.state_root


@pytest.mark.parametrize("seed", range(6))
def test_execute__random_transactions__same_state_gas_and_logs_as_py_evm(tmp_path, codes, seed):
    random_ = random.Random(seed)
    senders = [keccak(text=f"sender {n}")[12:] for n in range(3)]
    initialise(tmp_path / "c", alloc={"0x" + s.hex(): {"balance": hex(10**20)} for s in senders})
    from tanlian_node.embedded.folder import Folder

    chain = Chain(Folder(tmp_path / "c"), durable=False)
    try:
        header = chain.next_header(1_700_000_000)
        stub = {to_canonical_address("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"): 0}
        accounts = dict.fromkeys(senders, 10**20)
        reference = Reference(machine.context(header, chain.chain_id, ()), accounts)
        for address in stub:
            reference.state.set_nonce(address, 1)
            reference.state.set_code(address, b"\0")
        layer = chain.layer(chain.head)
        assert reference.root() == layer.root
        nonces = dict.fromkeys(senders, 0)
        targets = []
        outcomes = set()
        for _block in range(4):
            state = machine.State(World(layer), machine.context(header, chain.chain_id, ()))
            for _ in range(8):
                transaction = _random_transaction(random_, senders, nonces, targets, codes)
                ours = state.execute(transaction)
                state.world.lock_changes()
                theirs = reference.run(transaction)
                assert ours.is_error == theirs.is_error
                assert ours.output == theirs.output
                assert ours.get_log_entries() == theirs.get_log_entries()
                assert ours.get_gas_remaining() == theirs.get_gas_remaining()
                assert ours.get_gas_refund() == theirs.get_gas_refund()
                outcomes.add((bool(transaction.to), ours.is_error))
                if not transaction.to and not ours.is_error:
                    targets.append(ours.msg.storage_address)
            layer, fresh = state.world.finish()
            with chain.store.writing() as connection:
                connection.executemany("insert or ignore into nodes values(?,?)", fresh.items())
            assert layer.root == reference.root()
        assert {(True, True), (True, False)} <= outcomes
    finally:
        chain.close()


def _random_transaction(random_, senders, nonces, targets, codes):
    sender = random_.choice(senders)
    nonce = nonces[sender]
    nonces[sender] += 1
    common = {"sender": sender, "nonce": nonce, "gas": random_.choice([90_000, 400_000, 2_500_000])}
    if not targets or random_.random() < 0.1:
        code = codes[0] if not targets else random_.choice(codes)
        return Transaction(to=b"", data=code, value=0, **{**common, "gas": 3_000_000})
    if random_.random() < 0.15:
        return Transaction(
            to=random_.randbytes(20), data=b"", value=random_.randint(0, 5), **common
        )
    data = bytes.fromhex(
        chain_probe.selector(
            "walk(uint256,uint256)", random_.getrandbits(90), random_.randint(0, 6)
        )[2:]
    )
    price = random_.choice([0, 0, 7])
    return Transaction(
        to=random_.choice(targets),
        data=data,
        value=random_.choice([0, 3, 1000]),
        max_fee_per_gas=price,
        max_priority_fee_per_gas=price,
        **common,
    )


def test_discard__after_nested_changes__restores_everything(tmp_path):
    from tanlian_node.embedded.folder import Folder

    initialise(tmp_path / "c")
    chain = Chain(Folder(tmp_path / "c"), durable=False)
    try:
        world = World(chain.layer(chain.head))
        a, b = b"\x11" * 20, b"\x22" * 20
        world.set_balance(a, 5)
        world.set_storage(a, 1, 10)
        world.lock_changes()
        outer = world.record()
        world.set_storage(a, 1, 11)
        inner = world.record()
        world.delete_account(a)
        world.set_balance(b, 9)
        world.set_transient(b, 3, b"\x07")
        world.mark_storage_warm(b, 3)
        assert world.get_storage(a, 1) == 0
        world.discard(inner)
        assert (world.get_balance(a), world.get_storage(a, 1)) == (5, 11)
        assert world.get_storage(a, 1, from_journal=False) == 10
        assert not world.account_exists(b)
        assert world.transient.get((b, 3), b"") == b""
        assert not world.is_storage_warm(b, 3)
        world.discard(outer)
        assert world.get_storage(a, 1) == 10
    finally:
        chain.close()
