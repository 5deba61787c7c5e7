"""Calculated, measured, declared: sums agree, every gap has its cause, every suspicion its bound."""

import dataclasses
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.calibre.causes import CauseKind
from tanlian.domain.calibre.figures import Entry
from tanlian.domain.calibre.plausibility import SuspicionKind
from tanlian.domain.calibre.rules import CalibreRules, calibre_rules
from tanlian.domain.emission_methods import ActivityLine, Basis, Method, total_kg
from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import Unit, factor_set
from tanlian.domain.reading import Reading, ReadingStatus
from tanlian.services.calibre import CalibreCase, compare
from tanlian.services.reading_files import Device

JANUARY, HOUR = 1_704_067_200, 3_600
MONTHS = [1_704_067_200, 1_706_745_600, 1_709_251_200, 1_711_929_600]  # January to April 2024
SETS = (factor_set("cn-power-2022"), factor_set("gwp-ar5"))
HEAT_GJ = 19_570  # of 1,000 t of bituminous coal by default
CO2_KG = 1_741_750  # of the same


def coal(tonnes=1_000, **changes):
    line = ActivityLine(Method.FUEL, "coal_bituminous", Unit.TONNE, tonnes * 10**6)
    return dataclasses.replace(line, **changes)


def readings(mass_g, heat_mj, *, source=1, device=1, start=JANUARY, hours=100, **changes):
    """Hours that add up to exactly this mass and heat, none like the one before."""
    made = []
    for hour in range(hours):
        away = hour // 2 + 1  # each pair of hours differs from all others and adds up to its mean
        wobble = 0 if hour == hours - 1 and hours % 2 else (-away if hour % 2 else away)
        mass = mass_g // hours + wobble + (mass_g % hours if hour == hours - 1 else 0)
        heat = heat_mj // hours + (heat_mj % hours if hour == hours - 1 else 0)
        values = {"energy_kwh": 0, "heat_mj": heat} | changes
        made.append(
            Reading(start + hour * HOUR, source, device, hour + 1, mass, **values)
        )  # fmt: skip
    return made


def agreeing(**changes):
    """A case in which everything agrees."""
    case = CalibreCase(
        [Entry(coal(), 1)],
        readings(CO2_KG * 1_000, HEAT_GJ * 1_000),
        {(1, 1): Device(1, "boiler", 1, "analyser", "0x00")},
        CO2_KG,
        CO2_KG * 1_000,
    )
    return dataclasses.replace(case, **changes)


def causes(case):
    return [cause.kind for cause in compare(case).rows[0].causes]


def suspicions(case):
    return [one.kind for one in compare(case).suspicions]


def test_constants__of_this_test__are_those_of_the_methods():
    assert total_kg([coal()], *SETS) == CO2_KG


def test_compare__everything_agrees__no_gap_no_cause_no_suspicion():
    found = compare(agreeing())
    assert not found.exceeds
    assert [(g.first, g.second, g.difference_kg) for g in found.rows[0].gaps] == [
        ("measured", "calculated", 0), ("declared", "calculated", 0), ("anchored", "measured", 0),
    ]  # fmt: skip
    assert all(row.causes == () for row in found.rows)
    assert found.suspicions == ()


@pytest.mark.parametrize(("over", "exceeds"), [(0, False), (1, True)])
def test_compare__gap_at_the_tolerance__within_and_a_kilogram_more_exceeds(over, exceeds):
    # 5 % of the larger figure: measured = calculated x 0.95
    calculated = 2_000_000
    line = ActivityLine(Method.PROCESS, "caco3", Unit.TONNE, 4_545_454_546, share=10**6)
    assert total_kg([line], *SETS) == calculated
    measured = 1_900_000 - over
    case = CalibreCase([Entry(line, 1)], readings(measured * 1_000, 0))
    assert compare(case).exceeds is exceeds
    assert compare(case, tolerance_ppm=50_001).exceeds is False


def test_compare__a_tolerance_of_zero__a_kilogram_exceeds():
    case = agreeing(declared_kg=None, anchored_g=None)
    assert not compare(case, tolerance_ppm=0).exceeds
    more = [dataclasses.replace(case.readings[0], mass_g=case.readings[0].mass_g + 1_000)]
    off = dataclasses.replace(case, readings=[*more, *case.readings[1:]])
    assert compare(off, tolerance_ppm=0).rows[0].gaps[0].difference_kg == 1
    assert compare(off, tolerance_ppm=0).exceeds


