"""The consortium's certificate authority: root, one authority per organisation, what they issue.

The root only signs the organisations' authorities; each organisation signs the certificates of its
members and nodes. Every certificate below the root is bound to a chain address (see binding).
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tanlian_node.binding import Binding, address_name, bound_address, check_binding
from tanlian_node.certificates import common_name, organisation_of
from tanlian_node.errors import BadCertificate

ROOT_DAYS = 3650
AUTHORITY_DAYS = 1825
LEAF_DAYS = 397  # what TLS clients accept at most
LIST_DAYS = 30
CLOCK_SKEW = timedelta(minutes=5)
HASH = hashes.SHA256()


class Purpose(StrEnum):
    MEMBER = "member"  # a person or service of an organisation: TLS client, signatures
    NODE = "node"  # a machine: TLS server and client


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that may sign others, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def name(self) -> str:
        return common_name(self.certificate)


@dataclass(frozen=True, slots=True)
class Request:
    """What an applicant hands in: a signed request, and the address's signature of its key."""

    request: x509.CertificateSigningRequest
    binding: Binding


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def create_root(consortium: str, now: datetime) -> Authority:
    """Make the self-signed root of a consortium."""
    key = new_key()
    name = _name(f"{consortium} root", consortium)
    certificate = _authority_builder(
        name, name, key.public_key(), now=now, days=ROOT_DAYS, depth=1
    ).sign(key, HASH)
    return Authority(certificate, key)


def issue_authority(
    root: Authority,
    organisation: str,
    binding: Binding,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> Authority:
    """Let an organisation issue its own certificates; bound to the organisation's account.

    Raises:
        BadCertificate: the account did not sign this key.
    """
    check_binding(binding, key.public_key())
    builder = _authority_builder(
        _name(f"{organisation} authority", organisation),
        root.certificate.subject,
        key.public_key(),
        now=now,
        days=AUTHORITY_DAYS,
        depth=0,
    ).add_extension(
        x509.SubjectAlternativeName([address_name(binding.chain_id, binding.address)]),
        critical=False,
    )
    builder = builder.add_extension(_issuer_key(root), critical=False)
    return Authority(builder.sign(root.key, HASH), key)


def make_request(
    name: str, organisation: str, key: ec.EllipticCurvePrivateKey, binding: Binding
) -> Request:
    """What an applicant hands in to the authority of its organisation."""
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(name, organisation))
    return Request(request.sign(key, HASH), binding)


def issue(
    authority: Authority,
    request: Request,
    purpose: Purpose,
    now: datetime,
    *,
    hosts: Iterable[str] = (),
    days: int = LEAF_DAYS,
) -> x509.Certificate:
    """Issue a certificate for a member or a node.

    Raises:
        BadCertificate: the request is not signed by its key, the address did not sign that key, or
            the applicant names another organisation.
    """
    asked = request.request
    if not asked.is_signature_valid:
        raise BadCertificate("The request is not signed by its own key.")
    check_binding(request.binding, asked.public_key())
    own = organisation_of(authority.certificate.subject)
    if organisation_of(asked.subject) != own:
        raise BadCertificate(
            f"{authority.name} issues for {own} only, not for {organisation_of(asked.subject)}."
        )
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if purpose is Purpose.NODE:
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
    names: list[x509.GeneralName] = [
        address_name(request.binding.chain_id, request.binding.address),
        *(_host_name(host) for host in hosts),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(asked.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(asked.public_key()), False)
        .add_extension(_issuer_key(authority), critical=False)
        .sign(authority.key, HASH)
    )


def renew(
    authority: Authority,
    old: x509.Certificate,
    request: Request,
    now: datetime,
    days: int = LEAF_DAYS,
) -> x509.Certificate:
    """Issue the successor of a certificate: same subject, address, purpose and hosts, new key.

    Raises:
        BadCertificate: the request is for another subject or address than the old certificate's.
    """
    if request.request.subject != old.subject:
        raise BadCertificate("The request is for another subject than the certificate to renew.")
    if (request.binding.chain_id, request.binding.address.lower()) != bound_address(old):
        raise BadCertificate("The request is for another address than the certificate to renew.")
    names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = [*names.get_values_for_type(x509.DNSName)]
    hosts += [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    usages = old.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    purpose = Purpose.NODE if ExtendedKeyUsageOID.SERVER_AUTH in usages else Purpose.MEMBER
    return issue(authority, request, purpose, now, hosts=hosts, days=days)


def revocation_list(
    authority: Authority,
    revoked: Sequence[tuple[int, datetime, x509.ReasonFlags]],
    number: int,
    now: datetime,
) -> x509.CertificateRevocationList:
    """The list of an authority's revoked certificates: serial number, time and reason of each."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - CLOCK_SKEW)
        .next_update(now + timedelta(days=LIST_DAYS))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_issuer_key(authority), critical=False)
    )
    for serial, moment, reason in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(moment)
            .add_extension(x509.CRLReason(reason), critical=False)
        )
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, HASH)


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _issuer_key(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    *,
    now: datetime,
    days: int,
    depth: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
