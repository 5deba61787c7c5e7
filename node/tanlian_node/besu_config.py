"""A node's `config.toml`: everything Besu is told, with paths relative to the node's folder."""

from collections.abc import Mapping

from tanlian_node.besu_options import refuse_removed
from tanlian_node.network import Network, NodePlan

APIS = ("ETH", "NET", "WEB3", "QBFT", "TXPOOL", "DEBUG", "PERM", "ADMIN")
POOL_SIZE = 20_000
POOL_SHARE = 0.1  # of the pool for one account, so that a flood leaves room for the others

Option = str | int | float | bool | tuple[str, ...]


def node_options(network: Network, node: NodePlan) -> dict[str, Option]:
    """The options of one node, by their long names.

    Raises:
        RemovedOption: the description adds one that Besu has dropped.
    """
    refuse_removed(node.besu_options, network.besu_version)
    local = node.host in {"127.0.0.1", "localhost", "::1"}
    options: dict[str, Option] = {
        "identity": node.name,
        "genesis-file": "genesis.json",
        "data-path": "data",
        "node-private-key-file": "key",
        "static-nodes-file": "static-nodes.json",
        "data-storage-format": node.storage,
        "sync-mode": "FULL",
        "network-id": network.chain_id,
        # peers are the static nodes and nobody else; discovery is for open networks
        "discovery-enabled": False,
        "p2p-host": node.host,
        "p2p-interface": "127.0.0.1" if local else "0.0.0.0",  # noqa: S104 - peers are allowlisted
        "p2p-port": node.p2p_port,
        "max-peers": max(25, len(network.nodes)),
        "rpc-http-enabled": True,
        "rpc-http-host": network.rpc.host,
        "rpc-http-port": node.rpc_port,
        "rpc-http-api": APIS,
        "rpc-http-max-batch-size": network.rpc.batch_size,
        "rpc-max-logs-range": 0,  # the indexer asks for any range
        "host-allowlist": ("localhost", "127.0.0.1", node.host),
        "target-gas-limit": network.gas_limit,  # else Besu moves the limit towards its own
        "min-gas-price": 0,
        "revert-reason-enabled": True,
        "strict-tx-replay-protection-enabled": True,
        "tx-pool": "sequenced",
        "tx-pool-max-size": POOL_SIZE,
        "tx-pool-limit-by-account-percentage": POOL_SHARE,
        "metrics-enabled": True,
        "metrics-host": "127.0.0.1",
        "metrics-port": node.metrics_port,
        "logging": "INFO",
    }
    if network.permissioned:
        options |= {
            "permissions-nodes-config-file-enabled": True,
            "permissions-nodes-config-file": "permissions.toml",
            "permissions-accounts-config-file-enabled": True,
            "permissions-accounts-config-file": "permissions.toml",
        }
    if network.rpc.tls:
        options |= {
            "rpc-http-tls-enabled": True,
            "rpc-http-tls-keystore-file": "tls/node.p12",
            "rpc-http-tls-keystore-password-file": "tls/password",
        }
    if network.rpc.jwt:
        options |= {
            "rpc-http-authentication-enabled": True,
            "rpc-http-authentication-jwt-public-key-file": "jwt.pem",
        }
    return {**options, **node.besu_options}


def render_toml(options: Mapping[str, Option], heading: str) -> str:
    """Write options as Besu reads them from a configuration file."""
    lines = [f"# {heading}", *(f"{name}={_value(options[name])}" for name in options)]
    return "\n".join(lines) + "\n"


def render_permissions(enodes: list[str], accounts: list[str]) -> str:
    """The allowlists of one node, as its first state; `perm_*` rewrites the file later."""
    return (
        f"accounts-allowlist={_value(tuple(sorted(accounts)))}\n"
        f"nodes-allowlist={_value(tuple(enodes))}\n"
    )


def _value(value: Option) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case tuple():
            return "[" + ",".join(_value(entry) for entry in dict.fromkeys(value)) + "]"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
