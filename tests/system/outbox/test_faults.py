"""The chain away, a pool lost, a node that will not: acts wait, say why, and happen once."""

import pytest

from harness.bare_chain import bare_access
from harness.counter import REASON
from tanlian.accounts.errors import ActClosed
from tanlian.accounts.outbox import on_their_way
from tanlian.chain.errors import ChainUnreachable, ContractRefused
from tanlian.services.outbox import Outbox


def test_draft__chain_away__stored_and_signed_when_it_is_back(post, chain) -> None:
    with chain.away():
        act_id = post.draft(post.counter.add(1))
        drafted = post.act(act_id)
        assert drafted.state == "drafted"
        assert "did not answer" in drafted.why
        before = post.rows()
        with pytest.raises(ChainUnreachable):
            post.sign(act_id)
        with pytest.raises(ChainUnreachable):
            post.outbox.unsigned(post.wang, act_id)
        assert post.rows() == before
    with post.delivering():
        post.sign(act_id)
        assert post.outbox.wait(act_id, 10).state == "done"
    assert post.counter.total() == 1


def test_draft__chain_away_and_would_be_refused__said_when_it_is_signed(post, chain) -> None:
    chain.sender("other").send(post.counter.take())
    with chain.away():
        act_id = post.draft(post.counter.take())
    before = post.rows()
    with pytest.raises(ContractRefused) as caught:
        post.sign(act_id)
    assert caught.value.reason == REASON
    assert post.rows() == before
    assert post.nonce() == 0


def test_deliver__chain_stopped_after_signing__says_so_and_goes_on_by_itself(post, chain) -> None:
    ids = [post.draft(post.counter.add(n)) for n in range(3)]
    for act_id in ids:
        post.sign(act_id)
    assert post.act(ids[0]).why.startswith("It is signed and kept")
    chain.stop()
    with post.delivering():
        waited = until_why(post, ids[0], "does not answer")
        assert waited.state == "signed"
        chain.start()
        for act_id in ids:
            assert post.until(act_id, "done").why == ""
    assert (post.counter.total(), post.nonce()) == (3, 3)


def test_deliver__chain_away_and_back_with_the_pool__says_again_that_it_has_it(post, chain) -> None:
    chain.seal(automatically=False)
    act_id = post.draft(post.counter.add(1))
    post.sign(act_id)
    with post.delivering():
        until_why(post, act_id, "The chain has it")
        assert waits(post) == {"pool": 1}
        chain.stop()
        until_why(post, act_id, "does not answer")
        assert waits(post) == {"chain": 1}
        chain.start(interval=10**9)  # blocks come when the clock is a multiple of it
        until_why(post, act_id, "The chain has it")
        chain.mine()
        post.until(act_id, "done")
    assert waits(post) == {}
    assert post.counter.total() == 1


def waits(post) -> dict[str, int]:
    with post.engine.connect() as db:
        return on_their_way(db)


def until_why(post, act_id, words):
    import time

    ends = time.monotonic() + 20
    while words not in (found := post.act(act_id)).why:
        assert time.monotonic() < ends, found
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("restarts", [False, True])
def test_deliver__pool_lost__same_bytes_again_and_once(post, chain, restarts, monkeypatch) -> None:
    monkeypatch.setattr("tanlian.services.delivery.LOOK_AGAIN_SECONDS", 0.3)
    chain.seal(automatically=False)
    ids = [post.draft(post.counter.add(n)) for n in range(5)]
    for act_id in ids:
        post.sign(act_id)
    hashes = [t.tx_hash for act_id in ids for t in post.act(act_id).transactions]
    with post.delivering():
        for act_id in ids:
            until_why(post, act_id, "The chain has it")
        chain.lose_pool()
        if restarts:
            chain.stop()
            chain.start()
        else:
            wait_for_pool(chain, hashes)
            chain.mine()
        found = [post.until(act_id, "done") for act_id in ids]
    assert [t.tx_hash for one in found for t in one.transactions] == hashes
    assert (post.counter.total(), post.nonce()) == (5, 5)


