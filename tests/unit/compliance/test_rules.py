"""The rule data and the arithmetic of duties, against the worked examples of the guides."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanlian.domain import allocation_methods as methods
from tanlian.domain.compliance import (
    ComplianceCode,
    FineRange,
    carry_over_limit_kg,
    compliance_code,
    duty_kg,
    fine_range,
    next_allocation_cut_kg,
    offset_limit_kg,
    shortfall_kg,
)
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.profiles import Profile, parse_profile, profile, profile_text


@pytest.fixture(params=["cn", "eu"])
def rules(request: pytest.FixtureRequest) -> Profile:
    return profile(request.param, 2024)


def test_profile__every_figure__names_source_and_status(rules: Profile) -> None:
    assert len(rules.figures) >= 20
    assert all(figure.source and figure.status in "VSK" for figure in rules.figures.values())
    assert any(figure.status == "K" for figure in rules.figures.values()), (
        "hides what it is not sure of"
    )


def test_profile__hash__changes_with_any_figure() -> None:
    text = 'jurisdiction="x"\nperiod=1\ntitle="t"\ntitle_zh="t"\ncurrency="C"\n[figures.a]\n'
    row = 'value={}\nunit="t"\nstatus="V"\nsource="law"\n'
    one, same, other = (parse_profile(text + row.format(v)) for v in ("1", "1 # one", "2"))
    assert one.rules_hash == same.rules_hash != other.rules_hash


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ('value=1\nunit="t"\nstatus="V"\n', "value, unit, status and source"),
        ('value=1\nunit="t"\nstatus="V"\nsource=""\n', "value, unit, status and source"),
        ('value=1\nunit="t"\nstatus="?"\nsource="law"\n', "unknown status"),
    ],
)
def test_parse_profile__incomplete_figure__is_refused(row: str, sentence: str) -> None:
    text = 'jurisdiction="x"\nperiod=1\ntitle="t"\ntitle_zh="t"\ncurrency="C"\n[figures.a]\n' + row
    with pytest.raises(InvalidInput, match=sentence):
        parse_profile(text)


def test_profile__unknown_year__is_named() -> None:
    with pytest.raises(NotFound, match="cn 1999"):
        profile("cn", 1999)


def test_compliance_rules__china__are_those_of_the_law() -> None:
    rules = profile("cn", 2024).compliance_rules()
    assert rules.deadline_at == 1_767_225_599  # 2025-12-31 23:59:59 UTC
    assert (rules.offset_limit_ppm, rules.carry_base_kg) == (50_000, 10_000_000)
    assert (rules.carry_multiplier_ppm, rules.next_cut_ppm) == (1_500_000, 1_000_000)


def test_compliance_rules__eu__bank_without_limit_and_take_no_offsets() -> None:
    rules = profile("eu", 2024).compliance_rules()
    assert (rules.offset_limit_ppm, rules.carry_unlimited, rules.next_cut_ppm) == (0, True, 0)
    assert rules.deadline_at == 1_759_276_799  # 2025-09-30 23:59:59 UTC


def test_fine_range__worked_example__china() -> None:
    expected = FineRange(300_000_00, 600_000_00)
    assert fine_range(profile("cn", 2024), 1_000_000, mean_price_cents=60_00) == expected
    with pytest.raises(InvalidInput, match="mean price"):
        fine_range(profile("cn", 2024), 1_000_000)


def test_fine_range__eu__hundred_euro_a_tonne() -> None:
    expected = FineRange(100_000_00, 100_000_00)
    assert fine_range(profile("eu", 2024), 1_000_000) == expected


@pytest.mark.parametrize(
    ("accepted", "duty"),
    [(0, 0), (499, 0), (500, 1_000), (1_499, 1_000), (1_500, 2_000), (10**15, 10**15)],
)
def test_duty_kg__half_a_tonne__rounds_up(accepted: int, duty: int) -> None:
    assert duty_kg(accepted, 1_000) == duty


@pytest.mark.parametrize(
    ("duty", "limit"), [(0, 0), (19, 0), (20, 1), (1_000_000, 50_000), (999_999, 49_999)]
)
def test_offset_limit_kg__five_percent__floors(duty: int, limit: int) -> None:
    assert offset_limit_kg(duty, 50_000) == limit


@pytest.mark.parametrize(
    ("holding", "net_sold", "carried"),
    [
        (0, 10**9, 0),
        (9_999_999, 0, 9_999_999),
        (10_000_001, 0, 10_000_000),
        (10**10, 1_000_000, 11_500_000),
        (10**10, 1, 10_000_001),
        (10**10, -5_000_000, 10_000_000),
    ],
)
def test_carry_over_limit_kg__china__base_plus_multiple(
    holding: int, net_sold: int, carried: int
) -> None:
    got = carry_over_limit_kg(
        holding, net_sold, base=10_000_000, multiplier_ppm=1_500_000, unlimited=False
    )
    assert got == carried


@given(st.integers(0, 10**18), st.integers(-(10**18), 10**18))
@settings(max_examples=50)
def test_carry_over_limit_kg__any_input__never_exceeds_the_holding(holding: int, sold: int) -> None:
    args = {"base": 10_000_000, "multiplier_ppm": 1_500_000}
    limited = carry_over_limit_kg(holding, sold, unlimited=False, **args)
    assert 0 <= limited <= holding == carry_over_limit_kg(holding, sold, unlimited=True, **args)


def test_shortfall_and_cut__late_payment__does_not_lower_them() -> None:
    assert shortfall_kg(10, 10) == shortfall_kg(10, 11) == 0
    assert shortfall_kg(10, 9) == 1
    assert next_allocation_cut_kg(3, 500_000) == 1


@pytest.mark.parametrize(
    ("accepted", "duty", "surrendered", "passed", "code"),
    [
        (True, 5, 5, False, ComplianceCode.SURRENDERED),
        (True, 5, 4, False, ComplianceCode.OPEN),
        (True, 5, 4, True, ComplianceCode.SHORT),
        (False, 0, 0, False, ComplianceCode.OPEN),
        (False, 0, 0, True, ComplianceCode.UNREPORTED),
    ],
)
def test_compliance_code__each_standing__its_letter(
    accepted: bool, duty: int, surrendered: int, passed: bool, code: ComplianceCode
) -> None:
    got = compliance_code(
        accepted=accepted, duty=duty, surrendered=surrendered, deadline_passed=passed
    )
    assert got is code


def example_unit() -> methods.PowerUnit:
    return methods.PowerUnit(
        unit_class="I",
        electricity_mwh=Fraction(1_500_000),
        heat_gj=Fraction(2_000_000),
        heat_ratio=Fraction("0.10"),
        load_percent=Fraction(78),
    )


def test_benchmark_allocation__worked_example__matches_the_guide() -> None:
    unit = example_unit()
    assert methods.load_factor(unit) == Fraction("1.0102")
    assert methods.heat_factor(unit) == Fraction("0.978")
    allocation = methods.benchmark_allocation(unit, 2022)
    assert methods.floor_tonnes(allocation) == 1_432_801
    assert methods.floor_tonnes((allocation - 221_000) * 100) == 121_180_147


def test_benchmark_allocation__2024__uses_generation_without_factors() -> None:
    expected = Fraction(1_500_000) * Fraction("0.7910") + 2_000_000 * Fraction("0.1033")
    assert methods.benchmark_allocation(example_unit(), 2024) == expected


@pytest.mark.parametrize(
    ("load", "factor"),
    [
        ("100", "1"),
        ("85", "1"),
        ("84", "1.0014"),
        ("80", "1.007"),
        ("79", "1.0086"),
        ("75", "1.015"),
    ],
)
def test_load_factor__at_each_kink__follows_the_rows(load: str, factor: str) -> None:
    unit = methods.PowerUnit("II", Fraction(1), load_percent=Fraction(load))
    assert methods.load_factor(unit) == Fraction(factor)


def test_load_factor__below_75__is_the_power_and_truncated() -> None:
    at_70 = methods.PowerUnit("I", Fraction(1), load_percent=Fraction(70))
    assert methods.load_factor(at_70) == Fraction("1.030225")
    at_72_5 = methods.PowerUnit("I", Fraction(1), load_percent=Fraction("72.5"))
    factor = methods.load_factor(at_72_5)
    step = Fraction(1, 10**12)
    assert factor**2 <= Fraction("1.015") ** 3 < (factor + step) ** 2
    cogeneration = methods.PowerUnit("I", Fraction(1), load_percent=Fraction(60), condensing=False)
    assert methods.load_factor(cogeneration) == 1


@pytest.mark.parametrize(
    ("unit_class", "cooling", "factor"),
    [("I", "water", "1"), ("I", "air", "1.05"), ("IV", "air", "1"), ("III", "none", "1")],
)
def test_cooling_factor__each_kind__as_listed(unit_class: str, cooling: str, factor: str) -> None:
    unit = methods.PowerUnit(unit_class, Fraction(1), cooling=cooling)
    assert methods.cooling_factor(unit) == Fraction(factor)


def test_benchmark_allocation__unknown_year_class_or_cooling__is_refused() -> None:
    with pytest.raises(InvalidInput, match="no benchmark"):
        methods.benchmark_allocation(example_unit(), 2031)
    with pytest.raises(InvalidInput, match="no benchmark"):
        methods.benchmark_allocation(methods.PowerUnit("V", Fraction(1)), 2022)
    with pytest.raises(InvalidInput, match="Unknown cooling"):
        methods.cooling_factor(methods.PowerUnit("I", Fraction(1), cooling="hope"))


def test_balance_allocation__worked_examples__match() -> None:
    assert (
        methods.floor_tonnes(
            methods.balance_allocation(Fraction(1_000_000), Fraction("0.82"), Fraction("0.86"))
        )
        == 1_006_976
    )
    assert methods.balance_adjustment(Fraction("0.60"), Fraction("0.86")) == Fraction("0.03")


@pytest.mark.parametrize(
    ("intensity", "adjustment"),
    [
        ("0.80", "0.03"),
        ("0.8001", "0.029985"),
        ("1", "0"),
        ("1.1999", "-0.029985"),
        ("1.20", "-0.03"),
    ],
)
def test_balance_adjustment__at_each_kink__is_continuous(intensity: str, adjustment: str) -> None:
    assert methods.balance_adjustment(Fraction(intensity), Fraction(1)) == Fraction(adjustment)


def test_balance_adjustment__no_balance_value__is_refused() -> None:
    with pytest.raises(InvalidInput, match="balance value"):
        methods.balance_adjustment(Fraction(1), Fraction(0))


@pytest.mark.parametrize(
    ("jurisdiction", "period"), [("cn", 2024), ("eu", 2024), ("cn_market", 2021)]
)
def test_profile_text__shipped_profile__read_back_with_the_same_hash(jurisdiction, period):
    found = profile(jurisdiction, period)
    assert parse_profile(profile_text(found)) == found


def test_end_of_day__a_moment_with_its_offset__that_very_second():
    text = profile_text(profile("cn", 2024))
    moved = parse_profile(text.replace('"2025-12-31"', '"2026-11-28T16:00:30+00:00"'))
    assert moved.compliance_rules().deadline_at == 1_795_881_630
    assert moved.rules_hash != profile("cn", 2024).rules_hash
    vague = parse_profile(text.replace('"2025-12-31"', '"2026-11-28T16:00:30"'))
    with pytest.raises(InvalidInput, match="does not say its offset"):
        vague.compliance_rules()
