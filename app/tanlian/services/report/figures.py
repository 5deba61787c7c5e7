"""Numbers as people read them: tonnes, kilograms and money in full, never through a float."""


def thousands(number: int) -> str:
    """Return an integer with thin separators, as in 1 234 567."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def yuan(micro_yuan: int) -> str:
    """Return money in yuan with at least two and at most six decimals, exact."""
    sign = "-" if micro_yuan < 0 else ""
    whole, micro = divmod(abs(micro_yuan), 1_000_000)
    decimals = f"{micro:06d}"
    kept = decimals[:2] + decimals[2:].rstrip("0")
    return f"{sign}{thousands(whole)}.{kept}"


def price(ticks: int) -> str:
    """Return a price of whole ticks (0.01 yuan per tonne) with two decimals."""
    return f"{ticks // 100}.{ticks % 100:02d}"


def half_tick_price(half_ticks: int) -> str:
    """Return a midpoint, counted in half ticks (0.005 yuan per tonne), exact."""
    whole, rest = divmod(half_ticks * 5, 1000)
    text = f"{whole}.{rest:03d}"
    return text.removesuffix("0")


def tonnes(kg: int) -> str:
    """Return kilograms as tonnes, with decimals only where they are needed."""
    sign = "-" if kg < 0 else ""
    whole, rest = divmod(abs(kg), 1000)
    return f"{sign}{thousands(whole)}" + (f".{rest:03d}".rstrip("0") if rest else "")


def percent(ppm: int) -> str:
    """Return parts per million as a percentage, with decimals only where they are needed."""
    whole, rest = divmod(abs(ppm), 10_000)
    text = thousands(whole) + (f".{rest:04d}".rstrip("0") if rest else "")
    return f"{'-' if ppm < 0 else ''}{text} %"


def millionths(amount: int) -> str:
    """Return a quantity counted in 10^-6 units."""
    whole, rest = divmod(amount, 1_000_000)
    return thousands(whole) + (f".{rest:06d}".rstrip("0") if rest else "")
