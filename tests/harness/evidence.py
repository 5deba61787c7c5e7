"""A case on any chain, and the file that proves it: anchored readings, a report, a certificate."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.emissions import abi_line, sample_lines
from tanlian.chain.keys import Key, keccak
from tanlian.chain.transactions import Sender
from tanlian.domain.factor_set import factor_set
from tanlian.domain.reading import Reading
from tanlian.domain.roles import Role
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.proofs.sealed_document import seal
from tanlian.services.access import Access
from tanlian.services.evidence_export import Case, export_case
from tanlian.services.factor_loading import load_factor_set
from tanlian.services.reading_files import ReadingFile

START, END = 1_704_067_200, 1_735_689_600
YEAR = 2024
DEVICE_KEY = bytes(31) + b"\1"
HOURS = 48
PROVED = (5, 40)  # hours in the bundle
ACTORS = ("regulator", "emitter", "gateway")


def authority(begin=datetime(2026, 1, 1, tzinfo=UTC), days=3650):
    """A certificate authority, and a member's certificate from it, as PEM, with its fingerprint."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("consortium", "emitter")
    ]
    made = []
    for subject, key in zip(names, keys, strict=True):
        made.append(
            x509.CertificateBuilder().subject_name(subject).issuer_name(names[0])
            .public_key(key.public_key()).serial_number(len(made) + 1)
            .not_valid_before(begin).not_valid_after(begin + timedelta(days=days))
            .sign(keys[0], hashes.SHA256())
        )  # fmt: skip
    pem = [c.public_bytes(serialization.Encoding.PEM).decode() for c in made]
    return pem[0], pem[1], sha256(made[1].public_bytes(serialization.Encoding.DER)).digest()


def evidence_of(access: Access, key: Callable[[str], Key]) -> bytes:
    """Bring a case about on a fresh deployment and return its bundle; `key` names the actors'."""
    regulator, mine, gateway = (Sender(access.connection, key(alias)) for alias in ACTORS)
    ca, certificate, fingerprint = authority()
    access.act(
        regulator, "membership", "admit", keccak(b"identity"), "emitter", int(Role.EMITTER), 1, 21,
        fingerprint, mine.address,
    )  # fmt: skip
    sets = [load_factor_set(access, regulator, factor_set(n)) for n in ("cn-power-2022", "gwp-ar5")]
    access.act(regulator, "monitoring", "open_year", YEAR, START, END)
    access.act(regulator, "emissions", "open_year", YEAR, (2**40, 100, 100, 100, 2, *sets))
    access.act(mine, "monitoring", "register_source", "boiler")
    access.act(mine, "monitoring", "register_device", 1, address_of(DEVICE_KEY), "analyser")
    access.act(mine, "monitoring", "file_plan", YEAR, keccak(b"plan"))
    access.act(regulator, "monitoring", "approve_plan", 2, YEAR, 1)
    access.act(mine, "monitoring", "open_logbook", YEAR, gateway.address)
    readings = [Reading(START + 3600 * h, 1, 1, h + 1, 88_200 + h) for h in range(HOURS)]
    file = ReadingFile(tuple(readings), {r.key: sign_reading(DEVICE_KEY, r.body) for r in readings})
    for hour, root in file.copy().batch_roots.items():
        access.act(
            gateway, "monitoring", "anchor", YEAR, hour, 24, root.digest, root.mass_g, root.count
        )
    document, _ = seal(b"the report", key("emitter").sign)
    lines = [abi_line(line) for line in sample_lines()]
    access.act(mine, "emissions", "report", YEAR, lines, document.address)
    validators = access.connection.request("qbft_getValidatorsByBlockNumber", "latest")
    places = [readings[hour].key for hour in PROVED]
    case = Case(2, YEAR, file, places, [document], [certificate], ca)
    return export_case(access, case, key("regulator"), validators)
