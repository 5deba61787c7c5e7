"""Blocks and receipts as they lie in the database, and their way in and out."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from eth_hash.auto import keccak

from tanlian_node.embedded import rlp_codec
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.transactions import LEGACY, Transaction

SELECT_TRANSACTIONS = (
    "select hash, block, position, raw, sender, status, gas_used, cumulative_gas, contract, output "
    "from transactions where "
)
SELECT_LOGS = (
    "select block, position, transaction_position, transaction_hash, address, "
    "topic0, topic1, topic2, topic3, data from logs where "
)


class Log(NamedTuple):
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one transaction did."""

    transaction: Transaction
    succeeded: bool
    gas_used: int
    cumulative_gas: int
    logs: tuple[Log, ...]
    contract: bytes | None
    output: bytes | None  # what it reverted with; none if it succeeded or halted

    def encode(self) -> bytes:
        return encode_receipt(
            self.transaction.type_id, self.succeeded, self.cumulative_gas, self.logs
        )


def encode_receipt(kind: int, succeeded: bool, cumulative_gas: int, logs: Sequence[Log]) -> bytes:
    """Encode a receipt as the receipts root commits to it."""
    body = rlp_codec.encode(
        [
            b"\1" if succeeded else b"",
            rlp_codec.encode_int(cumulative_gas),
            bloom(logs),
            [[log.address, list(log.topics), log.data] for log in logs],
        ]
    )
    return body if kind == LEGACY else bytes((kind,)) + body


def bloom(logs: Iterable[Log]) -> bytes:
    """The 2,048-bit filter over the logs' addresses and topics."""
    bits = 0
    for log in logs:
        for part in (log.address, *log.topics):
            digest = keccak(part)
            for at in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits.to_bytes(256, "big")


@dataclass(frozen=True, slots=True)
class Block:
    header: Header
    receipts: tuple[Receipt, ...]

    @property
    def size(self) -> int:
        return encoded_size(self.header, [r.transaction.raw for r in self.receipts])

    def insert(self, connection: sqlite3.Connection) -> None:
        header = self.header
        connection.execute(
            "insert into blocks values(?, ?, ?, ?)",
            (header.number, header.hash, header.encode(), self.size),
        )
        connection.executemany(
            "insert into transactions values(?,?,?,?,?,?,?,?,?,?)",
            [self._row(position, receipt) for position, receipt in enumerate(self.receipts)],
        )
        connection.executemany("insert into logs values(?,?,?,?,?,?,?,?,?,?)", self._log_rows())

    def _row(self, position: int, receipt: Receipt) -> tuple[Any, ...]:
        transaction = receipt.transaction
        return (
            transaction.hash,
            self.header.number,
            position,
            transaction.raw,
            transaction.sender,
            int(receipt.succeeded),
            receipt.gas_used,
            receipt.cumulative_gas,
            receipt.contract,
            receipt.output,
        )

    def _log_rows(self) -> Iterable[tuple[Any, ...]]:
        at = 0
        for position, receipt in enumerate(self.receipts):
            for log in receipt.logs:
                topics = (*log.topics, None, None, None, None)[:4]
                yield (
                    self.header.number,
                    at,
                    position,
                    receipt.transaction.hash,
                    log.address,
                    *topics,
                    log.data,
                )
                at += 1


def encoded_size(header: Header, raws: Iterable[bytes]) -> int:
    """The length of the block's RLP; typed transactions are strings in it, legacy ones lists."""
    body = sum(len(raw) if raw[0] >= 0xC0 else len(rlp_codec.encode(raw)) for raw in raws)
    size = len(header.encode()) + _list_size(body) + 1  # an empty list of ommers
    if header.later_fields:
        size += 1  # and one of withdrawals
    return _list_size(size)


def _list_size(payload: int) -> int:
    if payload < 56:
        return payload + 1
    return payload + 1 + (payload.bit_length() + 7) // 8
