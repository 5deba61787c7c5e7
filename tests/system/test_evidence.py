"""A case from the chain into one file, checked offline; any byte changed is found."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.emissions import abi_line, sample_lines
from harness.evidence import START, YEAR, authority, evidence_of
from harness.served import served
from tanlian.chain.keys import Key, keccak
from tanlian.domain.emission_methods import total_kg
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.factor_set import factor_set
from tanlian.domain.reading import Reading
from tanlian.domain.roles import Role
from tanlian.proofs.evidence.bundle import close, parse
from tanlian.proofs.evidence.check import _whole, check_bundle
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.proofs.sealed_document import new_reader_key
from tanlian.services.documents import Documents, FolderStore, Reader
from tanlian.services.evidence_export import Case, export_case
from tanlian.services.reading_files import ReadingFile

FORGER = Key(bytes(31) + b"\x66")


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A file of evidence: anchored readings, a report with its document, a certificate."""
    with (
        pytest.MonkeyPatch.context() as patch,
        served(tmp_path_factory.mktemp("case"), patch) as it,
    ):
        return evidence_of(it.deploy(), it.key)


def failed(findings):
    return [finding.what for finding in findings if not finding.holds]


def test_check_bundle__as_exported__everything_holds_and_is_said_in_words(case):
    findings = check_bundle(case)
    assert failed(findings) == []
    said = {finding.what: finding.sentence for finding in findings}
    assert "was signed by its device and anchored so: source 1, device 1" in said["readings[0]"]
    assert "encrypted report of organisation 2 for 2024" in said["documents[0]"]
    assert "was admitted with the certificate of CN=emitter" in said["certificates[0]"]
    assert "is sealed by" in said["headers[0]"]
    steps = " ".join(sentence for what, sentence in said.items() if what.startswith("receipts["))
    figure = total_kg(sample_lines(), factor_set("cn-power-2022"), factor_set("gwp-ar5"))
    assert f"ReportSubmitted (organisation 2, {YEAR}, version 1: {figure} kg)" in steps


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from leaves(one, (*path, place))
    else:
        yield path


def changed(bundle, path):
    """The bundle with one leaf changed by a digit or a byte."""
    copy = json.loads(json.dumps(bundle))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    old = holder[path[-1]]
    if isinstance(old, int):
        holder[path[-1]] = old + 1
    elif old:
        at = len(old) // 2
        holder[path[-1]] = old[:at] + ("0" if old[at] != "0" else "1") + old[at + 1 :]
    else:
        return None
    return copy


def test_check_bundle__any_byte_of_the_file_changed__never_passes(case):
    """The closing alone refuses every single byte; it is asked of all of them, in three ways."""
    for at in range(len(case)):
        for mask in (1, 0x20, 0x80):
            text = case[:at] + bytes([case[at] ^ mask]) + case[at + 1 :]
            try:
                bundle = parse(text)
            except ValueError:  # InvalidInput: no bundle any more
                continue
            assert not _whole(text, bundle).holds, (at, mask)


def test_check_bundle__a_byte_left_out_or_put_in__never_passes(case):
    chance = random.Random(7)
    for at in (chance.randrange(len(case)) for _ in range(400)):
        for text in (case[:at] + case[at + 1 :], case[:at] + b" " + case[at:], case[:at]):
            try:
                findings = [_whole(text, parse(text))]
            except ValueError:
                continue
            assert failed(findings), at


def regions(case):
    """Every leaf of the file with what names it, and where its text lies."""
    bundle = parse(case)
    members = ("headers", "receipts", "readings", "documents", "certificates", "trust", "case")
    found = [(path, str(leaf(bundle, path))) for m in members for path in leaves(bundle[m], (m,))]
    return [(path, text) for path, text in found if text]


def leaf(bundle, path):
    for step in path:
        bundle = bundle[step]
    return bundle


