"""A certificate and a chain address that vouch for each other.

One way: the certificate names the address, as `did:pkh:eip155:<chain>:<address>` among its
alternative names. Other way: the address signs the certificate's public key. A request carries that
signature, so that nobody gets a certificate for an address that is not theirs.
"""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.datatypes import PrivateKey
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from tanlian_node.errors import BadCertificate

PREFIX = "did:pkh:eip155:"


@dataclass(frozen=True, slots=True)
class Binding:
    """The address's half: it signed the fingerprint of a public key."""

    chain_id: int
    address: str
    public_key_sha256: str
    signature: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Binding":
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise BadCertificate("The binding is no JSON of the expected form.") from error


def bind(secret: bytes, chain_id: int, public_key: CertificatePublicKeyTypes) -> Binding:
    """Sign a certificate's public key with the key of a chain account."""
    address = PrivateKey(secret).public_key.to_address()
    fingerprint = public_key_fingerprint(public_key)
    signed = Account.sign_message(
        encode_defunct(text=_statement(chain_id, address, fingerprint)), secret
    )
    return Binding(chain_id, address, fingerprint, "0x" + signed.signature.hex())


def check_binding(binding: Binding, public_key: CertificatePublicKeyTypes) -> None:
    """Check the address's half against a public key.

    Raises:
        BadCertificate: another key was signed, or another account signed it.
    """
    if binding.public_key_sha256 != public_key_fingerprint(public_key):
        raise BadCertificate("The binding is for another public key.")
    statement = _statement(binding.chain_id, binding.address, binding.public_key_sha256)
    try:
        signer = Account.recover_message(
            encode_defunct(text=statement), signature=bytes.fromhex(binding.signature[2:])
        )
    except (ValueError, BadSignature, ValidationError) as error:
        raise BadCertificate("The binding's signature is malformed.") from error
    if str(signer).lower() != binding.address.lower():
        raise BadCertificate(f"The binding was signed by {signer}, not by {binding.address}.")


def check_both_ways(certificate: x509.Certificate, binding: Binding) -> str:
    """Check that certificate and address vouch for each other; returns the address.

    Raises:
        BadCertificate: one of the two does not name the other.
    """
    check_binding(binding, certificate.public_key())
    named = bound_address(certificate)
    if named != (binding.chain_id, binding.address.lower()):
        raise BadCertificate(
            f"The certificate names {named[1]} on chain {named[0]}, the binding is of "
            f"{binding.address} on chain {binding.chain_id}."
        )
    return named[1]


def bound_address(certificate: x509.Certificate) -> tuple[int, str]:
    """The chain and address that a certificate names.

    Raises:
        BadCertificate: it names none, or several.
    """
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value.get_values_for_type(x509.UniformResourceIdentifier)
    except x509.ExtensionNotFound:
        names = []
    found = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    if len(found) != 1:
        raise BadCertificate(f"The certificate names {len(found)} chain addresses, not one.")
    chain, _, address = found[0].partition(":")
    return int(chain), address.lower()


def address_name(chain_id: int, address: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(f"{PREFIX}{chain_id}:{address.lower()}")


def public_key_fingerprint(public_key: CertificatePublicKeyTypes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo, in hex."""
    encoded = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256(encoded).hexdigest()


def certificate_fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the certificate: what Membership keeps."""
    return sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()


def _statement(chain_id: int, address: str, fingerprint: str) -> str:
    return (
        "Tanlian: this key is mine\n"
        f"chain: {chain_id}\naddress: {address.lower()}\npublic key (sha256): {fingerprint}"
    )
