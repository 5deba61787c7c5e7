"""The registry in other shapes: nothing lost, nothing twice, and valid by its own description."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from tanlian.domain.instrument import allowance, offset
from tanlian.readmodel.queries.open_data import Issue
from tanlian.readmodel.queries.units import Certificate
from tanlian.services.registry_export import cadt, cdop
from tanlian.services.registry_export.intervals import pieces
from tanlian.services.registry_export.registry import Registry, schema, units

SITE = "https://carbon.example/"
KINDS = (allowance(2024), allowance(2025), offset(7, 2024))
TIME = 1_735_000_000


@st.composite
def registries(draw) -> Registry:
    """Issues of a few kinds, serials one after the other, some of the lowest retired."""
    issues, certificates = [], []
    for instrument in draw(st.lists(st.sampled_from(KINDS), unique=True)):
        amounts = draw(st.lists(st.integers(1, 9_999), min_size=1, max_size=5))
        first = 1
        for number, amount in enumerate(amounts, start=1):
            issues.append(
                Issue(
                    instrument.token_id << 40 | number, instrument, draw(st.integers(1, 3)), first,
                    amount, "0x" + "ab" * 32, TIME + number, "0x" + "cd" * 32,
                )
            )  # fmt: skip
            first += amount
        left, serial, number = first - 1, 1, 1
        while left and draw(st.booleans()):
            amount = draw(st.integers(1, left))
            certificates.append(
                Certificate(
                    instrument.token_id << 40 | number, instrument, draw(st.integers(1, 3)), serial,
                    amount, draw(st.integers(1, 3)), "0x" + "ef" * 32, TIME + 99, "0x" + "01" * 32,
                )
            )  # fmt: skip
            serial, left, number = serial + amount, left - amount, number + 1
    return Registry(
        7, "0x" + "12" * 32, 50, "0x" + "34" * 32, TIME, tuple(issues), tuple(certificates),
        {1: "甲", 2: "B", 3: "C"},
    )  # fmt: skip


@given(registries())
def test_pieces__every_serial__once_in_its_issue_and_its_certificate(registry) -> None:
    """Against a model of another shape: one dictionary entry a serial."""
    fate = {}
    for issue in registry.issues:
        for serial in range(issue.first_serial, issue.first_serial + issue.amount_kg):
            fate[issue.instrument.token_id, serial] = (issue.id, None)
    for c in registry.certificates:
        for serial in range(c.first_serial, c.first_serial + c.amount_kg):
            key = (c.instrument.token_id, serial)
            fate[key] = (fate[key][0], c.id)
    told = {}
    for piece in pieces(registry.issues, registry.certificates):
        for serial in range(piece.first, piece.last + 1):
            key = (piece.issue.instrument.token_id, serial)
            assert key not in told
            told[key] = (piece.issue.id, piece.retired.id if piece.retired else None)
    assert told == fate


@pytest.mark.parametrize("shape", [cadt, cdop])
@given(registry=registries())
def test_export__any_registry__valid_by_its_schema(shape, registry) -> None:
    validator = Draft202012Validator(schema(shape.SHAPE), format_checker=FormatChecker())
    errors = [error.message for error in validator.iter_errors(shape.export(registry, SITE))]
    assert errors == []


@pytest.mark.parametrize("shape", [cadt.SHAPE, cdop.SHAPE])
def test_schema__itself__names_version_source_and_status(shape) -> None:
    found = schema(shape)
    Draft202012Validator.check_schema(found)
    assert found["x-status"] in {"V", "S", "K"}
    assert found["x-source"]
    assert found["x-deviations"]


@given(registries())
def test_cadt__amounts_and_references__add_up(registry) -> None:
    exported = cadt.export(registry, SITE)
    count = sum(Fraction(str(unit["unitCount"])) for unit in exported["units"])
    assert count * 1000 == sum(issue.amount_kg for issue in registry.issues)
    retired = [u for u in exported["units"] if u["unitStatus"] in {"Retired", "Cancelled"}]
    gone = sum(Fraction(str(unit["unitCount"])) for unit in retired)
    assert gone * 1000 == sum(c.amount_kg for c in registry.certificates)
    for referred, name, among in (
        ("units", "cadTrustIssuanceId", "issuances"),
        ("issuances", "cadTrustVerificationId", "verifications"),
        ("issuances", "cadTrustProjectMethodologyId", "projectMethodologies"),
        ("projectMethodologies", "cadTrustProjectId", "projects"),
        ("projectMethodologies", "cadTrustMethodologyId", "methodologies"),
        ("verifications", "cadTrustProjectId", "projects"),
    ):
        known = [record[name] for record in exported[among]]
        assert len(set(known)) == len(known)
        assert {record[name] for record in exported[referred]} <= set(known)


@given(registries())
def test_cdop__blocks__add_up_and_owners_stay_private(registry) -> None:
    exported = cdop.export(registry, SITE)
    blocks = [
        block
        for document in exported["documents"]
        for unit in document["units"]
        for block in unit["unit"]["credit_block"]
    ]
    assert sum(b["quantity"] for b in blocks) == sum(i.amount_kg for i in registry.issues)
    assert all(b["block_end"] - b["block_start"] + 1 == b["quantity"] for b in blocks)
    owners = {u["unit"]["owner_account_id"] for d in exported["documents"] for u in d["units"]}
    assert owners <= {cdop.WITHHELD}
    for document in exported["documents"]:
        listed = document["issuances"]["issuance"]["issuance"]
        last = listed[-1]["cumulative_issued_volume"]
        assert Fraction(str(last)) == sum(
            Fraction(str(entry["batch_issued_volume"])) for entry in listed
        )


@given(st.integers(1, 10**15))
def test_units__any_amount__reads_back_exactly(amount_kg) -> None:
    assert Fraction(str(units(amount_kg))) * 1000 == amount_kg
