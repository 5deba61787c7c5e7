"""One table says what every refusal means; nothing in the contracts may be missing from it."""

import re
from pathlib import Path

import pytest
import snekmate
from eth_abi import encode

from tanlian.chain.connection import result_of
from tanlian.chain.errors import ContractRefused, NodeRefused, UnexpectedRevert
from tanlian.chain.reverts import ERROR_STRING, PANIC, explain, reason_in, revert_from, table
from tanlian.domain.market_events import REASONS

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(p for p in (ROOT / "contracts").rglob("*.vy"))
REASON = re.compile(r'"([a-z][a-z0-9_]*: [^"<]+)"')
PUT_TOGETHER = re.compile(r'^\s+text = "([^"]+)"|text: String\[\d+\] = "([^"]+)"', re.MULTILINE)
SIGNED_TEXTS = {"tanlian: accept a seat as validator"}  # what a key signs, no reason


def code_of(path: Path) -> str:
    """The source without comments and docstrings."""
    text = re.sub(r'"""(.|\n)*?"""', "", path.read_text())
    return re.sub(r"#.*", "", text)


def reasons_of(path: Path) -> set[str]:
    text = code_of(path)
    found = set(REASON.findall(text)) - SIGNED_TEXTS
    found = {reason for reason in found if not reason.endswith(": ")}
    if 'concat("' in text:
        (speaker,) = set(re.findall(r'raise concat\("([a-z_]+): "', text)) or {""}
        found |= {f"{speaker}: {a or b}" for a, b in PUT_TOGETHER.findall(text) if speaker}
    return found


def library_sources() -> list[Path]:
    """The token and signature modules of snekmate that a contract imports."""
    imported = {
        match
        for path in SOURCES
        for match in re.findall(
            r"^from snekmate\.(\w+) import (\w+)", path.read_text(), re.MULTILINE
        )
    }
    return [
        Path(snekmate.__path__[0]) / folder / f"{name}.vy"
        for folder, name in sorted(imported)
        if name in {"erc20", "erc1155", "ecdsa"}
    ]


@pytest.mark.parametrize("path", [*SOURCES, *library_sources()], ids=lambda path: path.stem)
def test_table__every_reason_of_the_contracts__has_a_sentence(path):
    missing = sorted(reasons_of(path) - table().keys())
    assert missing == [], "add a sentence to app/tanlian/chain/refusals.toml for each of these"


def test_table__every_reason_of_a_batch__has_a_sentence():
    assert [r for r in REASONS if f"carbon_market: {r}" not in table()] == []


def test_table__reasons_found__are_not_none():
    assert sum(len(reasons_of(path)) for path in SOURCES) > 200
    assert "carbon_market: price off tick" in reasons_of(ROOT / "contracts/modules/refusal.vy")


def test_table__no_reason__is_left_over():
    """A sentence for what no contract says is a trap for the reader."""
    said = set().union(*(reasons_of(path) for path in [*SOURCES, *library_sources()]))
    said |= {f"carbon_market: {reason}" for reason in REASONS}
    assert sorted(table().keys() - said) == []


def test_table__sentences__say_something_to_people():
    for reason, sentence in table().items():
        assert sentence[0].isupper(), reason
        assert sentence.endswith("."), reason
        assert len(sentence) > 15, reason


def test_explain__known_reason__carries_reason_and_sentence():
    error = explain("carbon_market: price off tick", tx_hash="0x1")
    assert type(error) is ContractRefused
    assert error.reason == "carbon_market: price off tick"
    assert "0.01 yuan" in error.user_message
    assert error.fields["tx_hash"] == "0x1"


def test_explain__unknown_reason__stays_unexpected():
    error = explain("strange: new thing")
    assert type(error) is UnexpectedRevert
    assert "strange: new thing" in error.user_message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", ""),
        (ERROR_STRING + encode(["string"], ["a: b"]), "a: b"),
        (PANIC + (17).to_bytes(32, "big"), "panic 17"),
        (b"\x01\x02", "unknown revert data 0x0102"),
        (ERROR_STRING + b"\xff", "unreadable revert data 0x08c379a0ff"),
    ],
)
def test_reason_in__each_form__is_read(data, reason):
    assert reason_in(data) == reason


BESU = {
    "code": 3,
    "message": "Execution reverted (wiring: sealed)",
    "data": "0x" + (ERROR_STRING + encode(["string"], ["wiring: sealed"])).hex(),
}


@pytest.mark.parametrize(
    "error",
    [
        BESU,
        {**BESU, "code": -32000, "message": "execution reverted: wiring: sealed"},
        {**BESU, "data": {"data": BESU["data"]}},
    ],
)
def test_revert_from__forms_of_different_nodes__are_understood(error):
    refusal = revert_from(error)
    assert refusal is not None
    assert refusal.reason == "wiring: sealed"


def test_revert_from__other_error__is_none():
    assert revert_from({"code": -32000, "message": "nonce too low"}) is None


def test_result_of__error__is_raised():
    with pytest.raises(NodeRefused, match="Nonce too low"):
        result_of({"error": {"code": -32001, "message": "Nonce too low"}})
    with pytest.raises(ContractRefused, match="wiring cannot change"):
        result_of({"error": BESU})
