"""Quantities of the market, integers all: carbon in kilograms, money in micro-yuan, price in ticks.

1 lot = 1 t = 1,000 kg; 1 tick = 1 fen per tonne; 1 yuan = 100 fen = 1,000,000 micro-yuan.
"""

import re
from typing import NewType

from tanlian.domain.errors import InvalidInput

Kilograms = NewType("Kilograms", int)
Lots = NewType("Lots", int)
Ticks = NewType("Ticks", int)
MicroYuan = NewType("MicroYuan", int)
OrganisationId = NewType("OrganisationId", int)

KILOGRAMS_PER_LOT = 1_000
MICRO_YUAN_PER_YUAN = 1_000_000
TICKS_PER_YUAN = 100
MICRO_YUAN_PER_TICK = 10_000  # of one lot
MICRO_YUAN_PER_HALF_TICK = 5_000  # the midpoint of two quotes never rounds

_NUMBER = re.compile(r"(?P<whole>[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]+)(?:\.(?P<part>[0-9]+))?")


def cost(lots: Lots, price: Ticks) -> MicroYuan:
    """Cost of `lots` at one price; exact."""
    return MicroYuan(lots * price * MICRO_YUAN_PER_TICK)


def parse_tonnes(text: str) -> Kilograms:
    """Read tonnes with at most three decimals, thousands separators allowed.

    Raises:
        InvalidInput: no number, negative, or finer than a kilogram.
    """
    return Kilograms(_scaled("tonnes", text, 3))


def parse_yuan(text: str) -> MicroYuan:
    """Read yuan with at most six decimals.

    Raises:
        InvalidInput: no number, negative, or finer than a micro-yuan.
    """
    return MicroYuan(_scaled("yuan", text, 6))


def parse_price(text: str) -> Ticks:
    """Read yuan per tonne with at most two decimals.

    Raises:
        InvalidInput: no number, negative, or finer than a fen.
    """
    return Ticks(_scaled("price", text, 2))


def show_tonnes(amount: int) -> str:
    """Tonnes as people read them, with three decimals where there is a part of a tonne."""
    whole, part = divmod(abs(amount), KILOGRAMS_PER_LOT)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}" + (f".{part:03d}" if part else "") + " t"


def show_yuan(amount: int) -> str:
    """Yuan as people read them, with two decimals or as many as the amount needs."""
    whole, part = divmod(abs(amount), MICRO_YUAN_PER_YUAN)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}.{decimals} yuan"


def show_coins(amount: int) -> str:
    """Credit coins, given in millionths, as people read them."""
    return show_yuan(amount).replace("yuan", "coins")


def show_price(price: int) -> str:
    """Price as people read it, in yuan per tonne with two decimals."""
    whole, part = divmod(price, TICKS_PER_YUAN)
    return f"{whole:,}.{part:02d} yuan/t"


def _scaled(name: str, text: str, decimals: int) -> int:
    # An unsigned decimal number, thousands separators allowed, as an integer of its last decimal.
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"{text!r} is no number of {name}.", value=text)
    whole, part = found["whole"], (found["part"] or "").rstrip("0")
    if len(part) > decimals:
        raise InvalidInput(f"{text!r} has more than {decimals} decimals for {name}.", value=text)
    return int(re.sub("[,_]", "", whole) + part.ljust(decimals, "0"))
