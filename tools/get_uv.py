"""Put uv into a folder with nothing but Python's standard library at hand.

Usage: get_uv.py VERSION FOLDER. Tries pip (which knows the machine's own package index) and, where a
bare Debian has no pip, fetches uv's wheel from PyPI and unpacks it; the wheel's hash is checked
against the index.
"""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

INDEX = "https://pypi.org/pypi/uv/{version}/json"


def main(version: str, folder: Path) -> None:
    target = folder / "bin" / "uv"
    target.parent.mkdir(parents=True, exist_ok=True)
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    got = subprocess.run(
        [*pip, "--dest", str(wheels), f"uv=={version}"], check=False, capture_output=True, text=True
    )
    if got.returncode != 0:
        _fetch_wheel(version, wheels)
    (wheel,) = wheels.glob(f"uv-{version}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        with archive.open(f"uv-{version}.data/scripts/uv") as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)
    target.chmod(0o755)
    shutil.rmtree(wheels)


def _fetch_wheel(version: str, wheels: Path) -> None:
    """Download the wheel of this machine into `wheels`; exits with a sentence when there is none."""
    if sys.platform != "linux":
        sys.exit(f"get_uv: install uv {version} yourself and put it at .tools/bin/uv")
    libc = "musllinux" if platform.libc_ver()[0] == "" else "manylinux"
    with urllib.request.urlopen(INDEX.format(version=version), timeout=60) as answer:
        files = json.load(answer)["urls"]
    tag = f"{platform.machine()}.whl"
    for entry in files:
        if libc in entry["filename"] and entry["filename"].endswith(tag):
            break
    else:
        sys.exit(f"get_uv: uv {version} has no wheel for {platform.machine()} on {libc}")
    with urllib.request.urlopen(entry["url"], timeout=300) as answer:
        body = answer.read()
    if hashlib.sha256(body).hexdigest() != entry["digests"]["sha256"]:
        sys.exit("get_uv: the downloaded wheel does not have the hash that the index states")
    wheels.mkdir(exist_ok=True)
    (wheels / entry["filename"]).write_bytes(body)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
