"""Proposed allocations: the worked examples through the command, and what a table may not say."""

from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tanlian.cli import main
from tanlian.domain.errors import InvalidInput
from tanlian.services.allocation_proposals import COLUMNS, propose

GUIDE = "I,1500000,2000000,0.10,78"  # the worked example: 1,432,801.47 t in 2022
POWER = "organisation,unit_class,electricity_mwh,heat_gj,heat_ratio,load_percent"
BALANCE = "organisation,method,emissions_t,intensity,balance"


@pytest.fixture
def table(tmp_path):
    def write(*lines: str):
        path = tmp_path / "units.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def run(path, *options):
    return CliRunner(mix_stderr=False).invoke(main, ["propose-allocation", str(path), *options])


def test_propose__worked_examples__the_tonnes_of_the_guide(table):
    both = ",".join(COLUMNS)
    path = table(
        both,
        "Hubei Power,,I,1500000,2000000,,0.10,78,,,,",
        "Wuhan Cement,balance,,,,,,,,1000000,0.82,0.86",
    )
    done = run(path, "--year", "2022")
    assert done.exit_code == 0, done.output
    assert done.stdout == "organisation,tonnes\nHubei Power,1432801\nWuhan Cement,1006976\n"
    assert "2 units of 2 organisations, 2,439,777 t; benchmarks of 2022: status K" in done.stderr


def test_propose__two_units_of_one_organisation__rounded_once(table):
    """Each unit has 1,432,801.47 t: rounded alone they would lose a tonne that both have."""
    path = table(POWER, *[f"Hubei Power,{GUIDE}"] * 3)
    (found,) = propose(path, 2022)
    assert (found.units, found.tonnes) == (3, 4_298_404)
    assert found.tonnes > 3 * 1_432_801
    (part,) = propose(path, 2022, Fraction(70))
    assert part.tonnes == 3_008_883


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_propose__any_share__never_more_than_it(tmp_path_factory, mwh, percent):
    path = tmp_path_factory.mktemp("units") / "units.csv"
    path.write_text(f"organisation,unit_class,electricity_mwh\nA,II,{mwh}\n")
    (found,) = propose(path, 2024, Fraction(percent))
    exact = Fraction(mwh) * Fraction("0.8049") * percent / 100
    assert exact - 1 < found.tonnes <= exact


@pytest.mark.parametrize(
    ("header", "line", "sentence"),
    [
        (POWER, "A,V,1,,,", "There is no benchmark for class V in 2022"),
        (POWER, "A,,1,,,", "unit_class is missing"),
        (POWER, "A,I,,,,", "electricity_mwh is ''"),
        (POWER, "A,I,1e9,,,", "electricity_mwh is '1e9'"),
        (POWER, "A,I,-5,,,", "electricity_mwh is '-5'"),
        (POWER, "A,I,1/3,,,", "electricity_mwh is '1/3'"),
        (POWER, "A,I,1,,1.01,", "heat_ratio is at most 1"),
        (POWER, "A,I,1,,,101", "load_percent is at most 100"),
        (POWER, ",I,1,,,", "The organisation is missing"),
        (POWER, "A,I,1,,,,,9", "more fields than the first one"),
        (BALANCE, "A,guess,1,1,1", "The method is benchmark or balance, not 'guess'"),
        (BALANCE, "A,benchmark,1,1,1", "takes no emissions_t"),
        (BALANCE, "A,balance,1,1,0", "balance value must be positive"),
        (f"{BALANCE},unit_class", "A,balance,1,1,1,I", "takes no unit_class"),
        ("organisation,unit_class,cogeneration", "A,I,perhaps", "cogeneration is yes, no or empty"),
        ("organisation,unit_class,electricity_mwh,cooling", "A,I,1,hope", "Unknown cooling"),
    ],
)  # fmt: skip
def test_propose__impossible_line__named_and_nothing_printed(table, header, line, sentence):
    path = table(header, line)
    done = run(path, "--year", "2022")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert f"{path}:2: " in done.stderr
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((POWER,), "names no unit"),
        (("unit_class,electricity_mwh", "I,1"), "has no column organisation"),
        (("organisation,megawatt_hours", "A,1"), "has the unknown column megawatt_hours"),
    ],
)
def test_propose__no_such_table__says_what_is_needed(table, lines, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        propose(table(*lines), 2022)


def test_propose__missing_file__one_sentence(tmp_path):
    done = run(tmp_path / "none.csv", "--year", "2022")
    assert done.exit_code == 1
    assert "cannot be read" in done.stderr


def test_propose__year_without_benchmarks__refused_for_power_and_not_for_the_band(table):
    assert "no benchmark" in run(table(POWER, f"A,{GUIDE}"), "--year", "2031").stderr
    band = run(table(BALANCE, "A,balance,1000,1,1"), "--year", "2031")
    assert band.stdout.splitlines()[1] == "A,1000"
