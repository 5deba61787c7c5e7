"""A generated plant adds up, a lie is lower in the told months only, a line of coal is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.calibre.figures import month_of
from tanlian.domain.demonstration_plant import coal_for, falsified, plant_year
from tanlian.domain.emission_methods import line_kg, total_kg
from tanlian.domain.factor_set import factor_set, scaled, shown
from tanlian.domain.monitoring.plausibility import demonstration_rules
from tanlian.domain.reading import Reading

START = 1_704_067_200
FACTORS, GASES = factor_set("cn-power-2022"), factor_set("gwp-ar5")
MASS_KG = 1_500_000_000


@pytest.fixture(scope="module")
def year():
    return plant_year("seed", START, 8_784, MASS_KG, FACTORS)


def test_plant_year__same_seed__same_hours_and_another_seed_others(year):
    assert plant_year("seed", START, 8_784, MASS_KG, FACTORS) == year
    assert plant_year("other", START, 8_784, MASS_KG, FACTORS) != year


def test_plant_year__its_hours__weigh_what_was_asked_and_what_the_activity_data_come_to(year):
    measured_kg = sum(hour.mass_g for hour in year.hours) // 1_000
    calculated_kg = total_kg([e.line for e in year.entries(1)], FACTORS, GASES)
    assert measured_kg == pytest.approx(MASS_KG, rel=0.01)
    assert calculated_kg == pytest.approx(measured_kg, rel=0.002)


def test_plant_year__every_hour__is_believed_by_a_gateway(year):
    rules = demonstration_rules()
    for place, hour in enumerate(year.hours):
        reading = Reading(hour.start, 1, 1, place + 1, hour.mass_g, hour.energy_kwh, hour.heat_mj)
        assert rules.doubt(reading, "coal", START + 400 * 86_400) is None


def test_falsified__told_months_are_lower_and_all_others_as_they_were(year):
    lie = falsified(year, (1, 2), 15, 25_000_000)
    for true, told in zip(year.hours, lie.hours, strict=True):
        if month_of(true.start) in (1, 2):
            assert told.mass_g == true.mass_g * 15 // 100
        else:
            assert told == true
    assert {entry.line.carbon for entry in lie.entries(1)} == {25_000_000}


@given(st.integers(1, 10**10))
def test_coal_for__any_mass__comes_to_it_or_one_more(kilograms):
    assert line_kg(coal_for(kilograms, FACTORS), FACTORS, GASES) - kilograms in {0, 1}


@given(st.integers(0, 10**18), st.sampled_from([1, 10**6, 10**9]))
def test_shown__any_scaled_integer__read_back_exactly(value, scale):
    assert scaled(shown(value, scale), scale) == value
