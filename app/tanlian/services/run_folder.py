"""The folder of a run on an embedded chain of its own: chain, keys, address book, reports.

| file          | what                                                                      |
|---------------|---------------------------------------------------------------------------|
| `chain/`      | the chain, as `tanlian-node chain` keeps it                               |
| `book.json`   | where the contracts stand                                                 |
| `keys/`       | keyfiles of the deployer, the regulator, the exchange and the bank        |
| `passphrase`  | opens them; made at random, readable for the owner only                   |
| `secret`      | what the members' keys of the run are derived from; likewise              |
| `run.json`    | how far the runs have come                                                |
| `reports/`    | one HTML file a run                                                       |
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tanlian.chain.connection import Connection
from tanlian.chain.crowd import Crowd
from tanlian.chain.keyfiles import QUICK, Keyfiles
from tanlian.chain.keys import Key
from tanlian.chain.transactions import Sender
from tanlian.domain.errors import InvalidInput
from tanlian.domain.target import Target
from tanlian.services.access import Access, deploy_protocol
from tanlian.services.consortium import Consortium
from tanlian.services.narration import Narrator
from tanlian.services.networks import Network, network

INSTITUTIONS = ("deployer", "regulator", "exchange", "bank")
NETWORK = "embedded"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One folder on disk."""

    path: Path

    @property
    def chain(self) -> Path:
        return self.path / "chain"

    @property
    def reports(self) -> Path:
        return self.path / "reports"

    def prepare(self) -> None:
        """Make what a new run needs; leave what is there."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.reports.mkdir(exist_ok=True)
        for name in ("passphrase", "secret"):
            self._secret_file(name)
        keyfiles = Keyfiles(self.path / "keys")
        for alias in INSTITUTIONS:
            if not keyfiles.path(alias).exists():
                keyfiles.create(alias, self.passphrase, cost=QUICK)

    @property
    def passphrase(self) -> str:
        return (self.path / "passphrase").read_text().strip()

    def key(self, alias: str) -> Key:
        """The key of an institution, from its keyfile; of anyone else, derived from the secret."""
        if alias in INSTITUTIONS:
            return Keyfiles(self.path / "keys").open(alias, self.passphrase)
        return Key.derived((self.path / "secret").read_text().strip(), alias)

    def network(self, url: str) -> Network:
        """The embedded network's description, with this folder's files."""
        found = network(Target(network=NETWORK, rpc=url, book=self.path / "book.json"))
        return replace(found, keys=self.path / "keys")

    def notes(self) -> dict[str, Any]:
        """What earlier runs wrote down.

        Raises:
            InvalidInput: the file was damaged.
        """
        path = self.path / "run.json"
        if not path.exists():
            return {}
        try:
            return dict(json.loads(path.read_text()))
        except ValueError as error:
            raise InvalidInput(
                f"{path} is damaged: {error}. Remove it, or run with another --data.",
                path=str(path),
            ) from error

    def note(self, notes: Mapping[str, Any]) -> None:
        """Replace the notes as a whole."""
        draft = self.path / "run.json.draft"
        draft.write_text(json.dumps(notes, indent=1) + "\n")
        draft.replace(self.path / "run.json")

    def _secret_file(self, name: str) -> None:
        path = self.path / name
        if path.exists():
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")


def open_consortium(folder: RunFolder, url: str, narrator: Narrator) -> Consortium:
    """Deploy what is not deployed yet on the folder's chain, and take up its keys."""
    found = folder.network(url)
    connection = Connection(url, found.chain_id)
    deployer = Sender(connection, folder.key("deployer"))
    with narrator.progress("deploying the contracts") as advance:
        access: Access = deploy_protocol(
            found, deployer, notice=lambda done, of, _title: advance(done, of)
        )
    regulator = Sender(connection, folder.key("regulator"))
    return Consortium(access, regulator, narrator, Crowd(connection))
