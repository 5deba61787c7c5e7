"""Calculation of emissions: worked examples, every reference row, equality with the contract."""

import csv
import dataclasses
from decimal import ROUND_HALF_UP, Decimal

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.emissions import AR5, CN_POWER, abi_line, key32, sample_lines, with_methods
from tanlian.domain import factor_set as factor_sets
from tanlian.domain.emission_methods import ActivityLine, Basis, Method, line_kg, total_kg
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.factor_set import (
    FactorKind,
    Status,
    Unit,
    factor_set,
    scaled,
    set_names,
)

M = 10**6
CN, GWP = factor_set(CN_POWER), factor_set(AR5)
IPCC = factor_set("ipcc-2006")
TONNE = 1_000


@pytest.fixture(scope="module")
def it():
    return with_methods()


def on_chain(it, line, factors=CN_POWER, gases=AR5):
    return it.methods.line_kg(it.sets[factors], it.sets[gases], abi_line(line))


def rows(name):
    return list(csv.DictReader((factor_sets._FOLDER / name).read_text().splitlines()))


# Worked examples: computed by hand with the formulas of the guides

EXAMPLES = [
    # 1,000 t coal, C_ad 58.5 %, M_ar 12 %, M_ad 3 %: C_ar = 0.585 * 88 / 97 = 0.530721...
    # 1000 * 0.5307216 * 0.93 * 44/12 = 1809.7608... t
    (
        ActivityLine(Method.FUEL, "coal_bituminous", Unit.TONNE, 1_000 * M,
                     Basis.MEASURED_AIR_DRY_CARBON, carbon=585_000_000,
                     moisture_received=120_000, moisture_dry=30_000),
        CN_POWER, 1_809_761,
    ),
    # not measured carbon: 1,000 t at 21.5 GJ/t by the default 0.03085 tC/GJ, OF 99 %
    # 1000 * 21.5 * 0.03085 * 0.99 * 44/12 = 2407.68825 t
    (
        ActivityLine(Method.FUEL, "coal_power_default", Unit.TONNE, 1_000 * M,
                     Basis.MEASURED_HEAT, ncv=21_500_000),
        CN_POWER, 2_407_688,
    ),
    # measured heat and measured carbon per heat: 500 t, 22.35 GJ/t, 0.0262 tC/GJ, OF 99 %
    # 500 * 22.35 * 0.0262 * 0.99 * 44/12 = 1062.80955 t
    (
        ActivityLine(Method.FUEL, "coal_power_default", Unit.TONNE, 500 * M,
                     Basis.MEASURED_HEAT_AND_CARBON, ncv=22_350_000, carbon=26_200_000),
        CN_POWER, 1_062_810,
    ),
    # 12.34 10^4 Nm3 natural gas: 12.34 * 389.31 * 0.01532 * 0.99 * 44/12 = 267.163... t
    (
        ActivityLine(Method.FUEL, "natural_gas", Unit.NM3, 123_400 * M),
        CN_POWER, 267_163,
    ),
    # electricity 1,234.5 MWh at 0.5703
    (
        ActivityLine(Method.ELECTRICITY, "cn_grid_2022", Unit.KWH, 1_234_500 * M),
        CN_POWER, 704_035,
    ),
    # desulphurisation: 30,000 t CaCO3 of 93 % purity at 0.440
    (
        ActivityLine(Method.PROCESS, "caco3", Unit.TONNE, 30_000 * M, share=930_000),
        CN_POWER, 12_276_000,
    ),
    # 2.5 kg SF6 at 23,500
    (ActivityLine(Method.GAS, "SF6", Unit.KILOGRAM, 2_500_000), CN_POWER, 58_750),
    # CH4 of 1,000 t anthracite: 1000 * 26.7 GJ = 26.7 TJ * 1 kg/TJ * 28
    (ActivityLine(Method.FUEL_CH4, "anthracite", Unit.TONNE, 1_000 * M), "ipcc-2006", 748),
    # N2O of the same: 26.7 * 1.5 * 265 = 10,613.25 kg
    (ActivityLine(Method.FUEL_N2O, "anthracite", Unit.TONNE, 1_000 * M), "ipcc-2006", 10_613),
]  # fmt: skip


@pytest.mark.parametrize(("line", "name", "kilograms"), EXAMPLES)
def test_line_kg__worked_example__as_by_hand_and_on_chain(it, line, name, kilograms):
    assert line_kg(line, factor_set(name), GWP) == kilograms
    assert on_chain(it, line, name) == kilograms


