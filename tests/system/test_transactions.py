"""Sending: fast, in order, and never twice, whatever the node or another process does meanwhile."""

import pytest
import requests

from tanlian.chain.connection import Connection
from tanlian.chain.errors import (
    ChainUnreachable,
    ContractRefused,
    NodeRefused,
    NonceTaken,
    TransactionTimeout,
)
from tanlian.chain.keys import Call
from tanlian.chain.transactions import IN_ONE_REQUEST, Sender, transactions_of

NOWHERE = "0x" + "11" * 20


def transfers(count, gas=21_000):
    return [Call(NOWHERE, b"", gas) for _ in range(count)]


def nonce(sender):
    return int(sender.connection.request("eth_getTransactionCount", sender.address, "latest"), 16)


@pytest.fixture
def sender(chain):
    return chain.sender("member")


def test_send_many__several_requests_full__are_all_in_the_chain_in_order(sender):
    count = 2 * IN_ONE_REQUEST + 7
    seen = []
    outcomes = sender.send_many(transfers(count), progress=lambda done, of: seen.append((done, of)))
    receipts = [outcome.unwrap() for outcome in outcomes]
    assert nonce(sender) == count
    sent = transactions_of(sender.connection, [receipt.tx_hash for receipt in receipts])
    assert [tx.nonce for tx in sent] == list(range(count))
    assert seen[-1] == (count, count)


def test_send_many__nothing__is_nothing(sender):
    assert sender.send_many([]) == []


def test_send_many__one_refused_by_the_node__does_not_hold_up_those_behind_it(sender):
    calls = transfers(5)
    calls[2] = Call(NOWHERE, b"", 20_000)  # less than any transaction costs
    outcomes = sender.send_many(calls)
    assert [outcome.receipt is not None for outcome in outcomes] == [True, True, False, True, True]
    assert isinstance(outcomes[2].error, NodeRefused)
    assert nonce(sender) == 5  # the gap was filled


def test_send_many__all_refused__leaves_no_trace(sender):
    outcomes = sender.send_many(transfers(3, gas=20_000))
    assert [type(outcome.error) for outcome in outcomes] == [NodeRefused] * 3
    assert nonce(sender) == 0


def test_send__answer_lost__is_one_transaction(sender, monkeypatch):
    """The node took it and the answer did not arrive: the same bytes go again."""
    original = requests.Session.send
    lost = []

    def send(self, request, **options):
        answer = original(self, request, **options)
        if b"eth_sendRawTransaction" in (request.body or b"") and not lost:
            lost.append(answer)
            raise requests.ConnectionError("the line broke")
        return answer

    monkeypatch.setattr(requests.Session, "send", send)
    monkeypatch.setattr("tanlian.chain.connection.FIRST_PAUSE_SECONDS", 0)
    sender.send(Call(NOWHERE, b"", 21_000))
    assert len(lost) == 1
    assert nonce(sender) == 1


def test_send_many__answer_to_a_batch_lost__is_each_once(sender, monkeypatch):
    original = requests.Session.send
    lost = []

    def send(self, request, **options):
        answer = original(self, request, **options)
        if b"eth_sendRawTransaction" in (request.body or b"") and not lost:
            lost.append(answer)
            raise requests.Timeout("the line broke")
        return answer

    monkeypatch.setattr(requests.Session, "send", send)
    monkeypatch.setattr("tanlian.chain.connection.FIRST_PAUSE_SECONDS", 0)
    outcomes = sender.send_many(transfers(20))
    assert all(outcome.receipt for outcome in outcomes)
    assert nonce(sender) == 20


