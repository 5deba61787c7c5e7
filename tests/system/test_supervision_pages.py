"""Supervision on the pages: sums, spread, maps, anomalies, and where a figure comes from."""

import csv
import io
import re

import pytest

from harness.founded import ok
from harness.monitored import EMITTER, IDLE, OTHER, VERIFIER, YEAR, found_monitored, mass_g
from harness.served import served
from harness.signed_in import client_of
from tanlian.bootstrap import build
from tanlian.chain.keys import keccak
from tanlian.settings import load as load_settings

REGULATOR = 1
CAP_T, ALLOCATED_T = 4_000_000, 2_900_000
PLANT = f"/plants/{EMITTER}/{YEAR}"
PRIVATE = (
    f"{PLANT}/figure",
    f"{PLANT}/figure.csv",
    f"{PLANT}/calibre",
    f"{PLANT}/calibre?answer=csv",
)


@pytest.fixture(scope="module")
def it(tmp_path_factory):
    folder = tmp_path_factory.mktemp("supervision")
    with pytest.MonkeyPatch.context() as patch, served(folder, patch) as chain:
        found = found_monitored(chain, folder)
        document = folder / "decision.pdf"
        document.write_bytes(b"decision")
        decided = ("--as", "regulator", "--document", document, "--period", YEAR)
        ok(chain, "plan", *decided, "--region", 21, "--cap", CAP_T, "--capacity", 5_000_000)
        ok(chain, "allocate", "Qinglan Power", ALLOCATED_T, *decided)
        verifier, regulator = chain.sender("verifier"), chain.sender("regulator")
        proof = keccak(b"statement")
        found.access.act(verifier, "emissions", "endorse", EMITTER, YEAR, 1, proof)
        record = found.access.contracts["emissions"].read("record_of", EMITTER, YEAR)
        found.kg = record.verified_kg
        found.access.act(regulator, "emissions", "accept", EMITTER, YEAR, found.kg, proof)
        built = build(chain.target, load_settings(), folder)
        built.projector.catch_up()
        found.app, found.office = built.app, built.office
        yield found


@pytest.fixture(scope="module")
def regulator(it):
    return client_of(it.app, it.office, REGULATOR)


@pytest.fixture(scope="module")
def anyone(it):
    client = it.app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def rows(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_supervision__nation__adds_up_what_the_chain_says(it, anyone) -> None:
    (year,) = rows(anyone.get("/supervision?answer=csv"))
    assert (year["year"], year["emitters"], year["accepted"]) == (str(YEAR), "2", "1")
    assert int(year["cap_kg"]) == CAP_T * 1000
    assert int(year["allocated_kg"]) == ALLOCATED_T * 1000
    assert int(year["accepted_kg"]) == int(year["declared_kg"]) == it.kg


def test_supervision__parts__add_up_to_the_whole(anyone) -> None:
    nation, *parts = rows(anyone.get(f"/supervision/{YEAR}?answer=csv"))
    for dimension in ("region", "sector"):
        mine = [part for part in parts if part[dimension]]
        assert len(mine) == 2
        for figure in ("emitters", "allocated_kg", "declared_kg", "accepted_kg", "bought_t"):
            assert sum(int(part[figure]) for part in mine) == int(nation[figure]), figure


@pytest.mark.parametrize("measure", ["accepted", "declared", "allocated", "cap_used"])
def test_supervision__map__leads_to_the_region_and_says_what_the_table_says(
    it, anyone, measure
) -> None:
    text = anyone.get(f"/supervision/{YEAR}?measure={measure}").text
    tile = re.search(
        rf'<a href="/supervision/{YEAR}/regions/21" aria-label="Liaoning: ([^"]+)"', text
    )
    shown = tile[1].replace("\N{NARROW NO-BREAK SPACE}", "")
    kg = {"accepted": it.kg, "declared": it.kg, "allocated": ALLOCATED_T * 1000}.get(measure)
    share = it.kg * 1000 // (CAP_T * 1000)
    assert shown == (f"{kg // 1000}t".replace("t", " t") if kg else f"{share // 10}.{share % 10} %")
    assert "regions/42" in text


def test_supervision__no_such_measure_or_year__said(anyone) -> None:
    assert anyone.get(f"/supervision/{YEAR}?measure=x").status_code == 422
    for path in ("1999", f"{YEAR}/regions/99", f"{YEAR}/planets/1"):
        assert anyone.get(f"/supervision/{path}").status_code == 404


def test_supervision__visitor__sees_sums_and_no_emitter(anyone) -> None:
    text = anyone.get(f"/supervision/{YEAR}/sectors/1").text
    assert "Qinglan" not in text
    assert anyone.get(f"/supervision/{YEAR}/sectors/1/emitters.csv").status_code == 303


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [(REGULATOR, {"2"}), (EMITTER, {"2"}), (VERIFIER, {"2"}), (OTHER, set()), (IDLE, set())],
)
def test_supervision__emitters__those_that_the_visitor_may_see(it, viewer, seen) -> None:
    client = client_of(it.app, it.office, viewer)
    found = rows(client.get(f"/supervision/{YEAR}/sectors/1/emitters.csv"))
    assert {row["organisation"] for row in found} == seen
    assert ("Qinglan" in client.get(f"/supervision/{YEAR}/regions/21").text) is bool(seen)


