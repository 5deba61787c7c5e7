"""Monitored sites: sources, devices, plans, and a year of signed readings through a gateway."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tanlian.chain.keys import Key
from tanlian.chain.transactions import Sender
from tanlian.domain.demonstration_plant import PlantYear, plant_year
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading
from tanlian.proofs.merkle_sum import keccak
from tanlian.proofs.reading_signature import PREFIX
from tanlian.services.gateway.anchoring import ChainAnchoring
from tanlian.services.gateway.gateway import Gateway
from tanlian.services.gateway.settings import GatewaySettings
from tanlian.services.reading_files import (
    Device,
    SignedReading,
    write_anchors,
    write_devices,
    write_readings,
)
from tanlian.services.reporting_year.stage import Emitter, Stage, statement

UNITS = ("一号机组 unit 1", "二号机组 unit 2")
BATCHES = 12  # of the year; in practice a day each, here few for a quick run
OUTAGE = range(2_000, 2_036)  # hours in which the analyser of unit 1 was silent
KIND = "coal"
_SETTINGS = """# The gateway of {name}, year {year}. It anchors with the emitter's own key.
store = "gateway.db"
devices = "devices.csv"
year = {year}
first_hour = {first}
end_hour = {end}
batch_hours = {hours}

[kinds]
"""


@dataclass(frozen=True, slots=True)
class Site:
    """One emitter's sources, each with a device, and what truly happened there."""

    emitter: Emitter
    folder: Path
    devices: tuple[Device, ...]
    years: tuple[PlantYear, ...]

    @property
    def sources(self) -> tuple[int, ...]:
        return tuple(device.source for device in self.devices)


def equip(stage: Stage, emitters: Sequence[Emitter]) -> list[Site]:
    """Register what these emitters need and does not exist yet; plans are filed and approved."""
    plan = statement(f"monitoring plan {stage.year}")
    stage.all(
        "monitoring plans",
        [stage.act(e.member, "monitoring", "file_plan", stage.year, plan) for e in emitters],
    )
    organisations = [e.member.organisation for e in emitters]
    stage.all(
        "plans approved",
        [
            stage.act(stage.regulator, "monitoring", "approve_plan", org, stage.year, 1)
            for org in organisations
        ],
    )
    missing = [e for e in emitters if not _devices(stage, e)]
    stage.all(
        "emission sources",
        [
            stage.act(e.member, "monitoring", "register_source", name)
            for e in missing
            for name in UNITS
        ],
    )
    registered = stage.events("monitoring", "SourceRegistered")
    acts = []
    for e in missing:
        mine = [s["source"] for s in registered if s["organisation"] == e.member.organisation]
        for unit, source in enumerate(mine):
            key = device_key(stage, e, unit).address
            name = f"烟气分析仪 stack analyser {unit + 1}"
            acts.append(stage.act(e.member, "monitoring", "register_device", source, key, name))
    stage.all("devices", acts)
    # an account of the emitter, so that nodes with allowlists let the gateway in
    gateways = [e.member.key.address for e in emitters]
    stage.all(
        "gateways' logbooks",
        [
            stage.act(e.member, "monitoring", "open_logbook", stage.year, address)
            for e, address in zip(emitters, gateways, strict=True)
        ],
    )
    return [_site(stage, e) for e in emitters]


def device_key(stage: Stage, emitter: Emitter, unit: int) -> Key:
    """The key of a device of the demonstration."""
    return stage.run.key(f"device/{emitter.alias}/{unit + 1}")


def run_gateway(stage: Stage, site: Site) -> Gateway:
    """Send a year of signed readings through the gateway and anchor its batches.

    Some messages are none of the device's; the gateway puts them aside.
    """
    now = stage.consortium.access.connection.now()  # once: each question is one to the node
    gateway = GatewaySettings.load(_settings(stage, site)).open(lambda: now)
    with gateway.store.together():
        for signed in _readings(stage, site):
            gateway.take(signed, "demonstration")
        for doubtful in _doubtful(stage, site):
            gateway.take(doubtful, "demonstration, tampered on its way")
        gateway.take_message(b'{"body": "0bad"}', "demonstration, broken")
    gateway.close_due()
    connection = stage.consortium.access.connection
    sender = Sender(connection, site.emitter.member.key)
    chain = ChainAnchoring(stage.consortium.access.contracts, sender, stage.year)
    with stage.consortium.narrator.progress(f"anchoring, {site.emitter.member.name}") as advance:
        anchored = gateway.anchor_due(chain)
        advance(len(anchored), len(anchored))
    return gateway


