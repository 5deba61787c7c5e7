"""Plants, proofs and compared copies on the pages, over a real chain and a real gateway's store."""

import csv
import html
import io
import json
import re
import sqlite3
from contextlib import closing

import pytest

from harness.monitored import (
    EMITTER,
    FALSIFIED,
    HOUR,
    IDLE,
    LOST,
    OTHER,
    START,
    VERIFIER,
    YEAR,
    found_monitored,
    mass_g,
)
from harness.served import served
from harness.signed_in import client_of
from tanlian.bootstrap import build
from tanlian.proofs.evidence.check import check_bundle
from tanlian.settings import load as load_settings

REGULATOR = 1
PLANT = f"/plants/{EMITTER}/{YEAR}"
PAGES = (
    PLANT,
    f"{PLANT}/devices.csv",
    f"{PLANT}/quarantine.csv",
    f"{PLANT}/devices/1",
    f"{PLANT}/devices/1/readings.csv",
    f"{PLANT}/readings/gateway/1/{START}",
    f"{PLANT}/locate",
    f"{PLANT}/evidence.json",
)


@pytest.fixture(scope="module")
def it(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plants")
    with pytest.MonkeyPatch.context() as patch, served(folder, patch) as chain:
        found = found_monitored(chain, folder)
        built = build(chain.target, load_settings(), folder)
        built.projector.catch_up()
        found.app, found.office = built.app, built.office
        yield found


@pytest.fixture(scope="module")
def regulator(it):
    return client_of(it.app, it.office, REGULATOR)


def picture(text: str) -> dict:
    found = re.search(r'id="plant-scene">(.*?)</script>', text, re.DOTALL)
    return json.loads(html.unescape(found[1]))


def table(text: str) -> dict[str, str]:
    return dict(re.findall(r'<tr data-of="([\w-]+)" data-state="(\w+)"', text))


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("viewer", [REGULATOR, EMITTER, VERIFIER])
@pytest.mark.parametrize("page", PAGES)
def test_plant_pages__those_concerned__open(it, viewer, page) -> None:
    assert client_of(it.app, it.office, viewer).get(page).status_code == 200


@pytest.mark.parametrize("viewer", [OTHER, IDLE])
@pytest.mark.parametrize("page", PAGES)
def test_plant_pages__other_organisations__refused_without_a_word_of_it(it, viewer, page) -> None:
    answer = client_of(it.app, it.office, viewer).get(page)
    assert answer.status_code == 403
    assert 'data-code="forbidden"' in answer.text
    assert "Qinglan" not in answer.text
    assert "Boiler" not in answer.text


def test_plants__each_viewer__sees_only_their_own(it) -> None:
    seen = {
        viewer: set(
            re.findall(
                r'href="/plants/(\d)/2024"',
                client_of(it.app, it.office, viewer).get("/plants").text,
            )
        )
        for viewer in (REGULATOR, EMITTER, OTHER, VERIFIER, IDLE)
    }
    assert seen == {1: {"2", "3"}, 2: {"2"}, 3: {"3"}, 4: {"2"}, 5: set()}


@pytest.mark.parametrize(
    ("hour", "states"),
    [
        (5, {"device-1": "proved", "device-2": "proved", "device-3": "proved"}),
        (LOST[0], {"device-1": "proved", "device-2": "quarantined", "device-3": "proved"}),
        (LOST[1], {"device-1": "proved", "device-2": "substituted", "device-3": "proved"}),
        (80, {"device-1": "live", "device-2": "live", "device-3": "live"}),
        (200, {"device-1": "absent", "device-2": "absent", "device-3": "absent"}),
    ],
)
def test_plant__an_hour__picture_and_table_agree(regulator, hour, states) -> None:
    text = regulator.get(f"{PLANT}?start={START + HOUR * hour}").text
    drawn = picture(text)
    assert table(text) == states
    assert {of: state for of, state in drawn["states"].items() if of in states} == states
    assert {body["of"] for body in drawn["bodies"]} == {*states, "source-1", "source-2"}
    assert [one["of"] for one in drawn["devices"]] == list(table(text))
    listed = rows(regulator.get(f"{PLANT}/devices.csv?start={START + HOUR * hour}"))
    assert {f"device-{row['device']}": row["state"] for row in listed} == states


def test_plant__source_with_a_lost_hour__looks_like_its_worst_device(regulator) -> None:
    drawn = picture(regulator.get(f"{PLANT}?start={START + HOUR * LOST[0]}").text)
    assert drawn["states"]["source-1"] == "quarantined"
    assert drawn["states"]["source-2"] == "proved"


def test_plant__hour_as_people_enter_it__is_of_the_markets_zone(regulator) -> None:
    text = regulator.get(f"{PLANT}?at=2024-01-02T14:00").text  # Shanghai is UTC + 8
    assert picture(text)["start"] == START + HOUR * 30


@pytest.mark.parametrize("query", ["at=yesterday", "start=-1", "start=1e9", f"start={2**64}"])
def test_plant__no_hour__said(regulator, query) -> None:
    answer = regulator.get(f"{PLANT}?{query}")
    assert answer.status_code == 422
    assert "An hour looks like" in answer.text


def test_quarantine__what_was_put_aside__listed_with_its_reason(regulator) -> None:
    listed = rows(regulator.get(f"{PLANT}/quarantine.csv"))
    assert [(row["reason"], row["device"]) for row in listed] == [
        ("wrong signature", "2"),
        ("malformed", ""),
    ]
    assert "wrong signature" in regulator.get(PLANT).text


def test_reading__of_the_gateway__every_step_leads_to_the_head(regulator) -> None:
    text = regulator.get(f"{PLANT}/readings/gateway/1/{START + 5 * HOUR}").text
    assert "leads to the head of the logbook" in text
    assert 'class="broken"' not in text


def test_reading__of_a_falsified_batch__breaks_at_the_anchored_root(regulator) -> None:
    text = regulator.get(f"{PLANT}/readings/emitter/1/{START + FALSIFIED[0] * HOUR}").text
    assert "this copy is not what was anchored" in text
    assert text.count('class="broken"') == 2


def test_reading__of_an_unanchored_hour__says_so(regulator) -> None:
    text = regulator.get(f"{PLANT}/readings/gateway/1/{START + 80 * HOUR}").text
    assert "is not on the chain yet" in text


@pytest.mark.parametrize(
    "page", [f"readings/none/1/{START}", f"readings/gateway/9/{START}", "devices/9",
             f"readings/gateway/1/{START + 1}", f"readings/..%2F..%2Fx/1/{START}"]
)  # fmt: skip
def test_plant__what_is_not_there__not_found(regulator, page) -> None:
    assert regulator.get(f"{PLANT}/{page}").status_code == 404


def located(client, **form):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"{PLANT}/locate").text)[1]
    return client.post(f"{PLANT}/locate", data={"csrf_token": token, **form})


