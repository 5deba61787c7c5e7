"""What wallets and programs sign: taken only if it is what the act asks, and counted once."""

import pytest
from eth_account import Account

from harness.bare_chain import CHAIN_ID
from tanlian.accounts.errors import ActClosed, ApprovalRefused, SignatureRefused
from tanlian.chain.keys import Call, Fees, Key, keccak
from tanlian.domain.errors import InvalidInput, NotFound

SECRET = keccak(b"test/wang")  # of the account that the outbox acts for


def wallet_sends(post, asked, **other) -> str:
    """Sign as a wallet does, which chooses kind, number and price itself; returns the hash."""
    transaction = {
        "from": asked["from"],
        "to": asked["to"],
        "data": asked["data"],
        "value": asked["value"],
        "gas": asked["gas"],
        "chainId": CHAIN_ID,
        "nonce": post.nonce(),
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        **other,
    }
    transaction = {name: value for name, value in transaction.items() if value is not None}
    raw = Account.sign_transaction(transaction, SECRET).raw_transaction
    return post.access.connection.request("eth_sendRawTransaction", "0x" + bytes(raw).hex())


def program_signs(post, asked, **other) -> bytes:
    """Sign exactly what was asked for, but for what `other` says."""
    values = {
        "to": asked.get("to"),
        "data": bytes.fromhex(asked["data"][2:]),
        "gas": int(asked["gas"], 16),
        "value": int(asked["value"], 16),
    }
    key = other.pop("key", post.key)
    nonce = other.pop("nonce", int(asked["nonce"], 16))
    chain_id = other.pop("chain_id", CHAIN_ID)
    return key.sign_transaction(
        Call(**{**values, **other}), nonce=nonce, chain_id=chain_id, fees=Fees()
    )


def hands_in(post, act_id, raws, by=None) -> None:
    post.outbox.take_signed(post.origin, by or post.wang, act_id, raws)


def tells(post, act_id, position, tx_hash) -> None:
    post.outbox.sent_elsewhere(post.origin, post.wang, act_id, position, tx_hash)


# -- wallets -----------------------------------------------------------------------------------


LEGACY = {"maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 0}
LISTED = [{"address": "0x" + "22" * 20, "storageKeys": ["0x" + "33" * 32]}]


@pytest.mark.parametrize(
    "kind", [{}, LEGACY, {**LEGACY, "accessList": LISTED}, {"accessList": LISTED, "gas": 300_000}]
)
def test_wallet__sent_what_was_asked__counts_and_its_bytes_are_kept(post, chain, kind) -> None:
    """Also of the older kinds; a node that loses it gets the same bytes from us."""
    act_id = post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    assert asked["from"] == post.key.address
    assert (asked["position"], asked["chainId"], asked["value"]) == (0, hex(CHAIN_ID), "0x0")
    chain.seal(automatically=False)
    tx_hash = wallet_sends(post, asked, **kind)
    tells(post, act_id, 0, tx_hash.upper().replace("0X", "0x"))
    assert post.state(act_id) == "signed"
    chain.lose_pool()
    with post.delivering():
        ends_in_pool(post, chain, tx_hash)
        chain.mine()
        done = post.until(act_id, "done")
    assert [t.tx_hash for t in done.transactions] == [tx_hash]
    assert (post.counter.total(), post.nonce()) == (1, 1)


def ends_in_pool(post, chain, tx_hash) -> None:
    import time

    ends = time.monotonic() + 10
    while chain.connection().request("eth_getTransactionByHash", tx_hash) is None:
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_wallet__hash_of_another_transaction__refused(post, chain) -> None:
    act_id = post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    before = post.rows()
    others = {
        "content": wallet_sends(post, asked, data=post.counter.add(2).data),
        "receiver": wallet_sends(post, asked, to="0x" + "11" * 20),
        "signer": chain.sender("other").send(post.counter.add(1)).tx_hash,
    }
    for differs, tx_hash in others.items():
        with pytest.raises(SignatureRefused, match="That is another transaction") as caught:
            tells(post, act_id, 0, tx_hash)
        assert caught.value.fields["differs"] == differs
    assert post.rows() == before
    assert post.state(act_id) == "drafted"


def test_wallet__unknown_or_malformed_hash_or_step__refused(post, monkeypatch) -> None:
    monkeypatch.setattr("tanlian.services.signed_elsewhere.PATIENCE_SECONDS", 0)
    act_id = post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    before = post.rows()
    with pytest.raises(NotFound, match="knows no transaction"):
        tells(post, act_id, 0, "0x" + "77" * 32)
    for wrong in ("", "0x12", "0x" + "zz" * 32, "0x" + "77" * 33):
        with pytest.raises(InvalidInput, match="64 hexadecimal"):
            tells(post, act_id, 0, wrong)
    tx_hash = wallet_sends(post, asked)
    for position in (-1, 1):
        with pytest.raises(InvalidInput, match="no step"):
            tells(post, act_id, position, tx_hash)
    assert post.rows() == before


def test_wallet__told_twice__once_and_not_for_another_act(post) -> None:
    first, second = post.draft(post.counter.add(1)), post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, first)
    tx_hash = wallet_sends(post, asked)
    tells(post, first, 0, tx_hash)
    before = post.rows()
    tells(post, first, 0, tx_hash)
    with pytest.raises(SignatureRefused, match="another act already"):
        tells(post, second, 0, tx_hash)
    assert post.rows() == before
    with post.delivering():
        assert post.outbox.wait(first, 10).state == "done"
    tells(post, first, 0, tx_hash)  # the browser tells it once more
    assert post.state(second) == "drafted"