def test_total_kg__a_plants_year__the_sum_of_its_lines_here_and_on_chain(it):
    lines = sample_lines()
    expected = sum(line_kg(line, CN, GWP) for line in lines)
    assert total_kg(lines, CN, GWP) == expected
    chain = it.methods.total_kg(it.sets[CN_POWER], it.sets[AR5], [abi_line(x) for x in lines])
    assert chain == expected
    assert it.methods.total_kg(it.sets[CN_POWER], it.sets[AR5], []) == 0


# Every row of the reference tables


@pytest.mark.parametrize("row", rows("fuels_cn_power.csv"), ids=lambda r: r["key"])
def test_reference__each_chinese_fuel__gives_the_published_figure_per_unit(it, row):
    fuel = CN.fuels[row["key"]]
    heat = Basis.DEFAULT if row["ncv_gj_per_unit"] else Basis.MEASURED_HEAT
    line = ActivityLine(
        Method.FUEL, fuel.key, fuel.unit, 10_000 * M, heat, ncv=0 if fuel.ncv else 20 * M
    )
    kilograms = line_kg(line, CN, GWP)
    assert on_chain(it, line) == kilograms
    if row["published_tco2_per_unit"]:
        per_unit = (Decimal(kilograms) / 10_000 / 1_000).quantize(
            Decimal(row["published_tco2_per_unit"]), ROUND_HALF_UP
        )
        assert per_unit == Decimal(row["published_tco2_per_unit"])
    stored = it.methods.fuel(it.sets[CN_POWER], key32(fuel.key))
    assert tuple(stored)[1:] == (
        fuel.unit, fuel.ncv, fuel.carbon, fuel.oxidation, fuel.ch4, fuel.n2o, fuel.status
    )  # fmt: skip


@pytest.mark.parametrize("row", rows("fuels_ipcc2006.csv"), ids=lambda r: r["key"])
def test_reference__each_ipcc_fuel__gives_the_factor_of_the_table(it, row):
    """The table gives kg CO2 per TJ to three digits."""
    fuel = IPCC.fuels[row["key"]]
    basis, ncv = (Basis.DEFAULT, 0) if fuel.ncv else (Basis.MEASURED_HEAT, 10 * M)
    heat_tj = Decimal(fuel.ncv or ncv) / M  # of 1,000 t
    line = ActivityLine(Method.FUEL, fuel.key, Unit.TONNE, 1_000 * M, basis, ncv=ncv)
    kilograms = line_kg(line, IPCC, GWP)
    assert on_chain(it, line, "ipcc-2006") == kilograms
    table = Decimal(row["published_co2_kg_per_tj"])
    assert abs(Decimal(kilograms) / heat_tj - table) <= (500 if table > 100_000 else 50)
    for method, column, potential in (
        (Method.FUEL_CH4, "ch4_kg_per_tj", 28), (Method.FUEL_N2O, "n2o_kg_per_tj", 265)
    ):  # fmt: skip
        gas = dataclasses.replace(line, method=method)
        exact = heat_tj * Decimal(row[column]) * potential
        assert line_kg(gas, IPCC, GWP) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        assert on_chain(it, gas, "ipcc-2006") == line_kg(gas, IPCC, GWP)


@pytest.mark.parametrize("file", ["grid_cn.csv", "processes.csv"])
def test_reference__each_grid_and_process__a_thousand_units_give_the_factor_in_tonnes(it, file):
    method = Method.ELECTRICITY if file == "grid_cn.csv" else Method.PROCESS
    for row in rows(file):
        unit = factor_sets.UNIT_NAMES[row["unit"]]
        share = M if method is Method.PROCESS else 0
        line = ActivityLine(method, row["key"], unit, 1_000 * M, share=share)
        expected = int(Decimal(row["tco2e_per_unit"]) * 1_000 * 1_000)
        assert line_kg(line, CN, GWP) == on_chain(it, line) == expected


