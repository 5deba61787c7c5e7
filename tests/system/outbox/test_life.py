"""The outbox: what people want happens once, is told truly, and only to those it concerns."""

import threading
from dataclasses import replace

import pytest

from harness.bare_chain import bare_access
from harness.boxes import open_accounts
from harness.counter import REASON
from harness.post_office import OTHERS, OURS
from tanlian.accounts import api_access
from tanlian.accounts.api_access import Once
from tanlian.accounts.approvals import OPEN_SECONDS
from tanlian.accounts.errors import ActClosed, AnswerKnown, ApprovalRefused, SignatureRefused
from tanlian.accounts.outbox import DRAFT_SECONDS
from tanlian.chain.errors import ContractRefused, NodeRefused
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.services.outbox import Outbox

# -- from draft to done ------------------------------------------------------------------------


def test_sign__draft__is_done_once_and_told_with_its_block(post) -> None:
    act_id = post.draft(post.counter.add(1))
    assert len(act_id) == 16
    drafted = post.act(act_id)
    assert (drafted.state, drafted.transactions, drafted.why) == ("drafted", (), "")
    assert post.counter.total() == 0
    with post.delivering():
        post.sign(act_id)
        done = post.outbox.wait(act_id, 10)
    assert done.state == "done"
    (transaction,) = done.transactions
    assert transaction.state == "done"
    assert transaction.block == post.access.connection.head()
    assert transaction.gas_used > 21_000
    assert post.counter.count(1) == 1
    assert post.nonce() == 1
    assert post.log() == ["act drafted", "act signed", "act done"]


def test_draft__contract_would_refuse__nothing_is_stored(post, chain) -> None:
    chain.sender("other").send(post.counter.take())
    before = post.rows()
    with pytest.raises(ContractRefused) as caught:
        post.draft(post.counter.take())
    assert caught.value.reason == REASON
    assert post.rows() == before == []
    assert post.log() == []


def test_draft__request_was_made_before__nothing_is_stored(post) -> None:
    request = Once.of("key", b"add 1")
    act_id = post.draft(post.counter.add(1), once=request)
    before, lines = post.rows(), post.log()
    with pytest.raises(AnswerKnown):
        post.draft(post.counter.add(1), once=request, second_person=True)
    assert (post.rows(), post.log()) == (before, lines)
    with post.engine.connect() as db:
        assert api_access.answer(db, post.wang.organisation, request) == act_id


def test_draft__no_call__refused(post) -> None:
    with pytest.raises(InvalidInput, match="nothing to do"):
        post.draft()
    assert post.rows() == []


def test_sign__several_steps__all_in_order_under_consecutive_numbers(post) -> None:
    act_id = post.draft(*(post.counter.add(n) for n in range(5)))
    with post.delivering():
        post.sign(act_id)
        done = post.outbox.wait(act_id, 10)
    assert done.state == "done"
    assert [t.nonce for t in done.transactions] == list(range(5))
    assert [post.counter.count(n) for n in range(5)] == [1] * 5


def test_sign__step_refused_in_the_block__named_and_the_others_happen(post) -> None:
    act_id = post.draft(
        post.counter.add(1), post.counter.take(), post.counter.take(), post.counter.add(2)
    )
    with post.delivering():
        post.sign(act_id)
        ended = post.outbox.wait(act_id, 10)
        following = post.draft(post.counter.add(3))
        post.sign(following)
        assert post.outbox.wait(following, 10).state == "done"  # nothing is held up
    assert ended.state == "refused"
    assert ended.failed_step == 3
    assert ended.error.code == "unexpected_revert"
    assert ended.error.fields["reason"] == REASON
    assert REASON in ended.error.user_message
    assert [t.state for t in ended.transactions] == ["done", "done", "refused", "done"]
    assert post.counter.total() == 3
    assert post.log()[2] == "act refused"


def test_sign__would_be_refused_since__nothing_is_signed_and_the_draft_stays(post, chain) -> None:
    act_id = post.draft(post.counter.take())
    post.now += 61  # so long ago that it is tried out again
    chain.sender("other").send(post.counter.take())
    before = post.rows()
    with pytest.raises(ContractRefused) as caught:
        post.sign(act_id)
    assert caught.value.reason == REASON
    assert post.rows() == before
    assert post.nonce() == 0


def test_sign__more_gas_than_a_block_has__refused_before_anything_is_signed(post) -> None:
    act_id = post.draft(post.counter.add(1), replace(post.counter.add(2), gas=10**12))
    before = post.rows()
    with pytest.raises(NodeRefused, match="do less at once"):
        post.sign(act_id)
    assert post.rows() == before


# -- who may -----------------------------------------------------------------------------------


def test_sign__key_of_another_account__refused(post, chain) -> None:
    act_id = post.draft(post.counter.add(1))
    before = post.rows()
    with pytest.raises(SignatureRefused, match="unlock that account's key"):
        post.sign(act_id, key=chain.key("other"))
    assert post.rows() == before


