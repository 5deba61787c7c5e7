"""Caps of the regions and what the organisations were given under them."""

from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, takes
from tanlian.readmodel.tables import allocations, plans


@takes("allocation", "PlanSet")
def plan_set(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(plans, region=said["region"], period=said["period"]).update(
        cap_kg=said["new_cap_kg"], target_kg=said["target_kg"], capacity_kg=said["capacity_kg"]
    )


@takes("allocation", "AllowancesAllocated", "AllowancesWithdrawn")
def entitlement_changed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    row = draft.row(allocations, organisation=said["organisation"], period=said["period"])
    row["region"] = said["region"]
    row["entitled_kg"] = said["new_entitled_kg"]
    change = said.get("issued_kg", 0) - said.get("clawed_back_kg", 0)
    row["issued_kg"] = row.get("issued_kg", 0) + change