def test_check_bundle__bytes_of_every_region_changed_and_signed_again__the_item_is_named(case):
    """Not the closing but the proofs: a sample of bytes of each leaf, whoever signs the file."""
    bundle, chance = parse(case), random.Random(11)
    tried = dict.fromkeys(("headers", "receipts", "readings", "documents", "certificates"), 0)
    for path, text in regions(case):
        if path[0] not in tried:
            continue  # who is trusted and what the case is called are no proofs
        for at in sorted({0, len(text) - 1, *(chance.randrange(len(text)) for _ in range(3))}):
            forged = with_digit_changed(bundle, path, at)
            wrong = failed(check_bundle(close(forged, FORGER.address, FORGER.sign)))
            assert f"{path[0]}[{path[1]}]" in wrong, (path, at, wrong)
            tried[path[0]] += 1
    assert min(tried.values()) >= 3, tried


def with_digit_changed(bundle, path, at):
    """The bundle with one character of a leaf, or one digit of a number, changed."""
    copy = json.loads(json.dumps(bundle))
    holder = leaf(copy, path[:-1])
    old = holder[path[-1]]
    text = str(old)
    other = "1" if text[at] != "1" else "2"
    holder[path[-1]] = type(old)(text[:at] + other + text[at + 1 :])
    return copy


def test_check_bundle__changed_and_signed_again_by_a_forger__names_the_very_item(case):
    """Whoever re-signs the file still cannot change what the chain and the devices say."""
    bundle = parse(case)
    members = ("headers", "receipts", "readings", "documents", "certificates")
    tried = dict.fromkeys(members, 0)
    for path in leaves({m: bundle[m] for m in members}):
        if tried[path[0]] >= 12:
            continue
        forged = changed(bundle, path)
        if forged is None:
            continue
        tried[path[0]] += 1
        wrong = failed(check_bundle(close(forged, FORGER.address, FORGER.sign)))
        named = f"{path[0]}[{path[1]}]"
        assert wrong, path
        assert named in wrong, (path, wrong)
    assert min(tried.values()) > 0


def test_check_bundle__validators_that_the_reader_trusts_are_others__nothing_is_proved(case):
    trust = {**parse(case)["trust"], "validators": ["0x" + "11" * 20]}
    wrong = failed(check_bundle(case, trust))
    assert "headers[0]" in wrong
    assert "readings[0]" in wrong


def test_checker__run_as_a_program__says_what_holds_by_words_and_exit_status(case, tmp_path):
    path = tmp_path / "case.json"

    def run(*more):
        command = [sys.executable, "-m", "tanlian.proofs.evidence.checker", str(path), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    path.write_bytes(case)
    good = run()
    assert good.returncode == 0, good.stderr
    assert "FAILS" not in good.stdout
    for left_open in (
        "validators",
        "that nothing else",
        "that a device",
        "what the",
        "that a cert",
    ):
        assert f"\nnot proved: {left_open}" in good.stdout, left_open
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps(parse(case)["trust"]))
    known = run("--trust", str(trust))
    assert known.returncode == 0
    assert "not proved: validators" not in known.stdout
    assert "not proved: that nothing else happened" in known.stdout
    path.write_bytes(case.replace(b'"year":2024', b'"year":2025'))
    bad = run()
    assert bad.returncode == 1
    assert "FAILS   bundle: The file is not what its exporter signed." in bad.stdout
    path.write_bytes(b"nonsense")
    assert run().returncode == 2


def test_evidence_commands__export_and_check__from_the_command_line(tmp_path, monkeypatch):
    with served(tmp_path, monkeypatch) as it:
        access = it.deploy()
        access.act(
            it.sender("regulator"), "membership", "admit", keccak(b"identity"), "emitter",
            int(Role.EMITTER), 1, 21, keccak(b"certificate"), it.key("emitter").address,
        )  # fmt: skip
        file = tmp_path / "case.json"
        wrong = it.run("evidence", "export", "two", file, "--as", "regulator")
        assert wrong.exit_code == 1
        assert "A case is ORGANISATION-YEAR" in wrong.output
        made = it.run("evidence", "export", "2-2024", file, "--as", "regulator")
        assert made.exit_code == 0, made.output
        assert check_bundle(file.read_bytes())[0].holds
        assert it.run("evidence", "check", file).exit_code == 0
        file.write_bytes(file.read_bytes().replace(b"2024", b"2023"))
        assert it.run("evidence", "check", file).exit_code == 1