def test_act__other_organisation__cannot_see_sign_decide_or_withdraw(post) -> None:
    act_id = post.draft(post.counter.add(1), second_person=True)
    before, box, origin, stranger = post.rows(), post.outbox, post.origin, post.stranger
    attempts = [
        lambda: box.act(stranger, act_id),
        lambda: box.sign(origin, stranger, act_id, post.key),
        lambda: box.decide(origin, stranger, act_id, agreed=True),
        lambda: box.withdraw(origin, stranger, act_id),
        lambda: box.unsigned(stranger, act_id),
        lambda: box.sent_elsewhere(origin, stranger, act_id, 0, "0x" + "11" * 32),
        lambda: box.take_signed(origin, stranger, act_id, [b"x"]),
        lambda: box.acts_of(OTHERS, before=act_id, limit=9),
        lambda: box.act(post.wang, "nothing-of-mine!"),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound, match="Your organisation has no act"):
            attempt()
    assert post.rows() == before
    assert box.acts_of(OTHERS, before=None, limit=9) == []


def test_second_person__approves__only_who_asked_signs_once(post) -> None:
    act_id = post.draft(post.counter.add(1), second_person=True)
    assert post.state(act_id) == "asked"
    with pytest.raises(ActClosed, match="second person has to approve"):
        post.sign(act_id)
    with pytest.raises(ApprovalRefused, match="not who asked"):
        post.outbox.decide(post.origin, post.wang, act_id, agreed=True)
    assert post.state(act_id) == "asked"
    post.outbox.decide(post.origin, post.zhao, act_id, agreed=True)
    with pytest.raises(ActClosed):
        post.outbox.decide(post.origin, post.zhao, act_id, agreed=False)
    before = post.rows()
    with pytest.raises(ApprovalRefused, match="only the one who asked"):
        post.sign(act_id, by=post.zhao)
    assert post.rows() == before
    with post.delivering():
        post.sign(act_id)
        assert post.outbox.wait(act_id, 10).state == "done"
    with pytest.raises(ActClosed):
        post.sign(act_id)
    assert post.counter.total() == 1
    assert post.log() == [
        "approval asked", "act drafted", "approved", "approval used", "act signed", "act done",
    ]  # fmt: skip


def test_second_person__declines__never_signed(post) -> None:
    act_id = post.draft(post.counter.add(1), second_person=True)
    post.outbox.decide(post.origin, post.zhao, act_id, agreed=False)
    before = post.rows()
    for by in (post.wang, post.zhao):
        with pytest.raises(ActClosed, match="declined"):
            post.sign(act_id, by=by)
    assert post.rows() == before
    assert post.state(act_id) == "declined"


def test_second_person__approval_expired__lapses(post) -> None:
    act_id = post.draft(post.counter.add(1), second_person=True)
    post.outbox.decide(post.origin, post.zhao, act_id, agreed=True)
    post.now += OPEN_SECONDS
    with pytest.raises(ApprovalRefused, match="expired"):
        post.sign(act_id)
    assert post.state(act_id) == "approved"
    with post.delivering():
        post.until(act_id, "lapsed")
    assert post.counter.total() == 0


def test_withdraw__before_signing__closes_it_for_good(post) -> None:
    plain = post.draft(post.counter.add(1))
    asked = post.draft(post.counter.add(2), second_person=True)
    for act_id in (plain, asked):
        post.outbox.withdraw(post.origin, post.zhao, act_id)
    before = post.rows()
    for act_id in (plain, asked):
        for attempt in (
            lambda act_id=act_id: post.sign(act_id),
            lambda act_id=act_id: post.outbox.withdraw(post.origin, post.wang, act_id),
            lambda act_id=act_id: post.outbox.unsigned(post.wang, act_id),
            lambda act_id=act_id: post.outbox.decide(post.origin, post.zhao, act_id, agreed=True),
        ):
            with pytest.raises(ActClosed, match="withdrawn"):
                attempt()
    assert post.rows() == before
    assert post.counter.total() == 0


def test_withdraw__signed__refused_and_it_happens(post) -> None:
    act_id = post.draft(post.counter.add(1))
    post.sign(act_id)
    before = post.rows()
    with pytest.raises(ActClosed, match="signed already"):
        post.outbox.withdraw(post.origin, post.wang, act_id)
    assert post.rows() == before
    with post.delivering():
        assert post.outbox.wait(act_id, 10).state == "done"


def test_draft__a_week_old__lapses_and_cannot_be_signed(post) -> None:
    old, signed = post.draft(post.counter.add(1)), post.draft(post.counter.add(2))
    post.sign(signed)
    post.now += DRAFT_SECONDS
    fresh = post.draft(post.counter.add(3))
    with post.delivering():
        post.until(old, "lapsed")
        assert post.until(signed, "done")
    assert post.state(fresh) == "drafted"
    with pytest.raises(ActClosed, match="not signed in time"):
        post.sign(old)
    assert post.counter.count(1) == 0


