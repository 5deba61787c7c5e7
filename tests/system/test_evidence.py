"""A case from the chain into one file, checked offline; any byte changed is found."""

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.emissions import abi_line, sample_lines
from harness.served import served
from tanlian.chain.keys import Key, keccak
from tanlian.domain.factor_set import factor_set
from tanlian.domain.reading import Reading
from tanlian.domain.roles import Role
from tanlian.proofs.evidence.bundle import close, parse
from tanlian.proofs.evidence.check import check_bundle
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.proofs.sealed_document import seal
from tanlian.services.evidence_export import Case, export_case
from tanlian.services.factor_loading import load_factor_set
from tanlian.services.reading_files import ReadingFile

START, END = 1_704_067_200, 1_735_689_600
FIRST = START // 3600
KEY = bytes(31) + b"\1"
FORGER = Key(bytes(31) + b"\x66")


def authority():
    """A certificate authority, and a member's certificate from it, as PEM."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("consortium", "emitter")
    ]
    made = []
    for subject, key in zip(names, keys, strict=True):
        made.append(
            x509.CertificateBuilder().subject_name(subject).issuer_name(names[0])
            .public_key(key.public_key()).serial_number(len(made) + 1)
            .not_valid_before(now).not_valid_after(now + timedelta(days=3650))
            .sign(keys[0], hashes.SHA256())
        )  # fmt: skip
    pem = [c.public_bytes(serialization.Encoding.PEM).decode() for c in made]
    return pem[0], pem[1], sha256(made[1].public_bytes(serialization.Encoding.DER)).digest()


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A file of evidence: anchored readings, a report with its document, a certificate."""
    with (
        pytest.MonkeyPatch.context() as patch,
        served(tmp_path_factory.mktemp("case"), patch) as it,
    ):
        access = it.deploy()
        regulator, mine = it.sender("regulator"), it.sender("emitter")
        ca, certificate, fingerprint = authority()
        access.act(
            regulator, "membership", "admit", keccak(b"identity"), "emitter", int(Role.EMITTER), 1,
            21, fingerprint, it.key("emitter").address,
        )  # fmt: skip
        sets = [
            load_factor_set(access, regulator, factor_set(n)) for n in ("cn-power-2022", "gwp-ar5")
        ]
        access.act(regulator, "monitoring", "open_year", 2024, START, END)
        access.act(regulator, "emissions", "open_year", 2024, (2**40, 100, 100, 100, 2, *sets))
        access.act(mine, "monitoring", "register_source", "boiler")
        access.act(mine, "monitoring", "register_device", 1, address_of(KEY), "analyser")
        access.act(mine, "monitoring", "file_plan", 2024, keccak(b"plan"))
        access.act(regulator, "monitoring", "approve_plan", 2, 2024, 1)
        access.act(mine, "monitoring", "open_logbook", 2024, it.key("gateway").address)
        readings = [Reading(START + 3600 * h, 1, 1, h + 1, 88_200 + h) for h in range(48)]
        file = ReadingFile(tuple(readings), {r.key: sign_reading(KEY, r.body) for r in readings})
        for hour, root in file.copy().batch_roots.items():
            access.act(
                it.sender("gateway"), "monitoring", "anchor", 2024, hour, 24, root.digest,
                root.mass_g, root.count,
            )  # fmt: skip
        document, _ = seal(b"the report", it.key("emitter").sign)
        lines = [abi_line(line) for line in sample_lines()]
        access.act(mine, "emissions", "report", 2024, lines, document.address)
        validators = access.connection.request("qbft_getValidatorsByBlockNumber", "latest")
        return export_case(
            access,
            Case(2, 2024, file, [readings[5].key, readings[40].key], [document], [certificate], ca),
            it.key("regulator"),
            validators,
        )


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
    chance = random.Random(7)
    for at in [
        *range(0, len(case), max(1, len(case) // 60)),
        *(chance.randrange(len(case)) for _ in range(20)),
    ]:
        text = case[:at] + bytes([case[at] ^ 1]) + case[at + 1 :]
        try:
            findings = check_bundle(text)
        except ValueError:  # InvalidInput: no bundle any more
            continue
        assert failed(findings), at


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

    def run():
        command = [sys.executable, "-m", "tanlian.proofs.evidence.checker", str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    path.write_bytes(case)
    good = run()
    assert good.returncode == 0, good.stderr
    assert "FAILS" not in good.stdout
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
