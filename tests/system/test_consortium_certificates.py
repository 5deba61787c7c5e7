"""A certificate of the consortium's CA in evidence: published by its organisation, checked offline."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from harness.served import PASSPHRASE, served
from tanlian.chain.keys import keccak
from tanlian.domain.roles import Role
from tanlian.proofs.evidence.check import check_bundle
from tanlian.services.evidence_export import Case, export_case
from tanlian_node.ca import Purpose, create_root, pem
from tanlian_node.ca_folder import CaFolder, load_certificate
from tanlian_node.cli import main
from tanlian_node.errors import BadCertificate
from tanlian_node.member_keys import check_published, publish_certificate
from tanlian_node.network_files import NodeRecord
from tanlian_node.rpc import Rpc
from tanlian_node.signer import LocalSigner

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = keccak(b"test/emitter")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """An organisation that was admitted by its bare key and published its authority later."""
    folder = tmp_path_factory.mktemp("certificates")
    with pytest.MonkeyPatch.context() as patch, served(folder, patch) as it:
        access = it.deploy()
        access.act(
            it.sender("regulator"), "membership", "admit", keccak(b"identity"), "emitter",
            int(Role.EMITTER), 1, 21, keccak(b"bare"), it.key("emitter").address,
        )  # fmt: skip
        place = CaFolder(folder / "ca", PASSPHRASE, it.connection().chain_id)
        place.create_root("consortium", NOW)
        place.create_authority("emitter", SECRET, NOW)
        register = access.contracts.membership.address
        publish_certificate(
            Rpc(it.url), register, LocalSigner(SECRET), 2, place.fingerprint("emitter")
        )
        yield it, access, place, register


def bundle(published, certificate, authority):
    it, access, _, _ = published
    validators = access.connection.request("qbft_getValidatorsByBlockNumber", "latest")
    case = Case(2, 2024, certificates=[certificate], ca=authority)
    return export_case(access, case, it.key("regulator"), validators)


def test_evidence__published_certificate__names_the_organisation_that_took_it_up(published):
    place = published[2]
    text = bundle(
        published,
        (place.folder / "emitter" / "ca.pem").read_text(),
        (place.folder / "root.pem").read_text(),
    )
    findings = check_bundle(text)
    assert [one.what for one in findings if not one.holds] == []
    said = {one.what: one.sentence for one in findings}["certificates[0]"]
    assert said.startswith("Organisation 2 (emitter) took up the certificate of ")
    assert published[0].key("emitter").address.lower() in said.lower()
    assert check_published(
        Rpc(published[0].url), published[3], place.fingerprint("emitter"),
        published[0].key("emitter").address,
    ) == 2  # fmt: skip


def test_evidence__certificate_that_nobody_published_or_of_another_root__does_not_hold(
    published, tmp_path
):
    place = published[2]
    root = (place.folder / "root.pem").read_text()
    other = CaFolder(tmp_path / "ca", PASSPHRASE, place.chain_id)
    other.create_root("consortium", NOW)
    other.create_authority("emitter", SECRET, NOW)
    foreign = pem(load_certificate(tmp_path / "ca" / "emitter" / "ca.pem")).decode()
    findings = check_bundle(bundle(published, foreign, root))
    assert [one.what for one in findings if not one.holds] == ["certificates[0]"]
    # issued by the very root that the bundle names, but published by nobody
    place.create_authority("verifier", keccak(b"test/verifier"), NOW)
    unpublished = (place.folder / "verifier" / "ca.pem").read_text()
    findings = check_bundle(bundle(published, unpublished, root))
    (failed,) = [one for one in findings if not one.holds]
    assert failed.what == "certificates[0]"
    assert "No proved receipt holds OrganisationAdmitted" in failed.sentence
    with pytest.raises(BadCertificate):
        check_published(
            Rpc(published[0].url), published[3], place.fingerprint("verifier"),
            published[0].key("verifier").address,
        )  # fmt: skip


def test_ca_check__membership_asked__names_the_organisation_or_says_what_is_wrong(
    published, tmp_path
):
    it, _, place, register = published
    node = NodeRecord("one", "emitter", "validator", "0x", "enode://", it.url, "")
    record = {"name": "n", "chain_id": it.connection().chain_id, "nodes": [asdict(node)],
              "founders": {}, "java_options": ""}  # fmt: skip
    (place.folder.parent / "network.json").write_text(json.dumps(record))
    now = datetime.now(UTC)
    for slug, secret in (("emitter", SECRET), ("late", keccak(b"test/emitter"))):
        if not (place.folder / slug / "ca.pem").exists():
            place.create_authority(slug, secret, NOW)
        place.refresh_list(slug, now)
        place.issue(slug, "trader", secret, purpose=Purpose.MEMBER, now=NOW)

    def check(slug, *more):
        where = ("--folder", str(place.folder.parent), "--organisation", slug, "--name", "trader")
        return CliRunner().invoke(main, ["ca", "check", *where, *more])

    said = check("emitter", "--membership", register)
    assert said.exit_code == 0, said.output
    assert "Membership names the authority of emitter for organisation 2." in said.output
    assert "Membership" not in check("emitter").output
    refused = check("late", "--membership", register)  # made with the same key, published by nobody
    assert refused.exit_code == 1
    assert "as that of nobody" in refused.output


def test_evidence__root_that_the_reader_knows_is_another__does_not_hold(published):
    place = published[2]
    own = (place.folder / "emitter" / "ca.pem").read_text()
    stranger = pem(create_root("consortium", NOW).certificate).decode()
    findings = check_bundle(bundle(published, own, stranger))
    assert [one.what for one in findings if not one.holds] == ["certificates[0]"]
