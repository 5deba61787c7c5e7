"""Readings from real devices' side to the chain: HTTP, a real broker, CSV, anchoring, comparing."""

import csv
import dataclasses
import json
import threading
import time
import urllib.request

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from harness.broker import broker, free_port
from harness.served import served
from tanlian.chain.keys import keccak
from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import Reading
from tanlian.domain.roles import Role
from tanlian.proofs.logbook import Batch, Logbook
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.services.gateway.anchoring import ChainAnchoring, anchors_of
from tanlian.services.gateway.mqtt import MqttIntake
from tanlian.services.gateway.service import GatewayService
from tanlian.services.gateway.settings import GatewaySettings
from tanlian.services.reading_files import DEVICE_COLUMNS, SignedReading, write_readings

START = 1_704_067_200
FIRST = START // 3600
KEY = bytes(31) + b"\1"
DOCUMENT = keccak(b"plan")


def signed(hour, mass_g=88_200):
    item = Reading(START + 3600 * hour, 1, 1, hour + 1, mass_g, 10, 1_000)
    return SignedReading(item, sign_reading(KEY, item.body))


def message(one):
    return json.dumps({"body": one.reading.body.hex(), "signature": one.signature.hex()}).encode()


def settings_file(folder, **more):
    with (folder / "devices.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(DEVICE_COLUMNS)
        writer.writerow([1, "boiler", 1, "analyser", address_of(KEY)])
    lines = [
        'store = "gateway.db"',
        'devices = "devices.csv"',
        "year = 2024",
        f"first_hour = {FIRST}",
        f"end_hour = {FIRST + 72}",
    ]
    lines += [f"{key} = {value!r}" for key, value in more.items()]
    path = folder / "gateway.toml"
    path.write_text("\n".join([*lines, "[kinds]", '1 = "coal"', ""]))
    return path


def wait_until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def market(tmp_path, monkeypatch):
    """A served chain with an emitter whose gateway has a logbook for 2024."""
    with served(tmp_path, monkeypatch) as it:
        access = it.deploy()
        regulator = it.sender("regulator")
        emitter = it.key("emitter")
        access.act(
            regulator, "membership", "admit", keccak(b"identity"), "emitter", int(Role.EMITTER), 1,
            21, keccak(b"certificate"), emitter.address,
        )  # fmt: skip
        end = START + 366 * 86_400
        access.act(regulator, "monitoring", "open_year", 2024, START, end)
        mine = it.sender("emitter")
        access.act(mine, "monitoring", "register_source", "boiler")
        access.act(mine, "monitoring", "register_device", 1, address_of(KEY), "analyser")
        access.act(mine, "monitoring", "file_plan", 2024, DOCUMENT)
        access.act(regulator, "monitoring", "approve_plan", 2, 2024, 1)
        access.act(mine, "monitoring", "open_logbook", 2024, it.key("gateway").address)
        yield it, access


def test_gateway__readings_by_http_and_broker__anchored_and_equal_to_the_logbook(tmp_path, market):
    it, access = market
    port = free_port()
    with broker(tmp_path, port):
        path = settings_file(tmp_path, http_port=0, mqtt_host="127.0.0.1", mqtt_port=port)
        settings = GatewaySettings.load(path)
        gateway = settings.open(lambda: START + 3 * 86_400)
        chain = ChainAnchoring(access.contracts, it.sender("gateway"), 2024)
        service = GatewayService(settings, gateway, chain)
        device = paho.Client(CallbackAPIVersion.VERSION2)
        device.connect("127.0.0.1", port)
        device.loop_start()
        for hour in range(24):
            device.publish("tanlian/readings/1", message(signed(hour)), qos=1).wait_for_publish(5)
        # the gateway subscribes only now; what came before is the device's to send again
        intake = MqttIntake(gateway, "127.0.0.1", port, "gateway")
        intake.start()
        time.sleep(0.5)
        for hour in range(24):
            device.publish("tanlian/readings/1", message(signed(hour)), qos=1).wait_for_publish(5)
        wait_until(lambda: len(gateway.store.readings(FIRST, 24)) == 24)
        intake.stop()
        for hour in range(24, 48):  # kept by the broker for the gateway's lasting session
            device.publish("tanlian/readings/1", message(signed(hour)), qos=1).wait_for_publish(5)
        device.loop_stop()
        again = MqttIntake(gateway, "127.0.0.1", port, "gateway")
        again.start()
        wait_until(lambda: len(gateway.store.readings(FIRST, 48)) == 48)
        again.stop()
        anchored = []
        worker = threading.Thread(target=service.run, args=(anchored.append, 0.05))
        worker.start()
        wait_until(lambda: sum(anchored) == 2)
        url = f"http://127.0.0.1:{service.http_port}/readings"
        late = urllib.request.Request(url, message(signed(47, 88_201)))
        with urllib.request.urlopen(late, timeout=5) as answer:
            assert json.load(answer)[0]["reason"] == "replayed with another content"
        service.stop()
        worker.join(10)
    logbook = access.contracts["monitoring"].read("logbook_of", it.key("gateway").address, 2024)
    assert (logbook.mass_g, logbook.count, logbook.batches) == (48 * 88_200, 48, 2)
    mirror = Logbook(_first_head(access, it))
    for anchor in anchors_of(access.contracts, 2024):
        mirror.add(Batch(anchor.first_hour, anchor.hours, anchor.root))
    assert mirror.head == bytes(logbook.head)


def test_gateway__broker_killed_and_back__subscribes_again_and_takes_each_reading_once(tmp_path):
    port = free_port()
    path = settings_file(tmp_path, mqtt_host="127.0.0.1", mqtt_port=port)
    gateway = GatewaySettings.load(path).open(lambda: START + 3 * 86_400)
    intake = MqttIntake(gateway, "127.0.0.1", port, "gateway")

    def publish(hours):
        device = paho.Client(CallbackAPIVersion.VERSION2)
        device.connect("127.0.0.1", port)
        device.loop_start()
        for hour in hours:
            device.publish("tanlian/readings/1", message(signed(hour)), qos=1).wait_for_publish(5)
        device.disconnect()
        device.loop_stop()

    intake.start()  # before there is a broker
    with broker(tmp_path, port) as process:
        wait_until(lambda: publish([0]) or gateway.store.readings(FIRST, 1))
        process.kill()
        process.wait(10)
    (tmp_path / "mosquitto.db").unlink(missing_ok=True)  # and it forgot who had subscribed
    with broker(tmp_path, port):
        wait_until(lambda: publish([0, 1, 2]) or len(gateway.store.readings(FIRST, 3)) == 3, 60)
    intake.stop()
    assert [one.reading.sequence for one in gateway.store.readings(FIRST, 24)] == [1, 2, 3]
    assert gateway.store.quarantine() == []


def _first_head(access, it):
    from eth_abi import encode

    where = access.contracts["monitoring"].address
    words = encode(
        ["address", "uint256", "uint256", "address"], [where, 2, 2024, it.key("gateway").address]
    )
    return keccak(words)


def test_gateway__batches_of_an_hour__anchored_one_by_one_and_located_in_their_hour(
    tmp_path, market
):
    it, access = market
    path = settings_file(tmp_path, batch_hours=1)
    readings = [signed(h) for h in range(26)]
    write_readings(tmp_path / "readings.csv", readings)
    assert it.run("gateway", "import", path, tmp_path / "readings.csv").exit_code == 0
    gateway = GatewaySettings.load(path).open(lambda: START + 26 * 3600 + 7_200)
    assert len(gateway.close_due()) == 26
    gateway.anchor_due(ChainAnchoring(access.contracts, it.sender("gateway"), 2024))
    gateway.store.close()
    logbook = access.contracts["monitoring"].read("logbook_of", it.key("gateway").address, 2024)
    assert (logbook.batches, logbook.count, logbook.mass_g) == (26, 26, 26 * 88_200)
    days = json.loads(it.run("gateway", "roots", path, "--period", "day", "--json").output)
    assert [(day["hours"], day["count"]) for day in days] == [(24, 24), (2, 2)]
    (year,) = json.loads(it.run("gateway", "roots", path, "--period", "year", "--json").output)
    assert (year["count"], year["mass_g"]) == (26, 26 * 88_200)
    assert "2024-01-01 00:00    26 h" in it.run("gateway", "roots", path).output
    mine, anchors = tmp_path / "mine.csv", tmp_path / "anchors.csv"
    assert it.run("gateway", "export", path, mine, anchors).exit_code == 0
    text = mine.read_text()
    (tmp_path / "lie.csv").write_text(
        text.replace("T05:00:00Z,1,1,6,88200", "T05:00:00Z,1,1,6,80000")
    )
    found = json.loads(
        it.run("locate", mine, tmp_path / "lie.csv", "--anchors", anchors, "--json").output
    )
    (one,) = found["differences"]
    assert one["batch_first_hour"] == FIRST + 5
    assert one["anchored_copy"] == "first"
    assert one["anchoring_transaction"]


def test_locate__devices_and_roots_from_the_chain__after_keys_and_gateway_changed(tmp_path, market):
    it, access = market
    path = settings_file(tmp_path)
    write_readings(tmp_path / "readings.csv", [signed(h) for h in range(72)])
    assert it.run("gateway", "import", path, tmp_path / "readings.csv").exit_code == 0
    gateway = GatewaySettings.load(path).open(lambda: START + 10 * 86_400)
    gateway.close_due()
    batches = gateway.store.batches(anchored=False)
    mine = it.sender("emitter")
    first = ChainAnchoring(access.contracts, it.sender("gateway"), 2024)
    first.anchor(batches[0])
    old, new = it.key("gateway").address, it.key("gateway 2").address
    access.act(mine, "monitoring", "replace_gateway", 2024, old, new, "flooded")
    second = ChainAnchoring(access.contracts, it.sender("gateway 2"), 2024)
    second.anchor(batches[1])
    access.act(mine, "monitoring", "replace_device_key", 1, it.key("device 2").address, "worn out")
    kept = gateway.store.readings(FIRST, 72)
    gateway.store.close()
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    write_readings(good, kept[:48])
    lie = dataclasses.replace(kept[30].reading, mass_g=80_000)
    write_readings(bad, [*kept[:30], dataclasses.replace(kept[30], reading=lie), *kept[31:48]])
    fine = it.run("locate", good, good, "--case", "2-2024")
    assert fine.exit_code == 0, fine.output
    told = it.run("locate", good, bad, "--case", "2-2024", "--json")
    assert told.exit_code == 1
    (one,) = json.loads(told.output)["differences"]
    assert (one["source_name"], one["device_name"]) == ("boiler", "analyser")
    assert (one["first_standing"], one["anchored_copy"]) == ("signed by the device", "first")
    # both parties may lie alike: the chain alone tells
    alike = it.run("locate", bad, bad, "--case", "2-2024")
    assert alike.exit_code == 1
    assert "bad.csv: 1 batches are not as anchored." in alike.output
    # what waits to be anchored spoils no batch before it
    write_readings(good, kept)
    waiting = it.run("locate", good, good, "--case", "2-2024", "--json")
    assert json.loads(waiting.output)["not_as_anchored"] == [[FIRST + 48], [FIRST + 48]]


@pytest.mark.parametrize(
    ("case", "more", "reason"),
    [
        ("2-2023", (), "keeps no logbook for 2023"),
        ("1-2024", (), "keeps no logbook for 2024"),
        ("2-2024", ("--gateway", "0x" + "11" * 20), "is no gateway of organisation 2"),
        ("two", (), "A case is ORGANISATION-YEAR"),
        ("2-2024", ("--anchors", "{file}"), "leave out --devices"),
    ],
)  # fmt: skip
def test_locate__case_that_is_none__named(tmp_path, market, case, more, reason):
    it, _ = market
    file = tmp_path / "readings.csv"
    write_readings(file, [signed(0)])
    arguments = [str(file) if one == "{file}" else one for one in more]
    told = it.run("locate", file, file, "--case", case, *arguments)
    assert told.exit_code in {1, 2}
    assert reason in told.output


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"batch_hours": 0}, "1 to 744 hours"), ({"batch_hours": 745}, "1 to 744 hours"),
     ({"batch_hours": -1}, "1 to 744 hours")],
)  # fmt: skip
def test_gateway_settings__batch_that_no_logbook_takes__refused(tmp_path, more, reason):
    with pytest.raises(InvalidInput, match=reason):
        GatewaySettings.load(settings_file(tmp_path, **more))


