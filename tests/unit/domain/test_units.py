"""Quantities: exact costs, and reading and showing them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.errors import InvalidInput
from tanlian.domain.roles import Role, parse_roles, role_names
from tanlian.domain.units import (
    Kilograms,
    Ticks,
    parse_price,
    parse_tonnes,
    parse_yuan,
    show_price,
    show_tonnes,
    show_yuan,
)


@pytest.mark.parametrize(
    ("text", "kilograms"),
    [("0", 0), ("1", 1000), ("1,234.5", 1_234_500), ("0.001", 1), (" 12_000 ", 12_000_000)],
)
def test_parse_tonnes__number__kilograms(text, kilograms):
    assert parse_tonnes(text) == kilograms


@pytest.mark.parametrize("text", ["", "-1", "1.0005", "1e3", "12,34", "t", "1.", ".5", "NaN", "１"])
def test_parse_tonnes__no_such_number__refused(text):
    with pytest.raises(InvalidInput):
        parse_tonnes(text)


def test_parse_yuan_and_price__decimals__exact():
    assert parse_yuan("73.050001") == 73_050_001
    assert parse_price("73.05") == 7305
    assert parse_price("73.050") == 7305
    for parse, text in ((parse_yuan, "0.0000001"), (parse_price, "73.055")):
        with pytest.raises(InvalidInput, match="decimals"):
            parse(text)


@given(st.integers(0, 10**18))
def test_show__any_amount__reads_back(amount):
    assert parse_tonnes(show_tonnes(amount).removesuffix(" t")) == amount
    assert parse_yuan(show_yuan(amount).removesuffix(" yuan")) == amount
    assert parse_price(show_price(Ticks(amount)).removesuffix(" yuan/t")) == amount


def test_show__people__thousands_and_unit():
    assert show_tonnes(Kilograms(1_234_500)) == "1,234.500 t"
    assert show_tonnes(-2_000) == "-2 t"
    assert show_yuan(-1_050_000) == "-1.05 yuan"
    assert show_price(Ticks(7305)) == "73.05 yuan/t"


@given(st.sets(st.sampled_from(list(Role)), min_size=1))
def test_roles__names__read_back(roles):
    value = sum(roles)
    assert parse_roles(", ".join(role_names(value))) == value
    assert parse_roles("+".join(role_names(value)).upper()) == value


@pytest.mark.parametrize("text", ["", "miner", "emitter,"])
def test_roles__unknown__refused_with_the_known_ones(text):
    with pytest.raises(InvalidInput, match="verifier"):
        parse_roles(text)
