"""Signed quotes: what a wallet signs from the typed data is what our key signs."""

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from harness.typed_quotes import quotes_typed_data
from tanlian.chain.keys import Key, keccak
from tanlian.chain.signed_quotes import Message, batches
from tanlian.domain.errors import InvalidInput
from tanlian.domain.market_events import MAX_LOTS, MAX_TICK
from tanlian.domain.quotes import Quote, pack_quotes

KEY = Key.derived("test", "emitter")
MARKET = "0x" + "ab" * 20
QUOTES = st.builds(Quote, st.booleans(), st.integers(1, MAX_TICK), st.integers(1, MAX_LOTS))


def domain_separator(chain_id: int) -> bytes:
    words = [
        keccak(
            b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        ),
        keccak(b"Tanlian CarbonMarket"),
        keccak(b"1"),
        chain_id.to_bytes(32, "big"),
        bytes.fromhex(MARKET[2:]).rjust(32, b"\0"),
    ]
    return keccak(b"".join(words))


@given(st.lists(QUOTES, min_size=1, max_size=16), st.integers(0, 2**24 - 2))
def test_sign__any_message__is_what_a_wallet_signs(quotes, nonce):
    message = Message(3, 7, nonce, 1_800_000_000, tuple(quotes))
    document = quotes_typed_data(20260, MARKET, 3, 7, nonce, 1_800_000_000, pack_quotes(quotes))
    wallet = Account.from_key(keccak(b"test/emitter")).sign_message(
        encode_typed_data(full_message=document)
    )
    ours = message.sign(KEY, domain_separator(20260)).signature
    assert ours[:64] == wallet.r.to_bytes(32, "big") + wallet.s.to_bytes(32, "big")
    assert ours[64] + 27 == wallet.v


@given(st.lists(QUOTES, min_size=1, max_size=16))
def test_words__any_message__say_who_and_how_many(quotes):
    signed = Message(3, 7, 9, 1_800_000_000, tuple(quotes)).sign(KEY, bytes(32))
    header, *words, r, vs = signed.words()
    assert header & 2**24 - 1 == 7
    assert header >> 24 & 2**24 - 1 == 9
    assert header >> 48 & 2**40 - 1 == 1_800_000_000
    assert header >> 88 == len(words) == -(-len(quotes) // 4)
    assert words == pack_quotes(quotes)
    assert r.to_bytes(32, "big") == signed.signature[:32]
    assert vs >> 255 == signed.signature[64]
    assert vs & 2**255 - 1 == int.from_bytes(signed.signature[32:64], "big")


@pytest.mark.parametrize("count", [0, 17])
def test_message__quotes_that_do_not_fit__are_refused(count):
    with pytest.raises(InvalidInput, match="1 to 16 quotes"):
        Message(1, 1, 0, 0, (Quote(True, 1, 1),) * count)


@pytest.mark.parametrize(
    ("tick", "lots"), [(0, 1), (MAX_TICK + 1, 1), (1, 0), (1, MAX_LOTS + 1), (-1, 1), (1, -1)]
)
def test_quote__outside_its_fields__is_refused(tick, lots):
    with pytest.raises(InvalidInput, match="cannot be quoted"):
        Quote(True, tick, lots)


@given(st.lists(st.integers(1, 16), max_size=60), st.integers(7, 40))
def test_batches__any_messages__keep_order_and_limit(sizes, words):
    signed = [
        Message(1, 1, n, 0, (Quote(True, 1, 1),) * size).sign(KEY, bytes(32))
        for n, size in enumerate(sizes)
    ]
    found = batches(signed, words)
    assert [message for batch in found for message in batch] == signed
    assert all(sum(len(m.words()) for m in batch) <= words for batch in found)
    assert all(found)
