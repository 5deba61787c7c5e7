"""What a node needs of its machine before it starts: its files, and ports that nobody holds."""

import socket
import tomllib
from pathlib import Path
from typing import Any

from tanlian_node.errors import InvalidNetwork

FILES = ("config.toml", "genesis.json", "key")
PORTS = {"p2p-port": "p2p_port", "rpc-http-port": "rpc_port", "metrics-port": "metrics_port"}


def check_files(place: Path) -> None:
    """Raise InvalidNetwork where a node's folder lacks what Besu starts from."""
    for name in FILES:
        if not (place / name).is_file():
            raise InvalidNetwork(
                f"{place / name} is missing. `tanlian-node create` with the network.toml makes "
                "configuration and genesis anew; a lost key comes back only with "
                "`tanlian-node restore`.",
                node=place.name,
            )


def check_ports(place: Path) -> None:
    """Raise InvalidNetwork where another program listens on a port of the node.

    Besu itself says so only in its log, after half a minute, and with the other nodes running.
    """
    path = place / "config.toml"
    try:
        options: dict[str, Any] = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise InvalidNetwork(f"{path} cannot be read: {error}") from error
    for option, entry in PORTS.items():
        port = options.get(option)
        if isinstance(port, int) and _is_taken(port):
            raise InvalidNetwork(
                f"Port {port} ({entry} of {place.name}) is taken by another program. End it, or "
                "change the port in network.toml and run `tanlian-node create` again.",
                node=place.name,
                port=port,
            )


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as Besu: old ends do not count
        try:
            probe.bind(("", port))
        except PermissionError:
            return False  # a port below 1024: Besu's log will say whether it may
        except OSError:
            return True
    return False
