"""The base of every error that the application raises on purpose."""

from typing import Any, ClassVar


class TanlianError(Exception):
    """A refusal that a person can act on.

    `code` is stable and for programs, `user_message` is one sentence for people that says what is
    wrong and what to do next, `fields` are the facts behind it.
    """

    code: ClassVar[str] = "tanlian"

    def __init__(self, user_message: str, **fields: Any) -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.fields = fields


class InvalidInput(TanlianError, ValueError):
    """What a person or a file gave cannot be read as what it should be."""

    code = "invalid_input"


class NotFound(TanlianError, LookupError):
    """Something named by a person does not exist."""

    code = "not_found"
