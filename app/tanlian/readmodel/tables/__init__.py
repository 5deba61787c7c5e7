"""The tables of the read model, one module an area; all of them are in one `metadata`.

Carbon in kg, money in micro-yuan, prices in ticks of 0.01 yuan per tonne, times in UTC seconds of
block time. A tonne per lot and grams stand in the names of their columns.
"""

from tanlian.readmodel.tables import (
    acts,
    auctions,
    checks,
    duties,
    emissions,
    incentives,
    methods,
    monitoring,
    offsets,
    supervision,
)
from tanlian.readmodel.tables.core import (
    accounts,
    allocations,
    balances,
    blocks,
    certificates,
    checkpoint,
    event_subjects,
    events,
    fills,
    holdings,
    issue_blocks,
    obligations,
    orders,
    organisations,
    plans,
    redemptions,
    sessions,
    trading_accounts,
)
from tanlian.readmodel.tables.prices import traded_minutes
from tanlian.readmodel.tables.types import FOR_EVER, Amount, Whole, metadata

__all__ = [
    "FOR_EVER",
    "Amount",
    "Whole",
    "accounts",
    "acts",
    "allocations",
    "auctions",
    "balances",
    "blocks",
    "certificates",
    "checkpoint",
    "checks",
    "duties",
    "emissions",
    "event_subjects",
    "events",
    "fills",
    "holdings",
    "incentives",
    "issue_blocks",
    "metadata",
    "methods",
    "monitoring",
    "obligations",
    "offsets",
    "orders",
    "organisations",
    "plans",
    "redemptions",
    "sessions",
    "supervision",
    "traded_minutes",
    "trading_accounts",
]
