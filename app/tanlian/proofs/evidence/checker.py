"""`tanlian-check`: check a bundle of evidence offline; needs neither node nor database."""

import argparse
import json
import sys
from pathlib import Path

from tanlian.domain.errors import TanlianError
from tanlian.proofs.evidence.check import check_bundle, not_proved


def main(arguments: list[str] | None = None) -> int:
    """Print what is proved and what is not; 0 if all holds, 1 if not, 2 if it is unreadable."""
    parser = argparse.ArgumentParser(prog="tanlian-check", description=__doc__)
    parser.add_argument("bundle", type=Path, help="the file of the bundle")
    parser.add_argument(
        "--trust", type=Path, help="JSON with validators, contracts and ca that you know yourself"
    )
    chosen = parser.parse_args(arguments)
    out = sys.stdout.write
    try:
        trust = json.loads(chosen.trust.read_text()) if chosen.trust else None
        text = chosen.bundle.read_bytes()
        findings, left_open = check_bundle(text, trust), not_proved(text, trust)
    except (TanlianError, OSError, ValueError) as error:
        out(f"cannot be checked: {error}\n")
        return 2
    for finding in findings:
        out(f"{'proved' if finding.holds else 'FAILS '}  {finding.what}: {finding.sentence}\n")
    for sentence in left_open:
        out(f"not proved: {sentence}\n")
    failed = sum(not finding.holds for finding in findings)
    out(f"{len(findings) - failed} of {len(findings)} hold.\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
