"""eth_*: blocks, transactions, receipts, accounts, logs and filters."""

import itertools
from bisect import bisect_left
from typing import Any

from tanlian_node.embedded import errors, logs, params, proofs, transactions, views
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.logs import LogQuery
from tanlian_node.embedded.methods import MethodTable
from tanlian_node.embedded.node import Node
from tanlian_node.embedded.views import Json

TABLE = MethodTable()
MOST_FEE_BLOCKS = 1_024


@TABLE.method("eth_chainId")
def chain_id(node: Node) -> str:
    return hex(node.chain.chain_id)


@TABLE.method("eth_blockNumber")
def block_number(node: Node) -> str:
    return hex(node.head.number)


@TABLE.method("eth_syncing")
def syncing(_node: Node) -> bool:
    return False


@TABLE.method("eth_accounts")
def accounts(_node: Node) -> list[str]:
    return []


@TABLE.method("eth_coinbase", "eth_mining", "eth_hashrate", "eth_getWork")
def mining(_node: Node) -> None:
    """Refuse, as Besu does where nobody mines."""
    raise RpcError(errors.METHOD_NOT_ENABLED)


@TABLE.method("eth_gasPrice", "eth_maxPriorityFeePerGas")
def gas_price(_node: Node) -> str:
    return "0x0"


@TABLE.method("eth_blobBaseFee")
def blob_base_fee(_node: Node) -> str:
    return "0x0"


@TABLE.method("eth_feeHistory")
def fee_history(node: Node, count: Any = None, newest: Any = None, percentiles: Any = None) -> Json:
    """What was paid in the last blocks: nothing, but where somebody offered a price by himself."""
    wanted = params.quantity(count, errors.INVALID_BLOCK_COUNT_PARAMS)
    if not 1 <= wanted <= MOST_FEE_BLOCKS:
        raise RpcError(errors.INVALID_BLOCK_COUNT_PARAMS)
    highest = node.find_block(newest)
    if highest is None:
        raise RpcError(errors.INVALID_BLOCK_NUMBER_PARAMS)
    first = max(0, highest.number - wanted + 1)
    headers = [node.chain.header(number) for number in range(first, highest.number + 1)]
    history: Json = {
        "oldestBlock": hex(first),
        "baseFeePerGas": [*(hex(header.base_fee) for header in headers), "0x0"],
        "baseFeePerBlobGas": ["0x0"] * (len(headers) + 1),
        "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
        "blobGasUsedRatio": [0.0 for _ in headers],
    }
    if percentiles is not None:
        if not isinstance(percentiles, list):
            raise RpcError(errors.INVALID_PARAMS)
        history["reward"] = [_rewards(node, header, sorted(percentiles)) for header in headers]
    return history


def _rewards(node: Node, header: Header, percentiles: list[float]) -> list[str]:
    """The tip at which each share of the block's gas had been bought, cheapest first."""
    if not percentiles or not header.gas_used:
        return ["0x0"] * len(percentiles)
    rows = node.chain.store.rows(
        "select raw, gas_used from transactions where block=?", (header.number,)
    )
    bought = sorted(
        (transactions.decode(raw).effective_gas_price(header.base_fee) - header.base_fee, gas)
        for raw, gas in rows
    )
    totals = list(itertools.accumulate(gas for _, gas in bought))
    reached = (bisect_left(totals, share * header.gas_used / 100) for share in percentiles)
    return [hex(bought[min(at, len(bought) - 1)][0]) for at in reached]


@TABLE.method("eth_getBalance")
def get_balance(node: Node, address: Any = None, block: Any = None) -> str | None:
    account = params.address(address)
    header = node.find_block(block)
    return None if header is None else hex(node.world(header).get_balance(account))


@TABLE.method("eth_getTransactionCount")
def get_transaction_count(node: Node, address: Any = None, block: Any = None) -> str | None:
    account = params.address(address)
    if block == "pending":
        return hex(node.pool.next_nonce(account))
    header = node.find_block(block)
    return None if header is None else hex(node.world(header).get_nonce(account))


@TABLE.method("eth_getCode")
def get_code(node: Node, address: Any = None, block: Any = None) -> str | None:
    account = params.address(address)
    header = node.find_block(block)
    return None if header is None else views.data(node.world(header).get_code(account))


@TABLE.method("eth_getStorageAt")
def get_storage_at(
    node: Node, address: Any = None, slot: Any = None, block: Any = None
) -> str | None:
    account = params.address(address)
    position = params.quantity(slot, errors.INVALID_POSITION_PARAMS)
    header = node.find_block(block)
    return None if header is None else views.word(node.world(header).get_storage(account, position))


@TABLE.method("eth_getProof")
def get_proof(node: Node, address: Any = None, slots: Any = None, block: Any = None) -> Json | None:
    account = params.address(address)
    if not isinstance(slots, list):
        raise RpcError(errors.INVALID_STORAGE_KEYS_PARAMS)
    positions = [params.storage_key(slot) for slot in slots]
    header = node.find_block(block)
    if header is None:
        return None
    return proofs.account_proof(node.chain.layer(header), account, positions)


