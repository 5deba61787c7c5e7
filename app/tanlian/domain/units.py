"""Quantities of the market, integers all: carbon in kilograms, money in micro-yuan, price in ticks.

1 lot = 1 t = 1,000 kg; 1 tick = 0.01 yuan per tonne; 1 yuan = 1,000,000 micro-yuan.
"""

from decimal import Decimal, InvalidOperation
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


def fill_cost(lots: Lots, bid: Ticks, ask: Ticks) -> MicroYuan:
    """Cost of a fill of `lots` at the midpoint of the two quotes; exact."""
    return MicroYuan(lots * (bid + ask) * MICRO_YUAN_PER_HALF_TICK)


def cost(lots: Lots, price: Ticks) -> MicroYuan:
    """Cost of `lots` at one price; exact."""
    return MicroYuan(lots * price * MICRO_YUAN_PER_TICK)


def lots_to_kilograms(lots: Lots) -> Kilograms:
    """Kilograms of a number of lots."""
    return Kilograms(lots * KILOGRAMS_PER_LOT)


def parse_tonnes(text: str) -> Kilograms:
    """Read tonnes with at most three decimals, thousands separators allowed.

    Raises:
        InvalidInput: no number, negative, or finer than a kilogram.
    """
    return Kilograms(_scaled("tonnes", text, KILOGRAMS_PER_LOT))


def parse_yuan(text: str) -> MicroYuan:
    """Read yuan with at most six decimals.

    Raises:
        InvalidInput: no number, negative, or finer than a micro-yuan.
    """
    return MicroYuan(_scaled("yuan", text, MICRO_YUAN_PER_YUAN))


def parse_price(text: str) -> Ticks:
    """Read yuan per tonne with at most two decimals.

    Raises:
        InvalidInput: no number, negative, or off the tick of 0.01 yuan.
    """
    return Ticks(_scaled("price", text, TICKS_PER_YUAN))


def show_tonnes(amount: int) -> str:
    """Tonnes as people read them: `1,234.500 t`, the decimals only where there are any."""
    whole, part = divmod(abs(amount), KILOGRAMS_PER_LOT)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}" + (f".{part:03d}" if part else "") + " t"


def show_yuan(amount: int) -> str:
    """Yuan as people read them, with two decimals or as many as the amount needs."""
    whole, part = divmod(abs(amount), MICRO_YUAN_PER_YUAN)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}.{decimals} yuan"


def show_price(price: int) -> str:
    """Price as people read it: `73.05 yuan/t`."""
    whole, part = divmod(price, TICKS_PER_YUAN)
    return f"{whole:,}.{part:02d} yuan/t"


def _scaled(name: str, text: str, scale: int) -> int:
    try:
        value = Decimal(text.strip().replace(",", "").replace("_", ""))
        scaled = value * scale
        whole = int(scaled)
    except (InvalidOperation, OverflowError, ValueError):
        raise InvalidInput(f"{text!r} is no number of {name}.", value=text) from None
    if scaled != whole or whole < 0:
        raise InvalidInput(f"{text!r} is negative or has too many decimals for {name}.", value=text)
    return whole
