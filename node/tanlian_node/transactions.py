"""Calls to contracts over a node's RPC, and transactions that are sent once and waited for."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_typing.abi import ABIFunction
from eth_utils.abi import function_abi_to_4byte_selector

from tanlian_contracts import artifact
from tanlian_node.errors import InvalidNetwork, NodeError, RpcRefused
from tanlian_node.rpc import Rpc
from tanlian_node.signer import Signer

WAIT_SECONDS = 60
IN_ONE_REQUEST = 200  # Besu's default limit is 1,024
REASON_PREFIX = "Execution reverted"


class Reverted(NodeError, RuntimeError):
    """A contract refused; `reason` is what it said."""

    code = "reverted"

    def __init__(self, reason: str, **fields: Any) -> None:
        super().__init__(f"The contract refused: {reason}", **fields)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Contract:
    """A deployed contract: its compiled interface at an address."""

    name: str
    address: str

    def calldata(self, function: str, *arguments: Any) -> str:
        entry = self._function(function)
        types = [_type(parameter) for parameter in entry["inputs"]]
        selector = bytes(function_abi_to_4byte_selector(cast("ABIFunction", entry)))
        return "0x" + (selector + encode(types, arguments)).hex()

    def read(self, rpc: Rpc, function: str, *arguments: Any, block: str = "latest") -> Any:
        """Call a view; one value, or a tuple of them.

        Raises:
            Reverted: the contract refused.
            RpcRefused: there is no contract at the address.
        """
        request = {"to": self.address, "data": self.calldata(function, *arguments)}
        try:
            answer = rpc.call("eth_call", request, block)
        except RpcRefused as error:
            raise _reverted(error) from error
        return self._values(function, answer)

    def read_many(
        self, rpc: Rpc, calls: Sequence[tuple[str, tuple[Any, ...]]], *, block: str = "latest"
    ) -> list[Any]:
        """Call views in few requests; the values in the order of the calls.

        Raises:
            Reverted: the contract refused one of them.
            RpcRefused: there is no contract at the address.
        """
        values = []
        for start in range(0, len(calls), IN_ONE_REQUEST):
            some = calls[start : start + IN_ONE_REQUEST]
            answers = rpc.batch(
                [
                    (
                        "eth_call",
                        ({"to": self.address, "data": self.calldata(name, *arguments)}, block),
                    )
                    for name, arguments in some
                ]
            )
            for (name, _), answer in zip(some, answers, strict=True):
                if isinstance(answer, RpcRefused):
                    raise _reverted(answer)
                values.append(self._values(name, answer))
        return values

    def _values(self, function: str, answer: str | None) -> Any:
        if answer is None or answer == "0x":
            raise RpcRefused(
                f"There is no {self.name} at {self.address} on this chain, or not yet.",
                method="eth_call",
                address=self.address,
            )
        types = [_type(parameter) for parameter in self._function(function)["outputs"]]
        values = decode(types, bytes.fromhex(answer.removeprefix("0x")))
        return values[0] if len(values) == 1 else values

    def send(self, rpc: Rpc, signer: Signer, function: str, *arguments: Any) -> dict[str, Any]:
        """Send a call and wait for its receipt.

        Raises:
            Reverted: the contract refuses; nothing is sent where that is known beforehand.
        """
        return send(rpc, signer, self.address, self.calldata(function, *arguments))

    def _function(self, name: str) -> dict[str, Any]:
        for entry in artifact(self.name)["abi"]:
            if entry["type"] == "function" and entry["name"] == name:
                found: dict[str, Any] = entry
                return found
        raise InvalidNetwork(f"{self.name} has no function {name}.")


def send(rpc: Rpc, signer: Signer, to: str | None, data: str) -> dict[str, Any]:
    """Estimate, sign, send, wait; gas is free on this chain."""
    request = {"from": signer.address, "data": data, **({} if to is None else {"to": to})}
    try:
        gas = int(rpc.call("eth_estimateGas", request), 16)
    except RpcRefused as error:
        raise _reverted(error) from error
    fields = {
        "type": 2,
        "chainId": int(rpc.call("eth_chainId"), 16),
        "nonce": int(rpc.call("eth_getTransactionCount", signer.address, "pending"), 16),
        "maxPriorityFeePerGas": 0,
        "maxFeePerGas": 0,
        "gas": gas + gas // 5,
        "value": 0,
        "data": data,
        **({} if to is None else {"to": to}),
    }
    raw = signer.sign(fields)
    hashed = rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    return wait_for_receipt(rpc, hashed)


def wait_for_receipt(rpc: Rpc, transaction: str, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
    """Wait until a transaction is in a block; a node behind the others may need a moment more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        receipt = rpc.call("eth_getTransactionReceipt", transaction)
        if receipt is not None:
            found: dict[str, Any] = receipt
            if found["status"] != "0x1":
                raise Reverted("the transaction failed in its block", transaction=transaction)
            return found
        time.sleep(0.1)
    raise NodeError(
        f"The transaction {transaction} is in no block after {seconds:.0f} s; it may still come.",
        transaction=transaction,
    )


def _type(parameter: dict[str, Any]) -> str:
    """The ABI type of a parameter, structs written out."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(component) for component in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _reverted(error: RpcRefused) -> NodeError:
    """The contract's reason out of a node's answer; any other refusal stays what it is."""
    data = error.fields.get("data")
    if isinstance(data, str) and data.startswith("0x08c379a0"):
        (reason,) = decode(["string"], bytes.fromhex(data[10:]))
        return Reverted(reason)
    text = str(error.fields.get("reason") or "")
    if text.startswith(REASON_PREFIX):
        inner = text.removeprefix(REASON_PREFIX).strip(" ()") or "no reason given"
        return Reverted(inner)
    return error
