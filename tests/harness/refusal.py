"""A refusal: the exact reason, and nothing changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boa
import pytest

from harness.consortium import CEA24, NORTH, PERIOD, Consortium


@contextmanager
def refused(it: Consortium, reason: str) -> Iterator[None]:
    """Expect the block to revert with exactly this reason and to change nothing that is public."""
    before = observed(it)
    try:
        yield
    except boa.BoaError as refusal:
        assert reason_of(refusal) == reason  # noqa: PT017
    else:
        pytest.fail(f"went through, instead of {reason!r}")
    assert observed(it) == before


def reason_of(refusal: boa.BoaError) -> str:
    """The revert reason that the outermost caller saw."""
    frame = refusal.stack_trace.last_frame
    return frame if isinstance(frame, str) else frame.pretty_vm_reason


def observed(it: Consortium) -> dict[str, Any]:
    """What the register says in public about the cast, its units and its money."""
    facts: dict[str, Any] = {
        "organisations": it.membership.organisation_count(),
        "replacements": it.membership.replacement_count(),
        "regulators": it.membership.active_regulators(),
        "supply": it.ledger.supply(CEA24),
        "certificates": it.ledger.certificate_count(CEA24),
        "money": it.money.totalSupply(),
        "redemptions": it.money.redemption_count(),
        "plan": it.allocation.plan(NORTH, PERIOD),
        "facility": (
            it.ledger.balanceOf(it.facility.address, CEA24),
            it.money.balanceOf(it.facility.address),
        ),
    }
    for name, member in it.members.items():
        facts[name] = (
            it.membership.standing_of(member.org_id),
            it.membership.accounts_of(member.org_id),
            it.ledger.holding(member.org_id, CEA24),
            it.ledger.free_holding(member.org_id, CEA24),
            it.money.balanceOf(member.holder),
            it.allocation.account(member.org_id, PERIOD),
            it.allocation.owed_kg(member.org_id),
        )
    for bank in (it.bank, it.other_bank):
        facts[f"books of {bank.name}"] = it.money.bank_totals(bank.org_id)
    return facts
