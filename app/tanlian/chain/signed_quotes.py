"""Signed quotes (EIP-712): made by a member's key, brought to the market by anyone."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode

from tanlian.chain.keys import Key, keccak
from tanlian.domain.errors import InvalidInput
from tanlian.domain.market_events import message_header
from tanlian.domain.quotes import Quote, pack_quotes

WORDS_IN_A_MESSAGE = 4
QUOTES_IN_A_MESSAGE = 16
TYPE = (
    b"Quotes(uint256 session,uint256 organisation,uint256 nonce,uint256 expiresAt,"
    b"uint256 quotes1,uint256 quotes2,uint256 quotes3,uint256 quotes4)"
)
TYPE_HASH = keccak(TYPE)


@dataclass(frozen=True, slots=True)
class Message:
    """Up to 16 quotes of one organisation under one signature."""

    session: int
    organisation: int
    nonce: int
    expires_at: int
    quotes: tuple[Quote, ...]

    def __post_init__(self) -> None:
        """Refuse what does not fit one message."""
        if not 0 < len(self.quotes) <= QUOTES_IN_A_MESSAGE:
            raise InvalidInput(
                f"A message holds 1 to {QUOTES_IN_A_MESSAGE} quotes, not {len(self.quotes)}."
            )

    def digest(self, domain: bytes) -> bytes:
        """What is signed, for the market with this domain separator."""
        words = pack_quotes(self.quotes)
        words += [0] * (WORDS_IN_A_MESSAGE - len(words))
        content = encode(
            ["bytes32", "uint256", "uint256", "uint256", "uint256", "uint256[4]"],
            [TYPE_HASH, self.session, self.organisation, self.nonce, self.expires_at, words],
        )
        return keccak(b"\x19\x01" + domain + keccak(content))

    def sign(self, key: Key, domain: bytes) -> "SignedMessage":
        return SignedMessage(self, key.sign(self.digest(domain)))


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message with its signature: r, s and the recovery bit, 65 bytes."""

    message: Message
    signature: bytes

    def words(self) -> list[int]:
        """The words by which the market takes it: header, quotes, r, s with the bit on top."""
        message = self.message
        quotes = pack_quotes(message.quotes)
        header = message_header(
            message.organisation, message.nonce, message.expires_at, len(quotes)
        )
        r = int.from_bytes(self.signature[:32], "big")
        s = int.from_bytes(self.signature[32:64], "big")
        return [header, *quotes, r, s | self.signature[64] << 255]


def batches(messages: Sequence[SignedMessage], words: int) -> list[list[SignedMessage]]:
    """Cut messages into pieces of at most so many words."""
    found: list[list[SignedMessage]] = []
    room = 0
    for message in messages:
        size = len(message.words())
        if size > room:
            found.append([])
            room = words
        found[-1].append(message)
        room -= size
    return found
