"""Changing who seals blocks: votes on ValidatorSet, or Besu's own votes in header mode.

A vote for a newcomer that is not synced stops a small chain, because from the block of the vote on
its signature counts. Hence the checks here, before anything is sent.
"""

from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tanlian_node.errors import UnsafeChange
from tanlian_node.genesis import VALIDATOR_SET
from tanlian_node.keys import NodeKey
from tanlian_node.network import MAX_VALIDATORS, SAFE_SIZE
from tanlian_node.rpc import Rpc
from tanlian_node.signer import Signer
from tanlian_node.transactions import Contract

SEAT_STATEMENT = keccak(text="tanlian: accept a seat as validator")
MAX_LAG_BLOCKS = 3
CONTRACT = Contract("ValidatorSet", VALIDATOR_SET)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A new validator key's signature that it wants a seat for an organisation."""

    validator: str
    organisation: int
    v: int
    r: int
    s: int


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed change as the contract keeps it."""

    number: int
    kind: str
    subject: str
    organisation: int
    approvals: int
    needed: int
    expires_at: int
    enacted: bool


KINDS = {1: "add", 2: "remove", 3: "follow another Membership"}


def acceptance_digest(chain_id: int, organisation: int, contract: str = VALIDATOR_SET) -> bytes:
    """What a new validator's key signs; computed here, so that no node can have it sign more."""
    statement = keccak(
        encode(
            ["bytes32", "uint256", "address", "uint256"],
            [SEAT_STATEMENT, chain_id, contract, organisation],
        )
    )
    return keccak(b"\x19Ethereum Signed Message:\n32" + statement)


def accept_seat(
    key: NodeKey, chain_id: int, organisation: int, contract: str = VALIDATOR_SET
) -> Acceptance:
    """Sign the acceptance of a seat with the new node's own key."""
    v, r, s = key.sign_digest(acceptance_digest(chain_id, organisation, contract))
    return Acceptance(key.address, organisation, v, r, s)


def check_newcomer(member: Rpc, newcomer: Rpc, seats_after: int) -> None:
    """Refuse a newcomer that is not on this chain, has too few peers, or is behind.

    Raises:
        UnsafeChange: the vote could stop the chain.
    """
    if seats_after > MAX_VALIDATORS:
        raise UnsafeChange(f"The set holds at most {MAX_VALIDATORS} validators.")
    genesis = [rpc.call("eth_getBlockByNumber", "0x0", False)["hash"] for rpc in (member, newcomer)]
    if genesis[0] != genesis[1]:
        raise UnsafeChange("The newcomer runs another chain: its genesis differs.")
    peers, wanted = newcomer.peers(), quorum_peers(seats_after)
    if peers < wanted:
        raise UnsafeChange(
            f"The newcomer has {peers} peers; with fewer than {wanted} its seals do not reach a "
            "quorum. Check its static-nodes.json and the nodes' allowlists."
        )
    if newcomer.call("eth_syncing") is not False:
        raise UnsafeChange("The newcomer is still syncing; wait until `tanlian-node status` is ok.")
    height, own = member.height(), newcomer.height()
    if height - own > MAX_LAG_BLOCKS:
        raise UnsafeChange(f"The newcomer is at block {own}, the chain at {height}; let it sync.")


def quorum_peers(validators: int) -> int:
    """Peers that a validator needs so that it and they are a quorum: two thirds rounded up, - 1."""
    return max(1, (2 * validators + 2) // 3 - 1)


def check_removal(size: int, *, below_safe_size: bool) -> None:
    """Refuse a removal that leaves too few, before the contract does.

    Raises:
        UnsafeChange: the set would be empty, or small without the override.
    """
    if size - 1 < 1:
        raise UnsafeChange("The set would be empty and the chain would stop for ever.")
    if size - 1 < SAFE_SIZE and not below_safe_size:
        raise UnsafeChange(
            f"{size - 1} validators cannot go on with one of them down. If that is wanted, say so "
            "with --below-safe-size and the hash of the document that gives the reason."
        )


def propose_addition(
    rpc: Rpc, newcomer: Rpc, signer: Signer, acceptance: Acceptance, statement: bytes
) -> int:
    """Check the newcomer, then propose it; returns the number of the change."""
    check_newcomer(rpc, newcomer, len(validators(rpc)) + 1)
    CONTRACT.send(
        rpc,
        signer,
        "propose_addition",
        acceptance.validator,
        acceptance.organisation,
        acceptance.v,
        acceptance.r,
        acceptance.s,
        statement,
    )
    return latest_change(rpc)


def propose_removal(
    rpc: Rpc, signer: Signer, validator: str, statement: bytes, *, below_safe_size: bool
) -> int:
    """Propose to take a seat; returns the number of the change."""
    check_removal(len(validators(rpc)), below_safe_size=below_safe_size)
    CONTRACT.send(rpc, signer, "propose_removal", validator, statement, below_safe_size)
    return latest_change(rpc)


def propose_membership(rpc: Rpc, signer: Signer, register: str, statement: bytes) -> int:
    """Propose which Membership says who votes; returns the number of the change."""
    CONTRACT.send(rpc, signer, "propose_membership", register, statement)
    return latest_change(rpc)


def approve(rpc: Rpc, signer: Signer, number: int, newcomer: Rpc | None = None) -> Change:
    """Approve a change; an addition is checked again, because the last vote enacts it."""
    change = read_change(rpc, number)
    if change.kind == KINDS[1] and change.approvals + 1 >= change.needed:
        if newcomer is None:
            raise UnsafeChange(
                "This vote would seat the newcomer: name its RPC with --newcomer, so that it can "
                "be checked first."
            )
        check_newcomer(rpc, newcomer, len(validators(rpc)) + 1)
    CONTRACT.send(rpc, signer, "approve", number)
    return read_change(rpc, number)


def validators(rpc: Rpc) -> list[str]:
    """Who seals the next block, from the contract's state."""
    return [str(address).lower() for address in CONTRACT.read(rpc, "getValidators")]


def latest_change(rpc: Rpc) -> int:
    return int(CONTRACT.read(rpc, "change_count"))


def read_change(rpc: Rpc, number: int) -> Change:
    kind, subject, organisation, _, _, expires_at, enacted = CONTRACT.read(rpc, "change", number)
    if kind == 0:
        raise UnsafeChange(f"There is no change {number}.")
    approvals, needed = CONTRACT.read(rpc, "tally", number)
    return Change(
        number, KINDS[kind], subject, organisation, approvals, needed, expires_at, enacted
    )
