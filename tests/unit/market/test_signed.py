"""Signed quotes through a relayer: what is accepted, and every way to cheat."""

import boa
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from harness.market import HOUR, LOT, REFERENCE, RICH, Market
from harness.typed_quotes import quotes_typed_data
from tanlian.domain import market_events

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def rows(*quotes: tuple[bool, int, int]) -> list[int]:
    return market_events.quote_words([market_events.quote(*quote) for quote in quotes])


BUY = rows((True, REFERENCE, 5))


def signed(market: Market, name: str, nonce: int, words: list[int], **changes) -> list[int]:
    """A message of a member; `changes` falsify parts of what is signed or of what is sent."""
    member = market.members[name]
    expires_at = changes.get("expires_at", boa.env.timestamp + HOUR)
    document = quotes_typed_data(
        changes.get("chain_id", boa.env.evm.patch.chain_id),
        changes.get("contract", market.contract.address),
        changes.get("session", market.session),
        member.org_id,
        nonce,
        expires_at,
        changes.get("signed_words", words),
    )
    key = changes.get("key", member.key)
    signature = Account.sign_message(encode_typed_data(full_message=document), key.key)
    s, parity = signature.s, signature.v - 27
    if changes.get("malleable"):
        s, parity = N - s, 1 - parity
    header = market_events.message_header(
        changes.get("organisation", member.org_id), nonce, expires_at, len(words)
    )
    return [header, *words, signature.r, s | parity << 255]


def relay(market: Market, *messages: list[int]) -> int:
    flat = [word for message in messages for word in message]
    return market.contract.place_signed(market.session, flat, sender=market.outsider())


def refusals(market: Market) -> list[tuple[int, str]]:
    return [(e.message, market_events.reason(e.reason)) for e in market.events("MessageRefused")]


def test_place_signed__typed_data_of_the_standard__recovers_the_member(market):
    words = rows((True, REFERENCE, 5), (True, REFERENCE + 1, 6), (True, REFERENCE + 1, 7))
    assert relay(market, signed(market, "emitter", 0, words)) == 3
    placed = market.placed()
    assert {r.organisation for r in placed} == {market.emitter.org_id}
    assert [(r.tick, r.lots, r.position) for r in placed] == [
        (REFERENCE, 5, 0),
        (REFERENCE + 1, 6, 0),
        (REFERENCE + 1, 7, 1),
    ]
    account = market.account(market.emitter)
    assert account.next_nonce == 1
    assert account.open_buy_lots == 18


def test_place_signed__sixteen_quotes__all_stand(market):
    words = rows(*[(False, REFERENCE + i, i + 1) for i in range(16)])
    assert len(words) == 4
    assert relay(market, signed(market, "trader", 0, words)) == 16
    assert [r.lots for r in market.placed()] == list(range(1, 17))


def test_place_signed__replayed__refused(market):
    message = signed(market, "emitter", 0, BUY)
    relay(market, message)
    with market.unchanged():
        assert relay(market, message) == 0
        assert refusals(market) == [(0, "nonce already spent")]


def test_place_signed__later_nonce__spends_the_ones_before(market):
    assert relay(market, signed(market, "emitter", 7, BUY)) == 1
    with market.unchanged():
        assert relay(market, signed(market, "emitter", 3, BUY)) == 0
    assert market.account(market.emitter).next_nonce == 8


def test_place_signed__last_nonce__never_valid(market):
    with market.unchanged():
        assert relay(market, signed(market, "emitter", 2**24 - 1, BUY)) == 0
        assert refusals(market) == [(0, "nonce already spent")]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"chain_id": 31_337}, "signer not of the organisation"),
        ({"contract": "0x" + "11" * 20}, "signer not of the organisation"),
        ({"session": 99}, "signer not of the organisation"),
        ({"signed_words": rows((True, REFERENCE, 6))}, "signer not of the organisation"),
        ({"organisation": 2}, "signer not of the organisation"),
        ({"organisation": 0}, "signer not of the organisation"),
    ],
)
def test_place_signed__falsified__refused(market, changes, sentence):
    with market.unchanged():
        assert relay(market, signed(market, "emitter", 0, BUY, **changes)) == 0
        assert refusals(market) == [(0, sentence)]


@pytest.mark.parametrize("part", ["r", "s", "upper half of s"])
def test_place_signed__signature_that_proves_nothing__refused(market, part):
    message = signed(market, "emitter", 0, BUY)
    if part == "r":
        message[-2] = 0
    if part == "s":
        message[-1] = 0
    if part == "upper half of s":
        message[-1] = N // 2 + 1  # the least s that is refused; it fits the compact form
    with market.unchanged():
        assert relay(market, message) == 0
        assert refusals(market) == [(0, "signature malformed")]


