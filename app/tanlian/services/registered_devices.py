"""What the chain says of a member's monitoring: devices with their keys, anchored batches."""

from dataclasses import replace

from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.services.access import Access
from tanlian.services.gateway.anchoring import anchors_of
from tanlian.services.reading_files import Anchor, Device


def devices_of(access: Access, org_id: int) -> dict[tuple[int, int], Device]:
    """Return an organisation's devices by source and device, with every key that they had."""
    events = access.contracts.events().read(
        access.book.first_block(),
        contracts=["monitoring"],
        names=["SourceRegistered", "DeviceRegistered", "DeviceKeyReplaced"],
    )
    sources: dict[int, str] = {}
    devices: dict[tuple[int, int], Device] = {}
    for event in events:
        if event["organisation"] != org_id:
            continue
        source = event["source"]
        if event.name == "SourceRegistered":
            sources[source] = event["name"]
        elif event.name == "DeviceRegistered":
            signer, device = str(event["key"]).lower(), event["device"]
            devices[source, device] = Device(source, sources[source], device, event["name"], signer)
        else:
            old = devices[source, event["device"]]
            signer = str(event["new_key"]).lower()
            devices[source, event["device"]] = replace(
                old, signer=signer, former=old.former | {old.signer}
            )
    return devices


def anchored_batches(
    access: Access, org_id: int, year: int, gateway: str | None = None
) -> dict[int, Anchor]:
    """Return the batches of a gateway's logbook by first hour, whoever kept it before.

    Raises:
        NotFound: the organisation keeps no logbook of the year, or not with this gateway.
        InvalidInput: it has several gateways and none is named.
    """
    found = access.contracts["monitoring"].read("gateways", org_id, year)
    kept = [str(one).lower() for one in found]
    if not kept:
        raise NotFound(f"Organisation {org_id} keeps no logbook for {year} on this chain.")
    if gateway is not None and gateway.lower() not in kept:
        raise NotFound(f"{gateway} is no gateway of organisation {org_id} in {year}.")
    if gateway is None and len(kept) > 1:
        raise InvalidInput(
            f"Organisation {org_id} has {len(kept)} gateways in {year}: {', '.join(kept)}. Name "
            "the one whose readings these are."
        )
    before = {  # whose logbook a gateway goes on with
        str(event["new_gateway"]).lower(): str(event["old_gateway"]).lower()
        for event in access.contracts.events().read(
            access.book.first_block(), contracts=["monitoring"], names=["GatewayReplaced"]
        )
        if event["year"] == year
    }
    keepers = [(gateway or kept[0]).lower()]
    while keepers[-1] in before:
        keepers.append(before[keepers[-1]])
    anchors = [a for keeper in keepers for a in anchors_of(access.contracts, year, keeper)]
    return {anchor.first_hour: anchor for anchor in anchors}
