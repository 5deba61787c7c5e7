"""Put uv into a folder with nothing but Python's standard library at hand.

Usage: get_uv.py VERSION FOLDER. Tries pip (which knows the machine's own package index) and,
where a bare Debian has no pip, fetches uv's wheel from PyPI and unpacks it; the wheel's hash is
checked against the index.
"""

import hashlib
import platform
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

INDEX = "https://pypi.org/simple/uv/"


def main(version: str, folder: Path) -> None:
    target = folder / "bin" / "uv"
    target.parent.mkdir(parents=True, exist_ok=True)
    wheels = folder / "wheels"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    got = subprocess.run(
        [*pip, "--dest", str(wheels), f"uv=={version}"], check=False, capture_output=True, text=True
    )
    if got.returncode != 0:
        _fetch_wheel(version, wheels)
    (wheel,) = wheels.glob(f"uv-{version}-*.whl")
    member = f"uv-{version}.data/scripts/uv"
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
        target.write_bytes(source.read())
    target.chmod(0o755)
    shutil.rmtree(wheels)


def _fetch_wheel(version: str, wheels: Path) -> None:
    """Download the wheel of this machine into `wheels`; a sentence and exit 1 if there is none."""
    if sys.platform != "linux":
        sys.exit(f"get_uv: install uv {version} yourself and put it at .tools/bin/uv")
    libc = "musllinux" if platform.libc_ver()[0] == "" else "manylinux"
    with urllib.request.urlopen(INDEX, timeout=60) as answer:
        page = answer.read().decode()
    file_name = rf"uv-{re.escape(version)}-[^\"#]*{libc}[^\"#]*{platform.machine()}\.whl"
    wanted = rf'href="([^"#]*/({file_name}))'
    found = re.search(wanted + r'#sha256=([0-9a-f]{64})"', page)
    if found is None:
        sys.exit(f"get_uv: uv {version} has no wheel for {platform.machine()} on {libc}")
    link, name, digest = found.groups()
    with urllib.request.urlopen(urllib.parse.urljoin(INDEX, link), timeout=300) as answer:
        body = answer.read()
    if hashlib.sha256(body).hexdigest() != digest:
        sys.exit("get_uv: the downloaded wheel does not have the hash that the index states")
    wheels.mkdir(exist_ok=True)
    (wheels / name).write_bytes(body)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
