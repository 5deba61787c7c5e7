"""A served chain for Ape; the scripts run in this process, two commands also as people type them."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import ape as framework
from harness.served import PASSPHRASE, served

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "ethereum:embedded:tanlian"
PATIENCE_SECONDS = 300  # `ape` starts in 3 s on an idle machine


class Ape:
    """Ape in the repository, against one served chain."""

    def __init__(self, chain, folder):
        self.chain = chain
        self.folder = folder

    @property
    def environment(self):
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "APE_DATA_FOLDER": str(self.folder / "ape"),
            "TANLIAN_RPC": self.chain.url,
            "TANLIAN_DATA": str(self.folder),
            "TANLIAN_BOOK": str(self.chain.target.book),
            "TANLIAN_PASSPHRASE": PASSPHRASE,
        }

    def run(self, *arguments):
        """`ape …` as a process of its own."""
        return subprocess.run(
            ["ape", *(str(a) for a in arguments)],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def script(self, name, *arguments, **environment):
        """`ape run <folder> <name> …` without a new process: the script's own command."""
        cli = runpy.run_path(str(ROOT / "scripts" / f"{name}.py"))["cli"]
        return CliRunner().invoke(
            cli, [str(a) for a in arguments], env={**self.environment, **environment}
        )

    def extras(self):
        """What the console has at hand."""
        found = runpy.run_path(str(ROOT / "ape_console_extras.py"))
        with framework.networks.parse_network_choice(NETWORK):
            yield found["ape_init_extras"](framework.networks)


@pytest.fixture(scope="module")
def ape(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ape")
    with (
        pytest.MonkeyPatch.context() as context,
        framework.config.isolate_data_folder(),
        served(folder, context) as chain,
    ):
        for alias in ("regulator", "deployer", "bank"):
            chain.key(alias)
        running = Ape(chain, folder)
        for name, value in running.environment.items():
            context.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def deployed(ape):
    """The same chain once the deployment script has run."""
    done = ape.script("deploy/protocol")
    assert done.exit_code == 0, done.output
    return ape


@pytest.fixture
def extras(deployed):
    yield from deployed.extras()
