"""One running chain with all its parts, and the way its methods look blocks up."""

from dataclasses import dataclass
from typing import Any

from tanlian_node.embedded import errors, params
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.filters import Filters
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.permissions import Allowlist
from tanlian_node.embedded.pool import Pool
from tanlian_node.embedded.sealer import Sealer
from tanlian_node.embedded.world import World


@dataclass(frozen=True)
class Node:
    chain: Chain
    pool: Pool
    sealer: Sealer
    filters: Filters
    allowlist: Allowlist
    development: bool = False

    @property
    def head(self) -> Header:
        """The newest block, which is no older than one interval."""
        self.sealer.keep_time()
        return self.chain.head

    def find_block(self, wanted: Any) -> Header | None:
        """Look up a block by number, tag or hash (EIP-1898 objects too); none if there is none."""
        if wanted is None:
            return self.head
        if isinstance(wanted, dict):
            if "blockHash" in wanted:
                block_hash = params.hash32(wanted["blockHash"], errors.INVALID_BLOCK_PARAMS)
                return self.chain.find_header(block_hash)
            wanted = wanted.get("blockNumber")
        if wanted == "earliest":
            return self.chain.header(0)
        if wanted in ("safe", "finalized"):
            raise RpcError(errors.UNKNOWN_BLOCK)  # as on any chain without proof of stake
        if wanted in params.TAGS:
            return self.head
        if isinstance(wanted, str) and len(wanted) == 66:
            return self.chain.find_header(params.hash32(wanted, errors.INVALID_BLOCK_PARAMS))
        number = params.quantity(wanted, errors.INVALID_BLOCK_PARAMS)
        return self.chain.find_header(number) if number < 2**63 else None

    def block(self, wanted: Any) -> Header:
        """Like find_block, where a missing block is an error."""
        found = self.find_block(wanted)
        if found is None:
            raise RpcError(errors.BLOCK_NOT_FOUND)
        return found

    def block_number(self, wanted: Any) -> int:
        """The number that a log filter's bound means; it may lie in the future."""
        if wanted in (None, "latest", "pending"):
            return self.head.number
        if wanted == "earliest":
            return 0
        if wanted in params.TAGS:
            raise RpcError(errors.UNKNOWN_BLOCK)
        return params.quantity(wanted, errors.INVALID_FILTER_PARAMS)

    def world(self, header: Header) -> World:
        return World(self.chain.layer(header))
