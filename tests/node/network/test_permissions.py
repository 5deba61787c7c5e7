"""Allowlists against the register: drift found, repaired, and alarmed once."""

import json
from dataclasses import replace

import pytest
from eth_abi import decode, encode

from harness.fake_node import Allowlists, Refusal, fake_node
from tanlian_node.errors import InvalidNetwork, UnsafeChange
from tanlian_node.permissions import (
    Drift,
    Lists,
    compare_network,
    drift_of,
    reconcile,
    wanted_lists,
    watch,
)
from tanlian_node.registers import Followed, Register, accounts_of, followed
from tanlian_node.rpc import Rpc
from tanlian_node.transactions import Contract

A, B, C = ("0x" + digit * 40 for digit in "abc")
MEMBERSHIP = "0x" + "9" * 40
REGISTER = Contract("Membership", MEMBERSHIP)
ACTIVE = 1 << 72


def register(organisations):
    """eth_call of a Membership: a list of (standing word, accounts)."""

    def answer(request, block):
        assert block == "0x10"  # all at one block
        selector, arguments = request["data"][:10], bytes.fromhex(request["data"][10:])
        if selector == REGISTER.calldata("organisation_count")[:10]:
            return "0x" + encode(["uint256"], [len(organisations)]).hex()
        (number,) = decode(["uint256"], arguments)
        word, accounts = organisations[number - 1]
        if selector == REGISTER.calldata("standing_of", 1)[:10]:
            return "0x" + encode(["uint256"], [word]).hex()
        return "0x" + encode(["address[]"], [accounts]).hex()

    return {"eth_call": answer, "eth_blockNumber": lambda: "0x10"}


def test_accounts_of__active_and_suspended__only_the_active():
    organisations = [(1 | ACTIVE, [A]), (2, [B]), (3 | ACTIVE, [C])]
    with fake_node(register(organisations)) as node:
        assert accounts_of(Rpc(node.url), Register(MEMBERSHIP)) == {A, C}


def test_accounts_of__gateways__of_active_organisations_around_the_chains_year():
    gateways = {(1, 2025): [B], (1, 2027): [C], (1, 2024): ["0x" + "1" * 40], (2, 2026): [B]}
    monitoring = Contract("MonitoringRegistry", "0x" + "8" * 40)
    register_call = register([(1 | ACTIVE, [A]), (2, [A])])["eth_call"]

    def answer(request, block):
        if request["to"] != monitoring.address:
            return register_call(request, block)
        arguments = decode(["uint256", "uint256"], bytes.fromhex(request["data"][10:]))
        return "0x" + encode(["address[]"], [gateways.get(arguments, [])]).hex()

    methods = {
        **register([]),
        "eth_call": answer,
        "eth_getBlockByNumber": lambda number, full: {"timestamp": hex(1_780_000_000)},  # 2026
    }
    with fake_node(methods) as node:
        found = accounts_of(Rpc(node.url), Register(MEMBERSHIP, monitoring.address))
    assert found == {A, B, C}


def test_wanted_lists__nobody_registered__refused_before_anyone_is_locked_out():
    with fake_node(register([])) as node, pytest.raises(UnsafeChange, match="no active account"):
        wanted_lists(Rpc(node.url), [Register(MEMBERSHIP)], ["enode://x"])


def test_wanted_lists__stated_accounts__are_added():
    with fake_node(register([(1 | ACTIVE, [A])])) as node:
        wanted = wanted_lists(
            Rpc(node.url), [Register(MEMBERSHIP)], ["enode://x"], [B.upper().replace("X", "x")]
        )
    assert wanted == Lists(frozenset({A, B}), frozenset({"enode://x"}))


def test_drift_of__differences__each_named():
    lists = Allowlists([A.replace("a", "A"), B], ["enode://old"])
    wanted = Lists(frozenset({A, C}), frozenset({"enode://new"}))
    with fake_node(lists.methods()) as node:
        drift = drift_of("bank-1", Rpc(node.url), wanted)
    assert drift == Drift("bank-1", (C,), (B,), ("enode://new",), ("enode://old",))
    assert drift.sentences() == [
        f"bank-1: lacks the account {C}",
        f"bank-1: still allows the account {B}",
        "bank-1: lacks the node enode://new",
        "bank-1: still allows the node enode://old",
    ]


def test_reconcile__differences__gone_and_additions_first():
    lists = Allowlists([B], ["enode://old"])
    wanted = Lists(frozenset({A, C}), frozenset({"enode://new"}))
    with fake_node(lists.methods()) as node:
        reconcile("bank-1", Rpc(node.url), wanted)
        assert drift_of("bank-1", Rpc(node.url), wanted).is_clean
        changes = [method for method, _ in node.calls if "perm_get" not in method]
    assert changes == [
        "perm_addAccountsToAllowlist",
        "perm_addNodesToAllowlist",
        "perm_removeAccountsFromAllowlist",
        "perm_removeNodesFromAllowlist",
    ]
    assert sorted(lists.accounts) == [A, C]


def test_reconcile__already_equal__asks_and_changes_nothing():
    lists = Allowlists([A], ["enode://x"])
    with fake_node(lists.methods()) as node:
        drift = reconcile("n", Rpc(node.url), Lists(frozenset({A}), frozenset({"enode://x"})))
        assert drift.is_clean
        assert all("perm_get" in method for method, _ in node.calls)


