"""Why the market refuses a quote or a message of a batch, by number, in the contract's words."""

from tanlian.domain import market_events

REASONS: tuple[str, ...] = (
    "carbon_market: refused",
    *(f"carbon_market: {reason}" for reason in market_events.REASONS),
)