def test_gateway_commands__csv_to_chain_to_comparison__the_changed_hour_is_named(tmp_path, market):
    it, _ = market
    path = settings_file(tmp_path)
    source = tmp_path / "readings.csv"
    write_readings(source, [signed(h) for h in range(48)])
    assert it.run("gateway", "import", path, source).exit_code == 0
    first = it.run("gateway", "run", path, "--once", "--as", "gateway")
    assert first.exit_code == 0, first.output
    assert "batches anchored" in first.output
    again = it.run("gateway", "run", path, "--once", "--as", "gateway")
    assert "0 batches anchored." in again.output
    lied = [signed(h) for h in range(48)]
    lied[30] = dataclasses.replace(
        lied[30], reading=dataclasses.replace(lied[30].reading, mass_g=80_000)
    )
    write_readings(tmp_path / "emitter.csv", lied)
    assert it.run("gateway", "import", path, tmp_path / "emitter.csv").exit_code == 1
    listed = it.run("gateway", "quarantine", path)
    assert "wrong signature" in listed.output
    mine, anchors = tmp_path / "mine.csv", tmp_path / "anchors.csv"
    assert it.run("gateway", "export", path, mine, anchors).exit_code == 0
    short = tmp_path / "kept.csv"
    kept = [*mine.read_text().splitlines()]
    theirs = [*(tmp_path / "emitter.csv").read_text().splitlines(), *kept[49:]]
    short.write_text("\n".join(theirs))
    found = it.run(
        "locate", mine, short, "--anchors", anchors, "--devices", tmp_path / "devices.csv"
    )
    assert found.exit_code == 1, found.output
    assert "source 1 (boiler), device 1 (analyser), 2024-01-02 06:00 UTC" in found.output
    assert "88200 g CO2 (signed by the device" in found.output
    assert "80000 g CO2 (not signed by the device" in found.output