# Several organisations, gateways and keys


@pytest.fixture(scope="module")
def two_gateways(tmp_path_factory):
    """Beside the first case an organisation with two gateways that cut their batches differently.

    The key of its first device is replaced after twelve hours.
    """
    with (
        pytest.MonkeyPatch.context() as patch,
        served(tmp_path_factory.mktemp("gateways"), patch) as it,
    ):
        access = it.deploy()
        evidence_of(access, it.key)
        regulator, mine = it.sender("regulator"), it.sender("second")
        access.act(
            regulator, "membership", "admit", keccak(b"second"), "second", int(Role.EMITTER), 1, 21,
            keccak(b"certificate of the second"), mine.address,
        )  # fmt: skip
        keys = [bytes(31) + bytes([n]) for n in (21, 22, 23)]
        for source, key in zip((2, 3), keys, strict=False):
            access.act(mine, "monitoring", "register_source", f"boiler {source}")
            access.act(mine, "monitoring", "register_device", source, address_of(key), "analyser")
        access.act(mine, "monitoring", "replace_device_key", 2, address_of(keys[2]), "worn out")
        access.act(mine, "monitoring", "file_plan", YEAR, keccak(b"plan"))
        access.act(regulator, "monitoring", "approve_plan", 3, YEAR, 1)
        files = []
        for source, hours in ((2, 12), (3, 24)):
            gateway = it.sender(f"gateway of {source}")
            access.act(mine, "monitoring", "open_logbook", YEAR, gateway.address)
            readings = [
                Reading(START + 3600 * h, source, source, h + 1, 88_000 + h) for h in range(24)
            ]
            file = ReadingFile(
                tuple(readings),
                {
                    r.key: sign_reading(
                        keys[2] if source == 2 and n >= 12 else keys[source - 2], r.body
                    )
                    for n, r in enumerate(readings)
                },
            )
            for hour, root in file.copy(batch_hours=hours).batch_roots.items():
                access.act(
                    gateway, "monitoring", "anchor", YEAR, hour, hours, root.digest, root.mass_g,
                    root.count,
                )  # fmt: skip
            files.append(file)
        yield it, access, files


def exported(it, access, file, hours):
    validators = access.connection.request("qbft_getValidatorsByBlockNumber", "latest")
    case = Case(3, YEAR, file, [file.readings[hour].key for hour in hours])
    return check_bundle(export_case(access, case, it.key("regulator"), validators))


@pytest.mark.parametrize("place", [0, 1])
def test_export_case__gateways_with_other_batches__each_reading_proved_in_its_own(
    two_gateways, place
):
    it, access, files = two_gateways
    findings = exported(it, access, files[place], (0, 11, 12, 23))
    assert failed(findings) == []
    said = [f.sentence for f in findings if f.what.startswith("readings[")]
    assert len(said) == 4
    assert all("was signed by its device and anchored so" in sentence for sentence in said)


def test_export_case__readings_that_were_not_anchored_so__refused_before_anything_is_claimed(
    two_gateways,
):
    it, access, (file, _) = two_gateways
    lie = (replace(file.readings[0], mass_g=1), *file.readings[1:])
    with pytest.raises(NotFound, match="not on the chain as this file has it"):
        exported(it, access, replace(file, readings=lie), (0,))
    assert failed(exported(it, access, replace(file, readings=lie), (15,))) == []  # its own batch


def test_export_case__readings_that_wait_to_be_anchored__spoil_no_batch_and_are_not_proved(
    two_gateways,
):
    it, access, (file, _) = two_gateways
    later = replace(file.readings[0], start=START + 30 * 3600, sequence=31)
    longer = replace(file, readings=(*file.readings, later))
    assert failed(exported(it, access, longer, (23,))) == []
    with pytest.raises(NotFound, match="is not on the chain"):
        exported(it, access, longer, (24,))


