"""The simulated compliance year: the loop closes, the seed decides, the rules are the contracts'."""

import csv
import io
import json
from collections import Counter

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tanlian.cli import main
from tanlian.domain.compliance import ComplianceCode
from tanlian.domain.credit_rating import load_rating_rules
from tanlian.domain.eutl import COMPLIANCE_COLUMNS, INSTALLATION_COLUMNS
from tanlian.domain.incentives import ONE_COIN, Trigger, load_rules
from tanlian.domain.profiles import profile
from tanlian.domain.trading_need import PriceRange
from tanlian.domain.year_simulation import Emitter, YearRules, simulate_year
from tanlian.services.year_report import COLUMNS, year_csv, year_json, year_page


def rules(jurisdiction: str = "cn", **changes) -> YearRules:
    values = {
        "profile": profile(jurisdiction, 2024),
        "incentives": load_rules(),
        "rating": load_rating_rules(),
        "prices": PriceRange(6_000, 0, 6_000, 6_000),
        "seed": 1,
        "falsified_per_mille": 0,
    }
    return YearRules(**{**values, **changes})


LONG = Emitter("long", 1_500, 1_000, 1_000, "A")
SHORT = Emitter("short", 1_000, 1_800, 1_000, "B")


def test_simulate_year__one_long_one_short__trades_then_surrenders() -> None:
    year = simulate_year([LONG, SHORT], rules())
    long, short = year.members
    assert (long.sold_t, short.bought_t) == (500, 500)
    assert (long.code, short.code) == (ComplianceCode.SURRENDERED, ComplianceCode.SHORT)
    assert (short.surrendered_t, short.shortfall_t, short.next_cut_t) == (1_500, 300, 300)
    assert short.fine_cents == (300 * 5 * 6_000, 300 * 10 * 6_000)
    assert long.half_ticks == -short.half_ticks == -500 * 12_000
    assert long.cases == {
        Trigger.HONEST_REPORT: 100 * ONE_COIN,
        Trigger.BELOW_BENCHMARK: 15 * ONE_COIN,
    }
    assert short.cases[Trigger.SHORTFALL] == 160 * ONE_COIN
    assert (long.score, short.score) == (600 + 40 + 20 + 15, 600 + 20 - 120)
    assert year.recorded == Counter({("A", "A"): 1, ("B", "B"): 1})
    assert year.agreement == (2, 2)
    assert year.balanced


def test_simulate_year__everyone_misreports__is_found_out() -> None:
    year = simulate_year([LONG, SHORT], rules(falsified_per_mille=1_000))
    for member in year.members:
        assert member.declared_t == member.emitter.verified_t * 900 // 1_000
        assert Trigger.MISREPORT in member.cases
        assert Trigger.HONEST_REPORT not in member.cases


def test_simulate_year__eu_rules__fine_per_tonne_and_no_cut() -> None:
    short = simulate_year([LONG, SHORT], rules("eu")).members[1]
    assert (short.next_cut_t, short.fine_cents) == (0, (300 * 10_000, 300 * 10_000))


def test_simulate_year__codes_without_judgement__are_not_compared() -> None:
    odd = [Emitter("x", 5, 5, 5, "-"), Emitter("y", 5, 5, None, "C"), Emitter("z", 5, 5, 5, "A*")]
    year = simulate_year(odd, rules())
    assert year.agreement == (1, 2)


emitters = st.lists(
    st.builds(
        Emitter,
        st.just("x"),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.one_of(st.none(), st.integers(0, 10**6)),
        st.sampled_from(["A", "B", "C", ""]),
    ),
    min_size=1,
    max_size=20,
)


@given(emitters, st.integers(0, 5), st.integers(0, 1_000))
def test_simulate_year__any_population__the_loop_closes(population, seed, falsified) -> None:
    chosen = rules(
        prices=PriceRange(6_000, 300, 5_700, 6_300), seed=seed, falsified_per_mille=falsified
    )
    year = simulate_year(population, chosen)
    assert year.gap_t == 0
    assert year.balanced
    for member in year.members:
        assert member.surrendered_t + member.shortfall_t == member.emitter.verified_t
        assert 0 <= member.score <= 1_000
    again = simulate_year(population, chosen)
    assert year_json(again, chosen) == year_json(year, chosen)


def test_year_csv_and_json__same_figures_as_the_page() -> None:
    chosen = rules()
    year = simulate_year([LONG, SHORT], chosen)
    rows = list(csv.DictReader(io.StringIO(year_csv(year, chosen))))
    document = json.loads(year_json(year, chosen))
    assert tuple(rows[0]) == COLUMNS
    assert [{k: str(v) for k, v in m.items()} for m in document["members"]] == rows
    assert document["rules_hash"] == chosen.profile.rules_hash.hex()
    page = year_page("A year", year, chosen)
    for words in ("<h1>A year</h1>", "carbon gap 0 t, balanced", "short", "2 / 2"):
        assert words in page


@pytest.fixture
def folder(tmp_path):
    with (tmp_path / "eutl_installations.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, INSTALLATION_COLUMNS)
        writer.writeheader()
        for number in range(1, 4):
            writer.writerow(
                {
                    "installation_id": f"DE_{number}",
                    "country": "DE",
                    "name": f"plant {number}",
                    "operator": "o",
                    "city": "c",
                    "activity_code": "20",
                    "lat": "50.0",
                    "lon": "10.0",
                    "coord_src": "x",
                    "account_status": "open",
                }
            )
    with (tmp_path / "eutl_compliance_2020.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COMPLIANCE_COLUMNS)
        writer.writeheader()
        for number, (allocation, verified, code) in enumerate(
            [(100, 80, "A"), (50, 90, "B"), (10, 10, "A")], start=1
        ):
            writer.writerow(
                {
                    "installation_id": f"DE_{number}",
                    "year": "2020",
                    "allocation": allocation,
                    "verified_emissions": verified,
                    "units_surrendered": min(allocation, verified),
                    "cum_verified": verified,
                    "cum_surrendered": verified,
                    "compliance_code": code,
                }
            )
    return tmp_path


def test_simulate__command__writes_page_and_tables_and_reconciles(folder, tmp_path) -> None:
    out = tmp_path / "out"
    args = ["simulate", "year", str(folder), "--year", "2020", "--registry", "DE"]
    more = ["--price", "60.00", "--output", str(out), "--without-chain"]
    result = CliRunner().invoke(main, [*args, *more])
    assert result.exit_code == 0, result.output
    assert "3 installations" in result.output
    assert "3 of 3 codes as in the registry" in result.output
    assert result.output.splitlines()[-1] == "reconciled: carbon gap 0 t"
    names = sorted(path.name for path in out.iterdir())
    assert names == [f"year-DE-2020-eu.{suffix}" for suffix in ("csv", "html", "json")]


def test_simulate__unknown_rules_or_registry__is_a_sentence(folder, tmp_path) -> None:
    args = ["simulate", "year", str(folder), "--year", "2020", "--price", "60.00"]
    for extra, words in (
        (["--registry", "FR"], "FR"),
        (["--registry", "DE", "--rules", "xx"], "There are no rules for xx 2024."),
    ):
        result = CliRunner().invoke(main, [*args, *extra, "--output", str(tmp_path / "o")])
        assert result.exit_code == 1
        assert words in result.output
        assert not (tmp_path / "o").exists()
