"""Check the form of every Vyper source: mamushi's formatting, the pragma, the licence line.

mamushi runs file by file, because a batch run hides a file that it could not parse. `--fix`
formats.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("contracts", "tests/mocks")
PRAGMA = "# pragma version 0.4.3"
LINE_LENGTH = "100"


def complaints(path: Path, fix: bool) -> list[str]:
    """What is wrong with one file, a sentence each."""
    found: list[str] = []
    if PRAGMA not in path.read_text().splitlines()[:5]:
        found.append(f"lacks the line {PRAGMA!r}; another compiler would have to be fetched")
    mode = [] if fix else ["--check"]
    run = subprocess.run(
        ["mamushi", *mode, "--line-length", LINE_LENGTH, str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    output = (run.stdout + run.stderr).strip()
    if run.returncode != 0 or "rror" in output:
        found.append(f"mamushi: {output.splitlines()[-1] if output else 'would reformat'}")
    return found


def main(fix: bool) -> int:
    found = [p for folder in FOLDERS for p in (ROOT / folder).rglob("*")]
    sources = sorted(p for p in found if p.suffix in {".vy", ".vyi"})
    failed = 0
    for path in sources:
        for sentence in complaints(path, fix):
            failed += 1
            print(f"{path.relative_to(ROOT)}: {sentence}")
    print(f"{len(sources)} Vyper files, {failed} complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(fix="--fix" in sys.argv[1:]))