@pytest.mark.parametrize(
    ("name", "column"),
    [("gwp-sar", "SAR"), ("gwp-ar4", "AR4"), ("gwp-ar5", "AR5"), ("gwp-ar5-ccf", "AR5_ccf"), ("gwp-ar6", "AR6")],
)  # fmt: skip
def test_reference__each_gas_of_each_report__a_tonne_gives_its_potential(it, name, column):
    gases = factor_set(name)
    for row in rows("gwp100.csv"):
        line = ActivityLine(Method.GAS, row["gas"], Unit.TONNE, M)
        if row[column]:
            expected = int(Decimal(row[column]) * 1_000)
            assert line_kg(line, CN, gases) == on_chain(it, line, gases=name) == expected
        else:
            with pytest.raises(InvalidInput, match=f"no gas {row['gas']}"):
                line_kg(line, CN, gases)
            with boa.reverts("emission_methods: unknown gas"):
                on_chain(it, line, gases=name)


def test_reference__every_row__carries_a_source_and_a_status():
    for name in set_names():
        published = factor_set(name)
        for factor in (*published.fuels.values(), *published.factors.values()):
            assert factor.source
            assert factor.status in Status
    assert factor_set(CN_POWER).status is Status.K


# Equality on random input

KEYS = {
    Method.FUEL: sorted(CN.fuels),
    Method.ELECTRICITY: [k for kind, k in CN.factors if kind is FactorKind.GRID],
    Method.PROCESS: [k for kind, k in CN.factors if kind is FactorKind.PROCESS],
    Method.GAS: [k for _, k in GWP.factors],
}


@st.composite
def lines(draw):
    """Any line at all; about half of them make sense."""
    method = draw(st.sampled_from(list(Method)))
    key = draw(st.sampled_from(KEYS.get(method, sorted(IPCC.fuels))))
    return ActivityLine(
        method,
        key,
        draw(st.sampled_from([Unit.TONNE, Unit.KILOGRAM] * 3 + list(Unit))),
        draw(st.integers(0, 2**64 - 1) | st.integers(0, 10**13)),
        draw(st.sampled_from(list(Basis))),
        *(
            draw(st.just(0) | st.integers(0, top))
            for top in (2**48 - 1, 2**48 - 1, M + 1, M + 1, M + 1)
        ),
    )


@settings(max_examples=300)
@given(lines(), st.sampled_from([CN_POWER, "ipcc-2006"]))
def test_line_kg__any_line__same_kilograms_or_refused_by_both(it, line, name):
    with boa.env.anchor():
        try:
            expected = line_kg(line, factor_set(name), GWP)
        except InvalidInput:
            with boa.reverts():
                on_chain(it, line, name)
        else:
            assert on_chain(it, line, name) == expected


@settings(max_examples=100)
@given(st.data())
def test_line_kg__any_sensible_fuel_line__same_kilograms_as_on_chain(it, data):
    fuel = data.draw(st.sampled_from([f for f in CN.fuels.values() if f.ncv]))
    basis = data.draw(st.sampled_from(list(Basis)))
    number = st.integers(1, 2**40)
    carbon = basis not in {Basis.DEFAULT, Basis.MEASURED_HEAT}
    dry = basis is Basis.MEASURED_AIR_DRY_CARBON
    line = ActivityLine(
        Method.FUEL, fuel.key, fuel.unit, data.draw(st.integers(0, 10**15)), basis,
        ncv=data.draw(number) if basis in {Basis.MEASURED_HEAT, Basis.MEASURED_HEAT_AND_CARBON} else 0,
        carbon=data.draw(number) if carbon else 0,
        moisture_received=data.draw(st.integers(0, M)) if dry else 0,
        moisture_dry=data.draw(st.integers(0, M - 1)) if dry else 0,
    )  # fmt: skip
    assert on_chain(it, line) == line_kg(line, CN, GWP)


def test_line_kg__largest_figures__no_overflow(it):
    line = ActivityLine(
        Method.FUEL, "diesel", Unit.TONNE, 2**64 - 1, Basis.MEASURED_HEAT_AND_CARBON,
        ncv=2**48 - 1, carbon=2**48 - 1,
    )  # fmt: skip
    assert on_chain(it, line) == line_kg(line, CN, GWP)


@pytest.mark.parametrize(
    ("quantity", "kilograms"), [(0, 0), (499, 0), (500, 1), (501, 1), (1_499, 1), (1_500, 2)]
)
def test_line_kg__around_half_a_kilogram__rounds_half_up(it, quantity, kilograms):
    line = ActivityLine(Method.GAS, "CO2", Unit.TONNE, quantity)  # 10^-6 t are a gram
    assert line_kg(line, CN, GWP) == on_chain(it, line) == kilograms


# Refusals

