"""Evidence exported from four real validators, its seals checked without the network."""

import json

import pytest

from harness.besu_network import BesuNetwork, description
from harness.evidence import ACTORS, PROVED, evidence_of
from tanlian.chain.connection import Connection
from tanlian.chain.keyfiles import QUICK, Keyfiles
from tanlian.chain.keys import Key, keccak
from tanlian.chain.transactions import Sender
from tanlian.domain.target import Target
from tanlian.proofs.evidence.bundle import close, parse
from tanlian.proofs.evidence.check import check_bundle
from tanlian.proofs.evidence.checker import main as checker
from tanlian.services.access import deploy_protocol
from tanlian.services.networks import network as network_of

pytestmark = [pytest.mark.besu, pytest.mark.slow, pytest.mark.timeout(3_600)]

CHAIN_ID = 20_261  # of deployments/consortium
VALIDATORS = 4
FORGER = Key(bytes(31) + b"\x66")


def key(alias):
    return Key(keccak(f"besu/{alias}".encode()))


@pytest.fixture(scope="module")
def case(besu, tmp_path_factory):
    """The bundle and what its reader knows from elsewhere; the network has ended by then."""
    folder = tmp_path_factory.mktemp("evidence")
    table = description(chain_id=CHAIN_ID)
    table["accounts"] = [key(alias).address for alias in ("deployer", *ACTORS)]
    network = BesuNetwork(folder / "network", besu, table)
    with pytest.MonkeyPatch.context() as context:
        context.setenv("TANLIAN_DATA", str(folder))
        try:
            network.start()
            rpc = network.record.node("regulator-1").rpc
            found = network_of(Target(network="consortium", rpc=rpc, book=folder / "book.json"))
            Keyfiles(found.keys).keep("regulator", keccak(b"besu/regulator"), "x", cost=QUICK)
            access = deploy_protocol(found, Sender(Connection(rpc, CHAIN_ID), key("deployer")))
            text = evidence_of(access, key)
            seen = {
                "validators": [
                    name.lower()
                    for name in access.connection.request(
                        "qbft_getValidatorsByBlockNumber", "latest"
                    )
                ],
                "contracts": {
                    name: access.contracts[name].address.lower()
                    for name in ("membership", "monitoring", "emissions")
                },
                "ca": parse(text)["trust"]["ca"],
            }
        finally:
            network.stop()
    return text, seen


def failed(findings):
    return [finding.what for finding in findings if not finding.holds]


def test_evidence__from_a_real_network__proved_offline_by_a_quorum_of_its_validators(
    case, tmp_path, capsys, figures
):
    text, trust = case
    assert len(trust["validators"]) == VALIDATORS
    findings = check_bundle(text, trust)
    assert failed(findings) == []
    said = {finding.what: finding.sentence for finding in findings}
    sealed = [s for what, s in said.items() if what.startswith("headers[")]
    assert sealed
    assert all("is sealed by 3 validators" in s or "is sealed by 4 validators" in s for s in sealed)
    assert sum(what.startswith("readings[") for what in said) == len(PROVED)
    assert "encrypted report of organisation 2 for 2024" in said["documents[0]"]
    (tmp_path / "case.json").write_bytes(text)
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    command = [str(tmp_path / "case.json"), "--trust", str(tmp_path / "trust.json")]
    assert checker(command) == 0
    assert "FAILS" not in capsys.readouterr().out
    figures(f"evidence: {len(text)} bytes, {len(sealed)} headers sealed by a quorum, offline")


@pytest.mark.parametrize("known", [2, 3, 4])
def test_evidence__reader_trusts_some_of_the_validators_and_strangers__quorum_decides(case, known):
    """Seals of validators that the reader does not know count for nothing."""
    text, trust = case
    strangers = ["0x" + f"{n:02x}" * 20 for n in range(1, 2 * VALIDATORS - known + 1)]
    mixed = {**trust, "validators": [*trust["validators"][:known], *strangers]}
    wrong = failed(check_bundle(text, mixed))
    assert any(what.startswith("headers[") for what in wrong)
    assert "readings[0]" in wrong


def test_evidence__a_bit_of_a_header_changed__its_seals_do_not_hold_whoever_signs_the_file(case):
    text, trust = case
    bundle = parse(text)
    for place, header in enumerate(bundle["headers"]):
        raw = bytes.fromhex(header)
        for at in range(4, len(raw), max(1, len(raw) // 40)):
            forged = json.loads(json.dumps(bundle))
            forged["headers"][place] = (raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).hex()
            findings = check_bundle(close(forged, FORGER.address, FORGER.sign), trust)
            tolerated = one_seal_less(findings, place, at, raw)
            assert tolerated or f"headers[{place}]" in failed(findings), (place, at)


def one_seal_less(findings, place, at, raw):
    """A spoilt seal among four leaves a quorum of three, which is what the header still says."""
    said = next(f.sentence for f in findings if f.what == f"headers[{place}]")
    return "is sealed by" in said and at > len(raw) - VALIDATORS * 68 - 60
