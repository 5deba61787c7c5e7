"""The genesis file, in Besu's form: one file serves the embedded chain and a Besu network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_hash.auto import keccak

from tanlian_node.embedded import rlp_codec, trie
from tanlian_node.embedded.errors import GenesisError
from tanlian_node.embedded.header import EMPTY_BLOOM, MIX_HASH, VANITY, Extra, Header
from tanlian_node.embedded.storage import Nodes
from tanlian_node.embedded.world import EMPTY_CODE_HASH, Account

BEACON_ROOTS = "000f3df6d732807ef1319fb7b8bb8522d0beac02"
STOP_STUB = {"balance": "0x0", "nonce": "0x1", "code": "0x00"}  # TOOLCHAIN 5: never the real one
BASE_FEE_AT_GENESIS = 1_000_000_000  # Besu's, also when later blocks have none
CODE_SIZE_LIMIT = 24_576
DEFAULT_GAS_LIMIT = 60_000_000
DEFAULT_CHAIN_ID = 20260


@dataclass(frozen=True)
class Allocation:
    """What an account holds before the first block."""

    nonce: int
    balance: int
    code: bytes
    storage: dict[int, int]


@dataclass(frozen=True)
class Genesis:
    document: dict[str, Any]
    chain_id: int
    alloc: dict[bytes, Allocation]

    @classmethod
    def read(cls, path: Path) -> "Genesis":
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise GenesisError(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise GenesisError(f"{path} is no JSON: {error}") from error
        return cls.parse(document)

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Genesis":
        """Check a genesis document for what the embedded chain can run.

        Raises:
            GenesisError: a field is missing or malformed, or asks for rules other than ours.
        """
        try:
            config = document["config"]
            _check_rules(config)
            alloc = {
                _address(address): _allocation(entry)
                for address, entry in document.get("alloc", {}).items()
            }
            return cls(dict(document), _quantity(config["chainId"]), alloc)
        except KeyError as error:
            raise GenesisError(f"the genesis lacks {error}") from error
        except (TypeError, AttributeError, ValueError) as error:
            if isinstance(error, GenesisError):
                raise
            raise GenesisError(f"the genesis is malformed: {error}") from error

    @property
    def block_seconds(self) -> int:
        return int(self.document["config"].get("qbft", {}).get("blockperiodseconds", 1))

    @property
    def contract_mode(self) -> bool:
        """Whether a contract holds the validators, so that headers list none."""
        return "validatorcontractaddress" in self.document["config"].get("qbft", {})

    @property
    def validators(self) -> tuple[bytes, ...]:
        """The validators that the genesis header names."""
        extra = bytes.fromhex(self.document["extraData"].removeprefix("0x"))
        return Extra.decode(extra).validators

    def header(self, state_root: bytes) -> Header:
        """Make the header of block 0 exactly as Besu makes it from the same file."""
        document = self.document
        number = rlp_codec.encode_int
        later = [trie.BLANK_ROOT]  # Shanghai's withdrawals root, then three fields of Cancun
        later.append(number(_quantity(document.get("blobGasUsed", 0))))
        later.append(number(_quantity(document.get("excessBlobGas", 0))))
        later.append(_word(document.get("parentBeaconBlockRoot", "0x0")))
        return Header(
            parent_hash=_word(document.get("parentHash", "0x0")),
            coinbase=_address(document.get("coinbase", "0x" + "00" * 20)),
            state_root=state_root,
            transactions_root=trie.BLANK_ROOT,
            receipts_root=trie.BLANK_ROOT,
            bloom=EMPTY_BLOOM,
            difficulty=_quantity(document.get("difficulty", 0)),
            number=0,
            gas_limit=_quantity(document["gasLimit"]),
            gas_used=0,
            timestamp=_quantity(document.get("timestamp", 0)),
            extra_data=bytes.fromhex(document["extraData"].removeprefix("0x")),
            mix_hash=_word(document.get("mixHash", "0x0")),
            nonce=_quantity(document.get("nonce", 0)).to_bytes(8, "big"),
            base_fee=_quantity(document.get("baseFeePerGas", BASE_FEE_AT_GENESIS)),
            later_fields=tuple(later),
        )

    def state(self, nodes: Nodes) -> tuple[bytes, dict[bytes, bytes]]:
        """Build the state before the first block; give its root, and nodes and code to store."""
        update = trie.Update(nodes)
        codes = {}
        leaves = {}
        for address, entry in self.alloc.items():
            code_hash = EMPTY_CODE_HASH
            if entry.code:
                code_hash = keccak(entry.code)
                codes[code_hash] = entry.code
            slots = {
                keccak(slot.to_bytes(32, "big")): rlp_codec.encode(rlp_codec.encode_int(value))
                for slot, value in entry.storage.items()
                if value
            }
            root = update.apply(trie.BLANK_ROOT, slots) if slots else trie.BLANK_ROOT
            leaves[keccak(address)] = Account(entry.nonce, entry.balance, root, code_hash).encode()
        root = update.apply(trie.BLANK_ROOT, leaves) if leaves else trie.BLANK_ROOT
        return root, {**update.fresh, **codes}


def document(
    *,
    validators: list[bytes],
    chain_id: int = DEFAULT_CHAIN_ID,
    alloc: Mapping[str, Mapping[str, Any]] | None = None,
    gas_limit: int = DEFAULT_GAS_LIMIT,
    block_seconds: int = 1,
) -> dict[str, Any]:
    """Write a genesis document with free gas and the rules of Cancun."""
    extra = Extra(VANITY, tuple(sorted(validators)), [], b"", ())
    accounts: dict[str, Any] = {BEACON_ROOTS: STOP_STUB}
    accounts.update((alloc or {}).items())
    return {
        "config": {
            "chainId": chain_id,
            "berlinBlock": 0,
            "londonBlock": 0,
            "shanghaiTime": 0,
            "cancunTime": 0,
            "zeroBaseFee": True,
            "contractSizeLimit": CODE_SIZE_LIMIT,
            "qbft": {
                "blockperiodseconds": max(1, block_seconds),
                "epochlength": 30_000,
                "requesttimeoutseconds": 4,
            },
        },
        "nonce": "0x0",
        "timestamp": "0x0",
        "difficulty": "0x1",
        "gasLimit": hex(gas_limit),
        "mixHash": "0x" + MIX_HASH.hex(),
        "coinbase": "0x" + "00" * 20,
        "alloc": accounts,
        "extraData": "0x" + extra.encode().hex(),
    }


def _check_rules(config: Mapping[str, Any]) -> None:
    if not config.get("zeroBaseFee"):
        raise GenesisError(
            "the embedded chain runs with free gas only: set config.zeroBaseFee to true"
        )
    if config.get("cancunTime", 1) != 0:
        raise GenesisError("the embedded chain runs Cancun's rules: set config.cancunTime to 0")
    for later in ("pragueTime", "osakaTime"):
        if later in config:
            raise GenesisError(f"the embedded chain stays on Cancun: remove config.{later}")
    if config.get("contractSizeLimit", CODE_SIZE_LIMIT) != CODE_SIZE_LIMIT:
        raise GenesisError(
            f"the embedded chain keeps Ethereum's limit of {CODE_SIZE_LIMIT} bytes a contract: "
            "remove config.contractSizeLimit"
        )


def _quantity(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        return int(value, 16 if value.lower().startswith("0x") else 10)
    raise GenesisError(f"{value!r} is no number")


def _word(value: str) -> bytes:
    return int(value, 16).to_bytes(32, "big")


def _address(value: str) -> bytes:
    address = bytes.fromhex(value.removeprefix("0x").removeprefix("0X"))
    if len(address) != 20:
        raise GenesisError(f"{value} is no address: it needs 20 bytes")
    return address


def _allocation(entry: Mapping[str, Any]) -> Allocation:
    return Allocation(
        nonce=_quantity(entry.get("nonce", 0)),
        balance=_quantity(entry.get("balance", 0)),
        code=bytes.fromhex(str(entry.get("code", "")).removeprefix("0x")),
        storage={int(slot, 16): int(value, 16) for slot, value in entry.get("storage", {}).items()},
    )