def test_send_many__another_process_uses_the_key__both_get_theirs_once(sender, chain, monkeypatch):
    other = chain.sender("member")
    original = Sender.next_nonce
    disturbed = []

    def next_nonce(self):
        found = original(self)
        if self is sender and not disturbed:
            disturbed.append(True)
            other.send(Call(NOWHERE, b"", 21_000))  # takes the number just read
        return found

    monkeypatch.setattr(Sender, "next_nonce", next_nonce)
    outcomes = sender.send_many(transfers(5))
    hashes = {outcome.unwrap().tx_hash for outcome in outcomes}
    assert len(hashes) == 5
    assert nonce(sender) == 6


def test_send__contract_refuses__nothing_is_sent(chain):
    access = chain.deploy()
    outsider = chain.sender("outsider")
    head = chain.connection().head()
    with pytest.raises(ContractRefused, match="acts for no active organisation") as caught:
        outsider.send(access.contracts.membership.call("suspend", 1, "reason"))
    assert caught.value.reason == "membership: not an active member"
    assert chain.connection().head() == head


def test_send__refused_in_the_block__carries_the_reason_and_the_hash(chain):
    access = chain.deploy()
    outsider = chain.sender("outsider")
    with pytest.raises(ContractRefused) as caught:
        outsider.send(access.contracts.membership.call("suspend", 1, "reason", gas=500_000))
    assert caught.value.reason == "membership: not an active member"
    assert caught.value.fields["tx_hash"].startswith("0x")


def test_send__out_of_gas__says_so(chain):
    access = chain.deploy()
    call = access.contracts.membership.call(
        "admit", b"i" * 32, "New", 2, 0, 0, b"c" * 32, chain.key("new").address, gas=60_000
    )
    with pytest.raises(NodeRefused, match=r"ran out of its 60\d\d\d gas"):
        chain.sender("regulator").send(call)
    assert access.contracts.membership.read("organisation_count") == 1


def test_send_many__chain_makes_no_blocks__reports_the_hashes_and_stops(chain):
    chain.connection().request("evm_setAutomine", False)
    sender = Sender(chain.connection(), chain.key("member"), timeout=0.3)
    outcomes = sender.send_many(transfers(3))
    assert [type(outcome.error) for outcome in outcomes] == [TransactionTimeout] * 3
    assert "may still get into one" in outcomes[0].error.user_message
    chain.connection().request("evm_mine")
    assert nonce(sender) == 3  # they were in the pool, once


def test_deliver__number_used_by_another__is_refused(sender):
    raw, tx_hash = sender.sign(Call(NOWHERE, b"\x01", 50_000), 0)
    sender.send(Call(NOWHERE, b"", 21_000))
    with pytest.raises(NonceTaken, match="took the place"):
        sender.deliver(Call(NOWHERE, b"\x01", 50_000), raw, tx_hash)
    assert nonce(sender) == 1


def test_deliver__twice__is_one_transaction(sender):
    call = Call(NOWHERE, b"", 21_000)
    raw, tx_hash = sender.sign(call, 0)
    assert sender.deliver(call, raw, tx_hash) == sender.deliver(call, raw, tx_hash)
    assert nonce(sender) == 1


def test_batch__node_without_batches__is_asked_one_by_one(sender, monkeypatch):
    def refuse(_self, _requests):
        return {"error": {"code": -32600, "message": "batches are not enabled"}}

    monkeypatch.setattr("web3.HTTPProvider.make_batch_request", refuse)
    outcomes = sender.send_many(transfers(3))
    assert all(outcome.receipt for outcome in outcomes)


def test_connection__answer_is_no_json__is_unreachable(chain, monkeypatch):
    monkeypatch.setattr("tanlian.chain.connection.FIRST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(
        "web3.HTTPProvider.make_request", lambda *_: (_ for _ in ()).throw(ValueError("<html>"))
    )
    with pytest.raises(ChainUnreachable, match="No chain answers"):
        Connection(chain.url)


def test_web3__same_connection__reads_blocks_with_long_extra_data(chain):
    connection = chain.connection()
    assert connection.web3.eth.get_block(0)["hash"].to_0x_hex() == connection.genesis_hash