@TABLE.method("eth_getBlockByNumber")
def get_block_by_number(node: Node, block: Any = None, full: Any = False) -> Json | None:
    if block is None:
        raise RpcError(errors.INVALID_BLOCK_PARAMS)
    header = node.find_block(block)
    if header is None:
        return None
    return views.block_view(node.chain, header, full=params.flag(full))


@TABLE.method("eth_getBlockByHash")
def get_block_by_hash(node: Node, block_hash: Any = None, full: Any = False) -> Json | None:
    header = node.chain.find_header(params.hash32(block_hash, errors.INVALID_BLOCK_HASH_PARAMS))
    if header is None:
        return None
    return views.block_view(node.chain, header, full=params.flag(full))


def _count(node: Node, number: int) -> str:
    row = node.chain.store.row("select count(*) from transactions where block=?", number)
    return hex(row[0] if row else 0)


@TABLE.method("eth_getBlockTransactionCountByNumber")
def block_transaction_count(node: Node, block: Any = None) -> str | None:
    header = node.find_block(block)
    return None if header is None else _count(node, header.number)


@TABLE.method("eth_getBlockTransactionCountByHash")
def block_transaction_count_by_hash(node: Node, block_hash: Any = None) -> str | None:
    header = node.chain.find_header(params.hash32(block_hash, errors.INVALID_BLOCK_HASH_PARAMS))
    return None if header is None else _count(node, header.number)


@TABLE.method("eth_getUncleCountByBlockNumber", "eth_getUncleCountByBlockHash")
def uncle_count(node: Node, block: Any = None) -> str | None:
    return None if node.find_block(block) is None else "0x0"


@TABLE.method("eth_getUncleByBlockNumberAndIndex", "eth_getUncleByBlockHashAndIndex")
def uncle(_node: Node, _block: Any = None, _index: Any = None) -> None:
    """There are no uncles on a chain that never forks."""


@TABLE.method("eth_getTransactionByHash")
def get_transaction(node: Node, tx_hash: Any = None) -> Json | None:
    wanted = params.hash32(tx_hash)
    waiting = node.pool.get(wanted)  # looked up first: it leaves the pool after it is in a block
    found = node.chain.find_transaction(wanted)
    if found is not None:
        raw, number, position = found
        return views.transaction_view(transactions.decode(raw), node.chain.header(number), position)
    return None if waiting is None else views.transaction_view(waiting)


@TABLE.method("eth_getTransactionByBlockNumberAndIndex", "eth_getTransactionByBlockHashAndIndex")
def get_transaction_at(node: Node, block: Any = None, index: Any = None) -> Json | None:
    header = node.find_block(block)
    position = params.quantity(index)
    if header is None:
        return None
    row = node.chain.store.row(
        "select raw from transactions where block=? and position=?", header.number, position
    )
    if row is None:
        return None
    return views.transaction_view(transactions.decode(row[0]), header, position)


@TABLE.method("eth_getTransactionReceipt")
def get_transaction_receipt(node: Node, tx_hash: Any = None) -> Json | None:
    found = node.chain.find_transaction(params.hash32(tx_hash))
    if found is None:
        return None
    _, number, position = found
    return views.receipt_views(node.chain, node.chain.header(number), position)[0]


@TABLE.method("eth_getBlockReceipts")
def get_block_receipts(node: Node, block: Any = None) -> list[Json] | None:
    header = node.find_block(block)
    return None if header is None else views.receipt_views(node.chain, header)


def _filter_object(wanted: Any) -> dict[str, Any]:
    if not isinstance(wanted, dict):
        raise RpcError(errors.INVALID_FILTER_PARAMS)
    return wanted


@TABLE.method("eth_getLogs")
def get_logs(node: Node, wanted: Any = None) -> list[Json]:
    wanted = _filter_object(wanted)
    query = LogQuery.parse(wanted)
    first, last = logs.block_range(node.chain, wanted, node.block_number)
    return query.find(node.chain, first, last)


@TABLE.method("eth_newFilter")
def new_filter(node: Node, wanted: Any = None) -> str:
    wanted = _filter_object(wanted)
    query = LogQuery.parse(wanted)
    first, last = (
        None if bound in (None, "latest", "pending") else node.block_number(bound)
        for bound in (wanted.get("fromBlock"), wanted.get("toBlock"))
    )
    return node.filters.open_logs(query, first, last)


@TABLE.method("eth_newBlockFilter")
def new_block_filter(node: Node) -> str:
    return node.filters.open_blocks()


@TABLE.method("eth_newPendingTransactionFilter")
def new_pending_filter(node: Node) -> str:
    return node.filters.open_pending()


@TABLE.method("eth_uninstallFilter")
def uninstall_filter(node: Node, name: Any = None) -> bool:
    return node.filters.close(name)


@TABLE.method("eth_getFilterChanges")
def get_filter_changes(node: Node, name: Any = None) -> list[Any]:
    node.sealer.keep_time()
    return node.filters.changes(name)


@TABLE.method("eth_getFilterLogs")
def get_filter_logs(node: Node, name: Any = None) -> list[Any]:
    return node.filters.logs(name)
