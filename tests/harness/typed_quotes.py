"""The document that a wallet shows and signs for quotes, written down once more for the tests."""

from collections.abc import Sequence

QUOTE_FIELDS = ("quotes1", "quotes2", "quotes3", "quotes4")


def quotes_typed_data(
    chain_id: int,
    market: str,
    session: int,
    organisation: int,
    nonce: int,
    expires_at: int,
    words: Sequence[int],
) -> dict[str, object]:
    """Return the EIP-712 document that a member signs to place quotes through a relayer."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Quotes": [
                {"name": "session", "type": "uint256"},
                {"name": "organisation", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "expiresAt", "type": "uint256"},
                *({"name": name, "type": "uint256"} for name in QUOTE_FIELDS),
            ],
        },
        "primaryType": "Quotes",
        "domain": {
            "name": "Tanlian CarbonMarket",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": market,
        },
        "message": {
            "session": session,
            "organisation": organisation,
            "nonce": nonce,
            "expiresAt": expires_at,
            **dict(zip(QUOTE_FIELDS, [*words, 0, 0, 0], strict=False)),
        },
    }
