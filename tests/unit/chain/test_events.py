"""Reading logs: foreign ones left out, ranges cut to what the node allows, nothing twice."""

from itertools import pairwise

import pytest

from tanlian.chain.contracts import interface_of
from tanlian.chain.errors import NodeRefused
from tanlian.chain.events import BLOCKS_AT_ONCE, EventReader

LEDGER = "0x" + "aa" * 20
MEMBERSHIP = "0x" + "BB" * 20
SUSPENDED = interface_of("Membership").events["OrganisationSuspended"]


def log(block, organisation=7, address=MEMBERSHIP, topic=SUSPENDED.topic):
    from eth_abi import encode

    return {
        "address": address.lower(),
        "topics": [topic, f"0x{organisation:064x}", "0x" + "00" * 12 + "cc" * 20],
        "data": "0x" + encode(["string"], ["forged"]).hex(),
        "blockNumber": hex(block),
        "logIndex": "0x0",
        "transactionHash": f"0x{block:064x}",
    }


class Node:
    """A node with one log every 1,000 blocks that refuses ranges above a limit."""

    def __init__(self, head, limit):
        self.last, self.limit, self.asked = head, limit, []

    def head(self):
        return self.last

    def request(self, method, question):
        assert method == "eth_getLogs"
        first, last = int(question["fromBlock"], 16), int(question["toBlock"], 16)
        if last - first >= self.limit:
            raise NodeRefused("Requested range exceeds maximum")
        self.asked.append((first, last))
        self.question = question
        return [log(block) for block in range(first, last + 1) if block % 1_000 == 0]


def reader(node):
    return EventReader(
        node,
        {
            "membership": (MEMBERSHIP, interface_of("Membership")),
            "ledger": (LEDGER, interface_of("CarbonLedger")),
        },
    )


@pytest.mark.parametrize("limit", [10**9, BLOCKS_AT_ONCE, 777, 1])
@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 2_500), (999, 1_001), (5, 4)])
def test_read__any_limit_of_the_node__gives_each_event_once_in_order(limit, first, last):
    if limit == 1:
        last = min(last, first + 30)
    node = Node(last, limit)
    blocks = [event.block for event in reader(node).read(first)]
    assert blocks == [block for block in range(first, last + 1) if block % 1_000 == 0]
    assert [b for a, b in node.asked] == sorted(b for a, b in node.asked)
    assert all(after == before + 1 for (_, before), (after, _) in pairwise(node.asked))


def test_read__names_and_contracts__are_asked_of_the_node():
    node = Node(10, 100)
    list(reader(node).read(1, 5, contracts=["membership"], names=["OrganisationSuspended"]))
    assert node.question["address"] == [MEMBERSHIP]
    assert node.question["topics"] == [[SUSPENDED.topic]]
    assert node.asked == [(1, 5)]


def test_decode__foreign_logs__are_left_out():
    logs = [
        log(1),
        log(2, address="0x" + "dd" * 20),
        log(3, topic="0x" + "11" * 32),
        {**log(4), "topics": []},
        log(5, organisation=8),
    ]
    events = list(reader(Node(0, 1)).decode(logs))
    assert [(e.contract, e.name, e.block, e["organisation"], e["reason"]) for e in events] == [
        ("membership", "OrganisationSuspended", 1, 7, "forged"),
        ("membership", "OrganisationSuspended", 5, 8, "forged"),
    ]


def test_read__one_block_refused__is_the_nodes_error():
    with pytest.raises(NodeRefused, match="exceeds"):
        list(reader(Node(3, 0)).read(0))