def wait_for_pool(chain, hashes) -> None:
    import time

    ends = time.monotonic() + 10
    while any(
        chain.connection().request("eth_getTransactionByHash", tx_hash) is None
        for tx_hash in hashes
    ):
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_deliver__node_does_not_admit_the_sender__waits_alone_and_says_what_the_node_said(
    post, chain
) -> None:
    """As an account that the permissions of the network do not have yet."""
    allowed = chain.key("allowed").address
    chain.running.node.allowlist.enable([allowed, chain.key("deployer").address])
    blocked = post.draft(post.counter.add(1))
    post.sign(blocked)
    free = post.outbox.draft(
        post.origin, post.zhao, account=allowed, act="test.count", details={},
        calls=[post.counter.add(2)], second_person=False,
    )  # fmt: skip
    with post.delivering():
        post.sign(free, by=post.zhao, key=chain.key("allowed"))
        assert post.until(free, "done")
        waiting = until_why(post, blocked, "does not take it yet")
        (transaction,) = waiting.transactions
        assert waiting.state == transaction.state == "signed"
        assert "allowlist lacks it" in transaction.error.user_message
        chain.running.node.allowlist.add([post.key.address])
        done = post.until(blocked, "done")
    assert done.transactions[0].error is None
    assert post.counter.total() == 2


def test_outbox__other_chain__neither_signs_nor_delivers_what_was_meant_for_this_one(
    post, chain
) -> None:
    """A chain begun anew under the same id would take the bytes signed for the old one."""
    drafted, signed = post.draft(post.counter.add(1)), post.draft(post.counter.add(2))
    post.sign(signed)
    other = Outbox(post.engine, bare_access(chain.url, genesis="0x" + "99" * 32), lambda: post.now)
    before = post.rows()
    with post.delivering(other), pytest.raises(ActClosed, match="a chain that is no more"):
        other.sign(post.origin, post.wang, drafted, post.key)
    assert other.wait(signed, 1).state == "signed"
    assert post.rows() == before
    assert post.counter.total() == 0


def test_deliver__stumbles__begins_anew(post, monkeypatch, caplog) -> None:
    """What nobody thought of stops neither the thread nor the acts."""
    from tanlian.services.delivery import Deliverer

    original, stumbled = Deliverer.round, []

    def round_(self) -> bool:
        if not stumbled:
            stumbled.append(True)
            raise KeyError("unthought of")
        return original(self)

    monkeypatch.setattr(Deliverer, "round", round_)
    act_id = post.draft(post.counter.add(1))
    post.sign(act_id)
    with post.delivering():
        assert post.until(act_id, "done")
    assert "delivery stumbled" in caplog.text


def test_deliver__two_at_once__one_works_and_the_other_takes_over(post, chain) -> None:
    second = Outbox(post.engine, post.access, lambda: post.now)
    with post.delivering(second):
        with post.delivering():
            first = post.draft(post.counter.add(1))
            post.sign(first)
            assert post.until(first, "done")
        later = post.draft(post.counter.add(2))
        post.sign(later)
        assert post.until(later, "done")
    assert (post.counter.total(), post.nonce()) == (2, 2)


def test_log_and_database__after_everything__hold_no_secret(post, caplog, tmp_path) -> None:
    caplog.set_level("DEBUG")
    act_id = post.draft(post.counter.add(1))
    with post.delivering():
        post.sign(act_id)
        post.outbox.wait(act_id, 10)
    from tanlian.chain.keys import keccak

    secret = keccak(b"test/wang")
    assert secret.hex() not in caplog.text
    assert all(secret not in repr(row).encode() for row in post.rows())
    assert all(secret.hex() not in repr(row) for row in post.rows())
    assert all(
        secret not in path.read_bytes() and secret.hex().encode() not in path.read_bytes()
        for path in tmp_path.glob("accounts*")
    )
