"""The Besu on this machine: where it is, which release, and how its process is started."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tanlian_node.errors import BesuMissing

HOW_TO_GET_IT = (
    "Install Hyperledger Besu (github.com/besu-eth/besu/releases, Java 21 or later), then set "
    "BESU_HOME to its folder or put its bin folder on PATH."
)
VERSION = re.compile(r"besu/v?(\d+)\.(\d+)(?:\.(\d+))?")
# measured on two cores: the same throughput as the defaults, without the compilers' burst
SMALL_MACHINE = "-Xmx350m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"


@dataclass(frozen=True, slots=True)
class Besu:
    program: Path

    def version(self) -> tuple[int, int, int]:
        """Ask Besu for its release; takes some seconds.

        Raises:
            BesuMissing: it does not start, usually for want of a Java runtime.
        """
        run = subprocess.run(
            [str(self.program), "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        found = VERSION.search(run.stdout + run.stderr)
        if run.returncode != 0 or found is None:
            last = (run.stdout + run.stderr).strip().splitlines()[-1:]
            raise BesuMissing(
                f"{self.program} does not start ({' '.join(last)}). Besu needs Java 21 or later; "
                "set JAVA_HOME to it."
            )
        major, minor, patch = found.groups()
        return int(major), int(minor), int(patch or 0)

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        log: Path,
        java_options: str,
    ) -> subprocess.Popen[bytes]:
        """Start a node that outlives this process; its output goes to `log`."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [str(self.program), *arguments],
                cwd=folder,
                env=self.environment(java_options),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one of Besu's own sub-commands to its end."""
        return subprocess.run(
            [str(self.program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
            cwd=folder,
        )

    @staticmethod
    def environment(java_options: str) -> dict[str, str]:
        environment = dict(os.environ)
        given = environment.get("BESU_OPTS", "")
        environment["BESU_OPTS"] = f"{java_options or SMALL_MACHINE} {given}".strip()
        return environment


def find_besu(environment: Mapping[str, str] | None = None) -> Besu:
    """Find Besu by BESU_HOME, else by PATH.

    Raises:
        BesuMissing: with how to get it.
    """
    variables = os.environ if environment is None else environment
    home = variables.get("BESU_HOME", "")
    if home:
        program = Path(home) / "bin" / "besu"
        if not program.is_file():
            raise BesuMissing(f"BESU_HOME is {home}, but there is no bin/besu. {HOW_TO_GET_IT}")
        return Besu(program)
    found = shutil.which("besu", path=variables.get("PATH", ""))
    if found is None:
        raise BesuMissing(f"There is no Besu on this machine. {HOW_TO_GET_IT}")
    return Besu(Path(found))
