"""The compliance year on a chain: the real contracts come to the figures of the arithmetic."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from harness.eutl_data import write_eutl
from tanlian.chain.connection import Connection
from tanlian.cli import main
from tanlian.domain.credit_rating import DUTY_MET, load_rating_rules
from tanlian.domain.errors import InvalidInput
from tanlian.domain.incentives import Trigger, load_rules
from tanlian.domain.profiles import profile
from tanlian.domain.year_simulation import YearRules, simulate_year
from tanlian.services.chain_clock import ClockBackwards, MovedClock
from tanlian.services.embedded_process import embedded_chain
from tanlian.services.eutl_files import select_members
from tanlian.services.eutl_import import price_range
from tanlian.services.narration import SilentNarrator
from tanlian.services.year_data import emitters_of
from tanlian.services.year_outcome import compare
from tanlian.services.year_report import verdict_of, year_json, year_page
from tanlian.services.year_run import run_year

COUNT = 14
GOOD = (
    "reconciled: carbon 0 kg, money 0 micro-yuan; {} figures compared with the arithmetic, 0 differ"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eutl")
    write_eutl(folder, COUNT, seed=5)
    return folder


@pytest.fixture(scope="module")
def rules():
    return YearRules(
        profile("cn", 2024), load_rules(), load_rating_rules(), price_range(6_000, 60), seed=3,
        falsified_per_mille=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def selection(folder):
    return select_members(folder, registry="XX", year=2020)


@pytest.fixture(scope="module")
def computed(selection, rules):
    return simulate_year(emitters_of(selection), rules)


@pytest.fixture(scope="module")
def ran(selection, rules, tmp_path_factory):
    return run_year(tmp_path_factory.mktemp("year") / "run", rules, selection, SilentNarrator())


def test_year_on_a_chain__every_figure_of_every_member__is_the_arithmetics(ran, computed) -> None:
    compared = compare(ran.outcome, computed)
    assert compared.differences == []
    assert compared.compared == 17 * COUNT
    # the population comes to everything that a year can come to here
    flags = [member.flags for member in ran.outcome.members]
    assert any(f & 1 << DUTY_MET for f in flags)
    assert any(not f & 1 << DUTY_MET for f in flags)
    held = {trigger for member in ran.outcome.members for trigger in member.cases}
    wanted = {Trigger.HONEST_REPORT, Trigger.MISREPORT, Trigger.SHORTFALL, Trigger.BELOW_BENCHMARK}
    assert wanted <= held
    assert computed.trades
    assert any(member.cut_kg for member in ran.outcome.members)


def test_year_on_a_chain__units_and_money__add_up(ran, computed) -> None:
    assert ran.books.balanced
    assert ran.outcome.gap_kg == 0
    assert ran.outcome.open_cases == 0
    assert ran.outcome.surrendered_kg == 1_000 * sum(m.surrendered_t for m in computed.members)
    assert ran.outcome.issued_kg == 1_000 * sum(m.emitter.allocation_t for m in computed.members)


@pytest.mark.parametrize(
    "change",
    ["duty_kg", "surrendered_kg", "shortfall_kg", "held_kg", "score", "flags", "coins", "cases"],
)
def test_compare__one_figure_of_one_member_is_another__is_told(
    ran, computed, rules, change
) -> None:
    members = list(ran.outcome.members)
    old = getattr(members[3], change)
    wrong = {**old, Trigger.LATE_REPORT: 1} if change == "cases" else old + 1
    members[3] = replace(members[3], **{change: wrong})
    tampered = replace(ran, outcome=replace(ran.outcome, members=members))
    compared = compare(tampered.outcome, computed)
    assert compared.differences
    assert all(line.startswith(members[3].name) for line in compared.differences)
    words, good = verdict_of(computed, tampered, compared)
    assert not good
    assert f"{len(compared.differences)} differ" in words
    page = year_page("A year", computed, rules, tampered)
    assert compared.differences[0] in page
    document = json.loads(year_json(computed, rules, tampered))
    assert document["chain"]["differences"] == compared.differences


def test_year_page__with_a_chain__states_the_verdict_and_the_gas(ran, computed, rules) -> None:
    page = year_page("A year", computed, rules, ran)
    assert GOOD.format(17 * COUNT) in page
    assert "penalties" in page
    chain = json.loads(year_json(computed, rules, ran))["chain"]
    assert [stage["stage"] for stage in chain["stages"]] == [stage.name for stage in ran.stages]
    assert chain["gas_per_member"] == ran.gas_per_member > 0


def test_simulate_year__command__runs_the_chain_keeps_it_and_refuses_it_again(
    folder, tmp_path
) -> None:
    args = [
        "simulate", "year", str(folder), "--year", "2020", "--registry", "XX", "--limit", "3",
        "--price", "60.00", "--output", str(tmp_path / "out"), "--data", str(tmp_path / "kept"),
    ]  # fmt: skip
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == GOOD.format(17 * 3)
    assert (tmp_path / "kept" / "chain").is_dir()
    written = (tmp_path / "out" / "year-XX-2020-eu.json").read_text()
    again = CliRunner().invoke(main, args)
    assert again.exit_code == 1
    assert "holds a chain already" in again.output
    assert (tmp_path / "out" / "year-XX-2020-eu.json").read_text() == written


def test_run_year__folder_with_a_chain__is_refused(selection, rules, tmp_path) -> None:
    (tmp_path / "chain").mkdir()
    with pytest.raises(InvalidInput, match="holds a chain already"):
        run_year(tmp_path, rules, selection, SilentNarrator())
    assert [path.name for path in tmp_path.iterdir()] == ["chain"]


def test_move_to__back_in_time__is_refused_and_no_block_lies_before(tmp_path) -> None:
    with embedded_chain(tmp_path / "chain", development=True) as chain:
        clock = MovedClock(Connection(chain.url))
        clock.move_to(2_000_000_000)
        with pytest.raises(ClockBackwards):
            clock.move_to(1_900_000_000)
        assert clock.now() >= 2_000_000_000
        clock.move_to(2_100_000_000)
        assert 2_100_000_000 <= clock.now() < 2_100_000_060
