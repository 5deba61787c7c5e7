"""What stands on chain for a thing that lives outside of it: 32 bytes that anyone can compute."""

from hashlib import sha256

from tanlian.domain.errors import InvalidInput


def identity_of(text: str) -> bytes:
    """The identity of an organisation from its permanent identifier, e.g. its social credit code.

    Raises:
        InvalidInput: the identifier is empty.
    """
    identifier = text.strip()
    if not identifier:
        raise InvalidInput("An organisation needs a permanent identifier.")
    return sha256(identifier.encode()).digest()


def document_hash(content: bytes) -> bytes:
    """The hash by which a decision on chain refers to a document."""
    return sha256(content).digest()


def reference_of(text: str) -> bytes:
    """32 bytes for a reference of a bank or an authority, such as a payment number.

    Up to 31 bytes of text stand readable, a longer text by its hash.

    Raises:
        InvalidInput: the reference is empty.
    """
    content = text.strip().encode()
    if not content:
        raise InvalidInput("A reference is needed, for instance the bank's payment number.")
    return content.ljust(32, b"\0") if len(content) < 32 else sha256(content).digest()


def bare_key_fingerprint(account: str) -> bytes:
    """What stands for the certificate of an organisation that has none yet: its account, hashed.

    It is unique and promises nothing; `rotate_certificate` puts the real fingerprint in its place.
    """
    return sha256(f"no certificate yet: {account.lower()}".encode()).digest()
