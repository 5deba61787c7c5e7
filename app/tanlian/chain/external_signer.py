"""A key that another program holds: Web3Signer or Clef signs transactions, and what it returns is
compared with what was asked before anything is sent.

Named where a keyfile is named: `web3signer+http://127.0.0.1:9000/0x…` or `clef+https://host/0x…`.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from rlp.codec import decode as rlp_decode

from tanlian.chain.credentials import Credentials
from tanlian.chain.errors import ChainError
from tanlian.chain.keys import Call, Fees, Key, checksum
from tanlian.chain.signed_transactions import read_signed
from tanlian.domain.errors import InvalidInput

AUTHORITY_VARIABLE = "TANLIAN_SIGNER_AUTHORITY"
TOKEN_VARIABLE = "TANLIAN_SIGNER_TOKEN_FILE"  # noqa: S105 - the name of a variable
TIMEOUT_SECONDS = 180.0  # Clef asks a person
METHODS = {"web3signer": "eth_signTransaction", "clef": "account_signTransaction"}
_NAME = re.compile(r"(web3signer|clef)\+(https?://[^\s]+)/(0x[0-9a-fA-F]{40})")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SignerRefused(ChainError):
    """An external signer did not answer, declined, or signed something else; nothing was sent."""

    code = "signer_refused"


@dataclass(frozen=True, slots=True)
class SignerName:
    """Which program signs, where it listens, for which account."""

    kind: str
    url: str
    address: str


def signer_name(text: str) -> SignerName | None:
    """Read the name of an external signer; none where the text names a keyfile.

    Raises:
        InvalidInput: it listens on another machine without TLS.
    """
    found = _NAME.fullmatch(text)
    if found is None:
        if text.startswith(tuple(f"{kind}+" for kind in METHODS)):
            raise InvalidInput(
                f"{text!r} names no signer; an example is web3signer+http://127.0.0.1:9000/0x….",
                signer=text,
            )
        return None
    kind, url, address = found.groups()
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InvalidInput(
            f"The signer at {url} can be reached by others without TLS; use https.", url=url
        )
    return SignerName(kind, url, checksum(address))


class ExternalKey(Key):
    """The key of an account whose secret is in another program."""

    __slots__ = ("_arguments", "_name")

    def __init__(self, name: SignerName, credentials: Credentials | None = None) -> None:
        self._name = name
        self._arguments = (credentials or _credentials()).request_arguments()
        self.address = name.address

    def sign(self, digest: bytes) -> bytes:  # noqa: ARG002 - the signature of a key
        """Refuse: external signers sign transactions, and no bytes that they cannot show."""
        raise SignerRefused(
            "This needs a signature of a message, which the external signer does not give; use a "
            "keyfile, or an act that is a transaction of its own.",
            account=self.address,
        )

    def sign_transaction(self, call: Call, *, nonce: int, chain_id: int, fees: Fees) -> bytes:
        """Have a transaction signed.

        Raises:
            SignerRefused: no answer, an error, another transaction, or another account.
        """
        asked = {
            "from": self.address,
            "chainId": hex(chain_id),
            "nonce": hex(nonce),
            "maxPriorityFeePerGas": hex(fees.priority),
            "maxFeePerGas": hex(fees.max_fee),
            "gas": hex(call.gas),
            "value": hex(call.value),
            "data": "0x" + call.data.hex(),
        }
        if call.to is not None:
            asked["to"] = call.to
        raw = self._ask(METHODS[self._name.kind], asked)
        wanted = [
            chain_id, nonce, fees.priority, fees.max_fee, call.gas,
            b"" if call.to is None else bytes.fromhex(call.to[2:]), call.value, call.data, [],
        ]  # fmt: skip
        try:
            signed = read_signed(raw)
            fields: list[Any] = list(rlp_decode(raw[1:]))  # type: ignore[no-untyped-call]
        except InvalidInput as error:
            raise SignerRefused(f"The signer's answer cannot be used: {error}") from error
        if fields[:9] != [_bytes(field) for field in wanted]:
            raise SignerRefused("The signer changed the transaction that it was asked to sign.")
        if signed.sender != self.address:
            raise SignerRefused(
                f"The signer signed with {signed.sender}, not with {self.address}.",
                signer=signed.sender,
            )
        return raw

    def _ask(self, method: str, parameters: dict[str, str]) -> bytes:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [parameters]}
        try:
            response = requests.post(
                self._name.url, json=question, timeout=TIMEOUT_SECONDS, **self._arguments
            )
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise SignerRefused(
                f"The signer at {self._name.url} does not answer ({error}).", url=self._name.url
            ) from error
        result = answer.get("result") if isinstance(answer, dict) else None
        raw = result.get("raw") if isinstance(result, dict) else result
        if not isinstance(raw, str):
            said = answer.get("error", answer) if isinstance(answer, dict) else answer
            words = said.get("message", said) if isinstance(said, dict) else said
            raise SignerRefused(f"The signer at {self._name.url} declined: {words}.")
        try:
            return bytes.fromhex(raw.removeprefix("0x"))
        except ValueError as error:
            raise SignerRefused("The signer's answer is no transaction in hex.") from error


def _bytes(field: object) -> object:
    """A field as RLP gives it back."""
    if isinstance(field, int):
        return field.to_bytes((field.bit_length() + 7) // 8, "big")
    return field


def _credentials() -> Credentials:
    authority, token = os.environ.get(AUTHORITY_VARIABLE), os.environ.get(TOKEN_VARIABLE)
    return Credentials(Path(authority) if authority else None, Path(token) if token else None)
