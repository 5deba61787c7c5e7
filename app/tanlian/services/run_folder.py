"""The folder of a run: its keys, its address book, its reports, and its chain if it has its own.

| file          | what                                                                      |
|---------------|---------------------------------------------------------------------------|
| `chain/`      | the chain, as `tanlian-node chain` keeps it, unless a network is named    |
| `book.json`   | where the contracts stand                                                 |
| `keys/`       | keyfiles of the deployer, the regulator, the exchange and the bank        |
| `passphrase`  | opens them; made at random, readable for the owner only                   |
| `secret`      | what the members' keys of the run are derived from; likewise              |
| `run.json`    | how far the runs have come                                                |
| `incentives`  | the incentive rules sealed into its contracts, where not the network's     |
| `reports/`    | one HTML file a run                                                       |
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tanlian.chain.crowd import Crowd
from tanlian.chain.keyfiles import QUICK, Keyfiles
from tanlian.chain.keys import Key
from tanlian.chain.transactions import Sender
from tanlian.domain.errors import InvalidInput
from tanlian.domain.target import DEFAULT_NETWORK, Target
from tanlian.services.access import Access, connect, deploy_protocol
from tanlian.services.consortium import Consortium
from tanlian.services.narration import Narrator
from tanlian.services.networks import Network, network

INSTITUTIONS = ("deployer", "regulator", "exchange", "bank")
ALLOWLIST_SECONDS = 180.0  # how long the nodes may take to let in whom the register names


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One folder on disk."""

    path: Path

    @property
    def chain(self) -> Path:
        return self.path / "chain"

    @property
    def book(self) -> Path:
        return self.path / "book.json"

    @property
    def reports(self) -> Path:
        return self.path / "reports"

    def prepare(self, incentives: str = "") -> None:
        """Make what a new run needs; leave what is there, also the rules of a folder in use."""
        self.path.mkdir(parents=True, exist_ok=True)
        if incentives and not (self.chain.exists() or (self.path / "book.json").exists()):
            (self.path / "incentives").write_text(incentives + "\n")
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

    def market(self, target: Target) -> Target:
        """The run's own market on a chain: its book is the folder's."""
        return replace(target, book=self.book)

    def network(self, target: Target) -> Network:
        """A network's description, with this folder's files and rules in place of its own."""
        found = network(self.market(target))
        rules = {**found.section("incentives"), "rules": self.incentives}
        params = {**found.params, "incentives": rules} if self.incentives else found.params
        return replace(found, keys=self.path / "keys", params=params)

    @property
    def incentives(self) -> str:
        """The incentive rules that this run's contracts are sealed with; empty: the network's."""
        path = self.path / "incentives"
        return path.read_text().strip() if path.exists() else ""

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


def open_consortium(folder: RunFolder, target: Target, narrator: Narrator) -> Consortium:
    """Deploy what is not deployed yet on a chain, and take up the folder's keys.

    Where the chain's nodes keep allowlists, everyone of the run waits until they are let in.
    """
    found = folder.network(target)
    connection = connect(found)
    connection.patience_seconds = ALLOWLIST_SECONDS
    deployer = Sender(connection, folder.key("deployer"))
    if found.name != DEFAULT_NETWORK:
        narrator.say(
            f"Deployer {deployer.address}. If the nodes keep allowlists, let them follow this "
            f"run's register: tanlian-node permissions --fix --every 2 --book {found.book}"
        )
    with narrator.progress("deploying the contracts") as advance:
        access: Access = deploy_protocol(
            found, deployer, notice=lambda done, of, _title: advance(done, of)
        )
    regulator = Sender(connection, folder.key("regulator"))
    return Consortium(access, regulator, narrator, Crowd(connection))
