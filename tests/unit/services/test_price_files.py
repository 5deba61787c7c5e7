"""The day's price: read as ticks without a float, rounded once, refused when it is no price."""

import pytest

from tanlian.domain.errors import NotFound
from tanlian.services.price_files import PriceNotReadable, last_close, price_to_ticks


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("33.25", 3325),
        ("52.3", 5230),
        ("60", 6000),
        ("0.01", 1),
        ("23.545", 2355),
        ("23.544", 2354),
        ("0.005", 1),
    ],
)
def test_price_to_ticks__decimal__exact(text, ticks):
    assert price_to_ticks(text) == ticks


@pytest.mark.parametrize("text", ["", "-1", "abc", "1,5", ".5", "1e2", "0", "0.004", "1.2.3", "٣"])
def test_price_to_ticks__no_price__refused(text):
    with pytest.raises(PriceNotReadable):
        price_to_ticks(text)


def test_last_close__series__takes_the_years_last_priced_day(tmp_path):
    path = tmp_path / "eua_daily.csv"
    path.write_text(
        "date,close_eur,source\n2020-12-30,32.42,x\n2020-12-31,32.94,x\n2021-01-04,33.69,x\n"
    )
    assert last_close(path, year=2020).price_ticks == 3294
    assert last_close(path, year=2020).source == "eua_daily.csv, 2020-12-31"
    with pytest.raises(NotFound, match="2019"):
        last_close(path, year=2019)


def test_last_close__no_price_column__refused(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("date,price\n2020-12-30,32.42\n")
    with pytest.raises(PriceNotReadable, match="needs a column"):
        last_close(path, year=2020)


def test_last_close__no_file__says_what_to_give(tmp_path):
    with pytest.raises(NotFound, match="--price"):
        last_close(tmp_path / "none.csv", year=2020)
