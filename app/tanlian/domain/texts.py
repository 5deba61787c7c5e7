"""Texts that go on chain, where their length is limited."""

from tanlian.domain.errors import InvalidInput

MAX_NAME = 96  # bytes, as in Membership
MAX_REASON = 160


def fitting(what: str, text: str, limit: int) -> str:
    """The text, if it fits on chain.

    Raises:
        InvalidInput: it is longer than the contracts take.
    """
    size = len(text.encode())
    if size > limit:
        raise InvalidInput(
            f"The {what} has {size} bytes, but {limit} are the most that go on chain; shorten it.",
            size=size,
            limit=limit,
        )
    return text


def N_(words: str) -> str:  # noqa: N802 - the name by which extraction tools know it
    """Mark words for translation where they are shown."""
    return words
