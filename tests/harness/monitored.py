"""A served chain with monitored plants: sources, devices, anchored batches, copies at hand.

Emitter 2 has two sources and three devices. Of its readings from the first of January 2024 on three
days are anchored, a fourth is taken but not closed. Device 2 lost two hours, and one of its messages
was put aside. `emitter.csv` is a copy in which three hours were lowered, `verifier.csv` an honest one.
Emitter 3 has one device and nothing at hand. Verifier 4 has the case of emitter 2, verifier 5 none.
"""

import csv
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from harness.emissions import abi_line, sample_lines
from harness.served import Served
from tanlian.chain.keys import keccak
from tanlian.domain.factor_set import factor_set
from tanlian.domain.reading import Reading
from tanlian.domain.roles import Role
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.services.access import Access
from tanlian.services.factor_loading import load_factor_set
from tanlian.services.gateway.anchoring import ChainAnchoring
from tanlian.services.gateway.settings import GatewaySettings
from tanlian.services.reading_files import (
    DEVICE_COLUMNS,
    ReadingFile,
    SignedReading,
    write_readings,
)

START, END = 1_704_067_200, 1_735_689_600
HOUR, DAY = 3_600, 86_400
YEAR = 2024
KEYS = {1: bytes(31) + b"\1", 2: bytes(31) + b"\2", 3: bytes(31) + b"\3"}  # by device
SOURCE_OF = {1: 1, 2: 1, 3: 2}
EMITTER, OTHER, VERIFIER, IDLE = 2, 3, 4, 5
MEMBERS = (
    ("emitter", "Qinglan Power", Role.EMITTER, 1, 21),
    ("other", "Yunshi Steel", Role.EMITTER, 2, 42),
    ("verifier", "Hengzheng Verification", Role.VERIFIER, 0, 21),
    ("idle", "Qingdu Certification", Role.VERIFIER, 0, 42),
)
LOST = (30, 31)  # hours of device 2
FALSIFIED = (5, 6, 50)  # hours of device 1
ANCHORED_DAYS = 3


@dataclass
class Monitored:
    """What was founded, and where its copies lie."""

    chain: Served
    access: Access
    readings: Path

    @property
    def case(self) -> Path:
        return self.readings / str(YEAR) / str(EMITTER)


def mass_g(device: int, hour: int) -> int:
    """What a device measured in an hour since the start."""
    return 88_200_000 * device + 1_000 * hour


def signed(device: int, hour: int, mass: int | None = None) -> SignedReading:
    sequence = hour + 1
    grams = mass_g(device, hour) if mass is None else mass
    reading = Reading(
        START + HOUR * hour, SOURCE_OF[device], device, sequence, grams, 1_000, grams // 90
    )
    return SignedReading(reading, sign_reading(KEYS[device], reading.body))


def found_monitored(chain: Served, folder: Path) -> Monitored:
    """Deploy, admit, register, measure, anchor; write the copies."""
    access = chain.deploy()
    regulator = chain.sender("regulator")
    for number, (alias, name, role, sector, region) in enumerate(MEMBERS):
        access.act(
            regulator, "membership", "admit", keccak(alias.encode()), name, int(role), sector,
            region, keccak(b"certificate" + bytes([number])), chain.key(alias).address,
        )  # fmt: skip
    sets = [load_factor_set(access, regulator, factor_set(n)) for n in ("cn-power-2022", "gwp-ar5")]
    access.act(regulator, "monitoring", "open_year", YEAR, START, END)
    access.act(regulator, "emissions", "open_year", YEAR, (2**40, 100, 100, 100, 2, *sets))
    emitter, other = chain.sender("emitter"), chain.sender("other")
    for name in ("Boiler 1", "Kiln 2"):
        access.act(emitter, "monitoring", "register_source", name)
    access.act(other, "monitoring", "register_source", "Furnace")
    for device, name in ((1, "Analyser A"), (2, "Flow meter B"), (3, "Analyser C")):
        key = address_of(KEYS[device])
        access.act(emitter, "monitoring", "register_device", SOURCE_OF[device], key, name)
    access.act(other, "monitoring", "register_device", 3, chain.key("device").address, "Probe")
    for sender, member, gateway in ((emitter, EMITTER, "gateway"), (other, OTHER, "gateway-2")):
        access.act(sender, "monitoring", "file_plan", YEAR, keccak(b"plan"))
        access.act(regulator, "monitoring", "approve_plan", member, YEAR, 1)
        access.act(sender, "monitoring", "open_logbook", YEAR, chain.key(gateway).address)
    it = Monitored(chain, access, folder / "emissions")
    _measure(it)
    _report(it)
    return it


def _measure(it: Monitored) -> None:
    """Let the gateway take the readings, close three days and anchor them; write the copies."""
    it.case.mkdir(parents=True)
    with (it.case / "devices.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(DEVICE_COLUMNS)
        for device, key in KEYS.items():
            writer.writerow([SOURCE_OF[device], "source", device, "device", address_of(key)])
    lines = [
        'store = "gateway.db"',
        'devices = "devices.csv"',
        f"year = {YEAR}",
        f"first_hour = {START // HOUR}",
        f"end_hour = {END // HOUR}",
        "[kinds]",
        '1 = "coal"',
        '2 = "coal"',
        "",
    ]
    (it.case / "gateway.toml").write_text("\n".join(lines))
    clock = [START + (ANCHORED_DAYS + 1) * DAY - HOUR]
    gateway = GatewaySettings.load(it.case / "gateway.toml").open(lambda: clock[0])
    for hour in range((ANCHORED_DAYS + 1) * 24 - 1):
        for device in KEYS:
            if device == 2 and hour in LOST:
                continue
            answer = gateway.take(signed(device, hour), "test")
            assert answer.doubt is None, answer
    forged = dataclasses.replace(signed(2, LOST[0]), signature=signed(1, LOST[0]).signature)
    assert gateway.take(forged, "http").doubt is not None
    gateway.take_message(b"nonsense", "mqtt")
    clock[0] = START + ANCHORED_DAYS * DAY + 6 * HOUR
    gateway.close_due()
    sender = it.chain.sender("gateway")
    assert len(gateway.anchor_due(ChainAnchoring(it.access.contracts, sender, YEAR))) >= 1
    _copies(it, gateway.store.readings(START // HOUR, ANCHORED_DAYS * 24))
    gateway.store.close()


def _copies(it: Monitored, honest: list[SignedReading]) -> None:
    write_readings(it.case / "verifier.csv", honest)
    lowered = {(START + HOUR * hour, 1, 1) for hour in FALSIFIED}
    forged = [
        dataclasses.replace(
            one, reading=dataclasses.replace(one.reading, mass_g=one.reading.mass_g // 2)
        )
        if one.reading.key in lowered
        else one
        for one in honest
    ]
    write_readings(it.case / "emitter.csv", forged)


def _report(it: Monitored) -> None:
    emitter, regulator = it.chain.sender("emitter"), it.chain.sender("regulator")
    it.chain.connection().request("evm_increaseTime", max(END - _now(it), 0) + 1)
    it.chain.connection().request("evm_mine")
    lines = [abi_line(line) for line in sample_lines()]
    it.access.act(emitter, "emissions", "report", YEAR, lines, keccak(b"document"))
    it.access.act(regulator, "emissions", "assign", EMITTER, YEAR, VERIFIER)


def _now(it: Monitored) -> int:
    connection = it.chain.connection()
    return int(connection.block(connection.head())["timestamp"], 16)


def load(path: Path) -> ReadingFile:
    return ReadingFile.load(path)
