"""Signed bytes read by us and by eth-account: the same transaction, the same signer."""

import pytest
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from tanlian.chain.keys import Call, Fees, Key, checksum
from tanlian.chain.signed_transactions import raw_of, read_signed
from tanlian.domain.errors import InvalidInput

KEY = Key.derived("signed")

words = st.integers(0, 2**64 - 1)
calls = st.builds(
    Call,
    to=st.none() | st.binary(min_size=20, max_size=20).map(checksum),
    data=st.binary(max_size=80),
    gas=words,
    value=st.integers(0, 2**128),
)
fees = st.builds(Fees, max_fee=words, priority=words)


@given(calls, words, st.integers(1, 2**40), fees)
def test_read_signed__any_transaction__as_eth_account_reads_it(call, nonce, chain_id, fee) -> None:
    raw = KEY.sign_transaction(call, nonce=nonce, chain_id=chain_id, fees=fee)
    found = read_signed(raw)
    theirs = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    assert found.sender == Account.recover_transaction(raw) == KEY.address
    assert "0x" + bytes(TypedTransaction.from_bytes(HexBytes(raw)).hash()).hex() != found.tx_hash
    assert (found.nonce, found.gas, found.value) == (nonce, call.gas, call.value)
    assert (found.to, found.data, found.chain_id) == (call.to, call.data, chain_id)
    assert found.max_fee == theirs["maxFeePerGas"] == fee.max_fee


@given(calls, words, st.data())
def test_read_signed__a_byte_changed__another_transaction_or_none(call, nonce, data) -> None:
    """Whatever is altered, it is never this transaction of this signer."""
    raw = KEY.sign_transaction(call, nonce=nonce, chain_id=7, fees=Fees())
    place = data.draw(st.integers(0, len(raw) - 1))
    other = bytearray(raw)
    other[place] ^= data.draw(st.integers(1, 255))
    try:
        found = read_signed(bytes(other))
    except InvalidInput:
        return
    assert found.sender != KEY.address


@given(st.binary(max_size=300))
def test_read_signed__any_bytes__refused_in_words(garbage) -> None:
    for raw in (garbage, b"\x02" + garbage):
        with pytest.raises(InvalidInput):
            read_signed(raw)


def test_raw_of__what_a_node_says_is_not_the_transaction_of_its_hash__none() -> None:
    said = {
        "type": "0x2", "chainId": "0x7", "nonce": "0x0", "maxPriorityFeePerGas": "0x0",
        "maxFeePerGas": "0x0", "gas": "0x5208", "to": "0x" + "11" * 20, "value": "0x0",
        "input": "0x", "accessList": [], "yParity": "0x0", "r": "0x1", "s": "0x1",
        "hash": "0x" + "22" * 32,
    }  # fmt: skip
    assert raw_of(said) is None
