"""Caps of the regions, what the organisations were given under them, and what they owe back."""

from typing import Any

from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, hexadecimal, leaves_out, takes
from tanlian.readmodel.tables import allocations, plans
from tanlian.readmodel.tables.acts import allocation_acts, allocation_debts

leaves_out("allocation", "Wired", "Sealed", because="deployment; the address book shows it")


@takes("allocation", "PlanSet")
def plan_set(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(plans, region=said["region"], period=said["period"]).update(
        cap_kg=said["new_cap_kg"], target_kg=said["target_kg"], capacity_kg=said["capacity_kg"]
    )
    _act(draft, fact, old_kg=said["old_cap_kg"], new_kg=said["new_cap_kg"])


@takes("allocation", "AllowancesAllocated", "AllowancesWithdrawn")
def entitlement_changed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    row = draft.row(allocations, organisation=said["organisation"], period=said["period"])
    row["region"] = said["region"]
    row["entitled_kg"] = said["new_entitled_kg"]
    change = said.get("issued_kg", 0) - said.get("clawed_back_kg", 0)
    row["issued_kg"] = row.get("issued_kg", 0) + change
    owed = said.get("owed_kg", 0) - said.get("withheld_kg", 0)
    if owed:
        _owe(draft, said["organisation"], owed)
    _act(
        draft,
        fact,
        old_kg=said["old_entitled_kg"],
        new_kg=said["new_entitled_kg"],
        moved_kg=abs(change),
        owed_kg=abs(owed),
    )


@takes("allocation", "AllowancesSetAside")
def set_aside(draft: Draft, fact: Fact) -> None:
    _act(draft, fact, moved_kg=fact.said["amount_kg"])


@takes("allocation", "AllocationRefused")
def refused(draft: Draft, fact: Fact) -> None:
    _act(draft, fact, new_kg=fact.said["amount_kg"])


@takes("allocation", "ReductionRecorded")
def reduction_recorded(draft: Draft, fact: Fact) -> None:
    said = fact.said
    _owe(draft, said["organisation"], said["amount_kg"])
    _act(draft, fact, owed_kg=said["amount_kg"])


def _owe(draft: Draft, organisation: int, amount_kg: int) -> None:
    row = draft.row(allocation_debts, organisation=organisation)
    row["owed_kg"] = row.get("owed_kg", 0) + amount_kg


def _act(draft: Draft, fact: Fact, **figures: Any) -> None:
    said = fact.said
    document = said.get("document", said.get("case"))
    values = {
        "old_kg": None,
        "new_kg": None,
        "moved_kg": None,
        "owed_kg": None,
        "organisation": said.get("organisation"),
        "region": said.get("region"),
        "period": said.get("period"),
        "document": None if document is None else hexadecimal(document),
        "reason": said.get("reason"),
        **figures,
    }
    draft.add(allocation_acts, event=fact.name, signer=fact.signer, **values, **fact.place)
