"""The genesis of a QBFT network, equal to what Besu's own generator makes of the same keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak
from rlp.codec import encode

from tanlian_contracts import artifact
from tanlian_node.errors import InvalidNetwork
from tanlian_node.network import MAX_VALIDATORS, Network, ValidatorMode

VALIDATOR_SET = "0x0000000000000000000000000000000000005e75"
BEACON_ROOTS = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02"  # EIP-4788
# The real code keeps QBFT validators from agreeing on a state root (hyperledger/besu, Cancun);
# no code at all logs an error at every block. STOP does neither.
STOP_STUB = {"balance": "0x0", "nonce": "0x1", "code": "0x00"}
QBFT_MIX_HASH = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
CONTRACT_SIZE_LIMIT = 24_576  # EIP-170
VANITY = bytes(32)
SEAT_PREFIX = b"\x94"  # RLP of a 20-byte string


@dataclass(frozen=True, slots=True)
class Seat:
    """A validator and the organisation that runs it."""

    address: str
    organisation: int


def genesis(network: Network, seats: Iterable[Seat], founders: Mapping[str, int]) -> dict[str, Any]:
    """Build the genesis of a network.

    `founders` maps accounts to the organisation they vote for until Membership takes over; only
    the contract mode reads it. `miningbeneficiary` stays out: an explicit zero breaks consensus.
    """
    listed = sorted(seats, key=lambda seat: seat.address.lower())
    addresses = [seat.address.lower() for seat in listed]
    if not addresses or len(set(addresses)) != len(addresses):
        raise InvalidNetwork("Every validator of the genesis needs a key of its own.")
    qbft: dict[str, Any] = {
        "blockperiodseconds": network.block_period_seconds,
        "epochlength": network.epoch_length,
        "requesttimeoutseconds": network.request_timeout_seconds,
    }
    if network.empty_block_period_seconds:
        # Besu up to 26.4 reads the first name, from 26.5 the second
        qbft["xemptyblockperiodseconds"] = network.empty_block_period_seconds
        qbft["emptyblockperiodseconds"] = network.empty_block_period_seconds
    alloc: dict[str, Any] = {BEACON_ROOTS[2:]: dict(STOP_STUB)}
    for account, balance in sorted(network.alloc.items()):
        alloc[account[2:]] = {"balance": hex(balance)}
    in_header = addresses
    if network.validators is ValidatorMode.CONTRACT:
        qbft["validatorcontractaddress"] = VALIDATOR_SET
        alloc[VALIDATOR_SET[2:]] = validator_set(listed, founders)
        in_header = []
    return {
        "config": {
            "chainId": network.chain_id,
            "berlinBlock": 0,
            "londonBlock": 0,
            "shanghaiTime": 0,
            "cancunTime": 0,
            "zeroBaseFee": True,
            "contractSizeLimit": CONTRACT_SIZE_LIMIT,
            "qbft": qbft,
        },
        "nonce": "0x0",
        "timestamp": "0x0",
        "gasLimit": hex(network.gas_limit),
        "difficulty": "0x1",
        "mixHash": QBFT_MIX_HASH,
        "coinbase": "0x" + "0" * 40,
        "alloc": alloc,
        "extraData": extra_data(in_header),
    }


def extra_data(validators: Iterable[str]) -> str:
    """The QBFT header extension: vanity, validators, no vote, round 0, no seals."""
    encoded = [bytes.fromhex(address.removeprefix("0x")) for address in validators]
    extension = encode([VANITY, sorted(encoded), [], b"", []])  # type: ignore[no-untyped-call]
    return "0x" + bytes(extension).hex()


def set_hash(validators: Iterable[str]) -> bytes:
    """What ValidatorSet keeps in one slot, for light clients of other chains."""
    encoded = sorted(bytes.fromhex(address.removeprefix("0x")) for address in validators)
    return keccak(b"".join(SEAT_PREFIX + address for address in encoded))


def validator_set(seats: Iterable[Seat], founders: Mapping[str, int]) -> dict[str, Any]:
    """The genesis account of ValidatorSet: its code, and its storage as if it had been voted."""
    listed = sorted(seats, key=lambda seat: seat.address.lower())
    if not 0 < len(listed) <= MAX_VALIDATORS:
        raise InvalidNetwork(f"ValidatorSet holds 1 to {MAX_VALIDATORS} validators.")
    seated = {seat.organisation for seat in listed}
    voiceless = sorted(seated - set(founders.values()))
    if voiceless:
        raise InvalidNetwork(
            f"Organisation {voiceless[0]} has a validator and no founding account, so that it "
            "could never vote; give it an account."
        )
    compiled = artifact("ValidatorSet")
    slots = {name: entry["slot"] for name, entry in compiled["layout"]["storage_layout"].items()}
    words: dict[int, int] = {
        slots["set_hash"]: int.from_bytes(set_hash(seat.address for seat in listed)),
        slots["validators"]: len(listed),
    }
    for position, seat in enumerate(listed):
        words[slots["validators"] + 1 + position] = int(seat.address, 16)
        words[_entry(slots["organisation_of"], seat.address)] = seat.organisation
    for account, organisation in founders.items():
        if organisation in seated:
            words[_entry(slots["founding_organisation"], account)] = organisation
    return {
        "balance": "0x0",
        "nonce": "0x1",
        "code": compiled["runtime"],
        "storage": {_word(slot): _word(words[slot]) for slot in sorted(words)},
    }


def _entry(slot: int, address: str) -> int:
    """Where Vyper keeps the entry of a mapping: keccak of slot and key."""
    return int.from_bytes(keccak(slot.to_bytes(32) + int(address, 16).to_bytes(32)))


def _word(value: int) -> str:
    return "0x" + value.to_bytes(32).hex()
