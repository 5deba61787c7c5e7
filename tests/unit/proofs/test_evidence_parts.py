"""What evidence rests on: seals of real Besu headers, the table of events, canonical files."""

import json
from pathlib import Path

import pytest
from rlp import decode, encode

from tanlian.domain.errors import InvalidInput
from tanlian.proofs.evidence.bundle import canonical, close, parse
from tanlian.proofs.evidence.known_events import EVENTS
from tanlian.proofs.evidence.receipt_proof import ReceiptRefused, prove_receipt
from tanlian.proofs.evidence.sealed_header import (
    HeaderRefused,
    check_seals,
    quorum,
    read_header,
)
from tanlian.services.evidence_export import raw_header
from tanlian_contracts import artifact

ROOT = Path(__file__).resolve().parents[3]
RECORDED = json.loads((ROOT / "tests/fixtures/besu_headers.json").read_text())
BLOCKS = [*RECORDED["vote"], *RECORDED["six"]]
CONTRACTS = {
    "ledger": "CarbonLedger",
    "monitoring": "MonitoringRegistry",
    "emissions": "EmissionRegistry",
    "membership": "Membership",
}


def validators_of(block):
    listed = decode(bytes.fromhex(block["extraData"][2:]))[1]
    return ["0x" + one.hex() for one in listed]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: str(int(b["number"], 16)))
def test_read_header__real_besu_block__its_hash_and_a_quorum_of_its_validators(block):
    header = read_header(raw_header(block))
    assert "0x" + header.block_hash.hex() == block["hash"]
    assert header.number == int(block["number"], 16)
    check_seals(header, validators_of(block))


def test_check_seals__too_few_known_validators__refused():
    block = RECORDED["six"][0]
    header = read_header(raw_header(block))
    validators = validators_of(block)
    assert len(set(header.sealers)) == quorum(len(validators)) == 4
    strangers = ["0x" + bytes([n] * 20).hex() for n in range(1, 4)]
    for known in ([*header.sealers[:3], *strangers], [], strangers):
        with pytest.raises(HeaderRefused, match="are needed"):
            check_seals(header, known)


def test_check_seals__one_validator_sealing_twice__counts_once():
    block = RECORDED["six"][0]
    fields = decode(raw_header(block))
    extra = decode(fields[12])
    extra[4] = [extra[4][0]] * 4
    fields[12] = encode(extra)
    with pytest.raises(HeaderRefused, match="1 of 6 validators"):
        check_seals(read_header(encode(fields)), validators_of(block))


@pytest.mark.parametrize("place", [3, 5, 8, 11])
def test_read_header__a_field_changed__seals_are_of_nobody(place):
    block = RECORDED["six"][0]
    fields = decode(raw_header(block))
    fields[place] = bytes([fields[place][0] ^ 1, *fields[place][1:]])
    with pytest.raises(HeaderRefused):
        check_seals(read_header(encode(fields)), validators_of(block))


@pytest.mark.parametrize("raw", [b"", b"\xc0", encode([b""] * 16), b"\xff" * 40])
def test_read_header__no_header__refused(raw):
    with pytest.raises(HeaderRefused):
        read_header(raw)


@pytest.mark.parametrize("nodes", [[], [b"\xc0"], [b"x" * 40]])
def test_prove_receipt__nodes_that_lead_nowhere__refused(nodes):
    with pytest.raises(ReceiptRefused):
        prove_receipt(bytes(32), 0, nodes)


@pytest.mark.parametrize(("contract", "name", "fields"), EVENTS, ids=lambda v: str(v)[:20])
def test_events__the_checkers_table__equals_the_contracts_abi(contract, name, fields):
    (declared,) = (
        e
        for e in artifact(CONTRACTS[contract])["abi"]
        if e["type"] == "event" and e["name"] == name
    )
    assert [(i["type"], i["name"], i["indexed"]) for i in declared["inputs"]] == [*fields]


def test_parse__closed_bundle__reads_back_and_nothing_else_does():
    text = close({"case": {"year": 2024}}, "0xAB", lambda digest: digest + digest + b"\0")
    assert canonical(parse(text)) == text
    for other in (b"", b"[]", b'{"format":"other"}'):
        with pytest.raises(InvalidInput):
            parse(other)
