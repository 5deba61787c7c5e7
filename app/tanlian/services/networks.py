"""Networks: what `deployments/<network>/params.toml` says about a chain and its consortium."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tanlian.chain.credentials import Credentials
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.target import Target

DATA_VARIABLE = "TANLIAN_DATA"
DEFAULT_DATA = "var"
AUTHORITY_VARIABLE = "TANLIAN_RPC_AUTHORITY"
TOKEN_VARIABLE = "TANLIAN_RPC_TOKEN_FILE"  # noqa: S105 - the name of a variable
_REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Network:
    """One chain as the people who run it describe it."""

    name: str
    chain_id: int
    rpc: str
    book: Path
    keys: Path
    params: Mapping[str, Any]
    credentials: Credentials = field(default_factory=Credentials)

    def section(self, name: str) -> Mapping[str, Any]:
        """One table of the parameters.

        Raises:
            NotFound: the file lacks it.
        """
        if name not in self.params:
            raise NotFound(f"The parameters of {self.name} lack the section [{name}].", name=name)
        found: Mapping[str, Any] = self.params[name]
        return found


def deployments() -> Path:
    """The folder of the networks: in the working directory, else in the repository."""
    here = Path.cwd() / "deployments"
    return here if here.is_dir() else _REPOSITORY / "deployments"


def data_folder() -> Path:
    """Where chains, keys and books that are no part of the repository lie."""
    return Path(os.environ.get(DATA_VARIABLE, DEFAULT_DATA))


def network(target: Target) -> Network:
    """Read the parameters of a network; `target` overrules its URL and book.

    A path in the parameters is relative to the file's folder, or to the data folder where it begins
    with `$DATA`.

    Raises:
        NotFound: no network of that name.
        InvalidInput: its file is malformed.
    """
    path = deployments() / target.network / "params.toml"
    try:
        params = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(sorted(p.parent.name for p in deployments().glob("*/params.toml")))
        raise NotFound(
            f"There is no network {target.network!r} ({path} is missing); known are {known}.",
            network=target.network,
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is malformed: {error}.", path=str(path)) from error
    try:
        chain, files = params["chain"], params["files"]
        return Network(
            name=target.network,
            chain_id=int(chain["id"]),
            rpc=target.rpc or str(chain["rpc"]),
            book=target.book or _located(files["book"], path.parent),
            keys=_located(files["keys"], path.parent),
            params=params,
            credentials=Credentials(
                _file_of(chain, "authority", AUTHORITY_VARIABLE, path.parent),
                _file_of(chain, "token_file", TOKEN_VARIABLE, path.parent),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{path} lacks or misspells {error}.", path=str(path)) from error


def _file_of(chain: Mapping[str, Any], name: str, variable: str, folder: Path) -> Path | None:
    """A file that the environment names, else the parameters; none where neither does."""
    if variable in os.environ:
        return Path(os.environ[variable])
    return _located(str(chain[name]), folder) if chain.get(name) else None


def _located(text: str, folder: Path) -> Path:
    if text.startswith("$DATA/"):
        return data_folder() / text.removeprefix("$DATA/")
    return folder / text
