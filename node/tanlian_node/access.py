"""How this project's own commands reach the RPC of a node: certificate authority and token."""

import time
from pathlib import Path

from tanlian_node.jwt import issue_token
from tanlian_node.network_files import NetworkRecord
from tanlian_node.rpc import Rpc

TOKEN_SECONDS = 10 * 60


def open_rpc(record: NetworkRecord, name: str, *, timeout: int = 10) -> Rpc:
    """The RPC of a node, with the network's CA and an operator's token where it has them."""
    return open_url(record.folder, record.node(name).rpc, timeout=timeout)


def open_url(folder: Path, url: str, *, timeout: int = 10) -> Rpc:
    """The same for a node that is in no record yet, such as a newcomer's."""
    authority = folder / "ca" / "root.pem"
    return Rpc(
        url=url,
        authority=authority if authority.exists() else None,
        token=operator_token(folder),
        timeout=timeout,
    )


def operator_token(folder: Path) -> str | None:
    """A short-lived token with all permissions, where the operator's JWT key is at hand."""
    key = folder / "jwt" / "operator.pem"
    if not key.exists():
        return None
    return issue_token(key.read_bytes(), ["*:*"], now=int(time.time()), seconds=TOKEN_SECONDS)
