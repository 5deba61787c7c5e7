"""net_*, web3_*, rpc_*, txpool_*, perm_* and qbft_*: the node itself."""

import platform
from importlib.metadata import version
from typing import Any

from eth_hash.auto import keccak

from tanlian_node.embedded import errors, params, views
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.header import Extra
from tanlian_node.embedded.methods import MethodTable
from tanlian_node.embedded.node import Node
from tanlian_node.embedded.pool import LARGEST
from tanlian_node.embedded.views import Json

TABLE = MethodTable()


@TABLE.method("web3_clientVersion")
def client_version(_node: Node) -> str:
    system = f"{platform.system().lower()}-{platform.machine()}"
    python = ".".join(platform.python_version_tuple()[:2])
    return f"tanlian-embedded/v{version('ape-tanlian')}/{system}/python{python}"


@TABLE.method("web3_sha3")
def sha3(_node: Node, data: Any = None) -> str:
    return views.data(keccak(params.hex_data(data)))


@TABLE.method("net_version")
def network_version(node: Node) -> str:
    return str(node.chain.chain_id)


@TABLE.method("net_listening")
def listening(_node: Node) -> bool:
    """Say no: this node speaks to no other."""
    return False


@TABLE.method("net_peerCount")
def peer_count(_node: Node) -> str:
    return "0x0"


@TABLE.method("rpc_modules")
def modules(node: Node) -> dict[str, str]:
    names = ["debug", "eth", "net", "perm", "qbft", "txpool", "web3"]
    return dict.fromkeys([*names, "evm"] if node.development else names, "1.0")


@TABLE.method("txpool_status")
def pool_status(node: Node) -> Json:
    pending, queued = _pool_sides(node)
    return {"pending": hex(_size(pending)), "queued": hex(_size(queued))}


@TABLE.method("txpool_content")
def pool_content(node: Node) -> Json:
    pending, queued = _pool_sides(node)
    return {"pending": pending, "queued": queued}


@TABLE.method("txpool_besuStatistics")
def pool_statistics(node: Node) -> Json:
    return {"maxSize": LARGEST, "localCount": len(node.pool), "remoteCount": 0}


@TABLE.method("txpool_besuTransactions")
def pool_transactions(node: Node) -> list[Json]:
    return [
        {"hash": views.data(waiting.hash), "isReceivedFromLocalSource": True}
        for waiting in node.pool.all()
    ]


@TABLE.method("txpool_besuPendingTransactions")
def pool_pending(node: Node, most: Any = None) -> list[Json]:
    limit = None if most is None else params.quantity(most)
    return [views.transaction_view(waiting) for waiting in node.pool.all()[:limit]]


def _size(side: dict[str, Json]) -> int:
    return sum(len(waiting) for waiting in side.values())


def _pool_sides(node: Node) -> tuple[dict[str, Json], dict[str, Json]]:
    """Waiting transactions by sender and nonce: those whose turn can come, and those with a gap."""
    pending: dict[str, Json] = {}
    queued: dict[str, Json] = {}
    for waiting in node.pool.all():
        ready = waiting.nonce < node.pool.next_nonce(waiting.sender)
        side = pending if ready else queued
        side.setdefault(views.data(waiting.sender), {})[str(waiting.nonce)] = (
            views.transaction_view(waiting)
        )
    return pending, queued


@TABLE.method("perm_getAccountsAllowlist")
def get_accounts_allowlist(node: Node) -> list[str]:
    return node.allowlist.accounts()


@TABLE.method("perm_addAccountsToAllowlist")
def add_accounts(node: Node, accounts: Any = None) -> str:
    node.allowlist.add(_accounts(accounts))
    return "Success"


@TABLE.method("perm_removeAccountsFromAllowlist")
def remove_accounts(node: Node, accounts: Any = None) -> str:
    node.allowlist.remove(_accounts(accounts))
    return "Success"


@TABLE.method("perm_reloadPermissionsFromFile")
def reload_permissions(node: Node) -> str:
    node.allowlist.reload()
    return "Success"


@TABLE.method("perm_getNodesAllowlist", "perm_addNodesToAllowlist", "perm_removeNodesFromAllowlist")
def nodes_allowlist(_node: Node, _nodes: Any = None) -> None:
    """Refuse: there are no other nodes to list."""
    raise RpcError(errors.NODE_ALLOWLIST_NOT_ENABLED)


def _accounts(accounts: Any) -> list[str]:
    if not isinstance(accounts, list):
        raise RpcError(errors.INVALID_PARAMS)
    return accounts


@TABLE.method("qbft_getValidatorsByBlockNumber", "qbft_getValidatorsByBlockHash")
def validators(node: Node, block: Any = None) -> list[str] | None:
    header = node.find_block(block)
    if header is None:
        return None
    listed = Extra.decode(header.extra_data).validators or node.chain.validators
    return [views.data(validator) for validator in listed]


@TABLE.method("qbft_getPendingVotes")
def pending_votes(_node: Node) -> Json:
    return {}
