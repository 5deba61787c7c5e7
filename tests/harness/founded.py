"""A served chain with a small market on it: members, allowances, money, an instrument."""

from pathlib import Path
from typing import Any

from harness.served import Served
from tanlian.services.access import open_access

ROLES = {
    "exchange": "exchange",
    "bank": "bank",
    "seller": "emitter",
    "buyer": "emitter",
    "other": "emitter",
}
EMITTERS = ("seller", "buyer", "other")


def ok(chain: Served, *arguments: object, **environment: str) -> str:
    """Run a verb that has to work; returns what it printed."""
    result = chain.run(*arguments, **environment)
    assert result.exit_code == 0, result.output
    return result.output


def refused(chain: Served, *arguments: object, **environment: str) -> str:
    """Run a verb that may not work; returns its last sentence. Nothing on the chain changed."""
    before = state_root(chain)
    result = chain.run(*arguments, **environment)
    assert result.exit_code in (1, 2), result.output
    assert state_root(chain) == before
    assert "Traceback" not in result.output
    return result.output.splitlines()[-1].removeprefix("Error: ")


def state_root(chain: Served) -> str:
    return chain.connection().request("eth_getBlockByNumber", "latest", False)["stateRoot"]


def read(chain: Served, contract: str, function: str, *arguments: object) -> Any:
    """What a view of a contract answers."""
    return open_access(chain.target).contracts[contract].read(function, *arguments)


def wait(chain: Served, seconds: int) -> None:
    """Let chain time pass."""
    chain.connection().request("evm_increaseTime", seconds)
    chain.connection().request("evm_mine")


def found(chain: Served, folder: Path) -> None:
    """Deploy, admit one member per role, allocate 10,000 t and issue 5,000,000 yuan each."""
    chain.deploy()
    for alias, roles in ROLES.items():
        account = chain.key(alias).address
        who = ("--identity", f"id:{alias}", "--name", f"The {alias}", "--account", account)
        ok(chain, "admit", "--as", "regulator", *who, "--roles", roles, "--region", 1)
    document = folder / "decision.pdf"
    document.write_bytes(b"decision")
    decided = ("--as", "regulator", "--document", document, "--period", 2024)
    ok(chain, "plan", *decided, "--region", 1, "--cap", "1000000", "--capacity", "1200000")
    for alias in EMITTERS:
        ok(chain, "allocate", f"The {alias}", "10000", *decided)
        paid = ("--as", "bank", "--payment", f"in-{alias}")
        ok(chain, "money", "issue", f"The {alias}", "5000000", *paid)
    ok(chain, "list-instrument", "CEA24", "--as", "exchange")


def open_session(chain: Served, *terms: object) -> None:
    """Fill the trading accounts and open a session at 70.00 yuan in which quotes are taken."""
    ok(chain, "deposit", "units", "CEA24", "5000", "--as", "seller")
    for alias in ("buyer", "other"):
        ok(chain, "deposit", "money", "CEA24", "2000000", "--as", alias)
    announced = ("--as", "exchange", "--instrument", "CEA24", "--reference", "70.00")
    ok(chain, "open-session", *announced, "--opens", "+1s", "--same-day-sale", *terms)
    wait(chain, 2)


def clear_one_pair(chain: Served) -> None:
    """Run stage one of session 1: 250 of 300 t trade at 70.00 yuan, an ask of 50 t is left."""
    open_session(chain)
    ok(chain, "quote", 1, "sell", "69.50", 300, "--as", "seller")
    ok(chain, "quote", 1, "buy", "70.50", 250, "--as", "buyer")
    wait(chain, 601)
    ok(chain, "clear", 1, "--as", "other")
