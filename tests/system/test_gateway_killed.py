"""A gateway killed outright while devices send: what it acknowledged is there, once."""

import http.client
import json
import random
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness.broker import free_port
from tanlian.domain.reading import Reading, ReadingStatus
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.services.gateway.settings import GatewaySettings

pytestmark = pytest.mark.slow

START, HOURS, KILLS = 1_704_067_200, 4_000, 4
KEY = bytes(31) + b"\1"
NOW = START + HOURS * 3_600
SERVE = """
import sys
from pathlib import Path
from waitress import serve
from tanlian.services.gateway.http import application
from tanlian.services.gateway.settings import GatewaySettings
gateway = GatewaySettings.load(Path(sys.argv[1])).open(lambda: int(sys.argv[3]))
serve(application(gateway), host="127.0.0.1", port=int(sys.argv[2]), threads=4)
"""


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "devices.csv").write_text(
        f"source,source_name,device,device_name,signer\n1,boiler,1,analyser,{address_of(KEY)}\n"
    )
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'store = "gateway.db"\ndevices = "devices.csv"\nyear = 2024\nfirst_hour = {START // 3600}\n'
        f'end_hour = {START // 3600 + HOURS}\n[kinds]\n1 = "any"\n'
    )
    return path


def start(settings):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(settings), str(port), str(NOW)], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.05)
    raise AssertionError("the gateway did not start")


def message(hour):
    reading = Reading(START + 3600 * hour, 1, 1, hour + 1, 88_200 + hour)
    return {"body": reading.body.hex(), "signature": sign_reading(KEY, reading.body).hex()}


def post(port, hours):
    """Send these hours, one alone or several in a list; returns what became of each."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = [message(hour) for hour in hours]
    connection.request("POST", "/readings", json.dumps(body if len(body) > 1 else body[0]))
    answer = connection.getresponse()
    assert answer.status == 202
    return [one["taken"] for one in json.loads(answer.read())]


def test_gateway__killed_again_and_again_while_taking__loses_nothing_acknowledged_and_doubles_nothing(
    settings,
):
    chance, acknowledged, hour = random.Random(5), set(), 0
    for _ in range(KILLS):
        process, port = start(settings)
        end = time.monotonic() + chance.uniform(0.2, 0.8)
        killed = False
        while hour < HOURS:
            if not killed and time.monotonic() > end:
                process.send_signal(signal.SIGKILL)
                killed = True
            hours = list(range(hour, min(hour + chance.choice([1, 7]), HOURS)))
            try:
                assert set(post(port, hours)) <= {"stored", "known already"}
            except (OSError, http.client.HTTPException):
                break  # killed in the middle of an answer: the device will send these again
            acknowledged.update(hours)
            hour = hours[-1] + 1
        process.kill()
        process.wait()
    assert acknowledged
    gateway = GatewaySettings.load(settings).open(lambda: NOW + 90 * 86_400)
    stored = [one.reading for one in gateway.store.readings(START // 3600, HOURS)]
    starts = [reading.start for reading in stored]
    assert len(starts) == len(set(starts))
    assert {START + 3600 * hour for hour in acknowledged} <= set(starts)
    assert all(r.mass_g == 88_200 + (r.start - START) // 3600 for r in stored)
    assert gateway.store.quarantine() == []
    batches = gateway.close_due()
    assert sum(batch.root.count for batch in batches) == HOURS
    measured = sum(r.mass_g for r in stored)
    filled = [
        one.reading for one in gateway.store.readings(START // 3600, HOURS)
        if one.reading.status is not ReadingStatus.MEASURED
    ]  # fmt: skip
    total = sum(batch.root.mass_g for batch in batches)
    assert total == measured + sum(reading.mass_g for reading in filled)
