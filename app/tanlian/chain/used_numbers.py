"""Which transaction used a number of an account: the proof that another one never can."""

from dataclasses import dataclass
from typing import Any

from tanlian.chain.connection import Connection, quantity
from tanlian.chain.errors import NodeRefused
from tanlian.chain.keys import checksum


@dataclass(frozen=True, slots=True)
class User:
    """The transaction that used a number."""

    tx_hash: str
    to: str | None
    data: bytes
    value: int
    body: dict[str, Any]


def user_of(connection: Connection, account: str, nonce: int) -> User | None:
    """Return the transaction of an account with a number.

    None where the number is not used yet, or where the node has forgotten what the account's count
    was in the block in question.
    """
    low, high = 0, connection.head()
    count = _count(connection, account, high)
    if count is None or count <= nonce:
        return None
    while low < high:  # the first block after which the number was used
        middle = (low + high) // 2
        count = _count(connection, account, middle)
        if count is None:
            low = middle + 1  # old states are forgotten first
        elif count > nonce:
            high = middle
        else:
            low = middle + 1
    block = connection.request("eth_getBlockByNumber", hex(low), True)
    for body in (block or {}).get("transactions", []):
        if checksum(body["from"]) == checksum(account) and quantity(body["nonce"]) == nonce:
            return User(
                tx_hash=body["hash"],
                to=checksum(body["to"]) if body.get("to") else None,
                data=bytes.fromhex(body["input"][2:]),
                value=quantity(body["value"]),
                body=dict(body),
            )
    return None


def _count(connection: Connection, account: str, block: int) -> int | None:
    try:
        found = connection.request("eth_getTransactionCount", account, hex(block))
    except NodeRefused:
        return None
    return None if found is None else quantity(found)
