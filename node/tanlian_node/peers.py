"""The static peers of a node, kept within its allowlist.

Besu does not start if a static peer is not on the node's allowlist ("Specified node(s) not in
nodes-allowlist"). A node that was taken off the list at run time would so keep every other node
from coming back after its next stop; hence the two files are brought together before each start.
"""

import json
import tomllib
from pathlib import Path

from tanlian_node.errors import InvalidNetwork

PEERS = "static-nodes.json"
LISTS = "permissions.toml"


def static_peers(place: Path) -> list[str]:
    path = place / PEERS
    if not path.exists():
        return []
    listed: list[str] = json.loads(path.read_text())
    return listed


def add_static_peer(place: Path, enode: str) -> None:
    """Let a node look for a peer after its next start, too."""
    listed = static_peers(place)
    if enode not in listed:
        _write(place, [*listed, enode])


def drop_forbidden_peers(place: Path) -> list[str]:
    """Take static peers that are not on the allowlist out of the file; returns them.

    Raises:
        InvalidNetwork: the allowlist cannot be read; Besu could not read it either.
    """
    path = place / LISTS
    if not path.exists():
        return []
    try:
        allowed = set(tomllib.loads(path.read_text()).get("nodes-allowlist", []))
    except tomllib.TOMLDecodeError as error:
        raise InvalidNetwork(f"{path} cannot be read: {error}") from error
    listed = static_peers(place)
    dropped = [enode for enode in listed if enode not in allowed]
    if dropped:
        _write(place, [enode for enode in listed if enode in allowed])
    return dropped


def _write(place: Path, enodes: list[str]) -> None:
    (place / PEERS).write_text(json.dumps(enodes, indent=1) + "\n")
