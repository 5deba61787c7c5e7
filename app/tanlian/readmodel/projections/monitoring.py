"""Sources, devices, plans, logbooks and anchored batches."""

from typing import Any

from tanlian.proofs.logbook import Batch
from tanlian.proofs.merkle_sum import keccak
from tanlian.readmodel.bulk import Row
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, hexadecimal, is_year, takes
from tanlian.readmodel.tables.monitoring import (
    anchors,
    device_keys,
    devices,
    logbooks,
    monitoring_plans,
    monitoring_years,
    sources,
)


@takes("monitoring", "YearOpened")
def year_opened(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(monitoring_years, year=said["year"]).update(
        starts_at=said["starts_at"],
        ends_at=said["ends_at"],
        opened_at=fact.time,
        **_signed(fact),
    )


@takes("monitoring", "SourceRegistered")
def source_registered(draft: Draft, fact: Fact) -> None:
    draft.row(sources, id=fact.said["source"]).update(
        organisation=fact.said["organisation"],
        name=fact.said["name"],
        registered_at=fact.time,
        closed_at=None,
        close_reason=None,
        **_signed(fact),
    )


@takes("monitoring", "SourceClosed")
def source_closed(draft: Draft, fact: Fact) -> None:
    draft.row(sources, id=fact.said["source"]).update(
        closed_at=fact.time, close_reason=fact.said["reason"]
    )


@takes("monitoring", "DeviceRegistered")
def device_registered(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(devices, id=said["device"]).update(
        source=said["source"],
        organisation=said["organisation"],
        name=said["name"],
        key=said["key"].lower(),
        key_since=fact.time,
        registered_at=fact.time,
        retired_at=None,
        retire_reason=None,
        **_signed(fact),
    )
    _key_given(draft, fact, said["key"])


@takes("monitoring", "DeviceKeyReplaced")
def device_key_replaced(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(devices, id=said["device"]).update(key=said["new_key"].lower(), key_since=fact.time)
    _key_ended(draft, fact, said["old_key"])
    _key_given(draft, fact, said["new_key"])


@takes("monitoring", "DeviceRetired")
def device_retired(draft: Draft, fact: Fact) -> None:
    draft.row(devices, id=fact.said["device"]).update(
        retired_at=fact.time, retire_reason=fact.said["reason"]
    )
    _key_ended(draft, fact, fact.said["key"])


@takes("monitoring", "PlanFiled")
def plan_filed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    if not is_year(said["year"]):
        return
    place = {"organisation": said["organisation"], "year": said["year"]}
    if said["version"] > 1:
        draft.row(monitoring_plans, **place, version=said["version"] - 1)["state"] = "replaced"
    draft.row(monitoring_plans, **place, version=said["version"]).update(
        document=hexadecimal(said["document"]),
        state="filed",
        filed_at=fact.time,
        filed_by=said["signer"].lower(),
        decided_at=None,
        decided_by=None,
        reason=None,
        tx_hash=fact.tx_hash,
    )


@takes("monitoring", "PlanApproved", "PlanReturned")
def plan_decided(draft: Draft, fact: Fact) -> None:
    said = fact.said
    if not is_year(said["year"]):
        return
    place = {name: said[name] for name in ("organisation", "year", "version")}
    draft.row(monitoring_plans, **place).update(
        state="approved" if fact.name == "PlanApproved" else "returned",
        decided_at=fact.time,
        decided_by=said["signer"].lower(),
        reason=said.get("reason"),
    )


@takes("monitoring", "LogbookOpened")
def logbook_opened(draft: Draft, fact: Fact) -> None:
    said = fact.said
    _logbook(draft, said["gateway"], said["year"]).update(
        organisation=said["organisation"],
        is_open=True,
        mass_g=0,
        count=0,
        first_hour=said["first_hour"],
        next_hour=said["first_hour"],
        batches=0,
        head=None,
        opened_at=fact.time,
        anchored_at=None,
        replaced_by=None,
        replace_reason=None,
        **_signed(fact),
    )


@takes("monitoring", "GatewayReplaced")
def gateway_replaced(draft: Draft, fact: Fact) -> None:
    said = fact.said
    old = _logbook(draft, said["old_gateway"], said["year"])
    new = _logbook(draft, said["new_gateway"], said["year"])
    key = ("gateway", "year")
    new.update({name: value for name, value in old.items() if name not in key}, **_signed(fact))
    old.update(
        is_open=False, replaced_by=said["new_gateway"].lower(), replace_reason=said["reason"]
    )


@takes("monitoring", "BatchAnchored")
def anchored(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.add(
        anchors,
        gateway=said["gateway"].lower(),
        year=said["year"],
        first_hour=said["first_hour"],
        organisation=said["organisation"],
        hours=said["hours"],
        root=hexadecimal(said["root"]),
        mass_g=said["mass_g"],
        count=said["count"],
        previous_head=hexadecimal(said["previous_head"]),
        time=fact.time,
        block=fact.block,
        tx_hash=fact.tx_hash,
    )
    batch = Batch.of(said["first_hour"], said["hours"], said["root"], said["mass_g"], said["count"])
    row = _logbook(draft, said["gateway"], said["year"])
    row["mass_g"] += said["mass_g"]
    row["count"] += said["count"]
    row["batches"] += 1
    row["next_hour"] = said["first_hour"] + said["hours"]
    row["head"] = hexadecimal(keccak(said["previous_head"] + batch.commitment))
    row["anchored_at"] = fact.time


def _logbook(draft: Draft, gateway: str, year: int) -> Row:
    return draft.row(logbooks, gateway=gateway.lower(), year=year)


def _key_given(draft: Draft, fact: Fact, key: str) -> None:
    draft.row(device_keys, key=key.lower()).update(
        device=fact.said["device"], since=fact.time, until=None, end_reason=None
    )


def _key_ended(draft: Draft, fact: Fact, key: str) -> None:
    draft.row(device_keys, key=key.lower()).update(until=fact.time, end_reason=fact.said["reason"])


def _signed(fact: Fact) -> dict[str, Any]:
    return {"signer": fact.said["signer"].lower(), "tx_hash": fact.tx_hash}
