"""Members, units, money, caps and allocations."""

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.tables import allocations, balances, holdings, organisations, plans
from tanlian.readmodel.tables.acts import allocation_debts, frozen_holders, replacements
from tanlian.readmodel.views.question import Question, fields, rows_of

REPLACEMENT = (
    "organisation", "old_account", "new_account", "stolen", "proposer", "expires_at",
    "effective_at", "status",
)  # fmt: skip


def questions(db: Connection, contracts: Contracts) -> Iterator[Question]:
    """Ask for every holding, balance, organisation, cap and allocation."""
    ledger, membership = contracts.ledger, contracts.membership
    for row in rows_of(db, holdings):
        place = (row["holder"], row["token_id"])
        held = ledger.reading("balanceOf", *place)
        yield Question(held, f"holdings {place}", row["amount_kg"])
        if row["organisation"]:
            frozen = ledger.reading("frozen_kg", row["organisation"], row["token_id"])
            yield Question(frozen, f"holdings frozen {place}", row["frozen_kg"])
    for row in rows_of(db, balances):
        reading = contracts[row["token"]].reading("balanceOf", row["holder"])
        yield Question(reading, f"balances {row['holder']}", row["amount"])
    for row in rows_of(db, organisations):
        said = fields(row, "name", "roles", "sector", "region", "active")
        reading = membership.reading("organisation", row["id"])
        yield Question(reading, f"organisations {row['id']}", said)
    for row in rows_of(db, plans):
        said = fields(row, "cap_kg", "target_kg", "capacity_kg")
        reading = contracts.allocation.reading("plan", row["region"], row["period"])
        yield Question(reading, f"plans {row['region']}, {row['period']}", said)
    for row in rows_of(db, allocations):
        said = fields(row, "region", "entitled_kg", "issued_kg")
        reading = contracts.allocation.reading("account", row["organisation"], row["period"])
        yield Question(reading, f"allocations {row['organisation']}, {row['period']}", said)
    for row in rows_of(db, allocation_debts):
        reading = contracts.allocation.reading("owed_kg", row["organisation"])
        yield Question(reading, f"allocation_debts {row['organisation']}", row["owed_kg"])
    for row in rows_of(db, frozen_holders):
        reading = ledger.reading("is_holder_frozen", row["organisation"])
        yield Question(reading, f"frozen_holders {row['organisation']}", row["frozen"])
    for row in rows_of(db, replacements):
        said = fields(row, *REPLACEMENT, *(["approver"] if row["approver"] else []))
        reading = membership.reading("replacement", row["id"])
        yield Question(reading, f"replacements {row['id']}", said)
