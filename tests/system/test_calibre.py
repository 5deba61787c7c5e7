"""`tanlian calibre`: files in, sentences or JSON out, exit status by the tolerance, wrong input named."""

import json

import pytest
from click.testing import CliRunner

from harness.emissions import abi_line
from harness.served import served
from tanlian.chain.keys import keccak
from tanlian.cli import main
from tanlian.domain.factor_set import factor_set
from tanlian.domain.reading import Reading
from tanlian.domain.roles import Role
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.services.activity_files import load_activity
from tanlian.services.factor_loading import load_factor_set
from tanlian.services.reading_files import ReadingFile, SignedReading, write_readings

START, END = 1_704_067_200, 1_735_689_600
KEY = bytes(31) + b"\1"
HEAD = "source,month,method,key,unit,quantity,basis,ncv,carbon,moisture_received,moisture_dry,share"
ACTIVITY = f"""{HEAD}
1,1,fuel,coal_bituminous,t,600,,,,,,
1,2,fuel,coal_bituminous,t,400,,,,,,
"""
REPORTED_KG = 1_741_750


@pytest.fixture
def files(tmp_path):
    """A year of 60 days in two months whose readings fit its activity data."""
    (tmp_path / "activity.csv").write_text(ACTIVITY)
    kept = []
    for month, kilograms in ((0, 1_045_050), (1, 696_700)):
        for hour in range(20):
            start = START + (month * 31 * 24 + hour) * 3600
            mass = kilograms * 50 + (hour % 2 * 2 - 1) * (hour // 2 + 1)
            reading = Reading(start, 1, 1, month * 20 + hour + 1, mass, 0, mass // 88)
            kept.append(SignedReading(reading, sign_reading(KEY, reading.body)))
    write_readings(tmp_path / "readings.csv", kept)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["calibre", *map(str, arguments)])


def test_calibre__figures_agree__exit_0_and_each_place_said(files):
    told = run(files / "activity.csv", files / "readings.csv", "--declared", REPORTED_KG)
    assert told.exit_code == 0, told.output
    assert (
        f"the organisation: calculated {REPORTED_KG} kg, measured {REPORTED_KG} kg" in told.output
    )
    assert "source 1, month 2: calculated 696700 kg, measured 696700 kg" in told.output
    assert "0 of 4 comparisons exceed the tolerance" in told.output


def test_calibre__one_month_short__exit_1_with_month_and_cause(files):
    short = ACTIVITY.replace("t,400", "t,300")
    (files / "activity.csv").write_text(short)
    told = run(files / "activity.csv", files / "readings.csv")
    assert told.exit_code == 1
    assert (
        "source 1, month 1: calculated 1045050 kg, measured 1045050 kg\n  measured less"
        in told.output
    )
    assert "probable cause, quantity" in told.output
    assert run(files / "activity.csv", files / "readings.csv", "--tolerance", "30").exit_code == 0


def test_calibre__json__the_same_for_programs(files):
    facts = json.loads(run(files / "activity.csv", files / "readings.csv", "--json").output)
    assert facts["exceeds"] is False
    assert [(row["source"], row["month"]) for row in facts["rows"]] == [
        (0, 0),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    assert facts["rows"][0]["gaps"][0]["difference_kg"] == 0


@pytest.mark.parametrize(
    ("old", "new", "more", "reason"),
    [
        ("1,1,fuel", "x,1,fuel", (), "line 2: source and month are numbers"),
        ("1,2,fuel", "1,13,fuel", (), "line 3: source and month are numbers"),
        ("coal_bituminous", "peat", (), "has no fuel peat"),
        ("fuel,", "smoke,", (), "line 2: there is no 'SMOKE'"),
        ("", "", ("--tolerance", "much"), "is no percentage"),
        ("", "", ("--tolerance", "101"), "more than 100 %"),
        ("", "", ("--factors", "mine"), "There is no factor set mine"),
        ("", "", ("--case", "2-2024", "--declared", "1"), "leave out --declared"),
    ],
)  # fmt: skip
def test_calibre__wrong_input__named(files, old, new, more, reason):
    (files / "activity.csv").write_text(ACTIVITY.replace(old, new, 1) if old else ACTIVITY)
    told = run(files / "activity.csv", files / "readings.csv", *more)
    assert told.exit_code in {1, 2}
    assert reason in told.output
    assert "Traceback" not in told.output


def test_calibre__no_text_file__named(files):
    (files / "activity.csv").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as UTF-8 text" in run(files / "activity.csv").output


def test_calibre__the_same_readings_twice__refused(files):
    told = run(files / "activity.csv", files / "readings.csv", files / "readings.csv")
    assert "give each file once" in told.output


def test_load_activity__with_source_and_month__the_lines_as_without(files):
    plain = files / "plain.csv"
    plain.write_text("\n".join(line.split(",", 2)[2] for line in ACTIVITY.splitlines()))
    assert load_activity(files / "activity.csv") == load_activity(plain)


def test_calibre__case_on_the_chain__figure_mass_and_sets_come_from_there(
    files, tmp_path, monkeypatch
):
    with served(tmp_path, monkeypatch) as it:
        access = it.deploy()
        regulator, mine = it.sender("regulator"), it.sender("emitter")
        access.act(
            regulator, "membership", "admit", keccak(b"identity"), "emitter", int(Role.EMITTER), 1,
            21, keccak(b"certificate"), it.key("emitter").address,
        )  # fmt: skip
        sets = [
            load_factor_set(access, regulator, factor_set(n)) for n in ("cn-power-2022", "gwp-ar6")
        ]
        access.act(regulator, "monitoring", "open_year", 2024, START, END)

        def calibre(*more):
            arguments = (files / "activity.csv", files / "readings.csv", "--case", "2-2024", *more)
            return it.run("calibre", *arguments)

        assert "2024 is not open for reports" in calibre().output
        access.act(regulator, "emissions", "open_year", 2024, (2**40, 100, 100, 100, 2, *sets))
        assert "reported and anchored nothing" in calibre().output
        access.act(mine, "monitoring", "register_source", "boiler")
        access.act(mine, "monitoring", "register_device", 1, address_of(KEY), "analyser")
        access.act(mine, "monitoring", "file_plan", 2024, keccak(b"plan"))
        access.act(regulator, "monitoring", "approve_plan", 2, 2024, 1)
        access.act(mine, "monitoring", "open_logbook", 2024, it.key("gateway").address)
        copy = ReadingFile.load(files / "readings.csv").copy()
        first = START // 3600
        for hours, hour in ((24 * 31, first), (24 * 29, first + 24 * 31)):
            root = next(r for at, r in copy.batch_roots.items() if hour <= at < hour + hours)
            access.act(
                it.sender("gateway"), "monitoring", "anchor", 2024, hour, hours, root.digest,
                root.mass_g, root.count,
            )  # fmt: skip
        lines = [abi_line(line) for line in load_activity(files / "activity.csv")]
        access.act(mine, "emissions", "report", 2024, lines, keccak(b"document"))
        told = calibre()
        assert told.exit_code == 0, told.output
        assert "gases gwp-ar6" in told.output
        assert "anchored less measured: +0 kg" in told.output
        text = (files / "readings.csv").read_text()
        assert ",52252499," in text
        (files / "readings.csv").write_text(text.replace(",52252499,", ",52252498,"))
        lighter = calibre()
        assert lighter.exit_code == 1  # a gram is enough
        assert "anchored less measured: +1 kg" in lighter.output
        assert "were anchored: the copy is another" in lighter.output
