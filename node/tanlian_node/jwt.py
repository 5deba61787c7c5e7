"""Tokens that open a node's RPC: RS256, as Besu wants them."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tanlian_node.errors import BadKey

KEY_BITS = 3072


def new_jwt_key() -> tuple[bytes, bytes]:
    """A private and a public key in PEM; nodes get the public one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def issue_token(private_pem: bytes, permissions: list[str], *, now: int, seconds: int) -> str:
    """A token for `permissions`, e.g. `["eth:*", "net:*"]`, that ends after `seconds`.

    Raises:
        BadKey: the key is no RSA key.
    """
    key = serialization.load_pem_private_key(private_pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadKey("Tokens are signed with an RSA key (RS256); make one with `tanlian-node jwt`.")
    head = _part({"alg": "RS256", "typ": "JWT"})
    body = _part({"permissions": permissions, "iat": now, "exp": now + seconds})
    signature = key.sign(head + b"." + body, padding.PKCS1v15(), hashes.SHA256())
    return b".".join((head, body, _encoded(signature))).decode()


def _part(content: dict[str, Any]) -> bytes:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
