"""Blocks, transactions, receipts and logs in the JSON that Besu answers with."""

from typing import Any

from tanlian_node.embedded import transactions
from tanlian_node.embedded.blocks import SELECT_LOGS, SELECT_TRANSACTIONS, Log, bloom
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.header import Header
from tanlian_node.embedded.transactions import ACCESS_LIST, DYNAMIC_FEE, LEGACY, Transaction

Json = dict[str, Any]


def data(value: bytes) -> str:
    return "0x" + value.hex()


def word(value: int) -> str:
    return f"0x{value:064x}"


def header_view(header: Header, size: int) -> Json:
    view = {
        "number": hex(header.number),
        "hash": data(header.hash),
        "mixHash": data(header.mix_hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "sha3Uncles": data(header.ommers_hash),
        "logsBloom": data(header.bloom),
        "transactionsRoot": data(header.transactions_root),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipts_root),
        "miner": data(header.coinbase),
        "difficulty": hex(header.difficulty),
        "totalDifficulty": hex(header.number + 1),
        "extraData": data(header.extra_data),
        "baseFeePerGas": hex(header.base_fee),
        "size": hex(size),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "uncles": [],
    }
    if header.later_fields:
        withdrawals_root, blob_gas, excess_blob_gas, beacon_root = header.later_fields
        view["withdrawalsRoot"] = data(withdrawals_root)
        view["withdrawals"] = []
        view["blobGasUsed"] = hex(int.from_bytes(blob_gas, "big"))
        view["excessBlobGas"] = hex(int.from_bytes(excess_blob_gas, "big"))
        view["parentBeaconBlockRoot"] = data(beacon_root)
    return view


def block_view(chain: Chain, header: Header, *, full: bool) -> Json:
    """A block with its transactions' hashes, or with the transactions in full."""
    (size,) = chain.store.row("select size from blocks where number=?", header.number) or (0,)
    view = header_view(header, size)
    if full:
        rows = chain.store.rows(
            "select raw, position from transactions where block=? order by position",
            (header.number,),
        )
        view["transactions"] = [
            transaction_view(transactions.decode(raw), header, position) for raw, position in rows
        ]
    else:
        rows = chain.store.rows(
            "select hash from transactions where block=? order by position", (header.number,)
        )
        view["transactions"] = [data(row[0]) for row in rows]
    return view


def transaction_view(
    transaction: Transaction, header: Header | None = None, position: int | None = None
) -> Json:
    """A transaction in a block, or (without header) one that waits."""
    price = transaction.max_fee_per_gas
    if header is not None:
        price = transaction.effective_gas_price(header.base_fee)
    view: Json = {}
    if transaction.type_id >= ACCESS_LIST:
        view["accessList"] = access_list_view(transaction.access_list)
    view |= {
        "blockHash": None if header is None else data(header.hash),
        "blockNumber": None if header is None else hex(header.number),
    }
    if header is not None:
        view["blockTimestamp"] = hex(header.timestamp)
    view |= {
        "chainId": hex(transaction.chain_id or 0),
        "from": data(transaction.sender),
        "gas": hex(transaction.gas),
        "gasPrice": hex(price),
    }
    if transaction.type_id == DYNAMIC_FEE:
        view["maxPriorityFeePerGas"] = hex(transaction.max_priority_fee_per_gas)
        view["maxFeePerGas"] = hex(transaction.max_fee_per_gas)
    view |= {
        "hash": data(transaction.hash),
        "input": data(transaction.data),
        "nonce": hex(transaction.nonce),
        "to": data(transaction.to) if transaction.to else None,
        "transactionIndex": None if position is None else hex(position),
        "type": hex(transaction.type_id),
        "value": hex(transaction.value),
    }
    if transaction.type_id != LEGACY:
        view["yParity"] = hex(transaction.y_parity)
    view |= {"v": hex(transaction.v), "r": hex(transaction.r), "s": hex(transaction.s)}
    return view


def access_list_view(access_list: transactions.AccessList) -> list[Json]:
    return [
        {"address": data(address), "storageKeys": [word(slot) for slot in slots]}
        for address, slots in access_list
    ]


def log_view(header: Header, row: tuple[Any, ...]) -> Json:
    """One row of the table `logs`, in the order of SELECT_LOGS."""
    return {
        "address": data(row[4]),
        "topics": [data(topic) for topic in row[5:9] if topic is not None],
        "data": data(row[9]),
        "blockNumber": hex(row[0]),
        "transactionHash": data(row[3]),
        "transactionIndex": hex(row[2]),
        "blockHash": data(header.hash),
        "blockTimestamp": hex(header.timestamp),
        "logIndex": hex(row[1]),
        "removed": False,
    }


def receipt_views(chain: Chain, header: Header, only: int | None = None) -> list[Json]:
    """The receipts of a block, or only the one at a position."""
    values = [header.number] if only is None else [header.number, only]
    one = "" if only is None else " and position=?"
    rows = chain.store.rows(SELECT_TRANSACTIONS + "block=?" + one + " order by position", values)
    one = "" if only is None else " and transaction_position=?"
    logs: dict[int, list[tuple[Any, ...]]] = {}
    for row in chain.store.rows(SELECT_LOGS + "block=?" + one + " order by position", values):
        logs.setdefault(row[2], []).append(row)
    return [_receipt_view(header, row, logs.get(row[2], [])) for row in rows]


def _receipt_view(header: Header, row: tuple[Any, ...], logs: list[tuple[Any, ...]]) -> Json:
    (tx_hash, _, position, raw, sender, status, gas_used, cumulative_gas, contract, output) = row
    transaction = transactions.decode(raw)
    found = [
        Log(log[4], tuple(topic for topic in log[5:9] if topic is not None), log[9]) for log in logs
    ]
    view = {
        "blockHash": data(header.hash),
        "blockNumber": hex(header.number),
        "contractAddress": None if contract is None else data(contract),
        "cumulativeGasUsed": hex(cumulative_gas),
        "from": data(sender),
        "gasUsed": hex(gas_used),
        "effectiveGasPrice": hex(transaction.effective_gas_price(header.base_fee)),
        "logs": [log_view(header, log) for log in logs],
        "logsBloom": data(bloom(found)),
        "status": hex(status),
        "to": data(transaction.to) if transaction.to else None,
        "transactionHash": data(tx_hash),
        "transactionIndex": hex(position),
        "type": hex(transaction.type_id),
    }
    if output is not None:
        view["revertReason"] = data(output)
    return view