def test_place_signed__other_form_of_a_good_signature__refused(market):
    """The twin (r, N - s) does not fit the compact form; its bits then say something else."""
    with market.unchanged():
        assert relay(market, signed(market, "emitter", 0, BUY, malleable=True)) == 0
        ((_, sentence),) = refusals(market)
        assert sentence in {"signature malformed", "signer not of the organisation"}


def test_place_signed__key_of_another_organisation__refused(market):
    with market.unchanged():
        message = signed(market, "emitter", 0, BUY, key=market.trader.key)
        assert relay(market, message) == 0
        assert refusals(market) == [(0, "signer not of the organisation")]


def test_place_signed__suspended_signer__refused_and_valid_again_after(market):
    message = signed(market, "emitter", 0, BUY)
    market.suspend(market.emitter)
    with market.unchanged():
        assert relay(market, message) == 0
        assert refusals(market) == [(0, "not an active member")]
    market.reinstate(market.emitter)
    assert relay(market, message) == 1


def test_place_signed__last_second_of_validity__accepted_and_one_later_refused(market):
    first = signed(market, "emitter", 0, BUY, expires_at=boa.env.timestamp + 10)
    second = signed(market, "emitter", 1, BUY, expires_at=boa.env.timestamp + 10)
    boa.env.timestamp += 10
    assert relay(market, first) == 1
    boa.env.timestamp += 1
    with market.unchanged():
        assert relay(market, second) == 0
        assert refusals(market) == [(0, "message expired")]


def test_place_signed__bad_messages_and_quotes__the_rest_is_not_lost(market):
    batch = [
        signed(
            market, "emitter", 0, rows((True, REFERENCE, 1), (True, 9_999, 1), (True, REFERENCE, 2))
        ),
        [*signed(market, "trader", 0, rows((False, REFERENCE + 9, 3)))[:-1], 0],
        signed(market, "trader", 0, rows((False, REFERENCE + 9, 4))),
        signed(market, "emitter", 0, rows((True, REFERENCE, 8))),
        signed(market, "other_emitter", 0, rows((False, REFERENCE + 9, 5))),
    ]
    assert relay(market, *batch) == 4
    assert [r.lots for r in market.placed()] == [1, 2, 4, 5]
    assert refusals(market) == [(1, "signature malformed"), (3, "nonce already spent")]
    (bad,) = market.events("QuoteRefused")
    assert (bad.message, bad.position) == (0, 1)
    assert market_events.reason(bad.reason) == "price outside the band"


@pytest.mark.parametrize("cut", ["one word missing", "no words", "five words", "end"])
def test_place_signed__malformed_batch__refused(market, cut):
    message = signed(market, "emitter", 0, BUY)
    if cut == "one word missing":
        message = message[:-1]
    if cut == "no words":
        message[0] &= 2**88 - 1
    if cut == "five words":
        message[0] = message[0] & (2**88 - 1) | 5 << 88
    if cut == "end":
        message = [*message, message[0]]
    with market.unchanged(), boa.reverts("carbon_market: malformed batch"):
        relay(market, message)


def test_place_signed__nothing__does_nothing(market):
    with market.unchanged():
        assert relay(market) == 0


def test_skip_nonces__signed_message_below__worthless(market):
    message = signed(market, "emitter", 0, BUY)
    market.contract.skip_nonces(market.instrument, 1, sender=market.emitter.account)
    with market.unchanged():
        assert relay(market, message) == 0
    assert market.account(market.emitter).next_nonce == 1
    assert market.account(market.emitter).money_free == RICH
    for nonce in (0, 1, 2**24):
        with market.unchanged(), boa.reverts("carbon_market: nonce already spent"):
            market.contract.skip_nonces(market.instrument, nonce, sender=market.emitter.account)


def test_place_signed__while_paused_or_clearing__refused(market):
    message = signed(market, "emitter", 0, BUY)
    market.sessions.pause_session(market.session, bytes(32), sender=market.regulator.account)
    with market.unchanged(), boa.reverts("carbon_market: session is paused"):
        relay(market, message)
    market.sessions.resume_session(market.session, sender=market.regulator.account)
    market.to_clearing()
    with market.unchanged(), boa.reverts("carbon_market: clearing is not finished"):
        relay(market, message)


def test_place_signed__stage_two__meets_the_book(market):
    market.ask(market.trader, REFERENCE, 3)
    market.to_continuous()
    assert relay(market, signed(market, "emitter", 0, rows((True, REFERENCE + 2, 5)))) == 1
    (fill,) = market.fills()
    assert (fill.lots, fill.half_ticks) == (3, 2 * REFERENCE)
    (rest,) = market.placed()
    assert (rest.tick, rest.lots) == (REFERENCE + 2, 2)
    assert market.lots_inside() * LOT == market.ledger.balanceOf(market.contract, market.instrument)
