"""A node that refuses for good: the act ends with its reason, and holds up nobody longer than until
the next signature of the account.
"""

import time
from dataclasses import replace

import pytest

from tanlian.accounts import outbox
from tanlian.chain.keys import Fees
from tanlian.chain.transactions import is_refused_for_good

TOO_LITTLE = 20_000  # less than any transaction costs, also with what tells it from others


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Intrinsic gas exceeds gas limit", True),
        ("intrinsic gas too low", True),
        ("Transaction gas limit exceeds block gas limit", True),
        ("Wrong chainId", True),
        ("Invalid signature", True),
        ("Initcode size exceeds the limit of 49152 bytes", True),
        ("Max priority fee per gas exceeds max fee per gas", True),
        ("Sender account not authorized to send transactions", False),
        ("Upfront cost exceeds account balance", False),
        ("Gas price below configured minimum gas price", False),
        ("Transaction pool is full: wait for blocks, then send again", False),
        ("Transaction nonce is too distant from current sender nonce", False),
        ("Nonce too low", False),
        ("Replacement transaction underpriced", False),
        ("Known transaction", False),
        ("Internal error", False),
    ],
)
def test_refusal__of_a_node__for_good_only_where_the_bytes_are_at_fault(message, expected) -> None:
    assert is_refused_for_good({"code": -32000, "message": message}) is expected


def doomed(post, *more) -> str:
    """Sign an act whose first transaction no node takes."""
    act_id = post.draft(replace(post.counter.add(99), gas=TOO_LITTLE), *more)
    post.sign(act_id)
    return act_id


def signed(post, number: int) -> str:
    act_id = post.draft(post.counter.add(number))
    post.sign(act_id)
    return act_id


def until_why(post, act_id: str, words: str):
    ends = time.monotonic() + 20
    while words not in (found := post.act(act_id)).why:
        assert time.monotonic() < ends, found
        time.sleep(0.02)
    return found


def nonces(post, *act_ids: str) -> list[int]:
    return [t.nonce for act_id in act_ids for t in post.act(act_id).transactions]


def hashes(post, *act_ids: str) -> list[str]:
    return [t.tx_hash for act_id in act_ids for t in post.act(act_id).transactions]


def test_deliver__refused_for_good__act_refused_with_the_reason_and_those_behind_say_what_to_do(
    post,
) -> None:
    first, bad, *behind = signed(post, 1), doomed(post), signed(post, 2), signed(post, 3)
    before = hashes(post, *behind)
    with post.delivering():
        refused = post.until(bad, "refused")
        assert post.until(first, "done")
        for act_id in behind:
            assert until_why(post, act_id, "next act that you sign").state == "signed"
        assert (refused.error.code, refused.failed_step) == ("never_taken", 1)
        assert "Intrinsic gas exceeds gas limit" in refused.error.user_message
        assert [t.state for t in refused.transactions] == ["void"]
        assert (post.counter.total(), post.nonce()) == (1, 1)
        last = signed(post, 4)  # gets the number that is free
        for act_id in (last, *behind):
            post.until(act_id, "done")
    assert nonces(post, first, last, *behind) == [0, 1, 2, 3]
    assert hashes(post, *behind) == before  # nothing was signed anew
    assert [post.counter.count(n) for n in (1, 2, 3, 4, 99)] == [1, 1, 1, 1, 0]
    assert (post.counter.total(), post.nonce()) == (4, 4)
    assert post.log().count("act refused") == 1


def test_deliver__refused_for_good__not_to_be_signed_or_withdrawn_any_more(post) -> None:
    from tanlian.accounts.errors import ActClosed

    bad = doomed(post)
    with post.delivering():
        post.until(bad, "refused")
    before = post.rows()
    with pytest.raises(ActClosed, match="was refused; begin anew"):
        post.sign(bad)
    with pytest.raises(ActClosed):
        post.outbox.withdraw(post.origin, post.wang, bad)
    assert post.rows() == before


def test_deliver__nobody_signs_again__number_taken_elsewhere_lets_the_others_go_on(
    post, chain
) -> None:
    bad, behind = doomed(post), signed(post, 2)
    with post.delivering():
        post.until(bad, "refused")
        until_why(post, behind, "next act that you sign")
        chain.sender("wang").send(post.counter.add(5))  # as with the command line
        assert post.until(behind, "done").why == ""
    assert [post.counter.count(n) for n in (2, 5, 99)] == [1, 1, 0]
    assert post.nonce() == 2


def test_deliver__several_refused_for_good__the_lowest_number_first(post) -> None:
    bad = [doomed(post), doomed(post)]
    behind = signed(post, 1)
    with post.delivering():
        for act_id in bad:
            post.until(act_id, "refused")
        again = [signed(post, 2), signed(post, 3)]
        for act_id in (behind, *again):
            post.until(act_id, "done")
    assert nonces(post, *again, behind) == [0, 1, 2]
    assert (post.counter.total(), post.nonce()) == (3, 3)


def test_deliver__a_step_refused_for_good__the_others_of_the_act_end_and_tell(post) -> None:
    bad = doomed(post, post.counter.add(7))
    with post.delivering():
        until_why(post, bad, "next act that you sign")
        assert post.state(bad) == "signed"  # one of its steps still happens
        last = signed(post, 1)
        ended = post.until(bad, "refused")
        post.until(last, "done")
    assert (ended.failed_step, [t.state for t in ended.transactions]) == (1, ["void", "done"])
    assert [post.counter.count(n) for n in (1, 7, 99)] == [1, 1, 0]


def test_unsigned__number_free__offered_to_programs_first(post) -> None:
    bad, behind = doomed(post), signed(post, 1)
    with post.delivering():
        post.until(bad, "refused")
        until_why(post, behind, "next act that you sign")
        mine = post.draft(post.counter.add(2), post.counter.add(3))
        asked = post.outbox.unsigned(post.wang, mine)
        assert [int(one["nonce"], 16) for one in asked] == [0, 2]
        raws = [
            post.key.sign_transaction(
                replace(call, gas=int(one["gas"], 16)),
                nonce=int(one["nonce"], 16),
                chain_id=int(one["chainId"], 16),
                fees=Fees(int(one["maxFeePerGas"], 16), int(one["maxPriorityFeePerGas"], 16)),
            )
            for one, call in zip(asked, (post.counter.add(2), post.counter.add(3)), strict=True)
        ]
        post.outbox.take_signed(post.origin, post.wang, mine, raws)
        for act_id in (mine, behind):
            post.until(act_id, "done")
    assert (post.counter.total(), post.nonce()) == (3, 3)


def test_deliver__a_node_had_it_once__never_given_up_on_a_nodes_word(post) -> None:
    """Another node may have it still: given up and done anew it would happen twice."""
    bad = doomed(post)
    with post.engine.begin() as db:
        (act,) = outbox.acts_of(db, post.wang.organisation, before=None, limit=1, open_only=True)
        (step,) = outbox.steps_of(db, [act.number])[act.number]
        outbox.change_step(db, step, state=outbox.SENT)
    with post.delivering():
        found = until_why(post, bad, "does not take it yet")
        time.sleep(0.5)
    assert (found.state, post.state(bad)) == ("signed", "signed")
    assert post.act(bad).transactions[0].state == "sent"
