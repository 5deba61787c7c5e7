"""A real MQTT broker (mosquitto) for tests; where it is missing, CI fails and others skip."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

PLACES = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def broker(folder: Path, port: int):
    """Run mosquitto on a port until the block ends; it keeps sessions in the folder."""
    program = shutil.which("mosquitto", path=PLACES)
    if program is None:
        message = "no mosquitto on PATH: apt-get install mosquitto"
        if os.environ.get("TANLIAN_REQUIRE_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
        f"persistence_location {folder}/\nuser {'root' if os.geteuid() == 0 else ''}\n"
    )
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port, process):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, "mosquitto ended at once"
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("mosquitto does not listen")
