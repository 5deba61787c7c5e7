"""Why the market refuses a quote or a signed message of a batch; mirrors `modules/refusal.vy`.

A batch reports the number, a single order reverts with the same sentence; what only messages can
meet (expired, replayed, wrongly signed) has a sentence here alone.
"""

REASONS: tuple[str, ...] = (
    "carbon_market: quote refused",
    "carbon_market: not an active member",
    "carbon_market: role may not trade this side",
    "carbon_market: sector may not trade this side",
    "carbon_market: debt past due",
    "carbon_market: price off tick",
    "carbon_market: price outside the band",
    "carbon_market: not a positive number of lots",
    "carbon_market: quantity above the limit",
    "carbon_market: open order on the other side",
    "carbon_market: not enough free money",
    "carbon_market: position limit exceeded",
    "carbon_market: not enough free units",
    "carbon_market: units were bought today",
    "carbon_market: price level is full",
    "carbon_market: too many payment dates",
    "carbon_market: message expired",
    "carbon_market: message nonce already spent",
    "carbon_market: signed by another organisation",
    "carbon_market: signature invalid",
)
