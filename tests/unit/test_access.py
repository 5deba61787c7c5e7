"""Every state-changing function times every role and status, as the tables in harness/access say."""

import re

import boa
import pytest
from eth_abi import decode
from vyper.compiler.output import build_abi_output

from harness.access.table import COLUMNS, tables
from harness.consortium import ROOT, deployer_of, key_of
from tanlian.domain.roles import Role

CONTRACTS = sorted(path.stem for path in (ROOT / "contracts").glob("*.vy"))
FUNCTIONS = [
    pytest.param(row.world or table.world, name, function, id=f"{name}.{function}")
    for name, table in tables().items()
    for function, row in table.ROWS.items()
]


@pytest.fixture(scope="module")
def world(request):
    """Each world once, built outside of the tests, because a test's changes are undone."""
    it = request.param()
    if "other_regulator" not in it.members:
        it.admit("other_regulator", Role.REGULATOR)
    return it


def state_changing(contract: str) -> set[str]:
    deployer = deployer_of(f"contracts/{contract}.vy")
    return {
        entry["name"]
        for entry in build_abi_output(deployer.compiler_data)
        if entry["type"] == "function" and entry["stateMutability"] in {"nonpayable", "payable"}
    }


@pytest.mark.parametrize("contract", CONTRACTS)
def test_table__each_contract__names_every_state_changing_function(contract):
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", contract).lower()
    assert contract in tables(), f"write tests/harness/access/{file}.py; see tests/README.md"
    assert set(tables()[contract].ROWS) == state_changing(contract)


@pytest.mark.parametrize(("world", "contract", "function"), FUNCTIONS, indirect=["world"])
def test_access__each_actor__as_the_table_says(world, contract, function):
    table = tables()[contract]
    row = table.ROWS[function]
    wrong = []
    for column in (*COLUMNS, *row.contracts):
        with boa.env.anchor():
            outcome = attempt(world, table, row, function, column)
        if outcome != row.reason(column):
            wrong.append(f"{column}: stated {row.reason(column)!r}, found {outcome!r}")
    assert not wrong, f"{contract}.{function}:\n" + "\n".join(wrong)


def attempt(it, table, row, function, column):
    """The reason of the refusal, None if the call went through."""
    actor = it.members.get(column.removeprefix("suspended "))
    arranged = row.arrange(it, actor)
    args = row.args(it, actor, arranged)
    if column.startswith("suspended "):
        by = "other_regulator" if actor.name == "regulator" else "regulator"
        it.membership.suspend(actor.org_id, "access table", sender=it.members[by].account)
    if column in row.contracts:
        sender = row.contracts[column](it)
    else:
        sender = actor.account if actor else key_of(column).address
    target = table.target(it)
    calldata = getattr(target, function).prepare_calldata(*args)
    # Past titanoboa's contract object, which would look for the source of each refusal.
    found = boa.env.execute_code(to_address=target.address, sender=sender, data=calldata)
    return reason_in(found.output) if found.is_error else None


def reason_in(output: bytes) -> str:
    """The sentence of an Error(string); anything else as it is."""
    if output[:4] != bytes.fromhex("08c379a0"):
        return f"no reason: 0x{output.hex()}"
    return decode(["string"], output[4:])[0]