def test_reconcile__1200_accounts__in_steps():
    many = frozenset(f"0x{number:040x}" for number in range(1_200))
    lists = Allowlists()
    with fake_node(lists.methods()) as node:
        reconcile("n", Rpc(node.url), Lists(many, frozenset()))
        sizes = [len(p[0]) for method, p in node.calls if method == "perm_addAccountsToAllowlist"]
    assert sizes == [500, 500, 200]
    assert set(lists.accounts) == many


def test_reconcile__node_refuses__is_a_problem_not_a_crash():
    lists = Allowlists([A], ["enode://static"])
    methods = lists.methods()

    def refuse(old):
        raise Refusal(-32000, "Static nodes cannot be removed")

    methods["perm_removeNodesFromAllowlist"] = refuse
    with fake_node(methods) as node:
        drift = reconcile("n", Rpc(node.url), Lists(frozenset({A}), frozenset()))
    assert "Static nodes cannot be removed" in drift.problem
    assert not drift.is_clean


def test_drift_of__node_down__is_a_problem():
    drift = drift_of("n", Rpc("http://127.0.0.1:1"), Lists(frozenset(), frozenset()))
    assert "does not answer" in drift.sentences()[0]


def test_compare_network__register_unreadable__one_problem_and_no_change(record):
    (found,) = compare_network(record, "bank-1", Followed((Register(MEMBERSHIP),)), fix=True)
    assert found.problem.startswith("the register cannot be read")


@pytest.mark.parametrize(
    ("code", "bound_to", "founders_stay"), [("0x60", 0, True), ("0x60", 9, False), ("0x", 0, False)]
)
def test_compare_network__fix__founders_stay_until_the_validators_follow_membership(
    record, code, bound_to, founders_stay
):
    lists = Allowlists([A], [node.enode for node in record.nodes])
    methods = {
        **register([(1 | ACTIVE, [A])]),
        **lists.methods(),
        "eth_getCode": lambda account, block: code,
        "eth_getStorageAt": lambda account, slot, block: f"0x{bound_to:064x}",
    }
    with fake_node(methods) as node:
        there = replace(record, nodes=tuple(replace(one, rpc=node.url) for one in record.nodes))
        compare_network(there, "bank-1", Followed((Register(MEMBERSHIP),)), fix=True)
    assert set(lists.accounts) == {A, *(record.founders if founders_stay else ())}


def test_compare_network__no_register_yet__lets_the_deployer_in_and_throws_nobody_out(record):
    lists = Allowlists([B], [node.enode for node in record.nodes])
    methods = {**lists.methods(), "eth_getCode": lambda account, block: "0x"}
    with fake_node(methods) as node:
        there = replace(record, nodes=tuple(replace(one, rpc=node.url) for one in record.nodes))
        compare_network(there, "bank-1", Followed((), (A,)), fix=True)
        assert all(
            one.is_clean for one in compare_network(there, "bank-1", Followed((), (A,)), fix=False)
        )
    assert set(lists.accounts) == {A, B}


def test_compare_network__nothing_at_the_address__a_problem_and_no_change(record):
    lists = Allowlists([B], [node.enode for node in record.nodes])
    methods = {
        **lists.methods(),
        "eth_getCode": lambda account, block: "0x",
        "eth_blockNumber": lambda: "0x10",
        "eth_call": lambda request, block: "0x",
    }
    with fake_node(methods) as node:
        there = replace(record, nodes=tuple(replace(one, rpc=node.url) for one in record.nodes))
        (found,) = compare_network(there, "bank-1", Followed((Register(MEMBERSHIP),)), fix=True)
    assert "There is no Membership at" in found.problem
    assert lists.accounts == [B]


def test_wanted_lists__two_registers__whom_either_names():
    organisations = {MEMBERSHIP: [(1 | ACTIVE, [A])], C: [(1 | ACTIVE, [B]), (2, [C])]}
    answers = {where: register(found)["eth_call"] for where, found in organisations.items()}
    methods = {
        **register([]),
        "eth_call": lambda request, block: answers[request["to"]](request, block),
    }
    with fake_node(methods) as node:
        wanted = wanted_lists(Rpc(node.url), map(Register, organisations), [])
    assert wanted.accounts == {A, B}


def test_followed__book_missing_begun_and_deployed__names_what_is_there(tmp_path):
    path = tmp_path / "book.json"
    assert followed([MEMBERSHIP], [path]) == Followed((Register(MEMBERSHIP),))
    path.write_text(json.dumps({"deployer": A, "contracts": {}}))
    assert followed([], [path]) == Followed((), (A,))
    contracts = {"membership": {"address": MEMBERSHIP}, "ledger": {"address": C}}
    path.write_text(json.dumps({"deployer": A, "contracts": contracts}))
    assert followed([], [path]) == Followed((Register(MEMBERSHIP),), (A,))
    contracts["monitoring"] = {"address": B}
    path.write_text(json.dumps({"deployer": A, "contracts": contracts}))
    assert followed([C], [path]) == Followed((Register(C), Register(MEMBERSHIP, B)), (A,))
    path.write_text("{}")
    with pytest.raises(InvalidNetwork, match="no address book"):
        followed([], [path])


def test_watch__same_drift_for_rounds__one_alarm_and_another_when_it_returns():
    drifted = Drift("n", missing_accounts=(A,))
    rounds = iter([[drifted], [drifted], [Drift("n")], [drifted]])
    alarms, slept = [], []
    watch(lambda: next(rounds), alarms.append, every_seconds=7, rounds=4, sleep=slept.append)
    assert alarms == [drifted, drifted]
    assert slept == [7, 7, 7]
