"""`tanlian locate`: source, device, hour, signer and anchoring transaction of every difference."""

import csv
import dataclasses
import json

import pytest
from click.testing import CliRunner

from tanlian.commands.locate import locate
from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import Reading
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.services.lie_location import Standing, compare_copies
from tanlian.services.reading_files import (
    DEVICE_COLUMNS,
    Anchor,
    ReadingFile,
    SignedReading,
    load_anchors,
    load_devices,
    write_anchors,
    write_readings,
)

START = 1_704_067_200
DEVICE_KEY, FORGER_KEY = bytes(31) + b"\1", bytes(31) + b"\2"
LIE_AT = START + 30 * 3600


def honest():
    items = [Reading(START + 3600 * h, 4, 9, h + 1, 500_000 + h) for h in range(72)]
    return [SignedReading(r, sign_reading(DEVICE_KEY, r.body)) for r in items]


def falsified(key=None):
    items = honest()
    at = next(i for i, s in enumerate(items) if s.reading.start == LIE_AT)
    lie = dataclasses.replace(items[at].reading, mass_g=1)
    items[at] = SignedReading(lie, sign_reading(key, lie.body) if key else items[at].signature)
    return items


@pytest.fixture
def files(tmp_path):
    paths = {}
    for name, items in (("verifier", honest()), ("emitter", falsified(FORGER_KEY))):
        paths[name] = tmp_path / f"{name}.csv"
        write_readings(paths[name], items)
    roots = ReadingFile.load(paths["verifier"]).copy().batch_roots
    paths["anchors"] = tmp_path / "anchors.csv"
    write_anchors(
        paths["anchors"],
        [Anchor(h, 24, root, f"0xtx{n}", 100 + n) for n, (h, root) in enumerate(roots.items())],
    )
    paths["devices"] = tmp_path / "devices.csv"
    with paths["devices"].open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(DEVICE_COLUMNS)
        writer.writerow([4, "boiler 2", 9, "stack analyser", address_of(DEVICE_KEY)])
    return paths


def test_files__written_and_read__same_readings_and_anchors(files):
    loaded = ReadingFile.load(files["verifier"])
    assert list(loaded.readings) == [s.reading for s in honest()]
    assert list(loaded.signatures.values()) == [s.signature for s in honest()]
    anchors = load_anchors(files["anchors"])
    assert [a.root for a in anchors.values()] == list(loaded.copy().batch_roots.values())


def test_compare_copies__emitter_changed_an_hour__named_with_all_facts(files):
    result = compare_copies(
        ReadingFile.load(files["verifier"]),
        ReadingFile.load(files["emitter"]),
        load_devices(files["devices"]),
        load_anchors(files["anchors"]),
    )
    (finding,) = result.findings
    assert finding.difference.first.mass_g == 500_030
    assert finding.difference.second.mass_g == 1
    assert finding.standings == (Standing.DEVICE, Standing.STRANGER)
    assert finding.signers == (address_of(DEVICE_KEY), address_of(FORGER_KEY))
    assert finding.anchor.transaction == "0xtx1"
    assert finding.anchored == "first"
    assert result.not_as_anchored == ((), (START // 3600 + 24,))
    assert finding.sentence() == (
        "source 4 (boiler 2), device 9 (stack analyser), 2024-01-02 06:00 UTC: "
        f"500030 g CO2 (signed by the device {address_of(DEVICE_KEY)}) against "
        f"1 g CO2 (not signed by the device {address_of(FORGER_KEY)}); "
        "anchored in 0xtx1 (block 101): first."
    )


@pytest.mark.parametrize(
    ("key", "standing"), [(None, Standing.STRANGER), (DEVICE_KEY, Standing.DEVICE)]
)
def test_compare_copies__lie_with_the_old_or_the_devices_own_signature__said_so(
    files, tmp_path, key, standing
):
    path = tmp_path / "lie.csv"
    write_readings(path, falsified(key))
    (finding,) = compare_copies(
        ReadingFile.load(files["verifier"]), ReadingFile.load(path), load_devices(files["devices"])
    ).findings
    assert finding.standings[1] is standing
    assert (finding.anchored, finding.anchor) == ("unknown", None)


def test_locate_command__copies_differ__exit_1_and_a_sentence(files):
    run = CliRunner().invoke(
        locate,
        [str(files["verifier"]), str(files["emitter"]), "--devices", str(files["devices"]),
         "--anchors", str(files["anchors"])],
    )  # fmt: skip
    assert run.exit_code == 1
    assert "500030 g CO2 (signed by the device" in run.output
    assert "emitter.csv: 1 batches are not as anchored." in run.output
    assert "1 of 72 readings differ, found with" in run.output


def test_locate_command__equal_copies_as_json__exit_0_and_nothing_found(files):
    run = CliRunner().invoke(locate, [str(files["emitter"]), str(files["emitter"]), "--json"])
    assert run.exit_code == 0
    assert json.loads(run.output)["differences"] == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("measured", "guessed", "line 2 is no reading"),
        ("500000", "-5", "line 2: mass_g -5 is outside"),
        ("co2_g", "co2", "lacks the columns co2_g"),
    ],
)
def test_load__file_with_a_fault__refused_with_its_place(files, old, new, reason):
    text = files["verifier"].read_text()
    files["verifier"].write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidInput, match=reason):
        ReadingFile.load(files["verifier"])
