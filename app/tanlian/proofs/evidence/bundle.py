"""The file of a bundle: canonical JSON, closed by a digest that its exporter signed.

    {"format", "case", "trust", "headers", "receipts", "readings", "documents", "certificates",
     "exporter", "digest", "signature"}

Bytes are hex without prefix. The text must be exactly the canonical one, so that there is no byte
in the file on which nothing depends.
"""

import json
from collections.abc import Callable
from typing import Any

from tanlian.domain.errors import InvalidInput
from tanlian.proofs.merkle_sum import keccak

FORMAT = "tanlian evidence 1"
_PREFIX = b"tanlian evidence 1\n"
_CLOSING = ("digest", "signature")
NOBODY = ""  # as exporter: the file as a whole is signed by nobody

Bundle = dict[str, Any]


def canonical(value: Any) -> bytes:
    """Return the one text of a JSON value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest_of(bundle: Bundle) -> bytes:
    """Return the digest over everything but the closing itself."""
    return keccak(_PREFIX + canonical({k: v for k, v in bundle.items() if k not in _CLOSING}))


def close(bundle: Bundle, exporter: str, sign: Callable[[bytes], bytes]) -> bytes:
    """Sign a bundle as its exporter's account; return the text of its file."""
    whole = {**bundle, "format": FORMAT, "exporter": exporter.lower()}
    digest = digest_of(whole)
    whole["digest"] = digest.hex()
    whole["signature"] = sign(digest).hex()
    return canonical(whole)


def close_unsigned(bundle: Bundle) -> bytes:
    """Return the text of a bundle for which nobody vouches: what is in it stands on the chain."""
    whole = {**bundle, "format": FORMAT, "exporter": NOBODY}
    return canonical({**whole, "digest": digest_of(whole).hex(), "signature": ""})


def parse(text: bytes) -> Bundle:
    """Read a bundle's file.

    Raises:
        InvalidInput: it is no bundle.
    """
    try:
        bundle = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"The file is no JSON: {error}.") from error
    if not isinstance(bundle, dict) or bundle.get("format") != FORMAT:
        raise InvalidInput(f"The file is no bundle of the form {FORMAT!r}.")
    return bundle
