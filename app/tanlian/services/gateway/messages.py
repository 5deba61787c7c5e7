"""What devices send: JSON with `body` and `signature` in hex, or a list of these."""

import json
import re
from typing import Any

_BRACKETS = re.compile(rb"[][{}]")
_MOST_NESTED = 2  # a list of messages; hex holds no brackets


def parsed(payload: bytes) -> Any:
    """Return the JSON of a message, or of a list of messages.

    Raises:
        ValueError: it is no JSON, or nests deeper. Parsers recurse; a stranger's brackets within
            brackets must not end the gateway.
    """
    depth = 0
    for bracket in _BRACKETS.finditer(payload):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > _MOST_NESTED:
            raise ValueError("It nests deeper than a list of messages.")
    return json.loads(payload)


def messages_of(payload: bytes) -> list[bytes]:
    """Return the messages of a list; anything else is one message, whatever it is."""
    try:
        found = parsed(payload)
    except ValueError:
        return [payload]
    if not isinstance(found, list):
        return [payload]
    return [json.dumps(one).encode() for one in found]