entries = st.builds(
    Entry,
    st.builds(
        ActivityLine, st.just(Method.FUEL), st.sampled_from(["coal_bituminous", "diesel"]),
        st.just(Unit.TONNE), st.integers(0, 10**12),
    ),
    st.integers(1, 3),
    st.integers(1, 4),
)  # fmt: skip
measurements = st.builds(
    Reading, st.sampled_from(MONTHS), st.integers(1, 3), st.integers(1, 2), st.just(1),
    st.integers(0, 10**12), status=st.sampled_from(ReadingStatus),
)  # fmt: skip


@given(st.lists(entries, min_size=1, max_size=12), st.lists(measurements, max_size=12))
def test_compare__any_case__sources_add_up_to_the_whole_and_months_to_their_source(told, seen):
    seen = list({reading.key: reading for reading in seen}.values())
    rows = compare(CalibreCase(told, seen)).rows
    assert (rows[0].source, rows[0].month) == (0, 0)
    assert rows[0].calculated_kg == total_kg([entry.line for entry in told], *SETS)
    years = {row.source: row for row in rows[1:] if row.month == 0}
    assert sum(row.calculated_kg or 0 for row in years.values()) == rows[0].calculated_kg
    for source, year in years.items():
        months = [row for row in rows if row.source == source and row.month]
        if months:
            assert sum(row.calculated_kg for row in months) == year.calculated_kg
    hours = sum(row.hours for row in years.values())
    assert hours == rows[0].hours == len(seen)
    total_g = sum(reading.mass_g for reading in seen)
    if seen:
        assert rows[0].measured_kg == (2 * total_g + 1_000) // 2_000
    else:
        assert rows[0].measured_kg is None


def test_compare__electricity__counts_as_calculated_and_not_through_the_stack():
    line = ActivityLine(Method.ELECTRICITY, "cn_grid_2022", Unit.MWH, 1_000 * 10**6)
    row = compare(agreeing(entries=[Entry(coal(), 1), Entry(line, 1)], declared_kg=None)).rows[0]
    assert row.stack_kg == CO2_KG
    assert row.calculated_kg == CO2_KG + 570_300
    assert not row.exceeds


# Causes: each is brought about alone


@pytest.mark.parametrize("ratio", calibre_rules().unit_ratios, ids=lambda r: str(r.ratio))
@pytest.mark.parametrize("reverse", [False, True])
def test_causes__a_mistaken_unit__recognised_by_its_ratio(ratio, reverse):
    factor = 1 / ratio.ratio if reverse else ratio.ratio
    mass = int(CO2_KG * 1_000 * factor)
    case = agreeing(readings=readings(mass, HEAT_GJ * 1_000), anchored_g=None)
    (cause,) = [c for c in compare(case).rows[0].causes if c.kind is CauseKind.UNIT]
    assert ratio.name in cause.sentence


def test_rules__unit_ratios__told_apart_by_the_nearest():
    ordered = sorted(one.ratio for one in calibre_rules().unit_ratios)
    assert all(a != b for a, b in pairwise(ordered))
    assert all(one > 1 for one in ordered)


@pytest.mark.parametrize("power", [1, 2, 5])
def test_causes__decimal_point_slipped__scale(power):
    mass = CO2_KG * 1_000 // 10**power
    assert causes(agreeing(readings=readings(mass, HEAT_GJ * 1_000), anchored_g=None)) == [
        CauseKind.SCALE
    ]


def test_causes__source_without_activity_data__named_with_what_it_emits():
    more = readings(600_000_000, 7_000_000, source=2, device=2)
    case = agreeing(readings=[*agreeing().readings, *more], anchored_g=None)
    found = compare(case)
    (cause,) = [c for c in found.rows[0].causes if c.kind is CauseKind.SOURCE]
    assert cause.explains_kg == 600_000
    assert "Source 2 has readings of 600000 kg and no activity data" in cause.sentence
    (second,) = [row for row in found.rows if row.source == 2]
    assert second.exceeds
    assert second.calculated_kg is None


def test_causes__activity_data_without_readings__the_source_is_named():
    case = agreeing(entries=[Entry(coal(), 1), Entry(coal(400), 2)], declared_kg=None)
    assert CauseKind.SOURCE in causes(case)
    (row,) = [row for row in compare(case).rows if row.source == 2]
    assert row.exceeds
    assert row.measured_kg is None


def test_causes__nothing_measured_at_all__no_gap_is_claimed():
    found = compare(agreeing(readings=[], anchored_g=None))
    assert not found.exceeds
    assert found.rows[0].measured_kg is None


