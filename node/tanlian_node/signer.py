"""Who signs: a key in this process, or a signer beside it that never gives its key away.

Web3Signer answers `eth_signTransaction`, Clef `account_signTransaction`; both get the fields of a
transaction and return it signed.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from eth_account import Account
from eth_keys.datatypes import PrivateKey
from eth_utils.address import to_checksum_address

from tanlian_node.errors import BadKey
from tanlian_node.rpc import Rpc

Fields = dict[str, Any]


class Signer(Protocol):
    @property
    def address(self) -> str: ...

    def sign(self, fields: Fields) -> bytes:
        """The raw signed transaction."""


@dataclass(frozen=True, slots=True)
class LocalSigner:
    secret: bytes = field(repr=False)

    @property
    def address(self) -> str:
        return PrivateKey(self.secret).public_key.to_address()

    def sign(self, fields: Fields) -> bytes:
        prepared = dict(fields)
        if prepared.get("to") is not None:
            prepared["to"] = to_checksum_address(prepared["to"])
        return bytes(Account.sign_transaction(prepared, self.secret).raw_transaction)


class SignerKind(StrEnum):
    WEB3SIGNER = "web3signer"
    CLEF = "clef"


@dataclass(frozen=True, slots=True)
class RemoteSigner:
    """A signer with a JSON-RPC interface, reached over loopback or TLS."""

    address: str
    rpc: Rpc
    kind: SignerKind

    def sign(self, fields: Fields) -> bytes:
        """Have a transaction signed, and check that it is the one that was asked for.

        Raises:
            BadKey: the answer is another transaction, or another account signed it.
        """
        asked = {
            "from": self.address,
            **{
                name: hex(value) if isinstance(value, int) else value
                for name, value in fields.items()
                if name != "type"
            },
        }
        match self.kind:
            case SignerKind.WEB3SIGNER:
                answer = self.rpc.call("eth_signTransaction", asked)
            case SignerKind.CLEF:
                answer = self.rpc.call("account_signTransaction", asked)
        raw = answer["raw"] if isinstance(answer, dict) else answer
        signed = bytes.fromhex(str(raw).removeprefix("0x"))
        self._check(signed, fields)
        return signed

    def _check(self, signed: bytes, fields: Fields) -> None:
        signer = Account.recover_transaction(signed)
        if str(signer).lower() != self.address.lower():
            raise BadKey(
                f"The signer signed with {signer}, not with {self.address}.", signer=str(signer)
            )
        if signed != _with_signature_of(signed, fields):
            raise BadKey("The signer changed the transaction it was asked to sign.")


def _with_signature_of(signed: bytes, fields: Fields) -> bytes:
    """The transaction that was asked for, with the signature taken from `signed`."""
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes
    from rlp.codec import encode

    if signed[0] > 0x7F:
        raise BadKey("The signer answered with a transaction of the old type.")
    decoded = TypedTransaction.from_bytes(HexBytes(signed)).as_dict()
    own = {
        "type": 2,
        "accessList": [],
        **fields,
        "v": decoded["v"],
        "r": decoded["r"],
        "s": decoded["s"],
    }
    words = [
        own["chainId"],
        own["nonce"],
        own["maxPriorityFeePerGas"],
        own["maxFeePerGas"],
        own["gas"],
        b"" if own.get("to") is None else bytes.fromhex(str(own["to"])[2:]),
        own["value"],
        bytes.fromhex(str(own["data"]).removeprefix("0x")),
        [],
        own["v"],
        own["r"],
        own["s"],
    ]
    return b"\x02" + bytes(encode(words))  # type: ignore[no-untyped-call]
