"""Finding logs by block range, address and topics, with the database's indexes."""

from dataclasses import dataclass
from typing import Any

from tanlian_node.embedded import errors, params
from tanlian_node.embedded.blocks import SELECT_LOGS
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.views import Json, log_view

MOST_TOPICS = 4


@dataclass(frozen=True)
class LogQuery:
    """Addresses and topics to look for; an empty set means any."""

    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...], ...]

    @classmethod
    def parse(cls, wanted: dict[str, Any]) -> "LogQuery":
        address = wanted.get("address")
        addresses = [] if address is None else address if isinstance(address, list) else [address]
        topics = wanted.get("topics")
        if topics is not None and (not isinstance(topics, list) or len(topics) > MOST_TOPICS):
            raise RpcError(errors.INVALID_FILTER_PARAMS)
        return cls(
            tuple(params.address(item, errors.INVALID_FILTER_PARAMS) for item in addresses),
            tuple(_alternatives(topic) for topic in topics or []),
        )

    def find(self, chain: Chain, first: int, last: int) -> list[Json]:
        """All matching logs of blocks `first` to `last`, or to the head, in the order of making."""
        clauses, values = ["block between ? and ?"], [first, min(last, chain.head.number)]
        bound: list[Any] = list(values)
        for column, wanted in (
            ("address", self.addresses),
            *((f"topic{at}", topics) for at, topics in enumerate(self.topics)),
        ):
            if wanted:
                clauses.append(f"{column} in ({','.join('?' * len(wanted))})")
                bound.extend(wanted)
        rows = chain.store.rows(
            SELECT_LOGS + " and ".join(clauses) + " order by block, position",
            bound,
        )
        return [log_view(chain.header(row[0]), row) for row in rows]


def _alternatives(topic: Any) -> tuple[bytes, ...]:
    if topic is None:
        return ()
    choices = topic if isinstance(topic, list) else [topic]
    return tuple(params.hash32(choice, errors.INVALID_FILTER_PARAMS) for choice in choices)


def block_range(chain: Chain, wanted: dict[str, Any], resolve: Any) -> tuple[int, int]:
    """The block numbers that a filter asks for; an empty range where it ends before it begins."""
    if wanted.get("blockHash") is not None:
        if wanted.get("fromBlock") is not None or wanted.get("toBlock") is not None:
            raise RpcError(errors.INVALID_FILTER_PARAMS)
        block_hash = params.hash32(wanted["blockHash"], errors.INVALID_FILTER_PARAMS)
        header: Header | None = chain.find_header(block_hash)
        if header is None:
            raise RpcError(errors.BLOCK_NOT_FOUND)
        return header.number, header.number
    first = resolve(wanted.get("fromBlock", "latest"))
    last = resolve(wanted.get("toBlock", "latest"))
    return first, last