def test_locate__falsified_against_honest__exactly_the_lowered_hours(regulator) -> None:
    answer = regulator.get(f"{PLANT}/locate?first=emitter&second=verifier&answer=csv")
    found = rows(answer)
    assert [int(row["start"]) for row in found] == [START + HOUR * hour for hour in FALSIFIED]
    for row, hour in zip(found, FALSIFIED, strict=True):
        assert (row["source_name"], row["device_name"]) == ("Boiler 1", "Analyser A")
        assert int(row["second_co2_g"]) == mass_g(1, hour)
        assert int(row["first_co2_g"]) == mass_g(1, hour) // 2
        assert (row["first_standing"], row["second_standing"]) == (
            "not signed by the device",
            "signed by the device",
        )
        assert row["anchored_copy"] == "second"
        assert row["anchoring_transaction"].startswith("0x")
        assert int(row["anchoring_block"]) > 0


def test_locate__a_copy_with_itself__no_difference(regulator) -> None:
    text = regulator.get(f"{PLANT}/locate?first=verifier&second=verifier").text
    assert "No reading differs" in text
    assert "1 comparisons among 216 and 216" in text
    assert "evidence.json" not in text


def test_locate__file_of_ones_own__compared_and_not_kept(it, regulator) -> None:
    content = (it.case / "emitter.csv").read_bytes()
    answer = located(regulator, first_file=(io.BytesIO(content), "mine.csv"), second="verifier")
    assert "3 readings differ" in answer.text
    assert "mine.csv against verifier" in answer.text
    assert it.office.readings.names(EMITTER, YEAR) == ["gateway", "emitter", "verifier"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("copy.exe", b"MZ", "its name ends in .csv"),
        ("copy.csv", b"\xff\xfe\x00", "not UTF-8 text"),
        ("copy.csv", b"a,b\n1,2\n", "lacks the columns"),
        ("copy.csv", b"", "lacks the columns"),
    ],
)
def test_locate__a_file_that_is_no_copy__said_why(regulator, name, content, reason) -> None:
    answer = located(regulator, first_file=(io.BytesIO(content), name), second="verifier")
    assert answer.status_code == 422
    assert reason in answer.text