FUEL = ActivityLine(Method.FUEL, "diesel", Unit.TONNE, M)
REFUSALS = [
    (dataclasses.replace(FUEL, key="whale_oil"), "unknown fuel"),
    (dataclasses.replace(FUEL, method=Method.ELECTRICITY, unit=Unit.MWH), "unknown grid"),
    (dataclasses.replace(FUEL, method=Method.PROCESS, share=M), "unknown process"),
    (dataclasses.replace(FUEL, method=Method.GAS), "unknown gas"),
    (dataclasses.replace(FUEL, unit=Unit.MWH), "wrong unit"),
    (dataclasses.replace(FUEL, unit=Unit.NM3), "wrong unit"),
    (dataclasses.replace(FUEL, quantity=2**64), "quantity out of range"),
    (dataclasses.replace(FUEL, ncv=2**48, basis=Basis.MEASURED_HEAT), "heat out of range"),
    (dataclasses.replace(FUEL, carbon=2**48, basis=Basis.MEASURED_CARBON), "carbon out of range"),
    (dataclasses.replace(FUEL, ncv=M), "heat not used"),
    (dataclasses.replace(FUEL, basis=Basis.MEASURED_HEAT), "heat missing"),
    (dataclasses.replace(FUEL, carbon=M), "carbon not used"),
    (dataclasses.replace(FUEL, basis=Basis.MEASURED_CARBON), "carbon missing"),
    (dataclasses.replace(FUEL, moisture_dry=1), "moisture not used"),
    (dataclasses.replace(FUEL, share=1), "share not used"),
    (
        dataclasses.replace(FUEL, basis=Basis.MEASURED_AIR_DRY_CARBON, carbon=M, moisture_dry=M),
        "moisture out of range",
    ),
    (dataclasses.replace(FUEL, key="coal_power_default"), "no default heat"),
    (dataclasses.replace(FUEL, method=Method.FUEL_CH4), "no gas factor"),
    (
        ActivityLine(Method.PROCESS, "caco3", Unit.TONNE, M, share=M + 1),
        "share out of range",
    ),
    (ActivityLine(Method.PROCESS, "caco3", Unit.TONNE, M), "share out of range"),
    (
        ActivityLine(Method.GAS, "CH4", Unit.TONNE, M, Basis.MEASURED_HEAT, ncv=M),
        "basis not used",
    ),
]


@pytest.mark.parametrize(
    ("line", "reason"), REFUSALS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_line_kg__line_that_makes_no_sense__refused_by_both(it, line, reason):
    with pytest.raises(InvalidInput):
        line_kg(line, CN, GWP)
    with boa.reverts(f"emission_methods: {reason}"):
        on_chain(it, line)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [(0, 0, "unknown method"), (0, 7, "unknown method"), (2, 0, "unknown unit"), (2, 9, "unknown unit"), (4, 5, "unknown basis")],
)  # fmt: skip
def test_line_kg__code_that_does_not_exist__reverts(it, field, value, reason):
    words = list(abi_line(FUEL))
    words[field] = value
    with boa.reverts(f"emission_methods: {reason}"):
        it.methods.line_kg(it.sets[CN_POWER], it.sets[AR5], tuple(words))


# Factor sets


def open_set(it, name="trial", effective_from=0):
    return it.methods.open_set(
        name, effective_from, b"\1" * 32, "a source", sender=it.regulator.account
    )


DIESEL = (key32("diesel"), 1, 42_652_000, 20_200_000, 980_000, 0, 0, 2)
CO2 = (3, key32("CO2"), 1, 10**9, 1)


def test_set__opened_loaded_and_sealed__usable_and_recorded(it):
    set_id = open_set(it)
    it.methods.load_fuels(set_id, [DIESEL], sender=it.regulator.account)
    it.methods.load_factors(set_id, [CO2], sender=it.regulator.account)
    assert not it.methods.is_usable(set_id)
    it.methods.seal_set(set_id, sender=it.regulator.account)
    assert it.methods.is_usable(set_id)
    assert it.methods.set_named("trial") == set_id
    stored = it.methods.factor_set(set_id)
    assert tuple(stored) == ("trial", 0, b"\1" * 32, "a source", boa.env.timestamp)
    assert tuple(it.methods.factor(set_id, 3, key32("CO2"))) == CO2


