"""Whether a network is well: what the states of its nodes say together."""

from collections.abc import Sequence
from dataclasses import dataclass

from tanlian_node.access import open_rpc
from tanlian_node.errors import NodeUnreachable, RpcRefused
from tanlian_node.local import NodeState
from tanlian_node.network import stale_seconds
from tanlian_node.network_files import NetworkRecord

LAG_BLOCKS = 5
MAX_DISK_BYTES = 200 * 10**9


@dataclass(frozen=True, slots=True)
class Verdict:
    validators: tuple[str, ...]
    validators_up: int
    quorum: int
    problems: tuple[str, ...]


def quorum(validators: int) -> int:
    """How many of n validators have to seal a block: two thirds, rounded up."""
    return (2 * validators + 2) // 3


def judge(record: NetworkRecord, states: Sequence[NodeState]) -> Verdict:
    """Judge the whole network by what its nodes say."""
    validators = current_validators(record, states)
    up = {state.name for state in states if state.height is not None}
    sealing = sum(
        1 for node in record.nodes if node.name in up and node.address.lower() in validators
    )
    problems = [f"{state.name} {state.problem}" for state in states if state.problem]
    heights = [state.height for state in states if state.height is not None]
    if heights:
        top = max(heights)
        problems += [
            f"{state.name} is {top - state.height} blocks behind"
            for state in states
            if state.height is not None and top - state.height > LAG_BLOCKS
        ]
        ages = [state.head_age_seconds for state in states if state.head_age_seconds is not None]
        if min(ages) > stale_seconds(record.idle_seconds):
            problems.append(f"no new block for {min(ages)} s")
        problems += _forks(states)
    known = {node.address.lower() for node in record.nodes}
    if validators and validators <= known and sealing < quorum(len(validators)):
        problems.append(
            f"{sealing} of {len(validators)} validators are up, "
            f"{quorum(len(validators))} are needed"
        )
    problems += [
        f"the last block at {state.name} took {state.round} round changes"
        for state in states
        if state.round
    ]
    problems += [
        f"{state.name} uses {state.disk_bytes // 10**9} GB of disk"
        for state in states
        if state.disk_bytes > MAX_DISK_BYTES
    ]
    return Verdict(tuple(sorted(validators)), sealing, quorum(len(validators)), tuple(problems))


def current_validators(record: NetworkRecord, states: Sequence[NodeState]) -> set[str]:
    """Who seals now, asked of the first node that answers; empty if none does."""
    for state in states:
        if state.height is None:
            continue
        try:
            found = open_rpc(record, state.name).call("qbft_getValidatorsByBlockNumber", "latest")
        except (NodeUnreachable, RpcRefused):
            continue
        return {address.lower() for address in found}
    return set()


def _forks(states: Sequence[NodeState]) -> list[str]:
    """Nodes of one height with different blocks: QBFT rules it out, so that it has to be seen."""
    seen: dict[int, tuple[str, str]] = {}
    found = []
    for state in states:
        if state.height is None:
            continue
        name, block_hash = seen.setdefault(state.height, (state.name, state.block_hash))
        if block_hash != state.block_hash:
            found.append(f"{name} and {state.name} hold different blocks at {state.height}")
    return found
