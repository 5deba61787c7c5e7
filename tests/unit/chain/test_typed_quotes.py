"""What a member's key signs is what any wallet signs: typed data as EIP-712 states it."""

from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from harness.typed_quotes import quotes_typed_data
from tanlian.chain.keys import Key, keccak
from tanlian.chain.signed_quotes import Message
from tanlian.domain.quotes import Quote, pack_quotes

SECRET = keccak(b"a member's key")
MARKET = "0x00000000000000000000000000000000000000a1"
CHAIN_ID = 20260
quotes = st.builds(
    Quote,
    buy=st.booleans(),
    tick=st.integers(1, 2**20 - 1),
    lots=st.integers(1, 2**28 - 1),
)


def typed_data(message: Message):
    return encode_typed_data(
        full_message=quotes_typed_data(
            CHAIN_ID,
            MARKET,
            message.session,
            message.organisation,
            message.nonce,
            message.expires_at,
            pack_quotes(message.quotes),
        )
    )


@given(st.lists(quotes, min_size=1, max_size=16), st.integers(0, 2**24 - 2))
def test_digest__any_message__equals_what_wallets_sign(some, nonce) -> None:
    message = Message(7, 12, nonce, 1_800_000_000, tuple(some))
    typed = typed_data(message)
    ours = message.sign(Key(SECRET), typed.header)
    assert Account.recover_message(typed, signature=_with_v(ours.signature)) == Key(SECRET).address
    assert message.digest(typed.header) == keccak(b"\x19\x01" + typed.header + typed.body)


def _with_v(signature: bytes) -> bytes:
    return signature[:64] + bytes([27 + signature[64]])
