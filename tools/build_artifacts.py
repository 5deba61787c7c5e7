"""Compile every contract into the package and freeze its ABI in deployments/abi.

Vyper runs in this process, and each artifact carries the integrity sum over the source and all its
imports, so that nothing stale passes. `--check` writes nothing and fails if a file would change.
"""

import json
import sys
from pathlib import Path

from tanlian_contracts.compile import ROOT, compile_all

ARTIFACTS = ROOT / "app" / "tanlian_contracts" / "artifacts"
FROZEN = ROOT / "deployments" / "abi"


def rendered() -> dict[Path, str]:
    """Each file to write, with its text."""
    files: dict[Path, str] = {}
    for name, artifact in compile_all().items():
        files[ARTIFACTS / f"{name}.json"] = json.dumps(artifact, indent=1, sort_keys=True) + "\n"
        files[FROZEN / f"{name}.json"] = (
            json.dumps(artifact["abi"], indent=1, sort_keys=True) + "\n"
        )
    return files


def main(check: bool) -> int:
    wanted = rendered()
    present = {path for folder in (ARTIFACTS, FROZEN) for path in folder.glob("*.json")}
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text() != text]
    surplus = sorted(present - wanted.keys())
    if check:
        for path in [*stale, *surplus]:
            print(f"not up to date: {path.relative_to(ROOT)} (run `make artifacts`)")
        return 1 if stale or surplus else 0
    for path in surplus:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