def export(gateway: Gateway, site: Site) -> None:
    """Write `readings.csv` and `anchors.csv` as `tanlian gateway export` does."""
    anchors = gateway.store.batches(anchored=True)
    readings = [one for a in anchors for one in gateway.store.readings(a.first_hour, a.hours)]
    write_readings(site.folder / "readings.csv", readings)
    write_anchors(site.folder / "anchors.csv", anchors)


def hand_over(stage: Stage, site: Site, gateway: Gateway, years: Sequence[PlantYear]) -> None:
    """Write the copy that the emitter hands to its verifier, `handed-over.csv`.

    Signatures and substituted hours are as anchored; the figures are those of `years`, which are
    the truth or a lie.
    """
    told = {
        (hour.start, source): hour
        for source, year in zip(site.sources, years, strict=True)
        for hour in year.hours
    }
    copy = []
    first = stage.span[0] // SECONDS_PER_HOUR
    for signed in gateway.store.readings(first, stage.hours):
        r = signed.reading
        hour = told[r.start, r.source]
        if r.sequence:
            r = replace(r, mass_g=hour.mass_g, heat_mj=hour.heat_mj, energy_kwh=hour.energy_kwh)
        copy.append(SignedReading(r, signed.signature))
    write_readings(site.folder / "handed-over.csv", copy)


def _site(stage: Stage, emitter: Emitter) -> Site:
    devices = _devices(stage, emitter)
    begins, _ = stage.span
    share_kg = emitter.party.verified_t * 1_000 // len(devices)
    years = tuple(
        plant_year(
            f"{emitter.alias}/{stage.year}/{unit}", begins, stage.hours, share_kg, stage.factors
        )
        for unit in range(len(devices))
    )
    folder = stage.folder / str(emitter.member.organisation)
    folder.mkdir(parents=True, exist_ok=True)
    return Site(emitter, folder, devices, years)


def _devices(stage: Stage, emitter: Emitter) -> tuple[Device, ...]:
    organisation = emitter.member.organisation
    names = {
        event["source"]: event["name"] for event in stage.events("monitoring", "SourceRegistered")
    }
    return tuple(
        Device(e["source"], names[e["source"]], e["device"], e["name"], str(e["key"]).lower())
        for e in stage.events("monitoring", "DeviceRegistered")
        if e["organisation"] == organisation
    )


def _settings(stage: Stage, site: Site) -> Path:
    begins, ends = (moment // SECONDS_PER_HOUR for moment in stage.span)
    write_devices(site.folder / "devices.csv", site.devices)
    text = _SETTINGS.format(
        name=site.emitter.member.name, year=stage.year, first=begins, end=ends,
        hours=-(-(ends - begins) // BATCHES),
    )  # fmt: skip
    text += "".join(f"{source} = {json.dumps(KIND)}\n" for source in site.sources)
    path = site.folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _readings(stage: Stage, site: Site) -> Iterator[SignedReading]:
    for unit, (device, year) in enumerate(zip(site.devices, site.years, strict=True)):
        key = device_key(stage, site.emitter, unit)
        for number, hour in enumerate(year.hours):
            if unit == 0 and number in OUTAGE:
                continue
            yield _signed(
                key,
                Reading(
                    hour.start, device.source, device.device, number + 1, hour.mass_g,
                    hour.energy_kwh, hour.heat_mj,
                ),
            )  # fmt: skip


def _doubtful(stage: Stage, site: Site) -> Iterator[SignedReading]:
    """Messages that a gateway must not take: altered, from the future, from a stranger."""
    device, hour = site.devices[0], site.years[0].hours[100]
    key = device_key(stage, site.emitter, 0)
    genuine = Reading(
        hour.start, device.source, device.device, 101, hour.mass_g, hour.energy_kwh, hour.heat_mj
    )
    altered = replace(genuine, mass_g=genuine.mass_g // 2)
    yield SignedReading(altered, _signed(key, genuine).signature)
    yield _signed(key, altered)
    ahead = stage.consortium.access.connection.now() // SECONDS_PER_HOUR + 24
    yield _signed(key, replace(genuine, start=ahead * SECONDS_PER_HOUR, sequence=99_999))
    yield _signed(stage.run.key("a stranger"), replace(genuine, sequence=99_998))


def _signed(key: Key, reading: Reading) -> SignedReading:
    return SignedReading(reading, key.sign(keccak(PREFIX + reading.body)))
