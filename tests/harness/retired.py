"""Certificates on a served chain: units that their holder cancelled."""

from harness.served import Served
from tanlian.chain.keys import keccak
from tanlian.domain.instrument import allowance
from tanlian.services.access import open_access

CANCELLATION = 2


def cancel(chain: Served, alias: str, organisation: int, amount_kg: int) -> int:
    """Let a member cancel allowances of 2024; returns the number of the certificate."""
    access = open_access(chain.target)
    receipt = access.act(
        chain.sender(alias), "ledger", "retire", organisation, allowance(2024).token_id, amount_kg,
        CANCELLATION, keccak(f"because of {amount_kg}".encode()),
    )  # fmt: skip
    return access.event(receipt, "ledger", "UnitsRetired")["certificate_id"]