def test_export_case__reading_that_the_file_lacks__refused(two_gateways):
    it, access, (file, _) = two_gateways
    case = Case(3, YEAR, file, [(START, 9, 9)])
    with pytest.raises(InvalidInput, match="holds no reading"):
        export_case(access, case, it.key("regulator"), ["0x" + "11" * 20])


def test_evidence_export__documents_from_a_store__in_the_file_and_proved(tmp_path, monkeypatch):
    with served(tmp_path, monkeypatch) as it:
        access = it.deploy()
        evidence_of(access, it.key)
        store = Documents(
            FolderStore(tmp_path / "docs" / "blobs"), tmp_path / "docs" / "grants.log", lambda: 0
        )
        reader = Reader("regulator", new_reader_key().public_key())

        def filed(content, by, signed_by=None):
            return store.file(content, by, it.key(signed_by or by).sign, [reader]).address

        def act(by, function, *args):
            access.act(it.sender(by), "emissions", function, *args)

        access.act(
            it.sender("regulator"), "membership", "admit", keccak(b"verifier"), "verifier",
            int(Role.VERIFIER), 1, 21, keccak(b"certificate of the verifier"),
            it.key("verifier").address,
        )  # fmt: skip
        filed(b"of no report", "emitter")
        lines = [abi_line(line) for line in sample_lines()]
        figure = total_kg(sample_lines(), factor_set("cn-power-2022"), factor_set("gwp-ar5"))
        act("emitter", "report", YEAR, lines, filed(b"another report", "emitter"))
        act("regulator", "assign", 2, YEAR, 3)
        not_its_own = filed(b"findings", "verifier", signed_by="emitter")
        act("verifier", "reject", 2, YEAR, 2, "the log is missing", not_its_own)
        act("emitter", "amend", YEAR, lines, filed(b"amended report", "emitter"))
        act("verifier", "endorse", 2, YEAR, 3, filed(b"log seen", "verifier"))
        act("regulator", "accept", 2, YEAR, figure, filed(b"order", "regulator"))
        file = tmp_path / "case.json"
        made = it.run(
            "evidence",
            "export",
            "2-2024",
            file,
            "--documents",
            tmp_path / "docs",
            "--as",
            "regulator",
        )
        assert made.exit_code == 0, made.output
        found = [f for f in check_bundle(file.read_bytes()) if f.what.startswith("documents[")]
        assert [f.holds for f in found] == [True, False, True, True, True]
        reported, foreign, amended, findings, order = (f.sentence for f in found)
        assert "version 2" in reported
        assert "signed by another account than the step" in foreign
        assert "version 3" in amended
        assert f"ReportEndorsed (verifier 3, version 3: {figure} kg)" in findings
        assert "EmissionsAccepted" in order
        assert it.key("regulator").address.lower() in order.lower()


@pytest.mark.parametrize(
    ("begins", "days", "holds"),
    [((2026, 1, 1), 3650, True), ((2020, 1, 1), 366, False), ((2099, 1, 1), 366, False)],
)
def test_check_bundle__certificate_taken_when_it_was_not_valid__fails(
    tmp_path, monkeypatch, begins, days, holds
):
    with served(tmp_path, monkeypatch) as it:
        access = it.deploy()
        ca, certificate, fingerprint = authority(datetime(*begins, tzinfo=UTC), days)
        access.act(
            it.sender("regulator"), "membership", "admit", keccak(b"identity"), "emitter",
            int(Role.EMITTER), 1, 21, fingerprint, it.key("emitter").address,
        )  # fmt: skip
        validators = access.connection.request("qbft_getValidatorsByBlockNumber", "latest")
        case = Case(2, YEAR, certificates=[certificate], ca=ca)
        findings = check_bundle(export_case(access, case, it.key("regulator"), validators))
        assert failed(findings) == ([] if holds else ["certificates[0]"])
        assert ("was not valid on" in findings[-1].sentence) is not holds
