"""Every node's allowlists, kept equal to what Membership says.

Besu checks an allowlist only where a transaction enters its pool or a peer connects; a block of
another node is imported whatever it holds. So the lists are a first fence, the contracts decide,
and a difference is an alarm, not a breach.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tanlian_node.access import open_rpc
from tanlian_node.errors import NodeUnreachable, RpcRefused, UnsafeChange
from tanlian_node.genesis import VALIDATOR_SET
from tanlian_node.network_files import NetworkRecord
from tanlian_node.peers import drop_forbidden_peers
from tanlian_node.registers import Followed, Register, accounts_of
from tanlian_node.rpc import Rpc

log = logging.getLogger(__name__)

BATCH = 500


@dataclass(frozen=True, slots=True)
class Lists:
    accounts: frozenset[str]
    nodes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Drift:
    """How one node differs from the register; `problem` if it could not be asked or told."""

    node: str
    missing_accounts: tuple[str, ...] = ()
    surplus_accounts: tuple[str, ...] = ()
    missing_nodes: tuple[str, ...] = ()
    surplus_nodes: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def is_clean(self) -> bool:
        return self.problem is None and not (
            self.missing_accounts
            or self.surplus_accounts
            or self.missing_nodes
            or self.surplus_nodes
        )

    def sentences(self) -> list[str]:
        if self.problem is not None:
            return [f"{self.node}: {self.problem}"]
        parts = (
            ("lacks the account", self.missing_accounts),
            ("still allows the account", self.surplus_accounts),
            ("lacks the node", self.missing_nodes),
            ("still allows the node", self.surplus_nodes),
        )
        return [f"{self.node}: {what} {one}" for what, many in parts for one in many]


def wanted_lists(
    rpc: Rpc, registers: Iterable[Register], enodes: Iterable[str], always: Iterable[str] = ()
) -> Lists:
    """What every allowlist should hold: whom one of the registers names.

    `always` are accounts outside of them, such as the deployer's before anyone is admitted.

    Raises:
        UnsafeChange: a register names no account, so that everyone would be locked out.
    """
    registered: frozenset[str] = frozenset()
    for register in registers:
        found = accounts_of(rpc, register)
        if not found:
            raise UnsafeChange(
                f"Membership at {register.membership} names no active account; is it the right "
                "address?"
            )
        registered |= found
    return Lists(
        accounts=registered | {account.lower() for account in always},
        nodes=frozenset(enodes),
    )


def node_lists(rpc: Rpc) -> Lists:
    """What a node allows now."""
    accounts, nodes = rpc.batch([("perm_getAccountsAllowlist", ()), ("perm_getNodesAllowlist", ())])
    for answer in (accounts, nodes):
        if isinstance(answer, RpcRefused):
            raise answer
    return Lists(
        frozenset(str(account).lower() for account in accounts),
        frozenset(str(node) for node in nodes),
    )


def drift_of(name: str, rpc: Rpc, wanted: Lists, *, additions_only: bool = False) -> Drift:
    """Compare one node with what is wanted; never raises for a node that does not answer."""
    try:
        found = node_lists(rpc)
    except (NodeUnreachable, RpcRefused) as error:
        return Drift(name, problem=error.user_message)
    surplus = frozenset() if additions_only else found.accounts - wanted.accounts
    return Drift(
        node=name,
        missing_accounts=tuple(sorted(wanted.accounts - found.accounts)),
        surplus_accounts=tuple(sorted(surplus)),
        missing_nodes=tuple(sorted(wanted.nodes - found.nodes)),
        surplus_nodes=tuple(sorted(found.nodes - wanted.nodes)),
    )


def reconcile(name: str, rpc: Rpc, wanted: Lists, *, additions_only: bool = False) -> Drift:
    """Bring one node's lists to what is wanted; returns the difference there was.

    Additions go first, so that nobody is locked out on the way.
    """
    drift = drift_of(name, rpc, wanted, additions_only=additions_only)
    if drift.problem is not None:
        return drift
    steps: list[tuple[str, Sequence[str]]] = [
        ("perm_addAccountsToAllowlist", drift.missing_accounts),
        ("perm_addNodesToAllowlist", drift.missing_nodes),
        ("perm_removeAccountsFromAllowlist", drift.surplus_accounts),
        ("perm_removeNodesFromAllowlist", drift.surplus_nodes),
    ]
    try:
        for method, entries in steps:
            for start in range(0, len(entries), BATCH):
                rpc.call(method, list(entries[start : start + BATCH]))
    except (NodeUnreachable, RpcRefused) as error:
        return Drift(name, problem=f"not reconciled: {error.user_message}")
    return drift


def compare_network(
    record: NetworkRecord, source: str, whom: Followed, *, fix: bool
) -> list[Drift]:
    """Compare every node with the registers as the node `source` knows them, or make them equal.

    A register that cannot be read is a problem of that node; nothing is changed then. While there
    is no register yet, accounts are only added: whoever is on a list may be about to deploy one.
    """
    rpc = open_rpc(record, source)
    try:
        founders = record.founders if _founders_vote(rpc) else {}
        enodes = [node.enode for node in record.nodes]
        wanted = wanted_lists(rpc, whom.registers, enodes, [*whom.accounts, *founders])
    except (NodeUnreachable, RpcRefused, UnsafeChange) as error:
        return [Drift(source, problem=f"the register cannot be read: {error.user_message}")]
    act = reconcile if fix else drift_of
    found = [
        act(node.name, open_rpc(record, node.name), wanted, additions_only=not whom.registers)
        for node in record.nodes
    ]
    if fix:
        for node in record.nodes:  # else it would not start again
            drop_forbidden_peers(record.node_folder(node.name))
    return found


def _founders_vote(rpc: Rpc) -> bool:
    """Whether ValidatorSet is not bound to Membership: then its founders have to get through."""
    if rpc.call("eth_getCode", VALIDATOR_SET, "latest") == "0x":
        return False
    return int(rpc.call("eth_getStorageAt", VALIDATOR_SET, "0x0", "latest"), 16) == 0


def watch(
    round_once: Callable[[], Sequence[Drift]],
    alarm: Callable[[Drift], None],
    *,
    every_seconds: float,
    rounds: int | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Reconcile again and again; the alarm is raised once per new difference, not per round."""
    known: dict[str, Drift] = {}
    done = 0
    while rounds is None or done < rounds:
        for drift in round_once():
            if drift.is_clean:
                known.pop(drift.node, None)
            elif known.get(drift.node) != drift:
                known[drift.node] = drift
                log.warning("allowlist_drift", extra={"node": drift.node})
                alarm(drift)
        done += 1
        if rounds is None or done < rounds:
            sleep(every_seconds)