def test_acts_of__pages__newest_first_and_open_only(post) -> None:
    ids = [post.draft(post.counter.add(n)) for n in range(5)]
    post.outbox.withdraw(post.origin, post.wang, ids[3])
    first = post.outbox.acts_of(OURS, before=None, limit=2)
    assert [a.id for a in first] == [ids[4], ids[3]]
    rest = post.outbox.acts_of(OURS, before=ids[3], limit=9)
    assert [a.id for a in rest] == ids[2::-1]
    still = post.outbox.acts_of(OURS, before=None, limit=9, open_only=True)
    assert [a.id for a in still] == [ids[4], *ids[2::-1]]


# -- at once -----------------------------------------------------------------------------------


def test_sign__two_outboxes_one_key_100_acts_at_once__no_gap_and_no_double(post, chain) -> None:
    """As two processes: each has its own objects, only the database is shared."""
    access = bare_access(chain.url, genesis=chain.connection().genesis_hash)
    boxes = [post.outbox, Outbox(open_accounts(str(post.engine.url)), access, lambda: post.now)]
    ids = [post.draft(post.counter.add(n)) for n in range(100)]
    failures: list[BaseException] = []

    def sign(box, mine) -> None:
        for act_id in mine:
            try:
                box.sign(post.origin, post.wang, act_id, post.key)
            except BaseException as error:
                failures.append(error)

    with post.delivering(), post.delivering(boxes[1]):
        threads = [threading.Thread(target=sign, args=(boxes[n % 2], ids[n::4])) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for act_id in ids:
            post.until(act_id, "done", seconds=60)
    assert failures == []
    used = sorted(t.nonce for act_id in ids for t in post.act(act_id).transactions)
    assert used == list(range(100))
    assert post.nonce() == 100
    assert [post.counter.count(n) for n in range(100)] == [1] * 100
    boxes[1]._engine.dispose()


def test_sign__same_act_twice_at_once__once(post) -> None:
    ids = [post.draft(post.counter.add(n)) for n in range(10)]
    outcomes: list[str] = []

    def sign(act_id) -> None:
        try:
            post.sign(act_id)
            outcomes.append("signed")
        except ActClosed:
            outcomes.append("closed")

    with post.delivering():
        for act_id in ids:
            pair = [threading.Thread(target=sign, args=(act_id,)) for _ in range(2)]
            for thread in pair:
                thread.start()
            for thread in pair:
                thread.join()
            assert post.outbox.wait(act_id, 10).state == "done"
    assert sorted(outcomes) == ["closed"] * 10 + ["signed"] * 10
    assert post.counter.total() == 10
    assert post.nonce() == 10


# -- other users of the key --------------------------------------------------------------------


def test_overtaken__number_used_by_another__told_and_signed_again(post, chain) -> None:
    act_id = post.draft(post.counter.add(1), post.counter.add(2))
    post.sign(act_id)
    receipt = chain.sender("wang").send(post.counter.add(9))  # takes number 0
    with post.delivering():
        found = post.until(act_id, "overtaken")
        assert [t.state for t in found.transactions] == ["overtaken", "done"]
        assert receipt.tx_hash in found.error.user_message
        assert (found.error.code, found.failed_step) == ("nonce_taken", 1)
        assert (post.counter.count(1), post.counter.count(2)) == (0, 1)
        post.sign(act_id)
        done = post.until(act_id, "done")
    assert [t.state for t in done.transactions] == ["overtaken", "done", "done"]
    assert done.error is None
    assert (post.counter.count(1), post.counter.count(2), post.nonce()) == (1, 1, 3)
    assert post.log()[1:] == ["act signed", "act overtaken", "act signed", "act done"]


def test_overtaken__withdrawn__stays_undone(post, chain) -> None:
    act_id = post.draft(post.counter.add(1))
    post.sign(act_id)
    chain.sender("wang").send(post.counter.add(9))
    with post.delivering():
        post.until(act_id, "overtaken")
        post.outbox.withdraw(post.origin, post.wang, act_id)
    assert post.state(act_id) == "withdrawn"
    assert post.counter.count(1) == 0


def test_overtaken__node_forgot_the_past__only_after_a_while(post, chain, monkeypatch) -> None:
    monkeypatch.setattr("tanlian.services.delivery.user_of", lambda *_: None)
    monkeypatch.setattr("tanlian.services.delivery.DOUBT_SECONDS", 0.5)
    act_id = post.draft(post.counter.add(1))
    post.sign(act_id)
    chain.sender("wang").send(post.counter.add(9))
    with post.delivering():
        assert "another transaction" in post.until(act_id, "overtaken").error.user_message


def test_sign__transactions_wait_in_the_pool_from_elsewhere__numbered_behind(post, chain) -> None:
    chain.connection().request("evm_setAutomine", False)
    raw, _ = chain.sender("wang").sign(replace(post.counter.add(9), gas=100_000), 0)
    chain.connection().request("eth_sendRawTransaction", "0x" + raw.hex())
    act_id = post.draft(post.counter.add(1))
    post.sign(act_id)
    assert [t.nonce for t in post.act(act_id).transactions] == [1]
    with post.delivering():
        waiting = post.outbox.wait(act_id, 0.5)
        assert waiting.state == "signed"
        assert waiting.why.startswith("The chain has it")
        chain.connection().request("evm_mine")
        assert post.until(act_id, "done")
    assert post.counter.total() == 2