def test_wallet__several_steps__the_rest_is_asked_for_and_may_be_signed_here(post) -> None:
    act_id = post.draft(post.counter.add(1), post.counter.add(2), post.counter.add(3))
    asked = post.outbox.unsigned(post.wang, act_id)
    assert [one["position"] for one in asked] == [0, 1, 2]
    assert [int(one["nonce"], 16) for one in asked] == [0, 1, 2]
    with post.delivering():
        tells(post, act_id, 1, wallet_sends(post, asked[1]))
        assert post.state(act_id) == "drafted"
        assert [t.position for t in post.act(act_id).transactions] == [1]
        rest = post.outbox.unsigned(post.wang, act_id)
        assert [one["position"] for one in rest] == [0, 2]
        tells(post, act_id, 0, wallet_sends(post, rest[0]))
        with pytest.raises(ActClosed, match="Step 1 of this act is signed already"):
            tells(post, act_id, 0, wallet_sends(post, rest[0], data=post.counter.add(1).data))
        post.sign(act_id)
        done = post.outbox.wait(act_id, 10)
    assert done.state == "done"
    assert [t.state for t in done.transactions] == ["done"] * 3
    assert [post.counter.count(n) for n in (2, 3)] == [1, 1]


def test_wallet__sped_up__counts_under_its_new_hash(post, chain) -> None:
    act_id = post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    chain.seal(automatically=False)
    tells(post, act_id, 0, wallet_sends(post, asked))
    faster = wallet_sends(post, asked, gas=200_001)
    chain.mine()
    with post.delivering():
        done = post.until(act_id, "done")
    assert [t.tx_hash for t in done.transactions] == [faster]
    assert post.counter.total() == 1


def test_wallet__cancelled_in_the_wallet__overtaken_and_signed_again(post, chain) -> None:
    act_id = post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    chain.seal(automatically=False)
    tells(post, act_id, 0, wallet_sends(post, asked))
    wallet_sends(post, asked, to=post.key.address, data="0x")
    chain.mine()
    chain.seal(automatically=True)
    with post.delivering():
        post.until(act_id, "overtaken")
        assert post.counter.total() == 0
        (again,) = post.outbox.unsigned(post.wang, act_id)
        tells(post, act_id, 0, wallet_sends(post, again))
        post.until(act_id, "done")
    assert post.counter.total() == 1


def test_wallet__sent_and_browser_closed__found_by_itself(post, monkeypatch) -> None:
    monkeypatch.setattr("tanlian.services.recovery.PAUSE_SECONDS", 0.05)
    act_id, other = post.draft(post.counter.add(1)), post.draft(post.counter.add(7))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    post.outbox.unsigned(post.wang, other)
    with post.delivering():
        wallet_sends(post, asked, to=post.key.address, data="0x")  # something else in between
        tx_hash = wallet_sends(post, asked)
        done = post.until(act_id, "done")
        with pytest.raises(ActClosed, match="took effect"):
            post.outbox.unsigned(post.wang, act_id)
        tells(post, act_id, 0, tx_hash)  # the page comes back
    assert [t.tx_hash for t in done.transactions] == [tx_hash]
    assert post.state(other) == "drafted"
    assert post.counter.total() == 1


