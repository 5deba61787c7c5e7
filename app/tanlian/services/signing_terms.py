"""What the chain asks of transactions that are signed now."""

from dataclasses import dataclass

from tanlian.accounts.outbox import Act
from tanlian.chain.connection import Connection, quantity, result_of
from tanlian.chain.errors import NodeRefused
from tanlian.chain.keys import Fees
from tanlian.chain.transactions import GAS_OF_DISTINCTION, fees_at


@dataclass(frozen=True, slots=True)
class Terms:
    """The price to offer, the account's next number, and how many of its numbers are in blocks."""

    fees: Fees
    first_nonce: int
    used_nonces: int
    gas_limit: int


def terms(connection: Connection, act: Act) -> Terms:
    """Ask the chain, at once, for all that signing needs.

    Raises:
        NodeRefused: a call of the act needs more gas than a block has.
        ChainUnreachable: nothing can be signed now.
    """
    price, pending, used, block = (
        result_of(answer)
        for answer in connection.batch(
            [
                ("eth_gasPrice", []),
                ("eth_getTransactionCount", [act.account, "pending"]),
                ("eth_getTransactionCount", [act.account, "latest"]),
                ("eth_getBlockByNumber", ["latest", False]),
            ]
        )
    )
    limit = quantity(block["gasLimit"])
    needed = max(call["gas"] for call in act.calls) + GAS_OF_DISTINCTION
    if needed > limit:
        raise NodeRefused(
            f"This needs {needed} gas, but a block has {limit}; do less at once.", gas=needed
        )
    return Terms(fees_at(quantity(price)), quantity(pending), quantity(used), limit)