@pytest.mark.parametrize("viewer", [OTHER, IDLE])
@pytest.mark.parametrize("page", PRIVATE)
def test_figure_and_calibre__other_organisations__refused(it, viewer, page) -> None:
    answer = client_of(it.app, it.office, viewer).get(page)
    assert answer.status_code == 403
    assert "Qinglan" not in answer.text


def test_figure__accepted__every_step_with_signer_and_transaction(it, regulator) -> None:
    found = rows(regulator.get(f"{PLANT}/figure.csv"))
    assert [row["what"] for row in found] == [
        "PlanFiled", "PlanApproved", "BatchAnchored", "BatchAnchored", "BatchAnchored",
        "ReportSubmitted", "VerifierAssigned", "ReportEndorsed", "EmissionsAccepted",
    ]  # fmt: skip
    by = {row["what"]: row["organisation"] for row in found}
    assert by["ReportSubmitted"] == by["BatchAnchored"] == "Qinglan Power"
    assert by["ReportEndorsed"] == "Hengzheng Verification"
    assert by["PlanApproved"] == by["EmissionsAccepted"] != ""
    connection = it.chain.connection()
    for row in found:
        receipt = connection.request("eth_getTransactionReceipt", row["transaction"])
        assert int(receipt["blockNumber"], 16) == int(row["block"])
        assert receipt["from"].lower() == row["signer"]
    assert int(found[-1]["amount_kg"]) == it.kg
    text = regulator.get(f"{PLANT}/figure").text
    assert "emissions accepted" in text
    assert "coal_bituminous" in text  # the activity data, as the chain has them


def test_calibre__reported_and_measured__gap_and_cause(it, regulator) -> None:
    found = rows(regulator.get(f"{PLANT}/calibre?answer=csv"))
    gap = next(row for row in found if (row["gap_of"], row["gap_to"]) == ("measured", "calculated"))
    measured = sum(
        mass_g(device, hour)
        for device in (1, 2, 3)
        for hour in range(72)
        if (device, hour) not in {(2, 30), (2, 31)}
    )
    assert 0 < int(gap["measured_kg"]) - measured // 1000 < 400_000  # the two filled hours
    assert gap["exceeds"] == "True"
    anchored = next(row for row in found if row["gap_of"] == "anchored")
    assert anchored["gap_kg"] == "0"  # the hours that are not anchored yet do not count


def test_calibre__the_falsified_copy__is_not_what_was_anchored(regulator) -> None:
    found = rows(regulator.get(f"{PLANT}/calibre?copy=emitter&answer=csv"))
    anchored = next(row for row in found if row["gap_of"] == "anchored")
    assert anchored["exceeds"] == "True"
    assert "copy" in anchored["causes"]
    assert regulator.get(f"{PLANT}/calibre?copy=none").status_code == 404


def test_anomalies__regulator__each_with_its_rule_and_evidence(it, regulator) -> None:
    found = rows(regulator.get(f"/supervision/{YEAR}/anomalies?answer=csv"))
    told = {(row["organisation"], row["kind"], row["detail"]): int(row["figure"]) for row in found}
    assert told[("2", "quarantined", "")] == 2
    assert told[("2", "not_as_anchored", "emitter")] == 2
    assert told[("2", "calibre_gap", "")] > 50_000
    assert not [key for key in told if key[2] == "verifier"]
    text = regulator.get(f"/supervision/{YEAR}/anomalies").text
    for kind, link in (("quarantined", PLANT), ("not_as_anchored", f"{PLANT}/locate")):
        row = re.search(rf'<tr data-kind="{kind}">.*?</tr>', text, re.DOTALL)[0]
        assert f'href="{link}"' in row
    assert "State Council Order 775" in text


def test_anomalies__others__are_not_told(it) -> None:
    for viewer in (OTHER, IDLE):
        client = client_of(it.app, it.office, viewer)
        assert rows(client.get(f"/supervision/{YEAR}/anomalies?answer=csv")) == []
        assert "Qinglan" not in client.get(f"/supervision/{YEAR}/anomalies").text


@pytest.mark.parametrize(
    "path",
    ["/supervision", f"/supervision/{YEAR}", f"/supervision/{YEAR}/regions/21",
     f"/supervision/{YEAR}/anomalies", f"{PLANT}/figure", f"{PLANT}/calibre", PLANT,
     f"{PLANT}/locate?first=emitter&second=verifier"],
)  # fmt: skip
def test_pages__in_chinese__no_english_sentence_is_left(it, path) -> None:
    client = client_of(it.app, it.office, REGULATOR, "zh")
    client.set_cookie("tanlian_language", "zh")
    text = re.sub(r"<script.*?</script>", "", client.get(path).text, flags=re.DOTALL)
    text = re.sub(r'<(\w+)[^>]*lang="en".*?</\1>', "", text, flags=re.DOTALL)
    heads = re.findall(r"<(?:th|dt|h1|h2|button|label|caption|summary)\b[^>]*>([^<]+)<", text)
    assert heads
    latin = [
        head
        for head in heads
        if re.search(
            r"[A-Za-z]{4,}",
            re.sub(
                r"Qinglan Power|emitter|verifier|demonstration-1|Hengzheng Verification|Demonstration ministry of ecology",
                "",
                head,
            ),
        )
    ]
    assert latin == []
