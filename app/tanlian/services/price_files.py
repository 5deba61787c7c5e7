"""The day's price from a published series, read without a float."""

import csv
from dataclasses import dataclass
from pathlib import Path

from tanlian.domain.errors import InvalidInput, NotFound

CLOSE_COLUMNS = ("close", "close_eur")  # cea_daily.csv, eua_daily.csv


class PriceNotReadable(InvalidInput):
    """If a price is not a positive decimal number, this says where it stands."""

    code = "price_not_readable"


@dataclass(frozen=True, slots=True)
class DayPrice:
    """A closing price in ticks of 0.01, and where it comes from."""

    price_ticks: int
    source: str


def price_to_ticks(text: str) -> int:
    """Return a decimal price as ticks of 0.01; a half tick and more rounds up.

    The one rounding of a published price: series carry up to three decimals.

    Raises:
        PriceNotReadable: the text is no positive decimal number.
    """
    whole, _, fraction = text.strip().partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdecimal() and whole) or len(digits) > 15:
        raise PriceNotReadable(f"{text!r} is no price. Write it as in 33.25.", value=text)
    scale: int = 10 ** len(fraction)
    ticks = (int(digits) * 100 * 2 + scale) // (2 * scale)
    if ticks == 0:
        raise PriceNotReadable(f"{text!r} is less than one tick of 0.01.", value=text)
    return ticks


def last_close(path: Path, *, year: int) -> DayPrice:
    """Return the last closing price of the year in a daily series (`date`, `close`).

    Raises:
        NotFound: the file is missing, or has no price in that year.
        PriceNotReadable: a column is missing or the price is no number.
    """
    if not path.is_file():
        raise NotFound(f"There is no price series at {path}. Give another, or --price.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        header = reader.fieldnames or []
        column = next((name for name in CLOSE_COLUMNS if name in header), None)
        if "date" not in header or column is None:
            raise PriceNotReadable(
                f"{path} needs a column date and one of {', '.join(CLOSE_COLUMNS)}.",
                file=str(path),
            )
        rows = [
            (row["date"], row[column])
            for row in reader
            if row["date"].startswith(f"{year}-") and row[column]
        ]
    if not rows:
        raise NotFound(f"{path} has no closing price in {year}. Give another series, or --price.")
    date, text = max(rows)
    return DayPrice(price_to_ticks(text), f"{path.name}, {date}")