def test_locate__a_line_that_cannot_be_read__named(it, regulator) -> None:
    lines = (it.case / "verifier.csv").read_text().splitlines()
    lines[7] = lines[7].replace("2024", "never", 1)
    content = "\n".join(lines).encode()
    answer = located(regulator, first_file=(io.BytesIO(content), "x.csv"), second="verifier")
    assert answer.status_code == 422
    assert "x.csv line 8 is no reading" in answer.text


def test_locate__file_beyond_the_bound__refused(regulator, it) -> None:
    it.app.config["MAX_CONTENT_LENGTH"] = 1000
    try:
        answer = located(
            regulator, first_file=(io.BytesIO(b"x" * 2000), "x.csv"), second="verifier"
        )
    finally:
        it.app.config["MAX_CONTENT_LENGTH"] = 8 * 1024 * 1024
    assert answer.status_code == 413


def test_locate__without_form_token__refused(regulator) -> None:
    assert regulator.post(f"{PLANT}/locate", data={"first": "verifier"}).status_code == 400


def test_evidence__bundle_of_the_differences__the_checker_accepts_it(regulator) -> None:
    text = regulator.get(f"{PLANT}/locate?first=emitter&second=verifier").text
    link = html.unescape(re.search(r'href="([^"]*evidence.json[^"]*)"', text)[1])
    answer = regulator.get(link)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    findings = check_bundle(answer.data)
    assert [finding.what for finding in findings if not finding.holds] == []
    proved = [finding.sentence for finding in findings if finding.what.startswith("readings")]
    assert len(proved) == len(FALSIFIED)
    assert str(mass_g(1, FALSIFIED[0])) in proved[0]


@pytest.mark.parametrize("reading", ["x", "1,2", f"{START + 999 * HOUR},1,1"])
def test_evidence__a_reading_that_is_none__refused(regulator, reading) -> None:
    answer = regulator.get(f"{PLANT}/evidence.json?reading={reading}")
    assert answer.status_code in {404, 422}


def overwrite(it, body: bytes) -> bytes:
    """Replace the first reading of device 3 in the gateway's file; returns what was there."""
    with closing(sqlite3.connect(it.case / "gateway.db")) as db, db:
        (old,) = db.execute(
            "SELECT body FROM reading WHERE device = 3 AND start = ?", (START,)
        ).fetchone()
        db.execute(
            "UPDATE reading SET body = ? WHERE device = 3 AND start = ?", (body or old, START)
        )
        return old


def test_store__a_reading_changed_behind_the_gateways_back__seen_as_not_as_anchored(
    it, regulator
) -> None:
    def states(hour):
        return set(table(regulator.get(f"{PLANT}?start={START + hour * HOUR}").text).values())

    old = overwrite(it, b"")
    try:
        overwrite(it, old[:31] + bytes([old[31] ^ 1]) + old[32:])
        assert states(0) == {"altered"}
        assert states(24) == {"proved"}
    finally:
        overwrite(it, old)
    assert states(0) == {"proved"}


def test_plant__key_replaced_later__old_readings_stay_proved(it, regulator) -> None:
    emitter = it.chain.sender("emitter")
    new = it.chain.key("new-device").address
    it.access.act(emitter, "monitoring", "replace_device_key", 3, new, "lost")
    from tanlian.readmodel.projector import Projector

    Projector(it.office.tables, it.access.contracts).catch_up()
    text = regulator.get(f"{PLANT}?start={START}").text
    assert table(text)["device-3"] == "proved"
    assert new.lower() in regulator.get(f"{PLANT}/devices/3").text
