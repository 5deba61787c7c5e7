"""Are these the events that the blocks commit to? Receipts, checked against the headers' roots.

A node's answer to `eth_getLogs` is a claim. A block's header holds the root of the trie over its
receipts, and its hash is what the validators sealed: whoever recomputes the root from the receipts
has every field of every event confirmed, also those that no rule of the market could check.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from rlp.codec import encode as rlp_encode
from trie.hexary import HexaryTrie

from tanlian.chain.connection import Connection, chunks, quantity, result_of
from tanlian.chain.errors import ChainError
from tanlian.chain.events import EventReader

BLOCKS_AT_ONCE = 50


class ReceiptsForged(ChainError):
    """If a block's receipts do not have the root that its header states, this names the block."""

    code = "receipts_forged"


def sealed_logs(connection: Connection, blocks: Iterable[int]) -> list[dict[str, Any]]:
    """Return all logs of the blocks, in the chain's order, each confirmed by its block's header.

    Raises:
        ReceiptsForged: the node's receipts are not those of the header.
    """
    logs: list[dict[str, Any]] = []
    for some in chunks(sorted(set(blocks)), BLOCKS_AT_ONCE):
        headers = connection.batch([("eth_getBlockByNumber", [hex(b), False]) for b in some])
        answers = connection.batch([("eth_getBlockReceipts", [hex(b)]) for b in some])
        for block, header, answer in zip(some, headers, answers, strict=True):
            receipts = result_of(answer)
            root = result_of(header)["receiptsRoot"]
            if receipts_root(receipts) != root:
                raise ReceiptsForged(
                    f"The receipts of block {block} do not have the root {root} of its header; the "
                    "node's answer is not what the validators sealed. Ask another node.",
                    block=block,
                )
            logs += [log for receipt in receipts for log in receipt["logs"]]
    return logs


def unsealed(reader: EventReader, logs: Sequence[dict[str, Any]], claimed: Iterable[Any]) -> Any:
    """Return the first claimed event that the sealed logs do not hold as it stands, or None."""
    known = {(event.block, event.log_index): event for event in reader.decode(logs)}
    for event in claimed:
        if known.get((event.block, event.log_index)) != event:
            return event
    return None


def receipts_root(receipts: Sequence[dict[str, Any]]) -> str:
    """Return the root of the trie over a block's receipts, as the header has it."""
    trie = HexaryTrie({})  # type: ignore[no-untyped-call]
    for place, receipt in enumerate(receipts):
        trie[_rlp(place)] = encoded_receipt(receipt)
    return "0x" + bytes(trie.root_hash).hex()


def encoded_receipt(receipt: dict[str, Any]) -> bytes:
    """Return a receipt as the trie of its block holds it."""
    body = _rlp(
        [
            quantity(receipt["status"]),
            quantity(receipt["cumulativeGasUsed"]),
            _bytes(receipt["logsBloom"]),
            [
                [_bytes(log["address"]), [_bytes(topic) for topic in log["topics"]],
                 _bytes(log["data"])]
                for log in receipt["logs"]
            ],
        ]
    )  # fmt: skip
    kind = quantity(receipt.get("type", "0x0"))
    return bytes([kind]) + body if kind else body


def _rlp(value: object) -> bytes:
    return bytes(rlp_encode(value))  # type: ignore[no-untyped-call]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
