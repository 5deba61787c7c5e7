"""Requests made from the API's own description: none breaks it, each answer is as described."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.founded import found, open_session
from harness.programs import issued
from harness.served import served
from harness.visitor import Visitor
from tanlian.bootstrap import serving
from tanlian.settings import Settings

REGULATOR = 1
EXAMPLES = 2  # of each operation, beside those that cover its description
FAST = Settings(port=0, requests_per_minute=1_000_000)
# What has the right form may still be refused, by the chain or because nothing has that number.
OFF = "positive_data_acceptance"


@pytest.mark.timeout(600)
def test_description__requests_made_from_it__find_nothing(tmp_path_factory) -> None:
    """The key may write and not sign, so acts end as drafts. The stream does not end by itself."""
    folder = tmp_path_factory.mktemp("api-schema")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain)
        with serving(chain.target, settings=FAST) as address:
            key = issued(Visitor(address).join(chain, REGULATOR, "regulator-one"), may_write="yes")
            command = [
                str(Path(sys.executable).parent / "st"), "run", f"{address}api/v1/openapi.json",
                "--header", f"Authorization: Bearer {key}", "--exclude-path", "/events/stream",
                "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES),
                "--seed", "1", "--exclude-checks", OFF, "--max-failures", "20", "--no-color",
            ]  # fmt: skip
            run = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=550
            )
    assert run.returncode == 0, run.stdout[-8_000:]
    assert "Tested: 2" in run.stdout, "more than two hundred operations"