def test_wallet__not_approved__nothing_is_offered(post) -> None:
    act_id = post.draft(post.counter.add(1), second_person=True)
    with pytest.raises(ActClosed, match="second person"):
        post.outbox.unsigned(post.wang, act_id)
    post.outbox.decide(post.origin, post.zhao, act_id, agreed=True)
    with pytest.raises(ApprovalRefused):
        post.outbox.unsigned(post.zhao, act_id)
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    with post.delivering():
        tells(post, act_id, 0, wallet_sends(post, asked))
        assert post.outbox.wait(act_id, 10).state == "done"
    assert "approval used" in post.log()


# -- programs ----------------------------------------------------------------------------------


def test_program__signed_what_was_asked__delivered_once_however_often_handed_in(post) -> None:
    act_id = post.draft(post.counter.add(1), post.counter.add(2))
    raws = [program_signs(post, one) for one in post.outbox.unsigned(post.wang, act_id)]
    with post.delivering():
        hands_in(post, act_id, raws)
        before = post.rows()[0]
        hands_in(post, act_id, raws)  # the answer was lost
        done = post.outbox.wait(act_id, 10)
        hands_in(post, act_id, raws)
    assert before
    assert done.state == "done"
    assert (post.counter.total(), post.nonce()) == (2, 2)


def wrong_ways(post, asked):
    """Every way in which a program can sign something else."""
    good = program_signs(post, asked)
    return {
        "signer": [program_signs(post, asked, key=Key.derived("another"))],
        "receiver": [program_signs(post, asked, to="0x" + "11" * 20)],
        "no receiver": [program_signs(post, asked, to=None)],
        "content": [program_signs(post, asked, data=post.counter.add(2).data)],
        "value": [program_signs(post, asked, value=1)],
        "chain": [program_signs(post, asked, chain_id=1)],
        "nonce": [program_signs(post, asked, nonce=5)],
        "gas": [program_signs(post, asked, gas=21_000)],
        "too much gas": [program_signs(post, asked, gas=10**12)],
        "none": [],
        "two": [good, good],
        "malformed": [good[:-1]],
        "longer": [good + b"\0"],
        "empty": [b""],
        "kind": [b"\x01" + good[1:]],
        "no transaction": [b"\x02hello"],
    }


def test_program__signed_something_else__refused_and_nothing_is_kept(post) -> None:
    act_id = post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    before = post.rows()
    for name, raws in wrong_ways(post, asked).items():
        with pytest.raises((SignatureRefused, InvalidInput)):
            hands_in(post, act_id, raws)
        assert post.rows() == before, name
    hands_in(post, act_id, [program_signs(post, asked)])
    assert post.state(act_id) == "signed"


def test_program__signature_turned_around__refused(post) -> None:
    """s and n - s sign the same; nodes take only one, so that the hash is no choice."""
    from rlp.codec import decode, encode

    act_id = post.draft(post.counter.add(1))
    (asked,) = post.outbox.unsigned(post.wang, act_id)
    fields = list(decode(program_signs(post, asked)[1:]))
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(fields[11], "big")
    fields[9] = b"" if fields[9] else b"\x01"
    fields[11] = s.to_bytes(32, "big")
    before = post.rows()
    with pytest.raises(InvalidInput, match="signature"):
        hands_in(post, act_id, [b"\x02" + encode(fields)])
    assert post.rows() == before


def test_program__not_who_asked__refused(post) -> None:
    act_id = post.draft(post.counter.add(1), second_person=True)
    post.outbox.decide(post.origin, post.zhao, act_id, agreed=True)
    raws = [program_signs(post, one) for one in post.outbox.unsigned(post.wang, act_id)]
    before = post.rows()
    with pytest.raises(ApprovalRefused):
        hands_in(post, act_id, raws, by=post.zhao)
    assert post.rows() == before


def test_program__signed_in_the_meantime_by_another__asked_to_sign_anew(post) -> None:
    first, second = post.draft(post.counter.add(1)), post.draft(post.counter.add(2))
    (asked,) = post.outbox.unsigned(post.wang, first)
    post.sign(second)  # takes the number
    before = post.rows()
    with pytest.raises(SignatureRefused, match="next number of this account is 1") as caught:
        hands_in(post, first, [program_signs(post, asked)])
    assert caught.value.fields["expected"] == 1
    assert post.rows() == before
    (asked,) = post.outbox.unsigned(post.wang, first)
    hands_in(post, first, [program_signs(post, asked)])
    with post.delivering():
        assert post.outbox.wait(first, 10).state == "done"
        assert post.outbox.wait(second, 10).state == "done"
    assert post.counter.total() == 2
