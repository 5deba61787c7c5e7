"""ValidatorSet as it stands in a genesis, over the real Membership."""

from dataclasses import dataclass
from typing import Any

import boa
from eth_keys.datatypes import PrivateKey
from eth_utils import keccak

from harness.consortium import DOCUMENT, Consortium, consortium, deployer_of, key_of
from tanlian.domain.roles import Role
from tanlian_node.genesis import Seat, validator_set
from tanlian_node.keys import NodeKey
from tanlian_node.validators import accept_seat

SEATED = ("regulator", "exchange", "bank", "verifier")
ORGANISATIONS = {name: number + 1 for number, name in enumerate(SEATED)}


@dataclass
class Seats:
    """The contract and the means to vote."""

    contract: Any
    it: Consortium

    def accept(self, name: str, organisation: int) -> tuple[int, int, int]:
        chain_id = boa.env.evm.patch.chain_id
        accepted = accept_seat(node_key(name), chain_id, organisation, self.contract.address)
        return accepted.v, accepted.r, accepted.s

    def propose_addition(self, name: str, organisation: int, sender: str, statement=DOCUMENT):
        return self.contract.propose_addition(
            node_address(name),
            organisation,
            *self.accept(name, organisation),
            statement,
            sender=sender,
        )

    def state(self):
        """Everything a refused call must leave as it was."""
        return (
            tuple(self.contract.getValidators()),
            self.contract.set_hash(),
            self.contract.change_count(),
            self.contract.membership(),
        )


def node_key(name: str) -> NodeKey:
    return NodeKey(keccak(text=f"node key of {name}"))


def node_address(name: str) -> str:
    return PrivateKey(node_key(name).secret).public_key.to_checksum_address()


def in_genesis(seats: dict[str, int], founders: dict[str, int]) -> Any:
    """The contract with its storage preset, as `tanlian-node create` writes it."""
    deployer = deployer_of("contracts/ValidatorSet.vy")
    account = validator_set(
        [Seat(node_address(name), organisation) for name, organisation in seats.items()], founders
    )
    address = boa.env.generate_address()  # of its own, because each test world has its own storage
    boa.env.set_code(address, deployer.compiler_data.bytecode_runtime)
    for slot, word in account["storage"].items():
        boa.env.set_storage(address, int(slot, 16), int(word, 16))
    return deployer.at(address)


def founding(names: tuple[str, ...] = SEATED, it: Consortium | None = None) -> Seats:
    """Four organisations, a validator each, before Membership is bound."""
    it = it or consortium_of_operators()
    ids = {name: it.members[name].org_id for name in names}
    founders = {it.members[name].account: ids[name] for name in names}
    return Seats(in_genesis(ids, founders), it)


def bound(names: tuple[str, ...] = SEATED) -> Seats:
    """The same, with Membership bound by the votes of the founders."""
    seats = founding(names)
    register = seats.it.membership.address
    first, *others = [seats.it.members[name].account for name in names]
    number = seats.contract.propose_membership(register, DOCUMENT, sender=first)
    for account in others:
        if not seats.contract.change(number)[-1]:
            seats.contract.approve(number, sender=account)
    return seats


def consortium_of_operators() -> Consortium:
    """The cast, in which the four founding organisations also hold the role of operator."""
    it = consortium()
    for name in SEATED:
        it.membership.grant_roles(
            it.members[name].org_id, int(Role.OPERATOR), DOCUMENT, sender=it.regulator.account
        )
    return it


def second_account(name: str):
    return key_of(f"second account of {name}")
