"""Checking certificates up to the consortium's root, without any key of an authority."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tanlian_node.errors import BadCertificate


def check_chain(
    certificate: x509.Certificate,
    authority: x509.Certificate,
    root: x509.Certificate,
    lists: Iterable[x509.CertificateRevocationList],
    at: datetime,
) -> None:
    """Check a certificate up to the consortium's root at a moment.

    Raises:
        BadCertificate: a signature, a validity, an authority or a revocation speaks against it.
    """
    known = list(lists)
    for one, issuer in ((certificate, authority), (authority, root), (root, root)):
        try:
            one.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise BadCertificate(
                f"{common_name(one)} was not issued by {common_name(issuer)}."
            ) from error
        if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
            raise BadCertificate(f"{common_name(one)} is not valid at {at:%Y-%m-%d %H:%M} UTC.")
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca:
            raise BadCertificate(f"{common_name(issuer)} may not issue certificates.")
        _check_not_revoked(one, issuer, known, at)


def _check_not_revoked(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    lists: Sequence[x509.CertificateRevocationList],
    at: datetime,
) -> None:
    public_key = issuer.public_key()
    for revocations in lists:
        if revocations.issuer != issuer.subject:
            continue
        if not isinstance(
            public_key, ec.EllipticCurvePublicKey
        ) or not revocations.is_signature_valid(public_key):
            raise BadCertificate(f"The revocation list of {common_name(issuer)} is forged.")
        if revocations.next_update_utc is not None and revocations.next_update_utc < at:
            raise BadCertificate(f"The revocation list of {common_name(issuer)} is out of date.")
        entry = revocations.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None and entry.revocation_date_utc <= at:
            raise BadCertificate(
                f"{common_name(certificate)} was revoked on {entry.revocation_date_utc:%Y-%m-%d}."
            )


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def organisation_of(name: x509.Name) -> str:
    return str(name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