def test_causes__registered_device_silent__named():
    devices = {(1, n): Device(1, "boiler", n, "analyser", "0x00") for n in (1, 7)}
    half = readings(CO2_KG * 500, HEAT_GJ * 500)
    case = agreeing(readings=half, devices=devices, anchored_g=None)
    (cause,) = [c for c in compare(case).rows[0].causes if c.kind is CauseKind.DEVICE]
    assert "device 7" in cause.sentence


def test_causes__hours_missing__told_with_what_they_would_weigh():
    whole = readings(CO2_KG * 1_000, HEAT_GJ * 1_000)
    gone = [
        Reading(r.start, 1, 1, 0, 0, status=ReadingStatus.MISSING) if n < 20 else r
        for n, r in enumerate(whole)
    ]
    found = compare(agreeing(readings=gone, anchored_g=None)).rows[0]
    (cause,) = [c for c in found.causes if c.kind is CauseKind.MISSING_HOURS]
    assert cause.explains_kg == pytest.approx(-CO2_KG // 5, rel=0.01)
    assert found.missing_hours == 20


def test_causes__substituted_high__told_with_the_surplus():
    whole = readings(CO2_KG * 1_000, HEAT_GJ * 1_000)
    filled = [
        Reading(r.start, 1, 1, 0, 2 * r.mass_g, status=ReadingStatus.SUBSTITUTED, rule=2)
        if n < 20 else r
        for n, r in enumerate(whole)
    ]  # fmt: skip
    found = compare(agreeing(readings=filled, anchored_g=None)).rows[0]
    (cause,) = [c for c in found.causes if c.kind is CauseKind.SUBSTITUTION]
    assert cause.explains_kg == pytest.approx(CO2_KG // 5, rel=0.01)


def test_causes__fuel_left_out__the_heat_shows_the_quantity():
    case = agreeing(entries=[Entry(coal(700), 1)], declared_kg=None)
    assert causes(case) == [CauseKind.QUANTITY]


def test_causes__heat_agrees_and_emission_does_not__factor_and_which_would_fit():
    quantity = HEAT_GJ * 10**6 * 1_000 // 28_435  # as much heat as coke
    line = ActivityLine(Method.FUEL, "coke", Unit.TONNE, quantity)
    case = agreeing(entries=[Entry(line, 1)], declared_kg=None)
    found = compare(case, tolerance_ppm=20_000).rows[0]
    (cause,) = found.causes
    assert cause.kind is CauseKind.FACTOR
    assert "would fit" in cause.sentence


def test_causes__nothing_known_fits__said_so_with_what_to_do():
    case = agreeing(readings=readings(CO2_KG * 700, 0), anchored_g=None)
    (cause,) = compare(case).rows[0].causes
    assert cause.kind is CauseKind.UNEXPLAINED
    assert "tanlian locate" in cause.sentence


@pytest.mark.parametrize(
    ("declared", "kind"),
    [(CO2_KG - 1, CauseKind.DECLARED), (CO2_KG // 1_000, CauseKind.UNIT), (0, CauseKind.DECLARED)],
)
def test_causes__declared_is_not_what_the_data_come_to__said_so(declared, kind):
    case = agreeing(declared_kg=declared)
    assert compare(case).exceeds
    assert causes(case) == [kind]


def test_causes__readings_are_not_those_anchored__said_so():
    case = agreeing(anchored_g=CO2_KG * 1_000 + 600)
    assert causes(case) == [CauseKind.COPY]
    assert compare(case).exceeds


def test_compare__anchored_differs_by_less_than_half_a_kilogram__still_another_copy():
    case = agreeing(anchored_g=CO2_KG * 1_000 + 1)
    assert causes(case) == [CauseKind.COPY]
    assert compare(case).exceeds


def test_compare__a_reading_twice__refused():
    with pytest.raises(InvalidInput, match="give each file once"):
        compare(agreeing(readings=[*agreeing().readings, agreeing().readings[0]]))


# Suspicions: at the bound, and beyond it


@pytest.mark.parametrize(
    ("carbon", "expected"),
    [(22_000_000, []), (21_999_999, 1), (34_000_000, []), (34_000_001, 1)],
)
def test_suspicions__carbon_per_heat_of_coal__bounds_are_inside(carbon, expected):
    line = coal(basis=Basis.MEASURED_HEAT_AND_CARBON, ncv=20_000_000, carbon=carbon)
    wanted = [SuspicionKind.CARBON_PER_HEAT] if expected else []
    assert suspicions(CalibreCase([Entry(line, 1)])) == wanted


@pytest.mark.parametrize(
    ("ncv", "expected"), [(8_000_000, []), (7_999_999, 1), (30_000_000, []), (30_000_001, 1)]
)
def test_suspicions__heat_of_coal__bounds_are_inside(ncv, expected):
    line = coal(basis=Basis.MEASURED_HEAT, ncv=ncv)
    wanted = [SuspicionKind.HEAT_PER_UNIT] if expected else []
    assert suspicions(CalibreCase([Entry(line, 1)])) == wanted


def test_suspicions__diesel__the_bounds_of_coal_do_not_count():
    line = coal(key="diesel", basis=Basis.MEASURED_HEAT, ncv=42_000_000)
    assert suspicions(CalibreCase([Entry(line, 1)])) == []


@pytest.mark.parametrize(("grams", "expected"), [(249, 1), (251, 0), (419, 0), (421, 1)])
def test_suspicions__standard_coal_per_kilowatt_hour__in_range_or_not(grams, expected):
    heat_mj = HEAT_GJ * 1_000
    energy = int(Fraction(heat_mj * 1_000_000, 29_307 * grams))
    case = agreeing(
        readings=readings(CO2_KG * 1_000, heat_mj, hours=1, energy_kwh=energy), anchored_g=None
    )
    assert suspicions(case) == [SuspicionKind.COAL_USE] * expected


@pytest.mark.parametrize(("months", "expected"), [((1, 2), 0), ((1, 2, 3), 1), ((1, 2, 4), 0)])
def test_suspicions__same_carbon_in_months_running__from_the_third_on(months, expected):
    told = [
        Entry(coal(100 + m, basis=Basis.MEASURED_CARBON, carbon=561_200_000), 1, m) for m in months
    ]
    assert suspicions(CalibreCase(told)) == [SuspicionKind.SAME_CARBON] * expected


def test_suspicions__the_same_line_twice__told_once():
    assert suspicions(CalibreCase([Entry(coal(), 1, 2)] * 3)) == [SuspicionKind.SAME_LINE]
    assert suspicions(CalibreCase([Entry(coal(), 1, 2), Entry(coal(), 1, 3)])) == []


def test_suspicions__emission_per_heat_of_a_month_away_from_the_year__told():
    seen = [
        one
        for place, ratio in enumerate((88, 88, 88, 100))
        for one in readings(ratio * 10**6, 10**6, start=MONTHS[place], hours=20)
    ]
    found = compare(CalibreCase([Entry(coal(), 1)], seen)).suspicions
    assert [(s.kind, s.month) for s in found] == [(SuspicionKind.EMISSION_PER_HEAT, 4)]


def flat(hours):
    return [Reading(JANUARY + n * HOUR, 1, 1, n + 1, 88_200, 0, 1_000) for n in range(hours)]


@pytest.mark.parametrize(("hours", "expected"), [(5, 0), (6, 1), (48, 1)])
def test_suspicions__same_figures_in_hours_running__from_the_sixth_on(hours, expected):
    found = suspicions(CalibreCase([Entry(coal(), 1)], flat(hours)))
    assert found == [SuspicionKind.REPEATED_HOURS] * expected


def test_suspicions__a_gap_in_the_hours__no_run():
    hours = [r for n, r in enumerate(flat(12)) if n != 5]
    found = compare(CalibreCase([Entry(coal(), 1)], hours)).suspicions
    assert [one.kind for one in found] == [SuspicionKind.REPEATED_HOURS]  # the six after the gap
    assert f"from {JANUARY + 6 * HOUR} on" in found[0].sentence


def test_suspicions__a_day_copied_to_the_gram__told():
    day = [80_000_000 + 7_919 * n for n in range(24)]
    masses = [*day, *reversed(day), *day]
    seen = [Reading(JANUARY + n * HOUR, 1, 1, n + 1, m, 0, 900_000) for n, m in enumerate(masses)]
    found = compare(CalibreCase([Entry(coal(), 1)], seen)).suspicions
    assert [one.kind for one in found] == [SuspicionKind.REPEATED_DAY]
    assert found[0].sentence.endswith("1 times.")


def test_suspicions__substituted_hours_alike__not_repeated():
    seen = [
        Reading(JANUARY + n * HOUR, 1, 1, 0, 88_200, status=ReadingStatus.SUBSTITUTED, rule=2)
        for n in range(48)
    ]
    assert suspicions(CalibreCase([Entry(coal(), 1)], seen)) == []


def test_rules__a_section_missing__refused_by_name():
    with pytest.raises(InvalidInput, match="lack 'carbon_per_heat'"):
        CalibreRules.parse({"version": "x", "tolerance": {}})
