"""The terms of a session: its clock, and the rules it takes from a profile."""

from dataclasses import dataclass
from typing import NamedTuple

from tanlian.domain.errors import InvalidInput
from tanlian.domain.profiles import profile

PHASES = (
    "unknown",
    "announced",
    "quoting",
    "additions only",
    "clearing",
    "continuous trading",
    "closing",
    "closed",
)
FULL_MARGIN_BPS = 10_000


class SessionTerms(NamedTuple):
    """`ICarbonMarket.SessionTerms`, in its order."""

    instrument: int
    opens_at: int
    cancels_until: int
    auction_ends_at: int
    closes_at: int
    pay_by: int
    reference_tick: int
    band_bps: int
    margin_bps: int
    max_order_lots: int
    position_limit_lots: int
    next_day_sale: bool
    buy_roles: int
    sell_roles: int
    buy_sectors: int
    sell_sectors: int
    block_min_lots: int
    block_band_bps: int


@dataclass(frozen=True, slots=True)
class Clock:
    """When a session opens, ends its stages, closes, and is paid."""

    opens_at: int
    cancels_until: int
    auction_ends_at: int
    closes_at: int
    pay_by: int

    def __post_init__(self) -> None:
        """Refuse a clock that runs backwards.

        Raises:
            InvalidInput: two of the times are in the wrong order.
        """
        times = (
            self.opens_at, self.cancels_until, self.auction_ends_at, self.closes_at, self.pay_by,
        )  # fmt: skip
        if list(times) != sorted(times):
            raise InvalidInput(
                "A session opens, then stops cancellations, then ends its auction, then closes, "
                "then is paid; these times are in another order.",
                times=times,
            )


def terms_of(
    rules: str,
    *,
    instrument: int,
    clock: Clock,
    reference_tick: int,
    buy_roles: int,
    sell_roles: int,
    next_day_sale: bool,
    margin_bps: int | None = None,
) -> SessionTerms:
    """Terms with the limits of shipped trading rules, e.g. `cn_market_2021`.

    Raises:
        NotFound: there are no such rules.
        InvalidInput: the name is not `<jurisdiction>_<year>`.
    """
    jurisdiction, _, year = rules.rpartition("_")
    if not jurisdiction or not year.isdigit():
        raise InvalidInput(f"{rules!r} names no rules; an example is cn_market_2021.", rules=rules)
    source = profile(jurisdiction, int(year))

    def number(name: str) -> int:
        return int(source.figure(name).value)

    return SessionTerms(
        instrument=instrument,
        opens_at=clock.opens_at,
        cancels_until=clock.cancels_until,
        auction_ends_at=clock.auction_ends_at,
        closes_at=clock.closes_at,
        pay_by=clock.pay_by,
        reference_tick=reference_tick,
        band_bps=number("band_bps"),
        margin_bps=number("full_margin_bps") if margin_bps is None else margin_bps,
        max_order_lots=number("max_order_lots"),
        position_limit_lots=number("position_limit_lots"),
        next_day_sale=next_day_sale,
        buy_roles=buy_roles,
        sell_roles=sell_roles,
        buy_sectors=0,
        sell_sectors=0,
        block_min_lots=number("block_min_lots"),
        block_band_bps=number("block_band_bps"),
    )
