"""The access table: who may call what, and with which reason everybody else is refused.

One file per contract beside this one, named as the contract in snake case, with

    CONTRACT = "CarbonLedger"                     # the file contracts/CarbonLedger.vy
    def target(it): return it.ledger              # the deployed contract
    def world(): return consortium()              # what is deployed; called once per run
    ROWS = {"retire": Row(...), ...}              # every state-changing function of its ABI

The columns are the actors: strangers, and each member of the cast both active and suspended.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.consortium import Consortium, Member

STRANGERS = ("outsider", "deployer")
MEMBERS = (
    "regulator",
    "other_regulator",
    "exchange",
    "bank",
    "other_bank",
    "verifier",
    "other_verifier",
    "emitter",
    "other_emitter",
    "trader",
    "observer",
    "operator",
)
COLUMNS = (*STRANGERS, *MEMBERS, *(f"suspended {name}" for name in MEMBERS))

NOT_ACTIVE = "member_guard: not an active member"
ROLE_MISSING = "member_guard: role missing"
ANYONE = frozenset(COLUMNS)
ACTIVE = frozenset(MEMBERS)
SUSPENDED = frozenset(f"suspended {name}" for name in MEMBERS)
REGULATORS = frozenset({"regulator", "other_regulator"})
BY_ROLE = {"stranger": NOT_ACTIVE, "suspended": NOT_ACTIVE, "member": ROLE_MISSING}
BY_MEMBERSHIP = {"stranger": NOT_ACTIVE, "suspended": NOT_ACTIVE}
BY_DEPLOYER = dict.fromkeys(("stranger", "suspended", "member"), "wiring: not the deployer")

Arrange = Callable[[Consortium, Member | None], Any]
Arguments = Callable[[Consortium, Member | None, Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Row:
    """One function: who may, and why everybody else may not.

    `arrange(it, actor)` brings about the state in which the call succeeds for those who may; what
    it returns reaches `args(it, actor, arranged)`. `actor` is None for a stranger. `refused` gives
    the reason by column, or else by class: stranger, suspended, member. A row with its own `world`
    is tried there, such as a contract that is not sealed yet. `contracts` names the wired contracts
    that may call beside the columns.
    """

    allowed: frozenset[str]
    refused: Mapping[str, str] = field(default_factory=lambda: BY_ROLE)
    args: Arguments = lambda it, actor, arranged: ()
    arrange: Arrange = lambda it, actor: None
    world: Callable[[], Consortium] | None = None
    contracts: Mapping[str, Callable[[Consortium], str]] = field(default_factory=dict)

    def reason(self, column: str) -> str | None:
        """The stated refusal of a column, None where the call is allowed."""
        if column in self.allowed or column in self.contracts:
            return None
        if column in self.refused:
            return self.refused[column]
        return self.refused[class_of(column)]


def class_of(column: str) -> str:
    if column in STRANGERS:
        return "stranger"
    return "suspended" if column.startswith("suspended ") else "member"


@cache
def tables() -> dict[str, ModuleType]:
    """The table of each contract, by the contract's name."""
    names = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem != "table")
    modules = [import_module(f"harness.access.{name}") for name in names]
    return {module.CONTRACT: module for module in modules}
