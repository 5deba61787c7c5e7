"""What the states of the nodes say together."""

from dataclasses import replace

import pytest
import rlp

from harness.fake_node import fake_node
from tanlian_node import health
from tanlian_node.health import judge, quorum
from tanlian_node.local import NodeState, round_of, state_of
from tanlian_node.network_files import write_record


@pytest.fixture
def network(record):
    """A record whose nodes all answer with the four validators of the genesis."""
    addresses = [node.address for node in record.nodes]
    with fake_node({"qbft_getValidatorsByBlockNumber": lambda block: addresses}) as node:
        made = replace(record, nodes=tuple(replace(one, rpc=node.url) for one in record.nodes))
        write_record(made)
        yield made


def state(name, **more):
    fields = {
        "pid": 1,
        "version": "besu",
        "height": 100,
        "block_hash": "0xaa",
        "peers": 3,
        "head_age_seconds": 1,
        "round": 0,
        "pending": 0,
        "disk_bytes": 0,
        "problem": None,
    }
    return NodeState(name=name, **{**fields, **more})


def down(name):
    nothing = dict.fromkeys(("pid", "height", "peers", "head_age_seconds", "round", "pending"))
    return state(name, **nothing, problem="not running")


def judged(network, *changed):
    by_name = {one.name: one for one in changed}
    return judge(network, [by_name.get(n.name, state(n.name)) for n in network.nodes])


def test_judge__all_well__no_problem(network):
    verdict = judged(network)
    assert verdict.problems == ()
    assert (verdict.validators_up, verdict.quorum) == (4, 3)


def test_judge__one_down__named_but_quorum_holds(network):
    assert judged(network, down("bank-1")).problems == ("bank-1 not running",)


def test_judge__two_down__chain_cannot_go_on(network):
    problems = judged(network, down("bank-1"), down("verifier-1")).problems
    assert "2 of 4 validators are up, 3 are needed" in problems


def test_judge__different_blocks_at_one_height__is_said(network):
    problems = judged(network, state("bank-1", block_hash="0xbb")).problems
    assert problems == ("regulator-1 and bank-1 hold different blocks at 100",)


def test_judge__stale_head_lag_rounds_disk__each_said(network):
    assert judged(network, state("bank-1", height=94)).problems == ("bank-1 is 6 blocks behind",)
    assert judged(network, state("bank-1", height=95)).problems == ()
    assert judged(network, state("bank-1", round=2)).problems == (
        "the last block at bank-1 took 2 round changes",
    )
    old = [state(node.name, head_age_seconds=31) for node in network.nodes]
    assert judge(network, old).problems == ("no new block for 31 s",)
    full = state("bank-1", disk_bytes=health.MAX_DISK_BYTES + 1)
    assert judged(network, full).problems == ("bank-1 uses 200 GB of disk",)


@pytest.mark.parametrize(
    ("idle", "age", "halted"), [(1, 31, True), (60, 299, False), (60, 301, True)]
)
def test_judge__slow_blocks_by_design__only_a_real_halt_is_said(network, idle, age, halted):
    slow = replace(network, idle_seconds=idle)
    aged = [state(node.name, head_age_seconds=age) for node in slow.nodes]
    assert any("no new block" in sentence for sentence in judge(slow, aged).problems) is halted


@pytest.mark.parametrize(
    ("validators", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (32, 22)]
)
def test_quorum__two_thirds_rounded_up(validators, needed):
    assert quorum(validators) == needed


def extension(sealed_round):
    """The extraData of a QBFT header."""
    return "0x" + rlp.encode([bytes(32), [], [], sealed_round, [b"s" * 65] * 3]).hex()


def test_round_of__header_extensions__read_the_round():
    for number, encoded in ((0, b""), (3, b"\3"), (200, b"\xc8")):
        assert round_of(extension(encoded)) == number


def test_state_of__head_told_before_it_is_served__waited_for(network):
    blocks = iter(
        [None, {"number": "0x5", "hash": "0xaa", "timestamp": "0x64", "extraData": extension(b"")}]
    )
    methods = {
        "web3_clientVersion": lambda: "besu/v25.12.0",
        "net_peerCount": lambda: "0x3",
        "txpool_besuStatistics": lambda: {"localCount": 1, "remoteCount": 2},
        "eth_getBlockByNumber": lambda tag, full: next(blocks),
    }
    with fake_node(methods) as node:
        first = replace(network.nodes[0], rpc=node.url)
        there = replace(network, nodes=(first, *network.nodes[1:]))
        found = state_of(there, first, 107.0)
    assert (found.height, found.head_age_seconds, found.pending, found.problem) == (5, 7, 3, None)
