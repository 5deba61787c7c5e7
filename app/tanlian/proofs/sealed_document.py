"""Documents that only named readers open: encrypted once, the key wrapped for each reader.

The content is encrypted with ChaCha20-Poly1305 under a fresh key; that key is wrapped for each
reader's X25519 key with HPKE (RFC 9180, from `cryptography`). The keccak-256 hash of the encrypted
bytes is the document's address, which goes on the chain. The author signs that address together
with a salted hash of the content, so that whoever opens the document knows that it is what was
signed, and that a version sealed anew for other readers has the same content.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tanlian.domain.errors import TanlianError
from tanlian.proofs.merkle_sum import keccak
from tanlian.proofs.reading_signature import signer_of_digest

Sign = Callable[[bytes], bytes]  # the author's key at work: a digest in, 65 bytes r | s | v out

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_MAGIC = b"tanlian sealed 1\n"
_INFO = b"tanlian document key 1\n"
_SIGNED = b"tanlian document 1\n"
_SALT_BYTES = 32
_NONCE_BYTES = 12


class DocumentRefused(TanlianError):
    """A document cannot be opened, or is not what was signed."""

    code = "document_refused"


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """The encrypted bytes and what anybody may know of them."""

    blob: bytes
    content_hash: bytes  # of salt and content: equal for versions of one content
    signature: bytes

    @property
    def address(self) -> bytes:
        """The hash by which the document is stored, and which stands on the chain."""
        return keccak(self.blob)

    def author(self) -> str:
        """Return the address that signed the document.

        Raises:
            SignatureRefused: the signature is none.
        """
        return signer_of_digest(_digest(self.address, self.content_hash), self.signature)


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """The content with its salt, which is needed to seal it anew."""

    content: bytes
    salt: bytes
    key: bytes


def new_reader_key() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


def fingerprint(key: X25519PublicKey) -> bytes:
    """Return the 32 bytes by which a reader's key is named in grants."""
    return keccak(key.public_bytes_raw())


def seal(content: bytes, sign: Sign, salt: bytes | None = None) -> tuple[SealedDocument, bytes]:
    """Encrypt and sign; return the sealed document and its key, which is for `wrap` only."""
    salt = salt or os.urandom(_SALT_BYTES)
    key, nonce = ChaCha20Poly1305.generate_key(), os.urandom(_NONCE_BYTES)
    blob = _MAGIC + nonce + ChaCha20Poly1305(key).encrypt(nonce, salt + content, _MAGIC)
    content_hash = keccak(salt + content)
    signature = sign(_digest(keccak(blob), content_hash))
    return SealedDocument(blob, content_hash, signature), key


def wrap(key: bytes, address: bytes, reader: X25519PublicKey) -> bytes:
    """Encrypt a document's key for one reader; the result is good for this document only."""
    return _SUITE.encrypt(key, reader, _INFO + address)


def unwrap(wrapped: bytes, address: bytes, reader: X25519PrivateKey) -> bytes:
    """Return a document's key.

    Raises:
        DocumentRefused: it was wrapped for another reader or another document.
    """
    try:
        return _SUITE.decrypt(wrapped, reader, _INFO + address)
    except (InvalidTag, ValueError) as error:
        raise DocumentRefused("The document's key was not wrapped for this reader.") from error


def open_document(sealed: SealedDocument, key: bytes) -> OpenedDocument:
    """Decrypt with the document's key and hold the content against the signed hash.

    Raises:
        DocumentRefused: the bytes were changed, or are not what was signed.
    """
    head = len(_MAGIC)
    nonce, encrypted = sealed.blob[head : head + _NONCE_BYTES], sealed.blob[head + _NONCE_BYTES :]
    try:
        plain = ChaCha20Poly1305(key).decrypt(nonce, encrypted, sealed.blob[:head])
    except (InvalidTag, ValueError) as error:
        raise DocumentRefused(
            "The document's bytes were changed, or the key is another."
        ) from error
    if sealed.blob[:head] != _MAGIC or keccak(plain) != sealed.content_hash:
        raise DocumentRefused("The content is not what its author signed.")
    return OpenedDocument(plain[_SALT_BYTES:], plain[:_SALT_BYTES], key)


def _digest(address: bytes, content_hash: bytes) -> bytes:
    return keccak(_SIGNED + address + content_hash)
