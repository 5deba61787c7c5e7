"""The consortium CA: what it issues, what it refuses, and how address and certificate vouch."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from harness.besu_network import CHAIN_ID, PASSPHRASE, address, secret
from tanlian_node import ca
from tanlian_node.binding import (
    Binding,
    bind,
    bound_address,
    certificate_fingerprint,
    check_binding,
    check_both_ways,
)
from tanlian_node.ca_folder import CaFolder, load_certificate
from tanlian_node.ca_network import issue_for_network
from tanlian_node.certificates import check_chain, common_name
from tanlian_node.errors import BadCertificate, BadKey


@pytest.fixture
def folder(tmp_path, now):
    made = CaFolder(tmp_path / "ca", PASSPHRASE, CHAIN_ID)
    made.create_root("trial", now)
    for organisation in ("bank", "emitter"):
        made.create_authority(organisation, secret(organisation), now)
    return made


def member(folder, now, name="trader-1", organisation="bank", **more):
    return folder.issue(
        organisation, name, secret(name), purpose=ca.Purpose.MEMBER, now=now, **more
    )


def test_issue__member__valid_up_to_the_root_and_bound_both_ways(folder, now):
    certificate = member(folder, now)
    assert folder.check("bank", "trader-1", now) == address("trader-1")
    assert bound_address(certificate) == (CHAIN_ID, address("trader-1"))
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_issue__node__serves_tls_under_its_hosts(folder, now):
    made = folder.issue(
        "bank",
        "bank-1",
        secret("node"),
        purpose=ca.Purpose.NODE,
        now=now,
        hosts=("node.example.org", "10.0.0.5"),
    )
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["node.example.org"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5"]
    usages = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.SERVER_AUTH in usages


def test_issue__address_did_not_sign_this_key__refused(now):
    root = ca.create_root("trial", now)
    key, other = ca.new_key(), ca.new_key()
    binding = bind(secret("bank"), CHAIN_ID, key.public_key())
    authority = ca.issue_authority(root, "bank", binding, key, now)
    stolen = bind(secret("trader-1"), CHAIN_ID, other.public_key())
    request = ca.make_request("trader-1", "bank", ca.new_key(), stolen)
    with pytest.raises(BadCertificate, match="for another public key"):
        ca.issue(authority, request, ca.Purpose.MEMBER, now)


def test_issue__applicant_of_another_organisation__refused(now):
    root = ca.create_root("trial", now)
    key = ca.new_key()
    binding = bind(secret("bank"), CHAIN_ID, key.public_key())
    authority = ca.issue_authority(root, "bank", binding, key, now)
    own = ca.new_key()
    request = ca.make_request("x", "emitter", own, bind(secret("x"), CHAIN_ID, own.public_key()))
    with pytest.raises(BadCertificate, match="issues for bank only"):
        ca.issue(authority, request, ca.Purpose.MEMBER, now)


def test_check_binding__signed_by_another_account__refused():
    key = ca.new_key()
    honest = bind(secret("a"), CHAIN_ID, key.public_key())
    forged = Binding(CHAIN_ID, address("b"), honest.public_key_sha256, honest.signature)
    with pytest.raises(BadCertificate, match="was signed by"):
        check_binding(forged, key.public_key())


def test_check_binding__other_chain__refused():
    key = ca.new_key()
    honest = bind(secret("a"), CHAIN_ID, key.public_key())
    moved = Binding(CHAIN_ID + 1, honest.address, honest.public_key_sha256, honest.signature)
    with pytest.raises(BadCertificate, match="was signed by"):
        check_binding(moved, key.public_key())


def test_check_binding__malformed_signature__refused():
    key = ca.new_key()
    honest = bind(secret("a"), CHAIN_ID, key.public_key())
    cut = Binding(CHAIN_ID, honest.address, honest.public_key_sha256, honest.signature[:40])
    with pytest.raises(BadCertificate, match="malformed"):
        check_binding(cut, key.public_key())


def test_check_both_ways__certificate_of_another_address__refused(folder, now):
    certificate = member(folder, now)
    foreign = bind(secret("emitter"), CHAIN_ID, certificate.public_key())
    with pytest.raises(BadCertificate, match="The certificate names"):
        check_both_ways(certificate, foreign)


def test_bound_address__root__names_none(folder):
    with pytest.raises(BadCertificate, match="names 0 chain addresses"):
        bound_address(load_certificate(folder.folder / "root.pem"))


def test_check__outside_its_validity__refused(folder, now):
    member(folder, now, days=10)
    with pytest.raises(BadCertificate, match="not valid at"):
        folder.check("bank", "trader-1", now + timedelta(days=10, seconds=1))
    with pytest.raises(BadCertificate, match="not valid at"):
        folder.check("bank", "trader-1", now - timedelta(days=1))
    assert folder.check("bank", "trader-1", now + timedelta(days=10)) == address("trader-1")


def test_check__revoked__refused_from_that_moment_and_not_before(folder, now):
    certificate = member(folder, now)
    later = now + timedelta(hours=1)
    folder.revoke("bank", certificate.serial_number, x509.ReasonFlags.key_compromise, later)
    with pytest.raises(BadCertificate, match="was revoked"):
        folder.check("bank", "trader-1", later)
    assert folder.check("bank", "trader-1", now) == address("trader-1")
    with pytest.raises(BadCertificate, match="revoked already"):
        folder.revoke("bank", certificate.serial_number, x509.ReasonFlags.superseded, later)


def test_check__revocation_list_out_of_date__refused_until_refreshed(folder, now):
    member(folder, now)
    later = now + timedelta(days=31)
    with pytest.raises(BadCertificate, match="out of date"):
        folder.check("bank", "trader-1", later)
    folder.refresh_list("bank", later)
    assert folder.check("bank", "trader-1", later) == address("trader-1")
    numbers = x509.load_pem_x509_crl((folder.folder / "bank" / "crl.pem").read_bytes())
    assert numbers.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2


def test_check_chain__certificate_of_another_authority__refused(folder, now):
    certificate = member(folder, now)
    other = load_certificate(folder.folder / "emitter" / "ca.pem")
    root = load_certificate(folder.folder / "root.pem")
    with pytest.raises(BadCertificate, match="was not issued by emitter authority"):
        check_chain(certificate, other, root, [], now)


def test_check_chain__member_as_authority__refused(folder, now):
    leaf = member(folder, now)
    authority = load_certificate(folder.folder / "bank" / "ca.pem")
    key = folder._key(folder.folder / "bank" / "trader-1.key")
    own = ca.new_key()
    request = ca.make_request("fake", "bank", own, bind(secret("x"), CHAIN_ID, own.public_key()))
    forged = ca.issue(ca.Authority(leaf, key), request, ca.Purpose.MEMBER, now)
    with pytest.raises(BadCertificate, match="may not issue"):
        check_chain(forged, leaf, authority, [], now)


def test_check_chain__forged_revocation_list__refused(folder, now):
    certificate = member(folder, now)
    authority = load_certificate(folder.folder / "bank" / "ca.pem")
    forger = ca.Authority(authority, ca.new_key())
    forged = ca.revocation_list(forger, [], 9, now)
    root = load_certificate(folder.folder / "root.pem")
    with pytest.raises(BadCertificate, match="is forged"):
        check_chain(certificate, authority, root, [forged], now)


def test_renew__new_key_same_subject_address_and_hosts__former_kept(folder, now):
    old = folder.issue(
        "bank", "bank-1", secret("node"), purpose=ca.Purpose.NODE, now=now, hosts=("10.0.0.5",)
    )
    later = now + timedelta(days=300)
    folder.refresh_list("bank", later)
    new = folder.renew("bank", "bank-1", secret("node"), later)
    assert new.subject == old.subject
    assert bound_address(new) == bound_address(old)
    assert new.public_key() != old.public_key()
    assert new.not_valid_after_utc > old.not_valid_after_utc
    san = x509.SubjectAlternativeName
    assert new.extensions.get_extension_for_class(san) == old.extensions.get_extension_for_class(
        san
    )
    assert load_certificate(folder.folder / "bank" / "bank-1-1.pem") == old
    assert folder.check("bank", "bank-1", later) == address("node")


def test_renew__for_another_address__refused(folder, now):
    member(folder, now)
    before = load_certificate(folder.folder / "bank" / "trader-1.pem")
    with pytest.raises(BadCertificate, match="for another address"):
        folder.renew("bank", "trader-1", secret("somebody else"), now)
    assert load_certificate(folder.folder / "bank" / "trader-1.pem") == before


def test_issue__second_time__refused_in_favour_of_renewal(folder, now):
    member(folder, now)
    with pytest.raises(BadCertificate, match="renew it instead"):
        member(folder, now)
    with pytest.raises(BadCertificate, match="There is a root"):
        folder.create_root("trial", now)
    with pytest.raises(BadCertificate, match="has an authority already"):
        folder.create_authority("bank", secret("bank"), now)


def test_keys__at_rest__encrypted_and_private(folder, now):
    member(folder, now)
    for path in folder.folder.rglob("*.key"):
        assert path.stat().st_mode & 0o077 == 0
        assert b"ENCRYPTED" in path.read_bytes()
    with pytest.raises(BadKey, match="passphrase is wrong"):
        CaFolder(folder.folder, "wrong", CHAIN_ID).issue(
            "bank", "x", secret("x"), purpose=ca.Purpose.MEMBER, now=now
        )


def test_create_authority__root_key_offline__says_so(folder, now):
    (folder.folder / "root.key").unlink()
    with pytest.raises(BadKey, match="kept offline"):
        folder.create_authority("verifier", secret("verifier"), now)


def test_fingerprint__certificate__is_sha256_of_der(folder, now):
    certificate = member(folder, now)
    assert folder.fingerprint("bank", "trader-1") == certificate_fingerprint(certificate)
    assert len(folder.fingerprint("bank")) == 32


def test_write_tls__store__holds_key_certificate_and_chain(folder, now, tmp_path):
    member(folder, now)
    folder.write_tls("bank", "trader-1", tmp_path / "tls")
    key, certificate, chain = pkcs12.load_key_and_certificates(
        (tmp_path / "tls" / "node.p12").read_bytes(),
        (tmp_path / "tls" / "password").read_bytes(),
    )
    assert certificate.public_key() == key.public_key()
    assert [common_name(one) for one in chain] == ["bank authority", "trial root"]


def test_issue_for_network__keyfiles_elsewhere__left_to_their_owners(record, now):
    said = issue_for_network(record, PASSPHRASE, now)
    assert "bank: its keyfile is elsewhere, let it ask for an authority" in said
    assert "bank-1: left to its owner" in said
    assert not (record.node_folder("bank-1") / "tls").exists()
