"""What Besu no longer accepts, as versioned data, so that a refusal names release and remedy."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tanlian_node.errors import RemovedOption


@dataclass(frozen=True, slots=True)
class Removed:
    name: str  # a name, or a prefix that ends in "*"
    where: str
    removed_in: str
    reason: str
    instead: str
    harmless: bool = False

    def covers(self, option: str) -> bool:
        if self.name.endswith("*"):
            return option.startswith(self.name[:-1])
        return option == self.name


@cache
def removed_options() -> tuple[Removed, ...]:
    """All options of the data file, oldest removal first."""
    text = files("tanlian_node").joinpath("data", "removed_options.toml").read_text()
    return tuple(Removed(**entry) for entry in tomllib.loads(text)["option"])


def refuse_removed(options: Iterable[str], major: int) -> None:
    """Refuse options that some release of this or an earlier major version dropped.

    Raises:
        RemovedOption: naming the option, the release and what to use instead.
    """
    for option in options:
        for removed in removed_options():
            if removed.where != "command" or not removed.covers(option):
                continue
            if int(removed.removed_in.split(".")[0]) > major:
                continue
            remedy = f"; use {removed.instead}" if removed.instead else "; leave it out"
            raise RemovedOption(
                f"Besu {removed.removed_in} removed --{option} ({removed.reason}){remedy}.",
                option=option,
                removed_in=removed.removed_in,
            )