def test_set__not_sealed_or_not_yet_in_effect__not_usable(it):
    open_ = open_set(it)
    future = open_set(it, "next year", boa.env.timestamp + 1)
    it.methods.seal_set(future, sender=it.regulator.account)
    for set_id in (0, open_, future, 999):
        assert not it.methods.is_usable(set_id)
        with boa.reverts("emission_methods: factor set not usable"):
            it.methods.total_kg(set_id, it.sets[AR5], [])
        with boa.reverts("emission_methods: gas set not usable"):
            it.methods.line_kg(it.sets[CN_POWER], set_id, abi_line(FUEL))
    boa.env.timestamp += 1
    assert it.methods.is_usable(future)


def test_set__sealed__never_changes_again(it):
    set_id = it.sets[CN_POWER]
    before = it.methods.fuel(set_id, key32("diesel"))
    for act, args in (
        (it.methods.load_fuels, (set_id, [DIESEL])),
        (it.methods.load_factors, (set_id, [CO2])),
        (it.methods.seal_set, (set_id,)),
    ):
        with boa.reverts("emission_methods: set is sealed"):
            act(*args, sender=it.regulator.account)
    assert it.methods.fuel(set_id, key32("diesel")) == before


@pytest.mark.parametrize(
    ("fuel", "reason"),
    [
        ((*DIESEL[:1], 2, *DIESEL[2:]), "emission_methods: not a base unit"),
        ((*DIESEL[:1], 9, *DIESEL[2:]), "emission_methods: unknown unit"),
        ((*DIESEL[:2], 2**48, *DIESEL[3:]), "fuel_factor: heat out of range"),
        ((*DIESEL[:3], 0, *DIESEL[4:]), "fuel_factor: carbon out of range"),
        ((*DIESEL[:4], M + 1, *DIESEL[5:]), "fuel_factor: oxidation out of range"),
        ((*DIESEL[:5], 2**40, *DIESEL[6:]), "fuel_factor: gas out of range"),
        ((*DIESEL[:7], 0), "emission_methods: unknown status"),
        ((*DIESEL[:7], 4), "emission_methods: unknown status"),
    ],
)
def test_load_fuels__figure_out_of_range__reverts(it, fuel, reason):
    set_id = open_set(it)
    with boa.reverts(reason):
        it.methods.load_fuels(set_id, [fuel], sender=it.regulator.account)


@pytest.mark.parametrize(
    ("factor", "reason"),
    [
        ((0, *CO2[1:]), "unknown kind"),
        ((4, *CO2[1:]), "unknown kind"),
        ((3, key32("CO2"), 7, 1, 1), "gases are in tonnes"),
        ((1, key32("grid"), 6, 1, 1), "not a base unit"),
        ((1, key32("grid"), 5, 2**64, 1), "factor out of range"),
        ((1, key32("grid"), 5, 1, 0), "unknown status"),
    ],
)
def test_load_factors__figure_out_of_range__reverts(it, factor, reason):
    set_id = open_set(it)
    with boa.reverts(f"emission_methods: {reason}"):
        it.methods.load_factors(set_id, [factor], sender=it.regulator.account)


def test_load__same_key_twice__reverts(it):
    set_id = open_set(it)
    with boa.reverts("emission_methods: factor loaded before"):
        it.methods.load_fuels(set_id, [DIESEL, DIESEL], sender=it.regulator.account)
    with boa.reverts("emission_methods: factor loaded before"):
        it.methods.load_factors(set_id, [CO2, CO2], sender=it.regulator.account)


def test_open_set__name_taken_or_empty_or_no_document__reverts(it):
    open_set(it)
    for name, document, reason in (
        ("trial", b"\1" * 32, "set name taken"),
        ("", b"\1" * 32, "set without a name"),
        ("other", bytes(32), "set without a document"),
    ):
        with boa.reverts(f"emission_methods: {reason}"):
            it.methods.open_set(name, 0, document, "", sender=it.regulator.account)
    with boa.reverts("emission_methods: no such set"):
        it.methods.seal_set(99, sender=it.regulator.account)


def test_scaled__too_fine_negative_or_no_number__refused():
    assert scaled("21.6502", 10**6) == 21_650_200
    assert scaled("", 10**6) == 0
    for text in ("0.0000001", "-1", "many", "NaN"):
        with pytest.raises(InvalidInput):
            scaled(text, 10**6)


def test_factor_set__unknown_name__refused():
    with pytest.raises(NotFound, match="no factor set cn-2099"):
        factor_set("cn-2099")
