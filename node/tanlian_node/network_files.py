"""From the description of a network to the folder that runs it.

    <folder>/genesis.json, network.json            what all share
    <folder>/organisations/<slug>.json             founding accounts, V3 keyfiles
    <folder>/nodes/<name>/                         all that one machine needs:
        config.toml genesis.json key static-nodes.json permissions.toml besu-<name>.service
    <folder>/compose.yaml, monitoring/, tanlian-permissions.service   for those who use them

Running it again keeps every key and rewrites the rest; a genesis is never changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tanlian_node.besu_config import node_options, render_permissions, render_toml
from tanlian_node.besu_options import refuse_removed
from tanlian_node.errors import InvalidNetwork
from tanlian_node.genesis import Seat, genesis
from tanlian_node.keys import (
    QUICK,
    STRONG,
    address_of_public_key,
    create_keyfile,
    keyfile_address,
    new_node_key,
    read_node_key,
    write_node_key,
)
from tanlian_node.monitoring import write_monitoring
from tanlian_node.network import Network, NodePlan
from tanlian_node.units import compose_file, permissions_unit, systemd_unit


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """What others need to know of a node."""

    name: str
    organisation: str
    role: str
    address: str
    enode: str
    rpc: str
    metrics: str


@dataclass(frozen=True, slots=True)
class NetworkRecord:
    """`network.json`: the public facts of a network that has been made."""

    name: str
    chain_id: int
    folder: Path
    nodes: tuple[NodeRecord, ...]
    founders: dict[str, int]  # account -> organisation
    java_options: str = ""
    idle_seconds: int = 1  # the longest distance of two blocks while all is well

    def node(self, name: str) -> NodeRecord:
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise InvalidNetwork(f"There is no node {name!r}; the network has {known}.", name=name)

    def node_folder(self, name: str) -> Path:
        return self.folder / "nodes" / name


def write_network(
    network: Network, folder: Path, passphrase: str | None, *, quick_keys: bool = False
) -> NetworkRecord:
    """Make or complete the folder of a network.

    Raises:
        InvalidNetwork: the folder holds a chain with another genesis.
        RemovedOption: the description adds one that Besu has dropped; nothing is written.
        BadKey: an account has to be made and there is no passphrase for its keyfile.
    """
    for node in network.nodes:  # before anything is written
        refuse_removed(node.besu_options, network.besu_version)
    addresses, enodes = _node_identities(network, folder)
    founders = _founders(network, folder, passphrase, STRONG if not quick_keys else QUICK)
    seats = [
        Seat(addresses[node.name], network.organisation(node.organisation).id)
        for node in network.validator_nodes
    ]
    text = json.dumps(genesis(network, seats, founders), indent=1) + "\n"
    shared = folder / "genesis.json"
    if shared.exists() and shared.read_text() != text:
        raise InvalidNetwork(
            f"{shared} belongs to another chain than this description makes. Use a new folder; a "
            "running chain keeps its genesis.",
            path=str(shared),
        )
    shared.write_text(text)
    accounts = sorted({*founders, *network.accounts})
    for node in network.nodes:
        place = folder / "nodes" / node.name
        (place / "genesis.json").write_text(text)
        write_node(network, node, place, enodes, accounts)
    (folder / "compose.yaml").write_text(compose_file(network))
    (folder / "tanlian-permissions.service").write_text(permissions_unit(network))
    write_monitoring(network, folder / "monitoring")
    scheme = "https" if network.rpc.tls else "http"
    record = NetworkRecord(
        name=network.name,
        chain_id=network.chain_id,
        folder=folder,
        nodes=tuple(
            NodeRecord(
                name=node.name,
                organisation=node.organisation,
                role=node.role.value,
                address=addresses[node.name],
                enode=enodes[node.name],
                rpc=f"{scheme}://{node.host}:{node.rpc_port}",
                metrics=f"http://127.0.0.1:{node.metrics_port}/metrics",
            )
            for node in network.nodes
        ),
        founders=founders,
        java_options=network.java_options,
        idle_seconds=network.idle_seconds,
    )
    write_record(record)
    return record


def read_record(folder: Path) -> NetworkRecord:
    """Read `network.json` of a folder made by `write_network`."""
    path = folder / "network.json"
    try:
        table: dict[str, Any] = json.loads(path.read_text())
        return NetworkRecord(
            name=table["name"],
            chain_id=table["chain_id"],
            folder=folder,
            nodes=tuple(NodeRecord(**entry) for entry in table["nodes"]),
            founders=table["founders"],
            java_options=table["java_options"],
            idle_seconds=table.get("idle_seconds", 1),
        )
    except FileNotFoundError as error:
        raise InvalidNetwork(
            f"There is no network in {folder}; make one with `tanlian-node create`.",
            path=str(path),
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidNetwork(
            f"{path} is damaged ({error}). `tanlian-node create` with the network.toml writes it "
            "anew and keeps every key.",
            path=str(path),
        ) from error


def write_record(record: NetworkRecord) -> None:
    table = {
        "name": record.name,
        "chain_id": record.chain_id,
        "nodes": [
            {name: getattr(node, name) for name in NodeRecord.__slots__} for node in record.nodes
        ],
        "founders": record.founders,
        "java_options": record.java_options,
        "idle_seconds": record.idle_seconds,
    }
    (record.folder / "network.json").write_text(json.dumps(table, indent=1) + "\n")


def _node_identities(network: Network, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Address and enode of every node, making the keys that are missing."""
    addresses: dict[str, str] = {}
    enodes: dict[str, str] = {}
    for node in network.nodes:
        place = folder / "nodes" / node.name
        place.mkdir(parents=True, exist_ok=True)
        public_key = node.public_key
        if public_key is None:
            if not (place / "key").exists():
                write_node_key(place / "key", new_node_key())
            public_key = read_node_key(place / "key").public_key
        addresses[node.name] = address_of_public_key(public_key)
        enodes[node.name] = f"enode://{public_key}@{node.host}:{node.p2p_port}"
    return addresses, enodes


def _founders(network: Network, folder: Path, passphrase: str | None, cost: int) -> dict[str, int]:
    """The founding account of every organisation, making the keyfiles that are missing."""
    founders: dict[str, int] = {}
    for organisation in network.organisations:
        account = organisation.account
        if account is None:
            path = folder / "organisations" / f"{organisation.slug}.json"
            if path.exists():
                account = keyfile_address(path)
            else:
                account = create_keyfile(path, passphrase or "", cost=cost)
        founders[account.lower()] = organisation.id
    if len(founders) != len(network.organisations):
        raise InvalidNetwork("Two organisations share a founding account; each needs its own.")
    return founders


def write_node(
    network: Network,
    node: NodePlan,
    place: Path,
    enodes: Mapping[str, str],
    accounts: list[str],
) -> None:
    """Write what one node's folder holds besides key and genesis; its allowlist only once."""
    heading = f"{node.name} of {network.name}, for Besu {network.besu_version}.x"
    (place / "config.toml").write_text(render_toml(node_options(network, node), heading))
    peers = [enode for name, enode in enodes.items() if name != node.name]
    (place / "static-nodes.json").write_text(json.dumps(peers, indent=1) + "\n")
    permissions = place / "permissions.toml"
    if network.permissioned and not permissions.exists():
        permissions.write_text(render_permissions(list(enodes.values()), accounts))
    (place / f"besu-{node.name}.service").write_text(systemd_unit(network, node))
